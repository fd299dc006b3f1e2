"""The authorization matrix over HTTP: the routes of content, from the Editor to what is live."""

import io
import json
import zipfile
from collections.abc import Callable

from editing import add, items, shout
from gallery import download, solution, version
from matrix_site import PARTNER, STALE, Probe, Site
from publishing import publish, standard

SYSTEM = "/clients/{client}/systems/{system}"
STANDARD = "/partners/{partner}/standard-content/{type}"
FOR_CLIENT = "/partners/{partner}/clients/{client}/systems/{system}"
SOLUTION = "/partners/{partner}/solutions/{solution}"
TEXTS = {"content": {"title": {"fr": "Bienvenue"}}}


def item(site: Site) -> str:
    return site.keep("item", lambda: add(site.admin, items(site.account), shout())["id"])


def partner_item(site: Site) -> str:
    return site.keep("partner item", lambda: add(site.world.ada, f"{PARTNER}/items", shout())["id"])


def with_version(site: Site, name: str = "solution") -> dict:
    """A solution with one version."""

    def make() -> dict:
        made = solution(site.world, site.world.ada)
        version(site.world.ada, made, [shout()])
        return made
    return site.keep(name, make)


def copied(site: Site) -> str:
    """An item that came from the gallery."""

    def make() -> str:
        folder = download(site.account, with_version(site)).expect(201).items[0]["folder"]
        return site.admin.all(f"{items(site.account)}?folder={folder}")[0]["id"]
    return site.keep("copied", make)


def release(site: Site, environment: str) -> int:
    """The number of a release that waits for no approval."""
    item(site)
    return site.keep(f"release {environment}", lambda: publish(
        site.admin, site.account, environment).expect(200)["release"])


def standard_release(site: Site, environment: str) -> int:
    return site.keep(f"standard release {environment}", lambda: standard(
        site.world, site.world.ada, "tessera", with_version(site), environment=environment).expect(200)["release"])


def training(site: Site) -> str:
    path, body = f"{site.account.path}/systems/{site.account.system}", {"name": "training"}
    return site.keep("training", lambda: site.admin.post(f"{path}/environments", body).expect(201)["name"])


def standard_training(site: Site) -> str:
    path, body = f"{PARTNER}/standard-content/sap-concur", {"name": "training"}
    return site.keep("standard training", lambda: site.world.ada.post(
        f"{path}/environments", body).expect(201)["name"])


def choice(site: Site) -> dict:
    """What standard content is made of."""
    return {"solutions": [{"solution": with_version(site)["id"], "version": 1}]}


def for_client(site: Site, who: str) -> dict[str, str]:
    """Something is live for the client, each time anew."""
    path = f"{PARTNER}/clients/{site.account.id}/systems/{site.account.system}/releases"
    site.world.ada.post(path, choice(site)).expect(200)
    return {}


def archive() -> bytes:
    """A ZIP archive of one item."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("item.json", json.dumps(shout()))
    return packed.getvalue()


def editor(path: str, read: str, edit: str, change: str, make: Callable[[Site], str]) -> list[Probe]:
    """The routes of drafts; `change` is what changing nothing but texts asks for."""
    one = f"{path}/items/{{item}}"

    def at(site: Site, who: str) -> dict[str, str]:
        return {"item": make(site)}

    return [
        Probe(read, f"GET {path}/items"),
        Probe(edit, f"POST {path}/items", lambda site, who: {"content": shout()}),
        Probe(edit, f"POST {path}/items", lambda site, who: {"copyOf": make(site)}),
        Probe(read, f"GET {one}", at=at),
        Probe(change, f"PATCH {one}", lambda site, who: TEXTS, at=at, match="*"),
        Probe(edit, f"PATCH {one}", lambda site, who: {"folder": site.world.unique("f").replace(" ", "-")}, at=at,
              match="*"),
        Probe(edit, f"DELETE {one}", at=at, match=STALE),
        Probe(read, f"GET {one}/history", at=at),
        Probe(edit, f"POST {one}/history", lambda site, who: {"restore": 1}, at=at),
        Probe(read, f"GET {path}/archive"),
        Probe(edit, f"POST {path}/archive", lambda site, who: archive(), fields={"Content-Type": "application/zip"}),
    ]


def publishing(
    path: str, action: str, environment: str, make: Callable[[Site, str], int], what: Callable[[Site], dict]
) -> list[Probe]:
    """The routes that change what is live in an environment; nothing waits for approval there."""
    approval, live = f"{path}/releases/{{number}}/approval", f"{path}/environments/{{environment}}/live"

    def at(site: Site, who: str) -> dict[str, str]:
        return {"number": str(make(site, environment)), "environment": environment}

    def body(site: Site, who: str) -> dict:
        make(site, environment)
        return {"environment": environment, **what(site)}

    return [
        Probe(action, f"POST {path}/releases", body),
        Probe(action, f"POST {path}/releases", lambda site, who: {**body(site, who), "dryRun": True}),
        Probe(action, f"PUT {approval}", at=at),
        Probe(action, f"DELETE {approval}", at=at),
        Probe(action, f"PUT {live}", lambda site, who: {"release": make(site, environment)}, at=at),
        Probe(action, f"DELETE {live}", at=at),
    ]


def released(path: str, read: str, make: Callable[[Site, str], int]) -> list[Probe]:
    """The routes that show releases."""
    return [
        Probe(read, f"GET {path}/releases"),
        Probe(read, f"GET {path}/releases/{{number}}", at=lambda site, who: {"number": str(make(site, "test"))}),
    ]


def environments(path: str, read: str, change: str, make: Callable[[Site], str]) -> list[Probe]:
    """The routes of environments."""
    one = f"{path}/environments/{{environment}}"

    def at(site: Site, who: str) -> dict[str, str]:
        return {"environment": make(site)}

    return [
        Probe(read, f"GET {path}/environments"),
        Probe(change, f"POST {path}/environments",
              lambda site, who: {"name": site.world.unique("own").replace(" ", "-")}),
        Probe(read, f"GET {one}", at=at),
        Probe(change, f"PATCH {one}", lambda site, who: {"needsApproval": False}, at=at, match="*"),
        Probe(change, f"DELETE {one}", at=at, match=STALE),
        Probe(change, f"POST {one}/key", at=at),
    ]


def of_solution(site: Site, who: str) -> dict[str, str]:
    return {"solution": with_version(site)["id"], "number": "1"}


def of_copy(site: Site, who: str) -> dict[str, str]:
    return {"item": copied(site)}


def new_solution(site: Site, who: str) -> dict:
    slug = site.world.unique("solution").replace(" ", "-")
    return {"slug": slug, "name": {"en": slug}, "summary": {"en": "What it does"}}


def wanted(site: Site, who: str) -> dict:
    return {"solution": with_version(site)["id"]}


CLIENTS = [
    *editor(SYSTEM, "readItems", "editItems", "editItemTexts", item),
    Probe("readItems", f"GET {SYSTEM}/items/{{item}}/origin", at=of_copy),
    Probe("editItems", f"POST {SYSTEM}/items/{{item}}/origin", lambda site, who: {}, at=of_copy),
    Probe("readGallery", "GET /clients/{client}/gallery"),
    Probe("readGallery", "GET /clients/{client}/gallery/{solution}", at=of_solution),
    Probe("readGallery", "GET /clients/{client}/advisories"),
    Probe("readItems", f"GET {SYSTEM}/downloads"),
    Probe("downloadSolution", f"POST {SYSTEM}/downloads", wanted),
    *released(SYSTEM, "readReleases", release),
    *publishing(SYSTEM, "publishTest", "test", release, lambda site: {}),
    *publishing(SYSTEM, "publishProduction", "production", release, lambda site: {}),
    *environments(SYSTEM, "readEnvironments", "changeEnvironments", training),
    Probe("readStandardContent", "GET /clients/{client}/standard-content"),
    Probe("switchStandardContent", "PUT /clients/{client}/standard-content",
          lambda site, who: {"off": False, "system": site.account.system}),
]
PARTNERS = [
    *editor("/partners/{partner}", "readPartnerItems", "editPartnerItems", "editPartnerItems", partner_item),
    Probe("readSolutions", "GET /partners/{partner}/solutions"),
    Probe("editSolutions", "POST /partners/{partner}/solutions", new_solution),
    Probe("readSolutions", f"GET {SOLUTION}", at=of_solution),
    Probe("editSolutions", f"PATCH {SOLUTION}", lambda site, who: {"name": {"fr": "Nom"}}, at=of_solution, match="*"),
    Probe("readSolutions", f"GET {SOLUTION}/versions", at=of_solution),
    Probe("editSolutions", f"POST {SOLUTION}/versions", lambda site, who: {}, at=of_solution),
    Probe("readSolutions", f"GET {SOLUTION}/versions/{{number}}", at=of_solution),
    Probe("editSolutions", f"PUT {SOLUTION}/versions/{{number}}/withdrawal",
          at=lambda site, who: {"solution": with_version(site, "withdrawn")["id"], "number": "1"}),
    Probe("readSolutions", f"GET {SOLUTION}/versions/{{number}}/advisories", at=of_solution),
    Probe("editSolutions", f"POST {SOLUTION}/versions/{{number}}/advisories",
          lambda site, who: {"severity": "low", "text": "The matrix asks."}, at=of_solution),
    Probe("editSolutions", "POST /partners/{partner}/publications",
          lambda site, who: {"items": [partner_item(site)]}),
    *released(STANDARD, "readStandardReleases", standard_release),
    *publishing(STANDARD, "publishStandard", "test", standard_release, choice),
    *publishing(STANDARD, "publishStandard", "production", standard_release, choice),
    *environments(STANDARD, "readPartnerEnvironments", "changePartnerEnvironments", standard_training),
    Probe("publishForClient", f"POST {FOR_CLIENT}/releases",
          lambda site, who: choice(site)),
    Probe("publishForClient", f"DELETE {FOR_CLIENT}/live", at=for_client),
]
PROBES = [
    *CLIENTS, *PARTNERS,
    Probe("readGeneration", "GET /generations/{number}", at=lambda site, who: {"number": "1"}),
    # For whom the key is none of theirs, there is no such partner.
    Probe("readExplanation", "GET /explanations", query="?partner=tessera&systemVariable=sapUserId&systemClientId=x",
          later=frozenset({404})),
]


def elsewhere(site: Site) -> list[str]:
    """A member's content ends at the systems that they were given, an admin's at the client's (domain.md, Roles): every
    route to a system's content is asked about another one, by who may do it all at their own."""
    foreign = site.doors["invitations"].system
    found = []
    for who, what, system, answer in (
        ("CoM", "a system that they were not given", site.other_system, "403"),
        ("Adm", "another client's system", foreign, "404"),
    ):
        for probe in CLIENTS:
            seen = probe.send(site, who, system=system) if "{system}" in probe.route else answer
            if seen != answer:
                found.append(f"{probe.action} by {who} at {what}: {answer} expected, the server {seen}: {probe.route}")
    path, manager = f"{site.account.path}/standard-content", site.people["CoM"][1]
    asked = {
        "for another system": (manager.put(path, {"off": False, "system": site.other_system}), 403),
        "for all systems": (manager.put(path, {"off": False}), 403),
        "for another client's system": (site.admin.put(path, {"off": False, "system": foreign}), 404),
    }
    return found + [f"standard content switched {what}: {answer} expected, the server {seen.status}"
                    for what, (seen, answer) in asked.items() if seen.status != answer]
