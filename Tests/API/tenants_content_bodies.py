"""What requests about content send: in drafts the asker's inner mark, in what is for pages its page mark.

Some name what is another tenant's beside the path: an item to copy or to publish, a solution, a system. These must
fail.
"""

import random
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from marks import Tenant
from tenants_bodies import CLIENT, PARTNER, Body, nothing
from tenants_content import item, packed
from tenants_site import Site

if TYPE_CHECKING:
    from tenants_requests import Request

CONTENT = f"{CLIENT}/systems/{{system}}"
STANDARD = f"{PARTNER}/standard-content/{{type}}"
SOLUTION = f"{PARTNER}/solutions/{{solution}}"
FOR_CLIENT = f"{PARTNER}/clients/{{client}}/systems/{{system}}"
# How often a body names something of another tenant's.
STRANGE = 0.1


def strange(dice: random.Random, request: "Request", *kinds: str) -> str | None:
    """At times something of another tenant's, which the request must then fail for."""
    if dice.random() >= STRANGE:
        return None
    things = [id for kind in kinds for id in request.other.pools.get(kind, ())]
    if not things:
        return None
    request.is_foreign = True
    return dice.choice(things)


def strange_solution(dice: random.Random, request: "Request") -> str | None:
    """A solution of a gallery that the asker does not see, or one of its own partner's that is not offered yet."""
    tenant, other = request.asker.tenant, request.other
    if dice.random() >= STRANGE:
        return None
    request.is_foreign = True
    return dice.choice((other.partner or other).pools["hidden" if other.offers_to(tenant) else "solution"])


def in_path(request: "Request", after: str) -> str:
    """What stands in the path after a word."""
    return re.split(r"[/?]", request.path.split(f"/{after}/")[1])[0]


def chosen(dice: random.Random, things: list) -> list:
    return dice.sample(things, dice.randint(1, len(things)))


# The Editor

def new_item(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    if id := strange(dice, request, "item"):
        return {"copyOf": id}
    if dice.random() < 0.2:
        return {"copyOf": dice.choice(tenant.pools["draft"])}
    return {"content": item(dice, "New", tenant.inner), "folder": f"drafts-{tenant.inner}"}


def item_change(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    is_draft = in_path(request, "items") not in tenant.pools["page"]
    if is_draft and dice.random() < 0.2:
        return {"folder": f"moved-{tenant.inner}"}
    mark = tenant.inner if is_draft else tenant.page
    return {"content": {"title": {"en": f"Changed {mark} {dice.getrandbits(32):x}"}}}


def archive(site: Site, dice: random.Random, request: "Request") -> bytes:
    mark = request.asker.tenant.inner
    return packed({f"zip-{mark}/item{number}-{mark}.json": item(dice, "Packed", mark)
                   for number in range(dice.randint(1, 2))})


# The gallery

def new_solution(site: Site, dice: random.Random, request: "Request") -> dict:
    mark = request.asker.tenant.inner
    return {"slug": f"more-{dice.getrandbits(32):x}-{mark}", "name": {"en": f"More {mark}"}, "summary": {"en": mark}}


def is_public(request: "Request") -> bool:
    """Whether the asker's clients see the solution in the path."""
    pools = request.asker.tenant.pools
    return in_path(request, "solutions") in (*pools.get("solution", ()), *pools.get("withdrawn", ()))


def solution_change(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    return {"name": {"fr": f"Nom {tenant.outer if is_public(request) else tenant.inner}"}}


def new_version(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    body: dict = {"notes": f"Another of {tenant.outer}"}
    if id := strange(dice, request, "item"):
        body["items"] = [id]
    elif is_public(request) and dice.random() < 0.5:
        # The rest of what is drafted is nobody else's.
        body["items"] = chosen(dice, tenant.pools["page"])
    return body


def publication(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    id = strange(dice, request, "item")
    return {"items": [id] if id else chosen(dice, tenant.pools["page"]), "notes": f"Published by {tenant.outer}"}


def advisory(site: Site, dice: random.Random, request: "Request") -> dict:
    return {"severity": dice.choice(("low", "high")), "text": f"Warned by {request.asker.tenant.outer}."}


def new_download(site: Site, dice: random.Random, request: "Request") -> dict:
    if id := strange_solution(dice, request):
        return {"solution": id}
    tenant = request.asker.tenant
    body = {"solution": dice.choice([tenant.partner or tenant, *tenant.guests]).pools["solution"][0]}
    return dice.choice(({"standard": True}, body, {**body, "version": dice.choice((1, 2))}))


def taken(site: Site, dice: random.Random, request: "Request") -> dict:
    return dice.choice(({}, {"take": []}))


# Releases

def environment(dice: random.Random, tenant: Tenant) -> str:
    return dice.choice(tenant.pools["environment"])


def client_release(site: Site, dice: random.Random, request: "Request") -> dict:
    """What is for pages goes to production, anything elsewhere."""
    tenant = request.asker.tenant
    id, place = strange(dice, request, "item"), environment(dice, tenant)
    items = chosen(dice, tenant.pools["page" if place == "production" else "item"])
    body = {"environment": place, "items": [id] if id else items}
    return {**body, **dice.choice(({"dryRun": True}, {}, {"notes": f"Released by {tenant.inner}"}))}


def versions(dice: random.Random, request: "Request") -> list[dict]:
    """What standard content is made of, and what a partner publishes for a client."""
    partner = request.asker.tenant.partner or request.asker.tenant
    ids = [strange_solution(dice, request) or partner.pools["solution"][0]]
    if dice.random() < 0.5:
        ids += partner.pools["standard"]
    return [{"solution": id, "version": dice.choice((1, 2)) if place == 0 else 1} for place, id in enumerate(ids)]


def standard_release(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    body = {"environment": environment(dice, tenant), "solutions": versions(dice, request), "confirm": tenant.key}
    return {**body, **dice.choice(({"dryRun": True}, {}, {"notes": f"Standard of {tenant.outer}"}))}


def release_for_client(site: Site, dice: random.Random, request: "Request") -> dict:
    return {"solutions": versions(dice, request), "notes": f"Begun by {request.asker.tenant.outer}"}


def live(site: Site, dice: random.Random, request: "Request") -> dict:
    numbers = request.target.pools.get(f"release {in_path(request, 'environments')}") or [dice.randint(1, 9)]
    return {"release": dice.choice(numbers)}


def new_environment(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    return {"name": f"e{dice.getrandbits(32):x}-{tenant.inner if tenant.partner else tenant.outer}"}


def environment_change(site: Site, dice: random.Random, request: "Request") -> dict:
    name = in_path(request, "environments")
    if name.startswith("e"):
        return {"archived": dice.random() < 0.3}
    return {"needsApproval": name.startswith("approve-")}


def standard_switch(site: Site, dice: random.Random, request: "Request") -> dict:
    if id := strange(dice, request, "system"):
        return {"off": True, "system": id}
    systems = request.asker.tenant.pools.get("system", ())
    return {"off": dice.random() < 0.3, **({"system": dice.choice(systems)} if systems else {})}


# Queries

def system_client_id(client: Tenant) -> str:
    return f"systemClientId={quote(client.pools['key'][0], safe='')}"


def explained(site: Site, dice: random.Random, request: "Request", foreign: float) -> str:
    """The query for what a key leads to: an own one, a client's of one's own, or another tenant's."""
    tenant = request.asker.tenant
    client = dice.choice(tenant.clients) if tenant.clients else tenant
    if dice.random() < foreign and (request.other.partner or request.other.clients):
        request.is_foreign = True
        client = request.other if request.other.partner else dice.choice(request.other.clients)
    partner = client.partner
    words = [f"partner={partner.key}", f"systemVariable=v.{partner.outer}", system_client_id(client)]
    request.required = "&".join(words)
    if not request.is_foreign and dice.random() < foreign * STRANGE:
        # Another partner's client, or none of it, at one's own.
        words[2] = system_client_id(dice.choice(site.clients))
    if dice.random() < 0.5:
        # What there is may be told to nobody who asks for what there is not.
        name = dice.choice(("production", "test", "nowhere", environment(dice, tenant), environment(dice, client)))
        words.append(f"environment={name}")
    if dice.random() < 0.2:
        words.append(time.strftime("at=%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - dice.randint(0, 60))))
    return "&".join(words)


EDITORS = (CONTENT, PARTNER)
CONTENT_BODIES: dict[str, Body] = {
    f"POST {CONTENT}/items/{{item}}/origin": taken, f"POST {CONTENT}/downloads": new_download,
    f"POST {CONTENT}/releases": client_release, f"POST {STANDARD}/releases": standard_release,
    f"POST {FOR_CLIENT}/releases": release_for_client, f"PUT {CLIENT}/standard-content": standard_switch,
    f"POST {PARTNER}/solutions": new_solution, f"PATCH {SOLUTION}": solution_change,
    f"POST {SOLUTION}/versions": new_version, f"POST {PARTNER}/publications": publication,
    f"PUT {SOLUTION}/versions/{{number}}/withdrawal": nothing,
    f"POST {SOLUTION}/versions/{{number}}/advisories": advisory,
}
for root in EDITORS:
    CONTENT_BODIES |= {
        f"POST {root}/items": new_item, f"PATCH {root}/items/{{item}}": item_change, f"POST {root}/archive": archive,
        f"POST {root}/items/{{item}}/history": lambda site, dice, request: {"restore": 1},
    }
for root in (CONTENT, STANDARD):
    CONTENT_BODIES |= {
        f"PUT {root}/releases/{{number}}/approval": nothing, f"POST {root}/environments": new_environment,
        f"PUT {root}/environments/{{environment}}/live": live,
        f"PATCH {root}/environments/{{environment}}": environment_change,
        f"POST {root}/environments/{{environment}}/key": nothing,
    }
