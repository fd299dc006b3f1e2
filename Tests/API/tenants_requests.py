"""What to ask the API: every operation of its description, about one's own things, about others' and about none."""

import json
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from marks import ID, MARK, Tenant
from tenants_site import SYSTEM, Asker, Reply, Site, in_days
from world import PASSWORD

PARTNER, ONE_CLIENT, CLIENT = "/partners/{partner}", "/partners/{partner}/clients/{client}", "/clients/{client}"
# What a parameter of a path names, by the end of the path up to it.
KINDS = (
    ("/staff/{person}", "staff"), ("/staff/invitations/{id}", "staffInvitation"), ("/admins/{person}", "namedAdmin"),
    (f"{CLIENT}/users/{{person}}", "user"), ("/users/invitations/{id}", "userInvitation"),
    ("/partner-invitations/{id}", "partnerInvitation"), ("/users/{person}", "partnerUser"),
    ("/me/sessions/{id}", "session"), ("/api-tokens/{id}", "token"), ("{account}", "account"), ("{import}", "import"),
    ("/password-resets/{token}", "resetLink"), ("{token}", "link"), ("{system}", "system"), ("{client}", "client"),
    ("{partner}", "partner"),
)
# What belongs to a person rather than to a tenant.
PERSONAL = ("session", "token")
ALONE = {"POST " + path for path in (f"{CLIENT}/partner-accounts/{{account}}/deletion", "/activations/{token}/refusal",
         "/invitations/{token}/refusal", "/activations/{token}/acceptance", "/invitations/{token}/acceptance",
         f"{CLIENT}/partner-accounts/{{account}}/merge", "/password-resets/{token}")}
STATES = ("/suspension", "/closing")
# How often an operation is asked beside a reading one: what hashes a password, or changes much, is rare.
SELDOM = {"POST /sessions": 0.1, "PUT /me/password": 0.05, "PUT " + ONE_CLIENT + "/suspension": 0.1,
          "PUT " + ONE_CLIENT + "/closing": 0.15, "PUT /clients/{client}/closing": 0.15,
          "POST /activations/{token}/acceptance": 0.3, "POST /invitations/{token}/acceptance": 0.3,
          "POST /password-resets": 0.2, "POST /password-resets/{token}": 0.05}
READ_WEIGHT = 2.0
# How often somebody who has an API token asks by it.
TOKEN_SHARE = 0.15
# What people are invited as, and changed to.
ROLES = ("analyst", "translator", "builder", "publisher")


@dataclass
class Operation:
    """An operation of the description."""

    method: str
    path: str
    query: list[str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The path's parameters, and what each names."""
        made = []
        for found in re.finditer(r"{(\w+)}", self.path):
            upto = self.path[: found.end()]
            made.append((found[1], next(kind for end, kind in KINDS if upto.endswith(end))))
        return made

    @property
    def uses_up(self) -> bool:
        return (self.method == "DELETE" and not self.path.endswith(STATES)) or self.name in ALONE

    @property
    def weight(self) -> float:
        return READ_WEIGHT if self.method == "GET" else SELDOM.get(self.name, 1.0)

    def suits(self, asker: Asker) -> bool:
        """Whether the asker could be allowed to do it."""
        if self.path.startswith("/partners/"):
            return asker.tenant.partner is None
        return not self.path.startswith("/clients/") or asker.tenant.partner is not None


def read_operations(description: dict) -> list[Operation]:
    made = []
    for path, methods in description["paths"].items():
        for method, about in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                query = [one["name"] for one in about.get("parameters", ()) if one.get("in") == "query"]
                made.append(Operation(method.upper(), path, query))
    return made


@dataclass
class Request:
    """A request, ready to be sent, and what is to be known of it when its answer comes."""

    operation: Operation
    asker: Asker
    path: str
    body: object = None
    fields: dict[str, str] = field(default_factory=dict)
    # Another session than the asker's own; an empty one for none.
    session: str | None = None
    by_token: bool = False
    # Of whom an own thing is asked for; whether something of another tenant's is named.
    target: Tenant | None = None
    is_foreign: bool = False
    # What others have sent that its answer may repeat.
    repeated: tuple[str, ...] = ()

    @property
    def sent(self) -> tuple[str, ...]:
        """Every value that was sent with a mark in it."""
        words = [*self.path.replace("?", "/").replace("&", "/").replace("=", "/").split("/"), *self.fields.values()]
        text = self.body.decode() if isinstance(self.body, bytes) else json.dumps(self.body)
        words += re.findall(r'"([^"]*)"', text)
        return tuple(word for word in {*words, *self.repeated} if MARK.search(word.lower()))

    @property
    def text(self) -> str:
        body = self.body.decode() if isinstance(self.body, bytes) else json.dumps(self.body)
        return f"{self.path} {self.fields} {body}"


class Requests:
    """Makes requests, and learns from their answers what there is to ask about."""

    def __init__(self, site: Site):
        self.site = site
        self.operations = read_operations(site.line.ask(None, "GET", "/openapi.json").json)
        self.tags: list[tuple[Tenant, str]] = []
        # What was once made with an Idempotency-Key: the tenant, the key, the operation, path and body.
        self.keys: list[tuple[Tenant, str, Operation, str, object]] = []
        missing = [one.name for one in self.operations
                   if one.method in ("POST", "PUT", "PATCH") and one.name not in BODIES]
        for name in missing:
            site.trial.fault(f"no body is known for {name}")

    # Making

    def make(self, dice: random.Random, operation: Operation, asker: Asker, foreign: float, unknown: float) -> Request:
        """A request about own things, but for a share of others' and one of unknown ones."""
        tenant = asker.tenant
        at_client = "{client}" in operation.path and tenant.partner is None
        target = dice.choice(tenant.clients) if at_client and tenant.clients else tenant
        request = Request(operation, asker, operation.path, target=target)
        other = self.stranger(dice, asker)
        for name, kind in operation.parameters:
            chance = dice.random()
            value = None
            # Whoever holds a link may open it, and a sibling's partner is one's own.
            is_own = kind in ("link", "resetLink") or (kind == "partner" and near(asker.tenant, other))
            if chance < foreign and not is_own:
                value = self.pick(dice, other, None, kind, spare=False)
                request.is_foreign |= value is not None
            elif chance >= foreign + unknown or (is_own and chance < foreign):
                spare = operation.uses_up and (name, kind) == operation.parameters[-1]
                is_partners = kind in ("partner", "import", "staff", "staffInvitation")
                own = tenant if is_partners or (spare and kind == "client") else target
                value = self.pick(dice, own, asker, kind, spare)
            path = str(value or uuid.UUID(int=dice.getrandbits(128), version=4))
            # A link is kept with its door.
            request.path = request.path.replace("{%s}" % name, path.split("/")[-1], 1)
        self.add_query(dice, request, other)
        self.add_fields(dice, request)
        if make := BODIES.get(operation.name):
            request.body = make(self.site, dice, request)
        request.by_token = bool(asker.token) and dice.random() < TOKEN_SHARE
        if operation.name in ANONYMOUS and dice.random() < 0.7:
            request.session = ""
        if operation.name == "DELETE /sessions/current":
            request.session = asker.spare_sessions.pop() if asker.spare_sessions else "A" * 43
        if operation.method == "POST":
            self.add_key(dice, request)
        if isinstance(request.body, bytes):
            request.fields["Content_Type"] = "application/x-ndjson"
        else:
            request.fields.pop("Content_Type", None)
        return request

    def stranger(self, dice: random.Random, asker: Asker) -> Tenant:
        """A tenant of which the asker may see nothing: of the same partner as often as of another."""
        tenant = asker.tenant
        siblings = [one for one in (tenant.partner or tenant).clients if not tenant.sees(one)]
        far = [one for one in self.site.partners + self.site.clients if not near(tenant, one)]
        return dice.choice(siblings if siblings and dice.random() < 0.5 else far)

    def pick(self, dice: random.Random, tenant: Tenant, asker: Asker | None, kind: str, spare: bool) -> object:
        """Something of that kind of a tenant's; one that may be used up where `spare`."""
        if kind in PERSONAL:
            own = (asker or dice.choice(tenant.people)).pools.get(kind, [])
            return own.pop() if spare and asker and own else dice.choice(own) if own and not asker else None
        if spare:
            try:
                return tenant.spares.get(kind, []).pop()
            except IndexError:
                return None
        things = tenant.pools.get(kind, [])
        if kind == "partner" and tenant.partner:
            things = tenant.partner.pools["partner"]
        if kind == "client" and not tenant.partner:
            things = [id for client in tenant.clients for id in client.pools.get("client", ())]
        more = tenant.spares.get(kind, [])[-3:]
        return dice.choice(things + more) if things or more else None

    def add_query(self, dice: random.Random, request: Request, other: Tenant) -> None:
        words = []
        for name in request.operation.query:
            if dice.random() < 0.4:
                continue
            if name == "limit":
                words.append(f"limit={dice.choice((1, 2, 5, 50, 200))}")
            elif name == "cursor":
                # Another tenant's id, or number, as what a list would go on after.
                is_number = request.operation.path.endswith("/audit-events")
                things = [id for pool in other.pools.values() for id in pool if ID.fullmatch(str(id))]
                words.append(f"cursor={dice.randint(1, 60) if is_number else dice.choice(things)}")
            elif name == "name":
                # The first half of a mark is no mark: whoever is found by it shows the whole.
                mark = dice.choice((other.outer, request.asker.tenant.outer, "client", ""))
                words.append(f"name={mark[: len(mark) // 2 + 1]}")
            elif name == "dryRun":
                words.append("dryRun=" + dice.choice(("true", "true", "false")))
        if words:
            request.path += "?" + "&".join(words)

    def add_fields(self, dice: random.Random, request: Request) -> None:
        operation = request.operation
        if operation.path.endswith("/audit-events") and dice.random() < 0.3:
            request.fields["Accept"] = "text/csv"
        if operation.method in ("PATCH", "DELETE") and not operation.path.endswith(STATES):
            tag = dice.choice(self.tags)[1] if self.tags and dice.random() < 0.2 else "*"
            request.fields["If_Match"] = tag
        if operation.method == "GET" and self.tags and dice.random() < 0.1:
            request.fields["If_None_Match"] = dice.choice(self.tags)[1]

    def add_key(self, dice: random.Random, request: Request) -> None:
        """Sometimes an Idempotency-Key: a new one, or one of another tenant, with its request or with an own one."""
        chance = dice.random()
        if chance < 0.3:
            request.fields["Idempotency_Key"] = f"key-{dice.getrandbits(64):x}"
        elif chance < 0.5 and self.keys:
            tenant, key, operation, path, body = dice.choice(self.keys)
            request.fields["Idempotency_Key"] = key
            if not request.asker.tenant.sees(tenant) and "{" in operation.path and dice.random() < 0.5:
                request.operation, request.path, request.body = operation, path, body
                request.is_foreign, request.session = True, None

    # Learning

    def learn(self, request: Request, answer: Reply) -> None:
        asker, operation, tenant = request.asker, request.operation, request.target
        if tag := answer.fields.get("etag"):
            self.tags.append((asker.tenant, tag))
            del self.tags[:-500]
        if answer.status not in (200, 201) or request.is_foreign:
            return
        if key := request.fields.get("Idempotency_Key"):
            self.keys.append((asker.tenant, key, operation, request.path, request.body))
            del self.keys[:-200]
        if operation.name == "POST /sessions":
            asker.spare_sessions.append(answer.session)
        elif operation.name == "GET /me/sessions":
            asker.pools["session"] = [one["id"] for one in answer.json["items"] if not one["current"]]
        elif operation.name == "POST /api-tokens":
            asker.pools.setdefault("token", []).append(answer.json["id"])
        elif operation.path.endswith("/acceptance"):
            # Whoever has joined may be removed again.
            joined = answer.json
            kind = "staff" if joined["partner"] else "user"
            tenant.spare(kind, joined["person"])
        elif operation.name in MAKES and "id" in (made := answer.json):
            (asker.tenant if "/clients/{" not in operation.path else tenant).spare(MAKES[operation.name], made["id"])
        elif operation.name == f"POST {CLIENT}/partner-invitations":
            tenant.spare("partnerInvitation", *[row["id"] for row in answer.json["items"]])
        elif operation.path.endswith("/partner-accounts") and "csv" not in answer.fields.get("content-type", ""):
            kept = tenant.pools["account"]
            tenant.spares["account"] = [row["id"] for row in answer.json["items"] if row["id"] not in kept]
        elif operation.path.endswith("/partner-accounts/{account}/users") and kept_account(request):
            kept = tenant.pools["partnerUser"]
            tenant.spares["partnerUser"] = [row["id"] for row in answer.json["items"] if row["id"] not in kept]


def near(one: Tenant, other: Tenant) -> bool:
    """Whether two tenants are of the same partner."""
    return (one.partner or one) is (other.partner or other)


def kept_account(request: Request) -> bool:
    return request.target.pools["account"][0] in request.path


MAKES = {
    f"POST {PARTNER}/clients": "client", f"POST {ONE_CLIENT}/admins": "namedAdmin",
    f"POST {PARTNER}/staff": "staffInvitation", f"POST {CLIENT}/systems": "system",
    f"POST {CLIENT}/users": "userInvitation", f"POST {PARTNER}/client-imports": "import",
}
ANONYMOUS = {f"{method} /{door}/{{token}}{end}" for door in ("activations", "invitations")
             for method, end in (("GET", ""), ("POST", "/codes"), ("POST", "/refusal"))}
ANONYMOUS |= {"POST /sessions", "POST /password-resets", "POST /password-resets/{token}", "GET /systems"}


# Bodies. Each says nothing that is not its asker's own, but for System Client IDs that are taken, and addresses that
# sign in.

def new_client(site: Site, dice: random.Random, request: Request) -> dict:
    partner = request.asker.tenant
    partner = partner.partner or partner
    # A client that is made under load is its partner's own concern, and bears its mark alone.
    id, admin = f"new-{partner.outer}-{dice.getrandbits(48):x}", site.address("new", partner, partner.outer)
    if dice.random() < 0.2:
        id = dice.choice(dice.choice(partner.clients).pools["key"])
    return {"name": f"New {partner.outer} {dice.getrandbits(32):x}", "system": SYSTEM, "systemClientId": id,
            "admins": [admin]}


def imported(site: Site, dice: random.Random, request: Request) -> bytes:
    rows = [new_client(site, dice, request) for _ in range(dice.randint(1, 4))]
    if "dryRun=true" in request.path:
        # Nothing is made of it: so it may name what another partner has.
        rows[0]["systemClientId"] = dice.choice(dice.choice(site.clients).pools["key"])
    return "\n".join(json.dumps(row) for row in rows).encode()


def owner(request: Request) -> Tenant:
    """Who an own thing is named by: the client that it is of, where the asker is one."""
    return request.target if request.asker.tenant.sees(request.target) else request.asker.tenant


def own_address(site: Site, word: str, request: Request) -> str:
    """A new address of whom the request is about; a client's is the partner's to write where the partner asks."""
    tenant = owner(request)
    inner = request.asker.tenant is tenant
    return site.address(word, tenant, tenant.inner if inner else tenant.outer)


def new_staff(site: Site, dice: random.Random, request: Request) -> dict:
    tenant = request.asker.tenant
    role = dice.choice(("partnerViewer", "partnerBuilder"))
    return {"email": site.address("staff", tenant, tenant.inner), "role": role}


def new_user(site: Site, dice: random.Random, request: Request) -> dict:
    tenant = request.asker.tenant
    return {"email": site.address("user", tenant, tenant.inner), "role": dice.choice(ROLES),
            "systems": tenant.pools.get("system", [])[:1]}


def new_partner_users(site: Site, dice: random.Random, request: Request) -> dict:
    tenant = request.asker.tenant
    rows = [{**new_user(site, dice, request), "role": "builder"} for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.5 and tenant.pools.get("account"):
        return {"partnerAccount": tenant.pools["account"][0], "invitations": rows}
    return {"label": f"Firm {tenant.inner} {dice.getrandbits(20):x}", "invitations": rows}


def new_system(site: Site, dice: random.Random, request: Request) -> dict:
    tenant = request.asker.tenant
    id = f"more-{tenant.outer}-{dice.getrandbits(48):x}"
    if dice.random() < 0.3 and tenant.partner:
        # A sibling's, which is refused: its holder is not the asker's to know.
        id = dice.choice(dice.choice(tenant.partner.clients).pools["key"])
    return {"system": SYSTEM, "name": f"More {tenant.outer}", "systemClientId": id}


def system_change(site: Site, dice: random.Random, request: Request) -> dict:
    tenant = request.asker.tenant
    return dice.choice(({"name": f"Renamed {tenant.outer} {dice.getrandbits(20):x}"}, {"cacheClass": "critical"},
                        {"cacheClass": None}))


def reason(site: Site, dice: random.Random, request: Request) -> dict:
    return {"reason": f"Because of {owner(request).outer}, {dice.getrandbits(32):x}"}


def account_change(site: Site, dice: random.Random, request: Request) -> dict:
    is_label = dice.random() < 0.3
    return {"name": f"Label {request.asker.tenant.inner}"} if is_label else {"galleryOn": dice.random() < 0.5}


def account_name(site: Site, dice: random.Random, request: Request) -> dict:
    # Mostly another name than it has, so that some accounts stay.
    return {"confirmName": f"Label {request.asker.tenant.inner}"}


def merge(site: Site, dice: random.Random, request: Request) -> dict:
    things = request.asker.tenant.pools.get("account") or [str(uuid.UUID(int=dice.getrandbits(128), version=4))]
    return {"into": things[0]}


def acceptance(site: Site, dice: random.Random, request: Request) -> dict:
    tenant = request.asker.tenant
    mark = tenant.inner if tenant.partner else tenant.outer
    request.session = ""
    return {"firstName": "Kim", "lastName": f"Later {mark}", "password": PASSWORD}


def sign_in(site: Site, dice: random.Random, request: Request) -> dict:
    if dice.random() < 0.3:
        stranger = dice.choice(dice.choice(site.clients).people)
        return {"email": stranger.address, "password": "not the one that they have"}
    return {"email": request.asker.address, "password": PASSWORD}


def reset(site: Site, dice: random.Random, request: Request) -> dict:
    return {"email": dice.choice(dice.choice(site.clients).people).address}


def new_token(site: Site, dice: random.Random, request: Request) -> dict:
    rights = ["people"] if request.asker.tenant.partner else ["clients"]
    return {"name": f"Token {request.asker.tenant.inner}", "scopes": rights, "expiresAt": in_days(9)}


def names(site: Site, dice: random.Random, request: Request) -> dict:
    tenant = request.asker.tenant
    mark = tenant.inner if tenant.partner else tenant.outer
    return dice.choice(({"language": dice.choice(("en", "fr", "de"))}, {"lastName": f"Anders {mark}"}))


def nothing(site: Site, dice: random.Random, request: Request) -> None:
    return None


Body = Callable[[Site, random.Random, Request], object]
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
