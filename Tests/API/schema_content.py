"""Content to test the management API on: drafts, solutions and their versions, releases and environments."""

from typing import TYPE_CHECKING

from editing import shout

if TYPE_CHECKING:
    from schema_site import Builder, Person, Site

SYSTEM = "/clients/{client}/systems/{system}"
FOR_CLIENT = "/partners/{partner}/clients/{client}/systems/{system}"
STANDARD = "/partners/{partner}/standard-content/{type}"
SOLUTIONS = "/partners/{partner}/solutions"
# How many of each thing there are that tests use up.
SPARES = 3
ANY_STATE = {"If-Match": "*"}


def fill_content(builder: "Builder", site: "Site", ada: "Person", admin: "Person") -> None:
    """What a partner and one of its clients' systems have in their Editors, in the gallery, and live."""
    system, base = {"client": site.client, "system": site.systems[0]}, f"/clients/{site.client}"
    partners = [{"partner": "tessera"}, {"partner": site.partner}]
    invited = {"email": "paul@publisher.example", "role": "publisher", "systems": site.systems}
    paul = joined(builder, base + "/users", admin, invited)
    invited = {"email": "pia@publisher.example", "role": "partnerPublisher"}
    pia = joined(builder, "/partners/tessera/staff", ada, invited)
    fill_editor(builder, site, "/partners/{partner}", partners, "/partners/tessera", ada)
    fill_editor(builder, site, SYSTEM, [system], f"{base}/systems/{system['system']}", admin)
    travel = fill_solutions(builder, site, partners, ada)
    fill_copies(builder, site, system, travel, ada, admin)
    fill_releases(builder, site, SYSTEM, system, {}, (admin, paul))
    standard = {"partner": "tessera", "type": "sap-concur"}
    choice = {"solutions": [{"solution": travel, "version": 1}]}
    fill_releases(builder, site, STANDARD, standard, choice, (ada, pia))
    # A client of its own: others are suspended now and then.
    client = builder.new_client(ada, "tessera", "Published for", sends="no")[0]
    owned = {"partner": "tessera", "client": client["id"], "system": client["systems"][0]["id"]}
    root = f"/partners/tessera/clients/{owned['client']}/systems/{owned['system']}"
    builder.ask("POST", root + "/releases", ada, choice)
    site.targets[FOR_CLIENT + "/releases"] = [owned]
    site.bodies[f"POST {FOR_CLIENT}/releases"] = [choice]
    site.targets[FOR_CLIENT + "/live"] = [owned]
    site.targets["/clients/{client}/standard-content"] = [{"client": site.client}]
    site.bodies["PUT /clients/{client}/standard-content"] = [
        {"off": True, "system": system["system"]}, {"off": False}
    ]
    site.targets["/generations/{number}"] = [{"number": "1"}, {"number": "2"}]


def joined(builder: "Builder", path: str, by: "Person", invited: dict) -> "Person":
    """Somebody who proposes what another approves."""
    builder.make(path, by, invited)
    return builder.accept(invited["email"], "invitations")[0]


def fill_editor(
    builder: "Builder", site: "Site", root: str, places: list[dict[str, str]], base: str, by: "Person"
) -> None:
    """Drafts: the first two stay."""
    made = [builder.make(base + "/items", by, {"content": shout(f"Item {number}")})["id"]
            for number in range(2 + SPARES)]
    items, one = [{**places[0], "item": id} for id in made], root + "/items/{item}"
    site.targets[root + "/items"] = site.targets[root + "/archive"] = places
    site.last(one, items, 2)
    site.targets[one + "/history"] = items[:2]
    site.bodies[f"POST {root}/items"] = [{"content": shout("New"), "folder": "made"}, {"copyOf": made[0]}]
    site.bodies[f"PATCH {one}"] = [{"content": {"title": {"fr": "Bienvenue"}}}, {"folder": "moved"}, {"folder": None}]
    site.bodies[f"POST {one}/history"] = [{"restore": 1}]


def fill_solutions(builder: "Builder", site: "Site", partners: list[dict[str, str]], ada: "Person") -> str:
    """Solutions: one to look at, to download and to make versions of, and one whose versions are withdrawn."""
    travel, withdrawn = new_solution(builder, ada, "travel"), new_solution(builder, ada, "withdrawn")
    for _ in range(SPARES - 1):
        new_version(builder, ada, "withdrawn", withdrawn)
    site.targets[SOLUTIONS] = site.targets["/partners/{partner}/publications"] = partners
    one = SOLUTIONS + "/{solution}"
    at = {"partner": "tessera", "solution": travel}
    site.targets[one] = site.targets[one + "/versions"] = [at]
    site.targets[one + "/versions/{number}"] = [{**at, "number": "1"}, {**at, "number": "2"}]
    warned = one + "/versions/{number}/advisories"
    site.targets[warned] = [{**at, "number": "1"}]
    site.bodies[f"POST {warned}"] = [{"severity": "low", "text": "The schema asks."}]
    site.targets[one + "/versions/{number}/withdrawal"] = [
        {**at, "solution": withdrawn, "number": str(number + 1)} for number in range(SPARES)
    ]
    site.bodies[f"POST {SOLUTIONS}"] = [
        {"slug": "made-{turn}", "name": {"en": "Made"}, "summary": {"en": "What it *does*"}}
    ]
    site.bodies[f"PATCH {one}"] = [{"name": {"fr": "Voyages"}}, {"name": {"fr": None}}]
    site.bodies[f"POST {one}/versions"] = [{}, {"notes": "Once more"}]
    item = site.targets["/partners/{partner}/items/{item}"][0]["item"]
    site.bodies["POST /partners/{partner}/publications"] = [{"items": [item]}, {"items": [item], "notes": "New"}]
    return travel


def new_solution(builder: "Builder", ada: "Person", slug: str) -> str:
    """A solution with one version; its id."""
    about = {"slug": slug, "name": {"en": slug}, "summary": {"en": "What it does"}}
    made = builder.make("/partners/tessera/solutions", ada, about)["id"]
    builder.make("/partners/tessera/items", ada, {"content": shout(slug), "folder": slug})
    builder.make(f"/partners/tessera/solutions/{made}/versions", ada, {})
    return made


def new_version(builder: "Builder", ada: "Person", slug: str, solution: str) -> None:
    item = builder.ask("GET", f"/partners/tessera/items?folder={slug}", ada).json()["items"][0]
    change = {"content": {"title": {"en": f"{slug}, revision {item['revision'] + 1}"}}}
    builder.ask("PATCH", f"/partners/tessera/items/{item['id']}", ada, change, **ANY_STATE)
    builder.make(f"/partners/tessera/solutions/{solution}/versions", ada, {})


def fill_copies(
    builder: "Builder", site: "Site", system: dict[str, str], travel: str, ada: "Person", admin: "Person"
) -> None:
    """Copies of a solution, behind its newest version."""
    base = f"/clients/{site.client}/systems/{system['system']}"
    copies = []
    for _ in range(SPARES):
        folder = builder.make(base + "/downloads", admin, {"solution": travel})["items"][0]["folder"]
        copies += builder.ask("GET", f"{base}/items?folder={folder}", admin).json()["items"]
    new_version(builder, ada, "travel", travel)
    site.targets[SYSTEM + "/items/{item}/origin"] = [{**system, "item": copy["id"]} for copy in copies]
    site.bodies[f"POST {SYSTEM}/items/{{item}}/origin"] = [{"take": ["/title/en"]}, {}]
    site.targets[SYSTEM + "/downloads"] = [system]
    site.bodies[f"POST {SYSTEM}/downloads"] = [{"solution": travel}, {"solution": travel, "version": 1}]
    site.targets["/clients/{client}/gallery"] = [{"client": site.client}]
    site.targets["/clients/{client}/advisories"] = [{"client": site.client}]
    site.targets["/clients/{client}/gallery/{solution}"] = [{"client": site.client, "solution": travel}]


def fill_releases(
    builder: "Builder", site: "Site", root: str, place: dict[str, str], what: dict, people: tuple["Person", "Person"]
) -> None:
    """Releases, some of them proposed by another person, and environments."""
    base, (owner, proposer) = root.format(**place), people

    def publish(environment: str, by: "Person") -> str:
        body = {"environment": environment, **what}
        return str(builder.ask("POST", base + "/releases", by, body).json()["release"])

    spares = [f"spare-{number}" for number in range(SPARES)]
    for name in ("training", "approving", *spares):
        builder.make(base + "/environments", owner, {"name": name})
    builder.ask("PATCH", base + "/environments/approving", owner, {"needsApproval": True}, **ANY_STATE)
    tested = [publish("test", owner) for _ in range(2)]
    for _ in range(2):
        publish("production", owner)
    proposed = [{**place, "number": publish("approving", proposer)} for _ in range(SPARES * 2)]

    site.targets[root + "/releases"] = site.targets[root + "/environments"] = [place]
    site.targets[root + "/releases/{number}"] = [{**place, "number": number} for number in tested] + proposed[:1]
    approval = root + "/releases/{number}/approval"
    site.targets[f"PUT {approval}"], site.targets[f"DELETE {approval}"] = proposed[:SPARES], proposed[SPARES:]
    one = root + "/environments/{environment}"
    kept = [{**place, "environment": name} for name in ("training", "test", "production")]
    site.targets[f"GET {one}"] = kept
    site.targets[f"PATCH {one}"] = site.targets[one + "/key"] = kept[:1]
    site.targets[f"DELETE {one}"] = [{**place, "environment": name} for name in spares]
    site.targets[f"PUT {one}/live"], site.targets[f"DELETE {one}/live"] = kept[1:2], kept[1:]
    site.bodies[f"POST {root}/releases"] = [
        {"environment": "test", **what}, {"environment": "production", "notes": "New", **what},
        {"environment": "production", "dryRun": True, **what},
    ]
    site.bodies[f"PUT {one}/live"] = [{"release": int(number)} for number in tested]
    site.bodies[f"POST {root}/environments"] = [{"name": "made-{turn}"}]
    site.bodies[f"PATCH {one}"] = [{"needsApproval": True}, {"archived": True}, {"archived": False}]
