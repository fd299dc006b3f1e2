"""Checks of who is shown what: each visitor its own, in its language, and nobody what is another's."""

from urllib.parse import unquote

from playwright.sync_api import Route, expect

from demo import BELLERIVE, HARBOUR, KESTREL, NORDWIND, OWN, STANDARD, STRANGER, VISITORS, Visitor, items_below, until
from suite import Suite


def check_all(suite: Suite) -> None:
    for visitor in VISITORS:
        for strict in (False, True):
            for path in ("/", "/expense"):
                one_visit(suite, visitor, path, strict)
    with suite.check("no player is asked for where no item applies"), suite.visit(NORDWIND) as visit:
        visit.open("/approvals").shows_nothing()
        visit.asks(for_player=False)
        visit.is_silent()
    for visitor in (NORDWIND, BELLERIVE):
        for language in ("fr", "de"):
            with suite.visit(visitor, language=language) as visit:
                for path in ("/", "/expense"):
                    with suite.check(f"{visitor.name}, {path}: in {language}"):
                        visit.open(path).shows(path, f"{visitor.name} {language} {path.strip('/') or 'home'}")
                        visit.is_silent()
    page_changes(suite)
    switching(suite)
    variable_changes(suite)
    for part in ("snippet", "bundle", "player"):
        late(suite, part)
    live(suite)


def one_visit(suite: Suite, visitor: Visitor, path: str, strict: bool) -> None:
    name = f"{visitor.name}, {'strict' if strict else 'no'} policy, {path}"
    image = f"{visitor.name} {'strict' if strict else 'no policy'} {path.strip('/') or 'home'}"
    with suite.visit(visitor, strict=strict) as visit:
        if visitor.items:
            with suite.check(f"{name}: its content, in English"):
                visit.open(path).shows(path, image)
        else:
            with suite.check(f"{name}: nothing"):
                visit.open(path).shows_nothing()
                visit.screenshot(image)
        with suite.check(f"{name}: outcome '{visitor.outcome}', asks for nothing more"):
            visit.asks(for_player=bool(visitor.items))
        with suite.check(f"{name}: console clean"):
            visit.is_silent()
        with suite.check(f"{name}: {'policy in force' if strict else 'no policy'}"):
            visit.has_policy()


def page_changes(suite: Suite) -> None:
    with suite.check("the page's language changes: the content's too"), suite.visit(NORDWIND) as visit:
        visit.open("/").shows("/")
        for tag, language in (("fr-CH", "fr"), ("de", "de"), ("nl", "en")):
            visit.page.evaluate("tag => { document.documentElement.lang = tag }", tag)
            visit.shows("/", language=language)
        visit.is_silent()
    with suite.check("the path changes without a load: its own items are shown"), suite.visit(BELLERIVE) as visit:
        visit.open("/").shows("/")
        for path in ("/expense", "/approvals", "/"):
            visit.page.evaluate("path => history.pushState(null, '', path + location.search)", path)
            visit.shows(path)
        visit.is_silent()


def switching(suite: Suite) -> None:
    """With links, in one tab, whose storage and cache stay."""
    with suite.visit(NORDWIND) as visit:
        visit.open("/expense")
        for visitor in (BELLERIVE, STRANGER, KESTREL, HARBOUR, NORDWIND):
            with suite.check(f"the demo's link switches to {visitor.name}"):
                visit.visitor = visitor
                visit.shown.clear()
                visit.responses.clear()
                visit.page.locator(f"[data-client='{visitor.id}']").click()
                visit.page.wait_for_url(lambda url: visitor.id in unquote(url))
                if visitor.items:
                    visit.shows("/expense", f"switched to {visitor.name}")
                else:
                    visit.shows_nothing()
                visit.is_silent()


def variable_changes(suite: Suite) -> None:
    """The wrong tenant: nothing may stay that the page's variable doesn't name any more."""
    for name, change, clicks, selector in (
        ("another client's ID", f"window.sapUserId = '{BELLERIVE.id}'", [], ".card"),
        ("another client's ID", f"window.sapUserId = '{BELLERIVE.id}'", [".launcher", ".entry"], ".balloon"),
        ("an element", "window.sapUserId = document.body", [], ".card"),
        ("undefined", "delete window.sapUserId", [], ".card"),
    ):
        with suite.check(f"the variable becomes {name}: {selector} goes within 2 s"), suite.visit(NORDWIND) as visit:
            visit.open("/")
            for click in clicks:
                visit.find(click).click()
            expect(visit.find(selector)).to_be_visible()
            visit.page.evaluate(f"() => {{ {change} }}")
            expect(visit.root).to_have_count(0, timeout=2_000)
            visit.rest()
            expect(visit.root).to_have_count(0)
            assert set(visit.shown) == {NORDWIND.id}, f"shown for {set(visit.shown)}"
            visit.is_silent()


def late(suite: Suite, part: str) -> None:
    """An answer is held back while the variable changes. Set back, the variable proves that the answer had come."""
    name = f"the {part} comes after the variable has changed: nothing is shown"
    with suite.check(name), suite.visit(BELLERIVE) as visit:
        _, snippet = suite.demo.answer(BELLERIVE)
        url = suite.demo.snippet(BELLERIVE) if part == "snippet" else suite.demo.objects(snippet)[part]["url"]
        held: list[Route] = []
        visit.page.route(url, lambda route: held.append(route))
        visit.open("/", wait_until="domcontentloaded")  # a page's load event waits for scripts, late ones too
        visit.until(lambda: held, f"the {part} is asked for")
        visit.page.evaluate("id => { window.sapUserId = id }", NORDWIND.id)
        held[0].continue_()
        visit.until(lambda: any(answer.url == url for answer in visit.responses), f"the {part} comes")
        visit.rest()
        expect(visit.root).to_have_count(0)
        assert not visit.shown, f"shown for {set(visit.shown)}"
        visit.page.evaluate("id => { window.sapUserId = id }", BELLERIVE.id)
        visit.shows("/")
        visit.is_silent()


def live(suite: Suite) -> None:
    """Published, taken back and suspended while the demo runs; each time a new page, with an empty cache, follows."""
    folders = {}
    for name in ("first", "second"):
        text = {language: f"Bellerive’s {name} news ({language})" for language in ("en", "fr", "de")}
        item = {"kind": "shoutOut", "name": name, "target": {"paths": ["/"]}}
        folders[name] = suite.demo.folder_of(name, {**item, "title": text, "text": text, "button": text})
    first, second = (items_below(folder) for folder in folders.values())
    for command, arguments, answer, items in (
        ("publish", [folders["first"]], "release 1", first),
        ("publish", [folders["second"]], "release 2", second),
        ("rollback", [], "release 1", first),
        ("suspend", ["--reason", "The contract has ended."], "suspended", ()),
        ("resume", [], "release 1", first),
        ("unpublish", [], "standard 1", STANDARD),
        ("suspend", ["--reason", "The contract has ended."], "suspended", ()),
        ("resume", [], "standard 1", STANDARD),
    ):
        with suite.check(f"live: after {command}, a new page gets '{answer}'"), suite.visit(BELLERIVE) as visit:
            assert suite.demo.answer(BELLERIVE)[0] != answer, f"the edge answers '{answer}' already"
            suite.demo.run(command, BELLERIVE, *arguments)
            until(lambda: suite.demo.answer(BELLERIVE)[0] == answer, f"the edge answers '{answer}'", seconds=2)
            visit.open("/")
            if items:
                visit.shows("/", f"live {command} {answer}", items)
            else:
                visit.shows_nothing()
                visit.screenshot(f"live {command} {answer}")
            visit.is_silent()
            for other, items in ((NORDWIND, OWN), (KESTREL, STANDARD)):
                assert suite.demo.answer(other)[0] == f"{other.outcome} 1", f"{other.name} changed too"
