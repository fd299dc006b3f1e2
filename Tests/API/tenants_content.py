"""Content with marks: drafts, solutions and their versions, copies, releases and environments of partners and clients.

A partner's gallery bears its outer mark, for its clients see it; what is in no version its inner one. A client's
drafts, folders, notes and environments bear its inner mark, as does what it tests; what it publishes to production its
page mark.
"""

import io
import json
import random
import zipfile
from typing import TYPE_CHECKING

from marks import Tenant

if TYPE_CHECKING:
    from tenants_site import Asker, Site

SYSTEM = "sap-concur"
# How many of each thing there are at first that is used up.
SPARES = 2
# Each partner's client of that number has another partner's gallery switched on (D-20).
HOST = 3


def item(dice: random.Random, word: str, mark: str) -> dict:
    """A small valid item."""
    name = f"{word} {mark} {dice.getrandbits(32):x}"
    return {"kind": "shoutOut", "name": name, "title": {"en": f"Title of {mark}"}, "text": {"en": f"Text of *{mark}*."}}


def packed(files: dict[str, dict]) -> bytes:
    """A ZIP archive of items."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, json.dumps(content))
    return archive.getvalue()


def unpacked(archive: bytes) -> str:
    """The names and the texts in a ZIP archive, for marks are not to be seen in what is compressed."""
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        return "\n".join(f"{name}\n{zipped.read(name).decode(errors='replace')}" for name in zipped.namelist())


def add_items(site: "Site", by: "Asker", path: str, mark: str, folder: str | None, count: int) -> list[str]:
    more = {"folder": folder} if folder else {}
    return [site.ask(by, "POST", f"{path}/items", {"content": item(site.dice, "Item", mark), **more}).json["id"]
            for _ in range(count)]


def add_environments(site: "Site", tenant: Tenant, path: str, mark: str) -> None:
    """One where anybody may publish, one that asks for approval, and some to delete."""
    names = [f"own-{mark}", f"approve-{mark}"]
    spares = [f"gone{number}-{mark}" for number in range(SPARES)]
    for name in names + spares:
        site.ask(tenant.people[0], "POST", f"{path}/environments", {"name": name})
    one = f"{path}/environments/approve-{mark}"
    site.ask(tenant.people[0], "PATCH", one, {"needsApproval": True}, 200, If_Match="*")
    tenant.keep("environment", "production", "test", *names)
    tenant.spare("environment", *spares)


def publish(site: "Site", tenant: Tenant, path: str, environment: str, what: dict, by: "Asker | None" = None) -> str:
    """Publishes by API; the environment's key. Where it waits for approval it may be used up."""
    body = {"environment": environment, **what}
    made = site.ask(by or tenant.people[0], "POST", f"{path}/releases?wait=5s", body, 200).json
    if made["state"] == "proposed":
        tenant.spare("proposed", made["release"])
    else:
        tenant.keep(f"release {environment}", made["release"])
    tenant.keep("release", made["release"])
    return made["environmentKey"]


# Partners

def fill_partner_content(site: "Site", partner: Tenant) -> None:
    ada, path = partner.people[0], f"/partners/{partner.key}"
    address = site.address("pia", partner, partner.inner)
    site.ask(ada, "POST", f"{path}/staff", {"email": address, "role": "partnerPublisher"})
    pia = site.join(f"a publisher of {partner.name}", partner, address, partner.outer)
    partner.keep("draft", *add_items(site, ada, path, partner.inner, f"drafts-{partner.inner}", 2))
    site.watch.keep_private(partner, *partner.pools["draft"])
    travel = add_solution(site, partner, f"travel-{partner.outer}")
    withdrawn = add_solution(site, partner, f"withdrawn-{partner.outer}")
    # One that has no version: clients see it from its first one on.
    hidden = new_solution(site, partner, f"hidden-{partner.inner}", partner.inner)
    partner.keep("version", 1, 2)
    partner.keep("solution", travel)
    partner.keep("withdrawn", withdrawn)
    partner.keep("hidden", hidden)
    partner.keep("anySolution", travel, withdrawn, hidden)
    partner.keep("item", *partner.pools["draft"], *partner.pools["page"])
    site.watch.keep_private(partner, hidden, *partner.pools["page"])
    body = {"severity": "low", "text": f"Careful with this of {partner.outer}.", "fixedIn": 2}
    site.ask(ada, "POST", f"{path}/solutions/{travel}/versions/1/advisories", body)

    standard = f"{path}/standard-content/{SYSTEM}"
    rows = site.ask(ada, "GET", f"{path}/solutions?limit=200", wanted=200).json["items"]
    first = next(row["id"] for row in rows if row["slug"] == f"{partner.outer}-standard")
    partner.keep("standard", first)
    add_environments(site, partner, standard, partner.outer)
    listed = [{"solution": id, "version": 1} for id in (first, travel)]
    what = {"solutions": listed, "notes": f"Standard of {partner.outer}"}
    publish(site, partner, standard, "production", what)
    partner.keep("testKey", publish(site, partner, standard, f"own-{partner.outer}", what))
    for _ in range(SPARES):
        publish(site, partner, standard, f"approve-{partner.outer}", what, by=pia)


def new_solution(site: "Site", partner: Tenant, slug: str, mark: str) -> str:
    about = {"slug": slug, "name": {"en": f"Solution {mark}"}, "summary": {"en": f"Of *{mark}*."}}
    return site.ask(partner.people[0], "POST", f"/partners/{partner.key}/solutions", about).json["id"]


def add_solution(site: "Site", partner: Tenant, slug: str) -> str:
    """A solution with two versions; its items may be in further ones."""
    ada, path = partner.people[0], f"/partners/{partner.key}"
    made = new_solution(site, partner, slug, partner.outer)
    items = add_items(site, ada, path, partner.outer, slug, 2)
    partner.keep("page", *items)
    for number in (1, 2):
        change = {"content": {"title": {"en": f"Title {number} of {partner.outer}"}}}
        site.ask(ada, "PATCH", f"{path}/items/{items[0]}", change, 200, If_Match="*")
        body = {"notes": f"Version {number} of {partner.outer}"}
        site.ask(ada, "POST", f"{path}/solutions/{made}/versions", body)
    return made


# Clients

def fill_client_content(site: "Site", client: Tenant, number: int) -> None:
    """Drafts, copies and releases, all in the first system; some publish by command, some by API."""
    admin, path = client.people[0], content_path(client)
    client.keep("draft", *add_items(site, admin, path, client.inner, f"drafts-{client.inner}", 2))
    client.keep("page", *add_items(site, admin, path, client.page, None, 2))
    client.keep("copy", *download(site, client, client.partner))
    if number == HOST:
        partners = site.partners
        switch_gallery_on(site, client, partners[(partners.index(client.partner) + 1) % len(partners)])
    client.keep("page", *client.pools["copy"])
    client.keep("item", *client.pools["draft"], *client.pools["page"])
    site.watch.keep_private(client, *client.pools["item"])
    add_environments(site, client, path, client.inner)
    notes = {"notes": f"Notes of {client.inner}"}
    public, tested = {"items": client.pools["page"], **notes}, {"items": client.pools["item"], **notes}
    for environment in client.pools["published"]:
        what = public if environment == "production" else tested
        by_command = (number // 4 + (environment == "test")) % 2 == 0
        key = site.publish(client, environment) if by_command else publish(site, client, path, environment, what)
        client.keep("productionKey" if environment == "production" else "testKey", key)
    # Twice, so that there is something to go back to.
    publish(site, client, path, f"own-{client.inner}", public)
    client.keep("testKey", publish(site, client, path, f"own-{client.inner}", tested))
    for _ in range(SPARES):
        publish(site, client, path, f"approve-{client.inner}", tested, by=client.people[2])


def content_path(client: Tenant) -> str:
    return f"/clients/{client.pools['client'][0]}/systems/{client.pools['system'][0]}"


def download(site: "Site", client: Tenant, partner: Tenant) -> list[str]:
    """Copies of a partner's solution, behind its newest version; their ids."""
    admin, path = client.people[0], content_path(client)
    body = {"solution": partner.pools["solution"][0], "version": 1}
    made = site.ask(admin, "POST", f"{path}/downloads", body).json["items"][0]
    site.watch.keep_private(client, made["id"])
    rows = site.ask(admin, "GET", f"{path}/items?folder={made['folder']}", wanted=200).json["items"]
    return [row["id"] for row in rows]


def switch_gallery_on(site: "Site", client: Tenant, guest: Tenant) -> None:
    """Another partner's staff joins the client, which then offers its people that partner's gallery (D-20)."""
    client.guests.append(guest)
    # Mails to somebody of both may name both.
    both = {client.outer, client.inner, client.partner.outer}
    visitor = Tenant(f"a guest of {client.name}", guest.outer, guest.inner, guest.page, more=both)
    ada, admin = guest.people[0], client.people[0]
    address = site.address("gus", visitor, guest.outer)
    site.ask(ada, "POST", f"/partners/{guest.key}/staff", {"email": address, "role": "partnerViewer"})
    gus = site.join(visitor.name, visitor, address, guest.outer)
    row = {"email": address, "role": "analyst", "systems": client.pools["system"][:1]}
    base = f"/clients/{client.pools['client'][0]}"
    invited = {"label": f"Guest {guest.outer}", "invitations": [row]}
    site.ask(admin, "POST", f"{base}/partner-invitations", invited)
    site.ask(gus, "POST", f"{site.mailbox.next(address).path}/acceptance", {}, 200)
    rows = site.ask(admin, "GET", f"{base}/partner-accounts", wanted=200).json["items"]
    account = next(row["id"] for row in rows if row["verified"])
    site.ask(admin, "PATCH", f"{base}/partner-accounts/{account}", {"galleryOn": True}, 200, If_Match="*")
    client.keep("copy", *download(site, client, guest))
