"""A visit: one page of the partner app in a browser context of its own, with all that happens in it recorded."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Self

from playwright.sync_api import Browser, ConsoleMessage, Locator, Playwright, Response, expect

from demo import OWN, STANDARD, Demo, Item, Visitor, until

# How long nothing has to appear, in milliseconds: longer than the second after which a snippet looks again.
QUIET = 1_200

LABELS = {"en": "Guides", "fr": "Guides", "de": "Anleitungen"}

# Tells of every policy violation, and of every client for whom something was ever in the page, however shortly.
WATCH = """
addEventListener("securitypolicyviolation", (event) =>
    waymarkTestViolation(`${event.effectiveDirective} ${event.blockedURI}`));
new MutationObserver((records) => {
    for (const { addedNodes } of records)
        for (const { dataset } of addedNodes)
            if (dataset && "waymarkClient" in dataset) waymarkTestShown(dataset.waymarkClient);
}).observe(document, { childList: true, subtree: true });
"""


def launch(playwright: Playwright, chromium: Path) -> Browser:
    return playwright.chromium.launch(executable_path=chromium, chromium_sandbox=os.getuid() != 0)


class Visit:
    """A page with an empty cache and empty storage, as one visitor sees it."""

    def __init__(
        self,
        browser: Browser,
        demo: Demo,
        output: Path,
        visitor: Visitor,
        language: str = "en",
        strict: bool = False,
        size: tuple[int, int] = (1280, 800),
    ):
        self.demo, self.output, self.visitor, self.language, self.strict = demo, output, visitor, language, strict
        self.noise: list[str] = []
        self.shown: list[str] = []
        self.requests: list[str] = []
        self.responses: list[Response] = []
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.context.set_default_timeout(5_000)
        self.context.expose_binding("waymarkTestViolation", lambda _, what: self.noise.append(f"violation: {what}"))
        self.context.expose_binding("waymarkTestShown", lambda _, client: self.shown.append(client))
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.root = self.page.locator("[data-waymark-client]")
        self.record()

    def record(self) -> None:
        def console(message: ConsoleMessage) -> None:
            self.noise.append(f"console {message.type}: {message.text}")

        def response(answer: Response) -> None:
            self.responses.append(answer)
            if answer.status >= 400:
                self.noise.append(f"status {answer.status}: {answer.url}")

        self.page.on("console", console)
        self.page.on("pageerror", lambda error: self.noise.append(f"error: {error}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.noise.append(f"failed: {request.url} {request.failure}"))
        self.page.on("response", response)
        session = self.context.new_cdp_session(self.page)
        session.on("Audits.issueAdded", lambda event: self.noise.append(f"issue: {json.dumps(event['issue'])}"))
        session.send("Audits.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.context.close()

    def open(self, path: str, **options) -> Self:
        self.document = self.page.goto(self.demo.page(self.visitor, path, self.language, self.strict), **options)
        return self

    def find(self, selector: str) -> Locator:
        """Something of the player's."""
        return self.root.locator(selector)

    def snippets(self) -> list[Response]:
        return [answer for answer in self.responses if "/snippets/" in answer.url]

    def rest(self) -> None:
        """Waits for as long as nothing has to appear."""
        self.page.wait_for_timeout(QUIET)

    def until(self, holds: Callable[[], object], what: str | Callable[[], str]) -> None:
        until(holds, what, pause=lambda seconds: self.page.wait_for_timeout(seconds * 1_000))

    def screenshot(self, name: str) -> None:
        name = re.sub(r"[^a-z0-9]+", "-", name.lower().replace("é", "e")).strip("-")
        self.page.screenshot(path=self.output / f"{name}.png", animations="disabled")

    # What is shown

    def shows(self, path: str, name: str = "", items: tuple[Item, ...] | None = None, language: str = "") -> None:
        """Exactly those of the visitor's items that apply to the path, in the page's language, and for nobody else."""
        language = language or self.language
        items = tuple(item for item in items or self.visitor.items if item.applies(path))
        guides = [item for item in items if item.kind == "walkThru"]
        card = next((item for item in items if item.kind == "shoutOut"), None)
        expect(self.root).to_have_count(1)
        expect(self.root).to_have_id("waymark-root")
        expect(self.root).to_have_attribute("data-waymark-client", self.visitor.id)
        expect(self.root).to_have_attribute("lang", language)
        expect(self.find(".launcher")).to_have_text([f"{LABELS[language]} ({len(guides)})"] if guides else [])
        expect(self.find(".card")).to_have_count(1 if card else 0)
        if card:
            self.shows_card(card, language)
        if name:
            self.screenshot(name)
        if guides:
            self.find(".launcher").click()
            self.shows_panel(guides, language)
            if name:
                self.screenshot(f"{name} guides")
            self.find(".launcher").click()
            expect(self.find(".panel")).to_have_count(0)
        assert set(self.shown) == {self.visitor.id}, f"shown for {set(self.shown)}"

    def shows_card(self, item: Item, language: str) -> None:
        expect(self.find(".card")).to_have_attribute("data-waymark-item", item.id)
        expect(self.find(".card")).to_have_attribute("data-waymark-kind", "shoutOut")
        expect(self.find(".card h2")).to_have_text(item.title[language])
        expect(self.find(".card #card-text")).to_have_text(plain(item.text[language]), use_inner_text=True)
        expect(self.find(".card #card-text")).to_have_attribute("lang", language)
        expect(self.find(".card .primary")).to_have_text(item.button[language])

    def shows_panel(self, guides: list[Item], language: str) -> None:
        entries = self.find(".panel li")
        texts = [f"{item.title[language]} {item.summary[language]}" for item in guides]
        expect(entries).to_have_text(texts, use_inner_text=True)
        found = entries.evaluate_all("all => all.map(({ dataset }) => [dataset.waymarkItem, dataset.waymarkKind])")
        assert found == [[item.id, "walkThru"] for item in guides], f"listed are {found}"

    def shows_nothing(self) -> None:
        """The snippet was asked for and answered, and then nothing came, not even for a moment."""
        self.until(self.snippets, "the snippet is answered")
        self.rest()
        expect(self.root).to_have_count(0)
        assert not self.shown, f"shown for {set(self.shown)}"

    # What happens unseen

    def asks(self, for_player: bool) -> None:
        """The page asks the edge for the loader, its own snippet and what that names, and for nothing else anywhere."""
        [snippet] = self.snippets()
        assert snippet.url == self.demo.snippet(self.visitor), f"asked for {snippet.url}"
        answer = (snippet.status, snippet.header_value("waymark-outcome"))
        assert answer == (200, self.visitor.outcome), f"the snippet's answer is {answer}"
        objects = self.demo.objects(snippet.text()) if for_player else {}
        assert for_player == ("player" in objects), "the snippet names no player"
        hashes = {each["url"]: each["integrity"] for each in objects.values()}
        wanted = [self.demo.loader(), snippet.url, *hashes]
        asked = [url for url in self.requests if not url.startswith(f"{self.demo.app}/")]
        assert asked == wanted, f"asked for {asked}, not {wanted}"
        tags = self.page.evaluate(
            """edge => [...document.scripts].filter(({ src }) => src.startsWith(edge))
                .map(({ src, crossOrigin, integrity, nonce }) => [src, crossOrigin, integrity, nonce !== ""])""",
            self.demo.edge,
        )
        assert sorted(tags) == sorted([url, "anonymous", hashes.get(url, ""), True] for url in wanted), f"tags: {tags}"
        received = "".join(answer.text() for answer in self.responses if answer.url in wanted)
        foreign = [item.id for item in OWN + STANDARD if item not in self.visitor.items and f'"{item.id}"' in received]
        assert not foreign, f"sent to {self.visitor.name}: {foreign}"

    def is_silent(self) -> None:
        """Nothing in the console, no error, no failed request, no violation, no issue."""
        assert not self.noise, "; ".join(self.noise)

    def has_policy(self) -> None:
        """The strict policy stands in the header and is in force; without it, there is none. Makes noise."""
        header = self.document.header_value("content-security-policy") or ""
        attempts = ("fetch('/favicon.svg')", "Promise.try(() => { document.createElement('script').src = '/' })")
        powers = [self.page.evaluate(f"{attempt}.then(() => 'allowed', () => 'refused')") for attempt in attempts]
        if not self.strict:
            assert not header and powers == ["allowed", "allowed"], f"{header}: {powers}"
            return
        directives = dict(re.findall(r"([\w-]+) ([^;]+)", header))
        assert directives.get("connect-src") == "'none'", f"connect-src is {directives.get('connect-src')}"
        assert directives.get("require-trusted-types-for") == "'script'", f"no Trusted Types: {header}"
        scripts = directives.get("script-src", "")
        assert re.fullmatch(r"'nonce-\S{16,}' 'strict-dynamic'", scripts), f"script-src is {scripts}"
        assert "unsafe" not in header, f"something unsafe: {header}"
        assert powers == ["refused", "refused"], f"not in force: {powers}"


def plain(text: str) -> str:
    """A text as a person reads it: without marks, in one line."""
    return " ".join(re.sub(r"^- |\*", "", text, flags=re.MULTILINE).split())
