"""Checks of guidance in use: guides by keyboard, announcements dismissed, and whether everybody can use them."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser import Visit, plain
from demo import BELLERIVE, NORDWIND, Item, Visitor
from suite import Suite

COST_CENTRE = NORDWIND.item("2-cost-centre")
CREATE = BELLERIVE.item("create-expense-report/2-create")
NIGHTS = BELLERIVE.item("itemize-hotel-bill/3-nights")

FOCUSED = """() => {
    const { shadowRoot } = document.querySelector("#waymark-root:focus") ?? {};
    const focused = shadowRoot?.activeElement;
    return [focused?.className, focused?.closest("[data-waymark-item]")?.dataset.waymarkItem];
}"""

# Beside: apart from the element by at most 24 px, with the ring around it; in the middle where there is no element.
PLACED = """(selector) => {
    const { shadowRoot } = document.getElementById("waymark-root");
    const balloon = shadowRoot.querySelector(".balloon").getBoundingClientRect();
    const { left, top, right, bottom } = balloon;
    const isInside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
    const at = selector && document.querySelector(selector)?.getBoundingClientRect();
    const off = (left + right - document.documentElement.clientWidth) / 2;
    if (!at) return isInside && Math.abs(off) <= 2 ? "in the middle" : `elsewhere: ${JSON.stringify(balloon)}`;
    const ring = shadowRoot.querySelector(".ring").getBoundingClientRect();
    const isRound = ring.left <= at.left && ring.top <= at.top && ring.right >= at.right && ring.bottom >= at.bottom;
    const apart = [
        Math.max(left - at.right, at.left - right),
        Math.max(top - at.bottom, at.top - bottom),
    ];
    const isBeside = Math.max(...apart) >= 0 && Math.max(...apart) <= 24 && Math.min(...apart) < 0;
    return isInside && isRound && isBeside ? "beside" : `elsewhere: ${JSON.stringify({ balloon, at, ring })}`;
}"""


def check_all(suite: Suite) -> None:
    to_the_end(suite, NORDWIND, "/expense/report", COST_CENTRE, strict=False)
    to_the_end(suite, BELLERIVE, "/expense/itemize", NIGHTS, strict=True)
    across_pages(suite)
    escape(suite)
    dismissed(suite)
    accessible(suite)
    small_window(suite)


def to_the_end(suite: Suite, visitor: Visitor, path: str, item: Item, strict: bool) -> None:
    name = f"'{item.title['en']}' runs to its end by keyboard, beside its elements"
    with suite.check(name), suite.visit(visitor, strict=strict) as visit:
        start_by_keyboard(visit.open(path), item)
        for number in range(len(item.steps)):
            is_at(visit, item, number, "beside")
            assert focused(visit) == ["primary", item.id], f"the focus is on {focused(visit)}"
            visit.screenshot(f"{visitor.name} walk {item.id.split('/')[-1]} {number + 1}")
            visit.page.keyboard.press("Enter")
        expect(visit.find(".balloon")).to_have_count(0)
        assert focused(visit)[0] == "launcher", f"at the end, the focus is on {focused(visit)}"
        visit.page.reload()
        expect(visit.find(".launcher")).to_be_visible()
        expect(visit.find(".balloon")).to_have_count(0)
        visit.is_silent()


def across_pages(suite: Suite) -> None:
    with suite.check("a guide goes on where it was after a page load"), suite.visit(BELLERIVE) as visit:
        start_by_keyboard(visit.open("/expense"), CREATE)
        is_at(visit, CREATE, 0, "beside")
        visit.page.keyboard.press("Enter")
        is_at(visit, CREATE, 1, "in the middle")
        visit.page.locator("#create-report").click()
        visit.page.wait_for_url("**/expense/report?**")
        is_at(visit, CREATE, 1, "beside")
        visit.is_silent()


def escape(suite: Suite) -> None:
    with suite.check("Escape closes guide, panel and card"), suite.visit(NORDWIND) as visit:
        start_by_keyboard(visit.open("/"), COST_CENTRE)
        visit.page.keyboard.press("Escape")
        expect(visit.find(".balloon")).to_have_count(0)
        visit.find(".launcher").press("Enter")
        for part in (".panel", ".card"):
            expect(visit.find(part)).to_be_visible()
            visit.page.keyboard.press("Escape")
            expect(visit.find(part)).to_have_count(0)
        visit.is_silent()


def dismissed(suite: Suite) -> None:
    for button in (".primary", ".close"):
        name = f"a shoutOut dismissed by its {button} stays away after a reload"
        with suite.check(name), suite.visit(NORDWIND) as visit:
            visit.open("/").shows("/")
            visit.find(f".card {button}").click()
            expect(visit.find(".card")).to_have_count(0)
            visit.page.reload()
            expect(visit.find(".launcher")).to_be_visible()
            visit.rest()
            expect(visit.find(".card")).to_have_count(0)
            visit.is_silent()


def accessible(suite: Suite) -> None:
    for name, visitor, path, clicks, part in (
        ("home with a card", NORDWIND, "/", [], ".card"),
        ("home with card and guides", NORDWIND, "/", [".launcher"], ".panel"),
        ("home with an open guide", BELLERIVE, "/", [".launcher", ".entry >> nth=0"], ".balloon"),
        ("report with an open guide", NORDWIND, "/expense/report", [".launcher", ".entry"], ".balloon"),
    ):
        with suite.check(f"axe: {name}"), suite.visit(visitor) as visit:
            visit.open(path)
            for selector in clicks:
                visit.find(selector).click()
            expect(visit.find(part)).to_be_visible()
            is_accessible(visit, name, {"button-name", "aria-dialog-name", "color-contrast"})


def is_accessible(visit: Visit, name: str, rules: set[str]) -> None:
    """axe finds nothing wrong with what the player shows, having looked at these rules at least."""
    # axe judges colours within the body alone; a fixed element looks the same there.
    visit.root.evaluate("host => document.body.append(host)")
    visit.screenshot(f"axe {name}")  # ends animations too
    results = Axe().run(visit.page, options={}).response
    wrong = {rule["id"]: players(rule) for rule in results["violations"] if players(rule)}
    assert not wrong, f"{wrong}"
    met = {rule["id"] for rule in results["passes"] if players(rule)}
    assert met >= rules, f"axe looked at no more than {met}"


def small_window(suite: Suite) -> None:
    with suite.check("a window of 320 × 480 holds card, guides and balloon"):
        with suite.visit(NORDWIND, language="de", size=(320, 480)) as visit:
            visit.open("/expense")
            is_inside(visit, ".card", ".bar")
            visit.screenshot("small window")
            visit.find(".launcher").click()
            is_inside(visit, ".card", ".panel", ".bar")
            visit.screenshot("small window guides")
            visit.find(".entry").click()
            is_at(visit, COST_CENTRE, 0, "in the middle")
            visit.screenshot("small window walk")
            visit.is_silent()


def start_by_keyboard(visit: Visit, item: Item) -> None:
    expect(visit.find(".launcher")).to_be_visible()
    tab_to(visit, lambda name, _: name == "launcher", "the launcher")
    visit.page.keyboard.press("Enter")
    expect(visit.find(".panel")).to_be_visible()
    tab_to(visit, lambda name, id: (name, id) == ("entry", item.id), item.id)
    visit.page.keyboard.press("Enter")


def tab_to(visit: Visit, is_there, what: str) -> None:
    for _ in range(100):
        if is_there(*focused(visit)):
            return
        visit.page.keyboard.press("Tab")
    raise AssertionError(f"{what} is not reached by the Tab key")


def focused(visit: Visit) -> list[str | None]:
    """What of the player's has the focus: its class, and the item it belongs to."""
    return visit.page.evaluate(FOCUSED)


def is_at(visit: Visit, item: Item, number: int, where: str) -> None:
    step, language = item.steps[number], visit.language
    expect(visit.find(".balloon")).to_have_attribute("data-waymark-item", item.id)
    expect(visit.find(".balloon h2")).to_have_text(step["title"][language])
    expect(visit.find("#balloon-text")).to_have_text(plain(step["text"][language]), use_inner_text=True)
    expect(visit.find(".balloon .count")).to_have_text(f"{number + 1} / {len(item.steps)}")

    def placed() -> str:
        return visit.page.evaluate(PLACED, step.get("selector"))

    visit.until(lambda: placed() == where, lambda: f"step {number + 1} is {where}, but {placed()}")


def is_inside(visit: Visit, *selectors: str) -> None:
    width, height = visit.page.viewport_size["width"], visit.page.viewport_size["height"]
    for selector in selectors:
        expect(visit.find(selector)).to_be_visible()
        box = visit.find(selector).bounding_box()
        fits_across = box["x"] >= 0 and box["x"] + box["width"] <= width
        fits_down = box["y"] >= 0 and box["y"] + box["height"] <= height
        assert fits_across and fits_down, f"{selector} leaves the window: {box}"


def players(rule: dict) -> list[str]:
    """Those of a rule's elements that are the player's."""
    return [f"{node['target']}" for node in rule["nodes"] if "#waymark-root" in f"{node['target']}"]
