"""Named checks, the visits they make, and how they ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from browser import Visit
from demo import NORDWIND, Demo, Visitor


class Suite:
    def __init__(self, browser: Browser, demo: Demo, output: Path):
        self.browser, self.demo, self.output = browser, demo, output
        self.passed = self.failed = 0

    def visit(self, visitor: Visitor, **state) -> Visit:
        return Visit(self.browser, self.demo, self.output, visitor, **state)

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """One check; if it fails, those after it run all the same."""
        try:
            yield
        except Exception as error:
            self.failed += 1
            why = " ".join(str(error).split("Call log:")[0].split())  # the log only repeats the waiting
            print(f"FAILED {name}: {why or repr(error)}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}", flush=True)


def check_all(suite: Suite) -> None:
    """Whether what the other checks rely on would be noticed."""
    with suite.check("what the console says is noticed"), suite.visit(NORDWIND) as visit:
        visit.open("/approvals").is_silent()
        visit.page.route("**/four", lambda route: route.abort())
        visit.page.evaluate(
            """() => {
                console.debug("one");
                setTimeout(() => { throw new Error("two") });
                for (const path of ["/three", "/four"]) fetch(path).catch(() => {});
            }"""
        )
        for each in ("console debug: one", "error: two", "status 404", "failed: "):
            visit.until(lambda: any(noise.startswith(each) for noise in visit.noise), f"{each} is noticed")
    with suite.check("what a policy forbids is noticed"), suite.visit(NORDWIND, strict=True) as visit:
        visit.open("/approvals").is_silent()
        visit.page.evaluate("() => { fetch('/three').catch(() => {}) }")
        for each in ("violation: connect-src", "console error", "issue: "):
            visit.until(lambda: any(noise.startswith(each) for noise in visit.noise), f"{each} is noticed")
