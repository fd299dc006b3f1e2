"""Checks of all kinds of items, the rules of when they are shown, and content that means harm.

Kestrel Bau publishes what is needed; at the end it has standard content again.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Route, expect

from browser import Visit
from demo import KESTREL, Visitor, items_below, until
from guides import focused, is_accessible, is_inside, tab_to
from suite import Suite

FOLDER = Path(__file__).parent / "items"
REPORT = "/expense/report"
ITEMS = {item.id: item for item in items_below(FOLDER)}
WORDS = {
    "en": {"dock": "Guides", "tasks": "Getting started 0 of 3", "send": "Send", "close": "Close", "help": "Help"},
    "fr": {"dock": "Guides", "tasks": "Premiers pas 0 sur 3", "send": "Envoyer", "close": "Fermer", "help": "Aide"},
    "de": {
        "dock": "Anleitungen",
        "tasks": "Erste Schritte 0 von 3",
        "send": "Senden",
        "close": "Schließen",
        "help": "Hilfe",
    },
}

# What the page hears of surveys and of what people write into them.
LISTEN = """() => {
    window.heard = [];
    document.addEventListener("waymark:survey", ({ detail }) => heard.push(detail));
    for (const type of ["keydown", "input", "paste"]) document.addEventListener(type, () => heard.push(type));
}"""
HEARD = "() => window.heard"


def check_all(suite: Suite) -> None:
    with published(suite, FOLDER) as visitor:
        launcher(suite, visitor)
        smart_tip(suite, visitor)
        panel(suite, visitor)
        tasks(suite, visitor)
        survey(suite, visitor)
        languages(suite, visitor)
        accessible(suite, visitor)
        small_window(suite, visitor)
        media(suite, visitor)
        variable_changes(suite, visitor)
        altered(suite, visitor)
    rules(suite)
    shows(suite)


@contextmanager
def published(suite: Suite, folder: Path) -> Iterator[Visitor]:
    """A release of Kestrel's own, as long as it is needed."""
    before = suite.demo.answer(KESTREL)
    suite.demo.run("link-hosts", KESTREL, "example.com")
    suite.demo.run("publish", KESTREL, folder, "--environment", "production")
    until(lambda: suite.demo.answer(KESTREL) != before, "the release is live")
    try:
        yield Visitor(KESTREL.name, KESTREL.id, "release", items_below(folder))
    finally:
        suite.demo.run("unpublish", KESTREL)
        until(lambda: suite.demo.answer(KESTREL)[0].startswith("standard"), "standard content is live again")


def launcher(suite: Suite, visitor: Visitor) -> None:
    part = "[data-waymark-item=launcher]"
    with suite.check("launcher: stands beside its element, follows it, starts its guide by keyboard"):
        with suite.visit(visitor, strict=True) as visit:
            visit.open(REPORT)
            stands_beside(visit, part, "#submit-report")
            visit.page.evaluate("() => { document.querySelector('#submit-report').style.marginTop = '60px' }")
            stands_beside(visit, part, "#submit-report")
            expect(visit.find("[data-waymark-item=launcher-lost]")).to_have_count(0)
            visit.screenshot("launcher")
            tab_to(visit, lambda name, id: (name, id) == ("go", "launcher"), "the launcher")
            visit.page.keyboard.press("Enter")
            expect(visit.find(".balloon")).to_have_attribute("data-waymark-item", "guide")
            expect(visit.find(part)).to_be_hidden()
            visit.screenshot("launcher guide")
            assert focused(visit) == ["primary", "guide"], f"the focus is on {focused(visit)}"
            visit.page.keyboard.press("Escape")
            expect(visit.find(".balloon")).to_have_count(0)
            assert focused(visit) == ["go", "launcher"], f"the focus is on {focused(visit)}"
            visit.is_silent()
    with suite.check("launcher: its close control puts it away for the session"), suite.visit(visitor) as visit:
        visit.open(REPORT)
        visit.find(f"{part} .close").press("Enter")
        expect(visit.find(part)).to_have_count(0)
        assert focused(visit) == ["launcher", None], f"the focus is on {focused(visit)}"
        visit.page.reload()
        expect(visit.find(".bar .launcher")).to_be_visible()
        visit.rest()
        expect(visit.find(part)).to_have_count(0)
        visit.is_silent()
    with suite.check("launcher: opens a page in a new tab that knows nothing of this one"):
        with suite.visit(visitor, strict=True) as visit:
            link = visit.open("/travel").find(".go")
            expect(link).to_have_text("Rail map")
            leads_out(link, "https://example.com/map")
            stands_beside(visit, "[data-waymark-item=launcher-elsewhere]", "#submit-request")
            visit.is_silent()


def smart_tip(suite: Suite, visitor: Visitor) -> None:
    part = "[data-waymark-item=tip-name]"
    with suite.check("smartTip: behind a mark, by pointer"), suite.visit(visitor, strict=True) as visit:
        visit.open(REPORT)
        expect(visit.find(f"{part} .mark")).to_have_attribute("aria-label", "About names")
        visit.find(f"{part} .mark").hover()
        expect(visit.find(".tip #tip-text")).to_contain_text("Lyon, November")
        leads_out(visit.find(".tip #tip-text a"), "https://example.com/names")
        visit.find(".tip #tip-text").hover()
        visit.rest()
        visit.screenshot("smart tip")
        expect(visit.find(".tip")).to_be_visible()
        visit.page.mouse.move(2, 2)
        expect(visit.find(".tip")).to_have_count(0)
        visit.find(f"{part} .mark").click()
        expect(visit.find(".tip")).to_be_visible()
        visit.find(".tip .close").click()
        expect(visit.find(part)).to_have_count(0)
        visit.is_silent()
    with suite.check("smartTip: behind a mark, by keyboard"), suite.visit(visitor) as visit:
        visit.open(REPORT)
        expect(visit.find(f"{part} .mark")).to_be_visible()
        tab_to(visit, lambda name, id: (name, id) == ("mark", "tip-name"), "the mark")
        expect(visit.find(".tip")).to_be_visible()
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Escape")
        expect(visit.find(".tip")).to_have_count(0)
        assert focused(visit) == ["mark", "tip-name"], f"the focus is on {focused(visit)}"
        visit.page.keyboard.press("Enter")
        expect(visit.find(".tip")).to_be_visible()
        visit.is_silent()
    with suite.check("smartTip: as long as its field has the focus"), suite.visit(visitor) as visit:
        visit.open(REPORT)
        expect(visit.find(f"{part} .mark")).to_be_visible()
        before = visit.page.locator("#report-purpose").evaluate("field => field.outerHTML")
        visit.page.locator("#report-purpose").focus()
        expect(visit.find(".tip")).to_be_visible()
        expect(visit.find("[aria-live] > .tip")).to_have_count(1)
        assert focused(visit) == [None, None], "the focus has left the field"
        visit.page.keyboard.press("Escape")
        expect(visit.find(".tip")).to_have_count(0)
        visit.page.locator("#report-date").focus()
        visit.page.locator("#report-purpose").focus()
        expect(visit.find(".tip")).to_be_visible()
        visit.page.locator("#report-date").focus()
        expect(visit.find(".tip")).to_have_count(0)
        after = visit.page.locator("#report-purpose").evaluate("field => field.outerHTML")
        assert after == before, f"the page's field has changed: {after}"
        visit.page.locator("#report-purpose").focus()
        expect(visit.find(".tip")).to_be_visible()
        visit.screenshot("smart tip focus")
        visit.is_silent()


def panel(suite: Suite, visitor: Visitor) -> None:
    with suite.check("resource and shuttle: listed among the guides"), suite.visit(visitor, strict=True) as visit:
        visit.open(REPORT).find(".bar .launcher").click()
        listed = entries(visit)
        assert listed == ["article", "guide", "handbook", "shuttle"], f"listed are {listed}"
        leads_out(visit.find("[data-waymark-item=handbook] .entry"), "https://example.com/handbook")
        visit.screenshot("panel of all kinds")
        visit.find("[data-waymark-item=shuttle] .entry").click()
        visit.page.wait_for_url("**/travel")
        visit.is_silent()
    with suite.check("resource: an article opens and closes by keyboard"), suite.visit(visitor, strict=True) as visit:
        visit.open(REPORT).find(".bar .launcher").press("Enter")
        tab_to(visit, lambda name, id: (name, id) == ("entry", "article"), "the article")
        visit.page.keyboard.press("Enter")
        expect(visit.find(".card")).to_have_attribute("data-waymark-item", "article")
        expect(visit.find(".card li")).to_have_text(["meals", "small expenses"])
        assert focused(visit) == ["close", "article"], f"the focus is on {focused(visit)}"
        visit.screenshot("article")
        visit.page.keyboard.press("Escape")
        expect(visit.find(".card")).to_have_count(0)
        assert focused(visit) == ["launcher", None], f"the focus is on {focused(visit)}"
        visit.is_silent()


def tasks(suite: Suite, visitor: Visitor) -> None:
    with suite.check("task: done by a tick, by a guide and by a visit"), suite.visit(visitor) as visit:
        visit.open(REPORT).find(".bar .launcher").click()
        expect(visit.find(".tasks")).to_have_text("Getting started 0 of 3", use_inner_text=True)
        expect(visit.find("[data-waymark-item=task-visit] .start")).to_have_count(0)
        box = visit.find("[data-waymark-item=task-profile] input")
        box.focus()
        visit.page.keyboard.press("Space")
        expect(visit.find(".tasks span")).to_have_text("1 of 3")
        assert focused(visit)[1] == "task-profile", f"the focus is on {focused(visit)}"
        visit.page.keyboard.press("Space")
        expect(visit.find(".tasks span")).to_have_text("0 of 3")
        visit.page.keyboard.press("Space")
        visit.find("[data-waymark-item=task-guide] .start").click()
        expect(visit.find(".balloon")).to_have_attribute("data-waymark-item", "guide")
        visit.page.keyboard.press("Enter")
        visit.page.keyboard.press("Enter")
        expect(visit.find(".balloon")).to_have_count(0)
        visit.find(".bar .launcher").click()
        expect(visit.find(".tasks span")).to_have_text("2 of 3")
        visit.screenshot("tasks")
        visit.open("/travel")
        expect(visit.find(".go")).to_be_visible()
        visit.open(REPORT).find(".bar .launcher").click()
        expect(visit.find(".tasks span")).to_have_text("3 of 3")
        for id in ("task-guide", "task-visit"):
            expect(visit.find(f"[data-waymark-item={id}] input")).to_be_checked()
            expect(visit.find(f"[data-waymark-item={id}] input")).to_be_disabled()
        visit.is_silent()


def survey(suite: Suite, visitor: Visitor) -> None:
    name = "survey: opened from a shoutOut, answered by keyboard"
    with suite.check(name), suite.visit(visitor, strict=True) as visit:
        visit.open("/approvals")
        visit.page.evaluate(LISTEN)
        visit.find(".card .primary").press("Enter")
        expect(visit.find(".card")).to_have_attribute("data-waymark-item", "survey")
        expect(visit.find(".card .primary")).to_be_disabled()
        for key in ("Space", "ArrowRight", "ArrowRight", "Tab", "Space", "Tab", "Tab", "Space", "Tab", "Tab"):
            visit.page.keyboard.press(key)
        visit.page.keyboard.type("A list by date")
        visit.screenshot("survey")
        tab_to(visit, lambda name, _: name == "primary", "the button")
        visit.page.keyboard.press("Enter")
        expect(visit.find(".card #card-text")).to_have_text("Thank you, that helps.")
        visit.screenshot("survey thanks")
        assert focused(visit) == ["primary", "survey"], f"the focus is on {focused(visit)}"
        said = {"partner": "tessera", "systemClientId": visitor.id, "item": "survey"}
        heard = visit.page.evaluate(HEARD)
        assert heard == [{**said, "answers": [2, [0, 2], None, "A list by date"]}], f"the page heard {heard}"
        visit.page.keyboard.press("Enter")
        expect(visit.find(".card")).to_have_count(0)
        visit.page.reload()
        has_no_card(visit)
        visit.is_silent()
    with suite.check("survey: closed without an answer, it stays away"), suite.visit(visitor) as visit:
        visit.open("/approvals")
        visit.page.evaluate(LISTEN)
        visit.find(".card .close").click()
        expect(visit.find(".card")).to_have_attribute("data-waymark-item", "survey")
        visit.page.keyboard.press("Escape")
        expect(visit.find(".card")).to_have_count(0)
        visit.page.reload()
        has_no_card(visit)
        visit.is_silent()


def languages(suite: Suite, visitor: Visitor) -> None:
    for language, words in WORDS.items():
        with suite.check(f"all kinds, in {language}"), suite.visit(visitor, language=language) as visit:
            visit.open(REPORT)
            expect(visit.find("[data-waymark-item=launcher] .go")).to_have_text(ITEMS["launcher"].label[language])
            expect(visit.find(".bar .launcher")).to_have_text(f"{words['dock']} (7)")
            visit.find(".bar .launcher").click()
            expect(visit.find(".tasks")).to_have_text(words["tasks"], use_inner_text=True)
            expect(visit.find("[data-waymark-item=article] .entry")).to_contain_text(ITEMS["article"].title[language])
            visit.page.keyboard.press("Escape")
            visit.page.locator("#report-purpose").focus()
            expect(visit.find(".tip h2")).to_have_text(words["help"])
            expect(visit.find(".tip #tip-text")).to_have_text(ITEMS["tip-purpose"].text[language])
            visit.screenshot(f"kinds {language}")
            visit.open("/approvals").find(".card .primary").click()
            expect(visit.find(".card .primary")).to_have_text(words["send"])
            asked = [question["label"][language] for question in ITEMS["survey"].questions]
            expect(visit.find(".card legend")).to_have_text(asked)
            expect(visit.find(".card .close")).to_have_attribute("aria-label", words["close"])
            visit.screenshot(f"survey {language}")
            visit.is_silent()


def accessible(suite: Suite, visitor: Visitor) -> None:
    for name, path, clicks, part, rules in (
        ("launcher and mark", REPORT, [], ".mark", {"button-name", "color-contrast"}),
        ("tip", REPORT, [".mark"], ".tip", {"aria-dialog-name", "link-name"}),
        ("tasks and panel", REPORT, [".bar .launcher"], ".panel", {"label", "link-name", "color-contrast"}),
        ("article", REPORT, [".bar .launcher", "[data-waymark-item=article] .entry"], ".card", {"aria-dialog-name"}),
        ("survey", "/approvals", [".card .primary"], ".asks", {"label", "color-contrast"}),
    ):
        with suite.check(f"axe: {name}"), suite.visit(visitor) as visit:
            visit.open(path)
            for selector in clicks:
                visit.find(selector).click()
            expect(visit.find(part)).to_be_visible()
            is_accessible(visit, name, rules)


def small_window(suite: Suite, visitor: Visitor) -> None:
    with suite.check("a window of 320 × 480 holds panel, tip and survey"):
        with suite.visit(visitor, language="de", size=(320, 480)) as visit:
            visit.open(REPORT).find(".bar .launcher").click()
            is_inside(visit, ".panel", ".bar:has(.launcher)")
            visit.screenshot("small window tasks")
            visit.page.keyboard.press("Escape")
            visit.page.locator("#report-purpose").focus()
            is_inside(visit, ".tip")
            visit.screenshot("small window tip")
            visit.open("/approvals").find(".card .primary").click()
            is_inside(visit, ".card")
            visit.screenshot("small window survey")
            visit.is_silent()


def media(suite: Suite, visitor: Visitor) -> None:
    with suite.check("print shows nothing; nothing moves for those who want no motion"), suite.visit(visitor) as visit:
        visit.open(REPORT).find(".bar .launcher").click()
        name = "node => getComputedStyle(node).animationName"
        assert visit.find(".panel").evaluate(name) == "rise"
        visit.page.emulate_media(reduced_motion="reduce")
        assert visit.find(".panel").evaluate(name) == "none"
        visit.page.emulate_media(media="print")
        for part in (".panel", ".bar .launcher", "[data-waymark-item=launcher]", ".mark"):
            expect(visit.find(part)).to_be_hidden()
        visit.is_silent()


def variable_changes(suite: Suite, visitor: Visitor) -> None:
    for clicks, part in (([], ".go"), ([".mark"], ".tip"), ([".bar .launcher"], ".tasks")):
        with suite.check(f"the variable changes: {part} goes within 2 s"), suite.visit(visitor) as visit:
            visit.open(REPORT)
            for click in clicks:
                visit.find(click).click()
            expect(visit.find(part)).to_be_visible()
            visit.page.evaluate("() => { window.sapUserId = 'somebody else' }")
            expect(visit.root).to_have_count(0, timeout=2_000)
            visit.page.locator("#report-purpose").focus()
            visit.rest()
            expect(visit.root).to_have_count(0)
            visit.is_silent()


def altered(suite: Suite, visitor: Visitor) -> None:
    """What no publisher accepts, put into the snippet on its way: the player alone has to stand it."""
    # As written, and as read: marks of bold and of the one good link go.
    harm = (
        "[x](javascript:alert(1)) [x](JaVaScRiPt:alert(1)) [x](data:text/html,x) [x](http://a.example) [x](//a.example)"
        "\n<img src=x onerror=alert(1)> <script>alert(1)</script> &lt; ${alert(1)} {{alert}} '\"`\\"
        "\n**<b onclick=alert(1)>** [<i>](https://example.com/\"onclick=alert) __proto__ constructor"
        "\n\n\u202eright to left\u202c \u2066\u0645\u0631\u062d\u0628\u0627\u2069 \ufeff"
    )
    read = harm.replace("**", "").replace('[<i>](https://example.com/"onclick=alert)', "<i>")
    for name, text, plain in (
        ("harmful markup", harm, read),
        ("a very long word", "W" * 4_000, "W" * 4_000),
        ("marks without end", "**a [b](https://c " * 200, "**a [b](https://c " * 200),
    ):
        with suite.check(f"{name}: only text, and inert"), suite.visit(visitor, strict=True) as visit:
            alter(visit, lambda item: item.update(text={"en": text}) if item["id"] == "announcement" else None)
            visit.open("/approvals")
            is_inside(visit, ".card #card-text" if text is harm else ".card")
            visit.screenshot(name)
            shown = visit.find("#card-text").evaluate("node => node.textContent")
            assert "".join(shown.split()) == "".join(plain.split()), f"shown is {shown[:500]}"
            inside = "node => [...new Set([...node.querySelectorAll('*')].map((each) => each.localName))]"
            found = set(visit.find("#card-text").evaluate(inside))
            assert found <= {"a", "p", "strong"}, f"there are {found}"
            links = visit.find("#card-text a").evaluate_all("all => all.map(({ outerHTML }) => outerHTML)")
            assert len(links) == (text is harm), f"there are the links {links}"
            for link in visit.find("#card-text a").all():
                leads_out(link, "https://example.com/%22onclick=alert")
            visit.is_silent()
    with suite.check("an unknown kind, a broken item and __proto__ are passed over, the rest is shown"):
        with suite.visit(visitor, strict=True) as visit:
            changes = {
                "handbook": {"kind": "hologram"},
                "shuttle": {"path": "//example.com/x"},
                "article": {"action": {"kind": "open", "url": "javascript:alert(1)"}},
                "tip-name": {"text": None},
                "task-guide": {"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}},
            }
            alter(visit, lambda item: item.update(changes.get(item["id"], {})))
            visit.open(REPORT).find(".bar .launcher").click()
            assert entries(visit) == ["guide"], f"listed are {entries(visit)}"
            expect(visit.find("[data-waymark-item=launcher] .go")).to_be_visible()
            assert visit.page.evaluate("() => ({}).polluted") is None
            visit.is_silent()


    with suite.check("in standard content, items name one another within their solution"):
        with suite.visit(visitor) as visit:
            alter(visit, lambda item: item.update(id=f"solution/{item['id']}"))
            visit.open(REPORT).find(".go").click()
            expect(visit.find(".balloon")).to_have_attribute("data-waymark-item", "solution/guide")
            for _ in ITEMS["guide"].steps:
                visit.page.keyboard.press("Enter")
            visit.find(".bar .launcher").click()
            expect(visit.find(".tasks span")).to_have_text("1 of 3")
            visit.is_silent()
    with suite.check("shoutOut: its button may be a link, which closes it"), suite.visit(visitor, strict=True) as visit:
        elsewhere = {"kind": "open", "url": "https://example.com/more"}
        alter(visit, lambda item: item.update(action=elsewhere) if item["id"] == "announcement" else None)
        visit.open("/approvals")
        leads_out(visit.find(".card .primary"), elsewhere["url"])
        visit.screenshot("shout out with a link")
        visit.page.context.route("https://example.com/**", lambda route: route.fulfill(body=""))
        with visit.page.expect_popup():
            visit.find(".card .primary").click()
        expect(visit.find(".card")).to_have_attribute("data-waymark-item", "survey")
        visit.is_silent()


def rules(suite: Suite) -> None:
    """Which of these the panel lists, while the page's variables, language and clock change."""
    crew = {"variable": "crew.role"}
    displays = {
        "always": {},
        "is": {"segment": [{**crew, "is": ["manager", "7", "true"]}]},
        "is-not": {"segment": [{**crew, "isNot": ["manager"]}]},
        "both": {"segment": [{**crew, "isNot": ["clerk"]}, {"variable": "crew.site", "is": ["Lyon"]}]},
        "title": {"segment": [{"variable": "crewLink.title", "is": ["manager"]}]},
        "french": {"languages": ["fr"]},
        "others": {"languages": ["de", "en"]},
        "begun": {"from": "2020-01-01T00:00:00Z"},
        "coming": {"from": "2999-01-01T00:00:00Z"},
        "over": {"until": "2020-01-01T00:00:00Z"},
        "lasting": {"until": "2999-01-01T00:00:00Z"},
    }
    items = {
        id: {
            "kind": "resource",
            "name": id,
            "target": {"paths": ["/"]},
            "title": {"en": id},
            "action": {"kind": "article", "text": {"en": id}},
            **({"display": display} if display else {}),
        }
        for id, display in displays.items()
    }
    link = "Object.assign(document.createElement('a'), { id: 'crewLink', title: 'manager' })"
    usual = {"always", "others", "begun", "lasting"}
    folder = suite.demo.folder_with("rules", items)
    with published(suite, folder) as visitor, suite.visit(visitor, strict=True) as visit:
        visit.open("/").find(".bar .launcher").click()
        for name, change, also in (
            ("no variable", "", {"is-not"}),
            ("a text", "window.crew = { role: 'manager' }", {"is"}),
            ("another text", "crew.role = 'clerk'", {"is-not"}),
            ("a number", "crew.role = 7", {"is", "is-not"}),
            ("no number", "crew.role = NaN", {"is-not"}),
            ("a boolean", "crew.role = true", {"is", "is-not"}),
            ("an object", "crew.role = ['manager']", {"is-not"}),
            ("two conditions", "window.crew = { role: 'chef', site: 'Lyon' }", {"is-not", "both"}),
            ("a getter that throws", "window.crew = { get role() { throw new Error('no') } }", {"is-not"}),
            ("an element's attribute", f"document.body.append({link})", {"is-not"}),
            ("a variable of that name", "window.crewLink = { title: 'manager' }", {"is-not", "title"}),
        ):
            with suite.check(f"display: {name}"):
                visit.page.evaluate(f"() => {{ {change} }}")
                lists(visit, usual | also)
        with suite.check("display: the page's language"):
            visit.page.evaluate("() => { document.documentElement.lang = 'fr-CH' }")
            lists(visit, usual - {"others"} | {"french", "is-not", "title"})
            visit.page.evaluate("() => { document.documentElement.lang = 'nl' }")
            lists(visit, usual | {"is-not", "title"})
        with suite.check("display: the clock"):
            visit.page.evaluate("() => { Date.now = () => Date.parse('2999-06-01T00:00:00Z') }")
            lists(visit, usual - {"lasting"} | {"coming", "is-not", "title"})
            visit.page.evaluate("() => { Date.now = () => Date.parse('2019-06-01T00:00:00Z') }")
            lists(visit, usual - {"begun"} | {"over", "is-not", "title"})
            visit.is_silent()


def shows(suite: Suite) -> None:
    """How long an item is shown: always, once, until it is done."""
    text = {"en": "Text"}
    named = {"name": "Shown for as long as it says", "target": {"paths": ["/"]}}
    card = {**named, "kind": "shoutOut", "title": text, "text": text}
    question = {"kind": "rating", "label": text, "from": 1, "to": 3}
    ask = {**named, "kind": "survey", "title": text, "questions": [question]}
    start = {"kind": "item", "item": "walk"}
    button = {**named, "kind": "launcher", "label": text, "selector": "#tile-reports", "action": start}
    walk = {**named, "kind": "walkThru", "title": text, "steps": [{"title": text, "text": text}]}
    steps = {
        "open": lambda visit: visit.find(".bar .launcher").click(),
        "walk": lambda visit: visit.find(".entry").click(),
        "rate": lambda visit: visit.find(".rating input").first.check(force=True),
    }
    for name, item, show, clicks, part, is_back in (
        ("a shoutOut closed", card, "always", [".card .close"], ".card", True),
        ("a shoutOut closed", card, "untilDone", [".card .close"], ".card", True),
        ("a shoutOut done", card, "untilDone", [".card .primary"], ".card", False),
        ("a shoutOut closed", card, "once", [".card .close"], ".card", False),
        ("a survey closed", ask, "untilDone", [".card .close"], ".card", True),
        ("a survey answered", ask, "untilDone", ["rate", ".card .primary"], ".card", False),
        ("a launcher used", button, "always", [".go", ".balloon .close"], ".go", True),
        ("a launcher used", button, "once", [".go", ".balloon .close"], ".go", False),
        ("a guide closed", walk, "untilDone", ["open", "walk", ".balloon .close"], ".bar", True),
        ("a guide closed", walk, "once", ["open", "walk", ".balloon .close"], ".bar", False),
        ("a guide done", walk, "untilDone", ["open", "walk", ".balloon .primary"], ".bar", False),
    ):
        items = {"item": {**item, "display": {"show": show}}, **({"walk": walk} if item is button else {})}
        folder = suite.demo.folder_with(f"{name} {show}".replace(" ", "-"), items)
        with suite.check(f"display: {show}: {name} is {'back' if is_back else 'gone'} after a reload"):
            with published(suite, folder) as visitor, suite.visit(visitor) as visit:
                visit.open("/")
                expect(visit.find(part)).to_be_visible()
                for click in clicks:
                    steps[click](visit) if click in steps else visit.find(click).click()
                visit.page.reload()
                visit.until(visit.snippets, "the snippet is answered")
                visit.rest()
                expect(visit.find(part)).to_have_count(1 if is_back else 0)
                visit.is_silent()


def alter(visit: Visit, change) -> None:
    """Changes the items in the visitor's snippet while it is on its way."""

    def put(route: Route) -> None:
        body = route.fetch().text()
        literal = re.search(r"JSON\.parse\('((?:[^'\\]|\\.)*)'\)", body)
        assert literal, "the snippet carries no content"
        content = json.loads(re.sub(r"\\(x3C|.)", lambda found: "<" if found[1] == "x3C" else found[1], literal[1]))
        for item in content["items"]:
            change(item)
        text = json.dumps(content).replace("\\", "\\\\").replace("'", "\\'").replace("<", "\\x3C")
        route.fulfill(
            status=200,
            content_type="text/javascript; charset=utf-8",
            headers={"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"},
            body=body.replace(literal[0], f"JSON.parse('{text}')"),
        )

    visit.page.route("**/snippets/**", put)


def lists(visit: Visit, wanted: set[str]) -> None:
    def listed() -> set[str]:
        return set(visit.find(".panel .entry").all_inner_texts())

    visit.until(lambda: listed() == wanted, lambda: f"listed are {wanted}, but {listed()}")


def entries(visit: Visit) -> list[str]:
    """The ids of what the panel lists below the tasks."""
    return visit.find("li:has(> .entry)").evaluate_all("all => all.map(({ dataset }) => dataset.waymarkItem)")


def leads_out(link, url: str) -> None:
    expect(link).to_have_attribute("href", url)
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def stands_beside(visit: Visit, part: str, selector: str) -> None:
    """Apart from the element by at most 12 px on one side, and on nothing that people use."""

    def off() -> str:
        ours, theirs = visit.find(part).bounding_box(), visit.page.locator(selector).bounding_box()
        across = max(ours["x"] - theirs["x"] - theirs["width"], theirs["x"] - ours["x"] - ours["width"])
        down = max(ours["y"] - theirs["y"] - theirs["height"], theirs["y"] - ours["y"] - ours["height"])
        return "" if 0 <= max(across, down) <= 12 and min(across, down) < 0 else f"{ours} is not beside {theirs}"

    expect(visit.find(part)).to_be_visible()
    visit.until(lambda: not off(), off)


def has_no_card(visit: Visit) -> None:
    expect(visit.page.locator("main")).to_be_visible()
    visit.rest()
    expect(visit.find(".card")).to_have_count(0)
