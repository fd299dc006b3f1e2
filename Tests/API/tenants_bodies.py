"""What requests send that change people, clients and settings; what changes content is in tenants_content_bodies.py.

Each body says nothing that is not its asker's own, but for System Client IDs that are taken, and addresses that sign
in.
"""

import json
import random
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from marks import Tenant
from tenants_site import SYSTEM, Site, in_days
from world import PASSWORD

if TYPE_CHECKING:
    from tenants_requests import Request

PARTNER, ONE_CLIENT, CLIENT = "/partners/{partner}", "/partners/{partner}/clients/{client}", "/clients/{client}"
# What people are invited as, and changed to.
ROLES = ("analyst", "translator", "builder", "publisher")


def new_client(site: Site, dice: random.Random, request: "Request") -> dict:
    partner = request.asker.tenant
    partner = partner.partner or partner
    # A client that is made under load is its partner's own concern, and bears its mark alone.
    id, admin = f"new-{partner.outer}-{dice.getrandbits(48):x}", site.address("new", partner, partner.outer)
    if dice.random() < 0.2:
        id = dice.choice(dice.choice(partner.clients).pools["key"])
    return {"name": f"New {partner.outer} {dice.getrandbits(32):x}", "system": SYSTEM, "systemClientId": id,
            "admins": [admin]}


def imported(site: Site, dice: random.Random, request: "Request") -> bytes:
    rows = [new_client(site, dice, request) for _ in range(dice.randint(1, 4))]
    if "dryRun=true" in request.path:
        # Nothing is made of it: so it may name what another partner has.
        rows[0]["systemClientId"] = dice.choice(dice.choice(site.clients).pools["key"])
    return "\n".join(json.dumps(row) for row in rows).encode()


def owner(request: "Request") -> Tenant:
    """Who an own thing is named by: the client that it is of, where the asker is one."""
    return request.target if request.asker.tenant.sees(request.target) else request.asker.tenant


def own_address(site: Site, word: str, request: "Request") -> str:
    """A new address of whom the request is about; a client's is the partner's to write where the partner asks."""
    tenant = owner(request)
    inner = request.asker.tenant is tenant
    return site.address(word, tenant, tenant.inner if inner else tenant.outer)


def new_staff(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    role = dice.choice(("partnerViewer", "partnerBuilder"))
    return {"email": site.address("staff", tenant, tenant.inner), "role": role}


def new_user(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    return {"email": site.address("user", tenant, tenant.inner), "role": dice.choice(ROLES),
            "systems": tenant.pools.get("system", [])[:1]}


def new_partner_users(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    rows = [{**new_user(site, dice, request), "role": "builder"} for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.5 and tenant.pools.get("account"):
        return {"partnerAccount": tenant.pools["account"][0], "invitations": rows}
    return {"label": f"Firm {tenant.inner} {dice.getrandbits(20):x}", "invitations": rows}


def new_system(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    id = f"more-{tenant.outer}-{dice.getrandbits(48):x}"
    if dice.random() < 0.3 and tenant.partner:
        # A sibling's, which is refused: its holder is not the asker's to know.
        id = dice.choice(dice.choice(tenant.partner.clients).pools["key"])
    return {"system": SYSTEM, "name": f"More {tenant.outer}", "systemClientId": id}


def system_change(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    return dice.choice(({"name": f"Renamed {tenant.outer} {dice.getrandbits(20):x}"}, {"cacheClass": "critical"},
                        {"cacheClass": None}))


def reason(site: Site, dice: random.Random, request: "Request") -> dict:
    return {"reason": f"Because of {owner(request).outer}, {dice.getrandbits(32):x}"}


def account_change(site: Site, dice: random.Random, request: "Request") -> dict:
    is_label = dice.random() < 0.3
    return {"name": f"Label {request.asker.tenant.inner}"} if is_label else {"galleryOn": dice.random() < 0.5}


def account_name(site: Site, dice: random.Random, request: "Request") -> dict:
    # Mostly another name than it has, so that some accounts stay.
    return {"confirmName": f"Label {request.asker.tenant.inner}"}


def merge(site: Site, dice: random.Random, request: "Request") -> dict:
    things = request.asker.tenant.pools.get("account") or [str(uuid.UUID(int=dice.getrandbits(128), version=4))]
    return {"into": things[0]}


def acceptance(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    mark = tenant.inner if tenant.partner else tenant.outer
    request.session = ""
    return {"firstName": "Kim", "lastName": f"Later {mark}", "password": PASSWORD}


def sign_in(site: Site, dice: random.Random, request: "Request") -> dict:
    if dice.random() < 0.3:
        stranger = dice.choice(dice.choice(site.clients).people)
        return {"email": stranger.address, "password": "not the one that they have"}
    return {"email": request.asker.address, "password": PASSWORD}


def reset(site: Site, dice: random.Random, request: "Request") -> dict:
    return {"email": dice.choice(dice.choice(site.clients).people).address}


def new_token(site: Site, dice: random.Random, request: "Request") -> dict:
    rights = ["people"] if request.asker.tenant.partner else ["clients"]
    return {"name": f"Token {request.asker.tenant.inner}", "scopes": rights, "expiresAt": in_days(9)}


def names(site: Site, dice: random.Random, request: "Request") -> dict:
    tenant = request.asker.tenant
    mark = tenant.inner if tenant.partner else tenant.outer
    return dice.choice(({"language": dice.choice(("en", "fr", "de"))}, {"lastName": f"Anders {mark}"}))


def nothing(site: Site, dice: random.Random, request: "Request") -> None:
    return None


Body = Callable[[Site, random.Random, "Request"], object]
BODIES: dict[str, Body] = {
    f"POST {PARTNER}/clients": new_client, f"POST {PARTNER}/client-imports": imported,
    f"POST {PARTNER}/staff": new_staff,
    f"POST {PARTNER}/staff/invitations/{{id}}/mails": nothing,
    f"PATCH {PARTNER}/staff/{{person}}": lambda site, dice, request: {"role": "partnerViewer"},
    f"PATCH {PARTNER}/settings": lambda site, dice, request: {"cacheClass": dice.choice(("critical", "standard"))},
    f"PATCH {ONE_CLIENT}": lambda site, dice, request: {"cacheClass": dice.choice(("critical", "standard", None))},
    f"POST {ONE_CLIENT}/admins": lambda site, dice, request: {"email": own_address(site, "adm", request)},
    f"POST {ONE_CLIENT}/admins/{{person}}/mails": nothing,
    f"PUT {ONE_CLIENT}/suspension": reason, f"PUT {ONE_CLIENT}/closing": reason, f"PUT {CLIENT}/closing": reason,
    f"POST {CLIENT}/systems": new_system, f"PATCH {CLIENT}/systems/{{system}}": system_change,
    f"POST {CLIENT}/users": new_user, f"POST {CLIENT}/users/invitations/{{id}}/mails": nothing,
    f"PATCH {CLIENT}/users/{{person}}": lambda site, dice, request: {"role": dice.choice(ROLES)},
    f"POST {CLIENT}/partner-invitations": new_partner_users,
    f"POST {CLIENT}/partner-invitations/{{id}}/mails": nothing,
    f"PATCH {CLIENT}/partner-accounts/{{account}}": account_change,
    f"POST {CLIENT}/partner-accounts/{{account}}/deletion": account_name,
    f"POST {CLIENT}/partner-accounts/{{account}}/merge": merge,
    f"PATCH {CLIENT}/partner-accounts/{{account}}/users/{{person}}":
        lambda site, dice, request: {"role": dice.choice(("builder", "analyst"))},
    "POST /sessions": sign_in, "POST /password-resets": reset,
    "POST /password-resets/{token}": lambda site, dice, request: {"password": PASSWORD},
    "PATCH /me": names, "POST /api-tokens": new_token,
    "PUT /me/password": lambda site, dice, request: {"currentPassword": "not the one I have", "password": PASSWORD},
}
for door in ("activations", "invitations"):
    BODIES[f"POST /{door}/{{token}}/codes"] = BODIES[f"POST /{door}/{{token}}/refusal"] = nothing
    BODIES[f"POST /{door}/{{token}}/acceptance"] = acceptance
