"""What to ask the API: every operation of its description, about one's own things, about others' and about none."""

import json
import random
import re
import uuid
from dataclasses import dataclass, field

from marks import ID, MARK, Tenant
from tenants_bodies import BODIES, CLIENT, ONE_CLIENT, PARTNER
from tenants_content import SYSTEM, unpacked
from tenants_content_bodies import CONTENT, CONTENT_BODIES, EDITORS, FOR_CLIENT, STANDARD, explained
from tenants_site import Asker, Reply, Site

BODIES |= CONTENT_BODIES
# What a parameter of a path names, by the end of the path up to it.
KINDS = (
    ("/releases/{number}", "release"), ("/versions/{number}", "version"), ("/generations/{number}", "generation"),
    ("/gallery/{solution}", "solution"), ("{solution}", "anySolution"), ("{item}", "item"),
    ("{environment}", "environment"), ("{type}", "type"),
    ("/staff/{person}", "staff"), ("/staff/invitations/{id}", "staffInvitation"), ("/admins/{person}", "namedAdmin"),
    (f"{CLIENT}/users/{{person}}", "user"), ("/users/invitations/{id}", "userInvitation"),
    ("/partner-invitations/{id}", "partnerInvitation"), ("/users/{person}", "partnerUser"),
    ("/me/sessions/{id}", "session"), ("/api-tokens/{id}", "token"), ("{account}", "account"), ("{import}", "import"),
    ("/password-resets/{token}", "resetLink"), ("{token}", "link"), ("{system}", "system"), ("{client}", "client"),
    ("{partner}", "partner"),
)
# The same, by the end of the whole path.
KINDS_AT = (
    ("/approval", "number", "proposed"), ("/origin", "item", "copy"), ("/withdrawal", "solution", "withdrawn"),
    ("/advisories", "solution", "solution"), ("/versions/{number}", "solution", "solution"),
)
# Numbers and words that everybody has: they name nobody's.
COMMON = ("release", "proposed", "version", "generation", "type")
# What a client finds at its partner, or at a guest.
OF_GALLERY = ("solution", "anySolution", "withdrawn", "hidden")
# What belongs to a person rather than to a tenant.
PERSONAL = ("session", "token")
ALONE = {"POST " + path for path in (f"{CLIENT}/partner-accounts/{{account}}/deletion", "/activations/{token}/refusal",
         "/invitations/{token}/refusal", "/activations/{token}/acceptance", "/invitations/{token}/acceptance",
         f"{CLIENT}/partner-accounts/{{account}}/merge", "/password-resets/{token}")}
ALONE |= {f"PUT {root}/releases/{{number}}/approval" for root in (CONTENT, STANDARD)}
# What is no thing of its own: it is there again, and needs no match.
STATES = ("/suspension", "/closing", "/live")
# How often an operation is asked beside a reading one: what hashes a password, or changes much, is rare.
SELDOM = {"POST /sessions": 0.1, "PUT /me/password": 0.05, "PUT " + ONE_CLIENT + "/suspension": 0.1,
          "PUT " + ONE_CLIENT + "/closing": 0.15, "PUT /clients/{client}/closing": 0.15,
          "POST /activations/{token}/acceptance": 0.3, "POST /invitations/{token}/acceptance": 0.3,
          "POST /password-resets": 0.2, "POST /password-resets/{token}": 0.05,
          f"POST {CONTENT}/downloads": 0.3, f"POST {CONTENT}/archive": 0.3, f"PUT {CLIENT}/standard-content": 0.3,
          f"POST {PARTNER}/solutions/{{solution}}/versions/{{number}}/advisories": 0.4}
READ_WEIGHT = 2.0
# What is asked for in queries by words that everybody has.
VALUES = {"dryRun": ("true", "true", "false"), "kind": ("shoutOut", "shoutOut", "survey"), "deleted": ("true", "false"),
          "system": (SYSTEM,)}
# How often somebody who has an API token asks by it.
TOKEN_SHARE = 0.15
# Lists that go on after a number rather than after an id.
NUMBERED = ("/audit-events", "/history", "/versions", "/releases")


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
            made.append((found[1], self.kind(found[1], self.path[: found.end()])))
        return made

    def kind(self, name: str, upto: str) -> str:
        for end, parameter, kind in KINDS_AT:
            if parameter == name and self.path.endswith(end):
                return kind
        if name == "system" and upto != self.path:
            return "contentSystem"
        return next(kind for end, kind in KINDS if upto.endswith(end))

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
    # A tenant of which the asker may see nothing; the part of the query without which there is no answer.
    other: Tenant | None = None
    required: str = ""
    # What others have sent that its answer may repeat.
    repeated: tuple[str, ...] = ()

    @property
    def sent(self) -> tuple[str, ...]:
        """Every value that was sent with a mark in it."""
        words = [*self.path.replace("?", "/").replace("&", "/").replace("=", "/").split("/"), *self.fields.values()]
        words += re.findall(r'"([^"]*)"', self.body_text)
        return tuple(word for word in {*words, *self.repeated} if MARK.search(word.lower()))

    @property
    def text(self) -> str:
        return f"{self.path} {self.fields} {self.body_text}"

    @property
    def body_text(self) -> str:
        if isinstance(self.body, bytes):
            return unpacked(self.body) if self.operation.path.endswith("/archive") else self.body.decode()
        return json.dumps(self.body)


class Requests:
    """Makes requests, and learns from their answers what there is to ask about."""

    def __init__(self, site: Site):
        self.site = site
        self.operations = read_operations(site.line.ask(None, "GET", "/openapi.json").json)
        self.dice = site.trial.dice("learning")
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
        other = self.stranger(dice, asker)
        request = Request(operation, asker, operation.path, target=target, other=other)
        can_be = operation.suits(asker)
        # A long path would else hardly ever be one's own all along.
        each = foreign / max(1, len(operation.parameters) - 1) if foreign < 1 else foreign
        for name, kind in operation.parameters:
            chance = dice.random()
            value = None
            # Whoever holds a link may open it, and a sibling's partner is one's own.
            is_own = kind in ("link", "resetLink") or (kind == "partner" and near(asker.tenant, other))
            if chance < each and not is_own:
                # Of a gallery that the asker sees, what is not offered there.
                is_offered = kind in OF_GALLERY and other.offers_to(tenant)
                value = self.pick(dice, other, None, "hidden" if is_offered else kind, spare=False)
                request.is_foreign |= value is not None and names_somebody(kind, value)
            elif chance >= each + unknown or (is_own and chance < each):
                spare = can_be and operation.uses_up and (name, kind) == operation.parameters[-1]
                is_partners = kind in ("partner", "import", "staff", "staffInvitation")
                own = tenant if is_partners or (spare and kind == "client") else target
                if tenant.partner and not can_be:
                    # A client's people ask for what is their partner's.
                    own = tenant.partner
                value = self.pick(dice, own, asker, kind, spare)
            path = str(value or uuid.UUID(int=dice.getrandbits(128), version=4))
            # A link is kept with its door.
            request.path = request.path.replace("{%s}" % name, path.split("/")[-1], 1)
        self.add_query(dice, request, foreign)
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
            is_archive = request.operation.path.endswith("/archive")
            request.fields["Content_Type"] = "application/zip" if is_archive else "application/x-ndjson"
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
        if kind == "type":
            return SYSTEM
        if kind == "generation":
            return dice.randint(1, 500)
        if kind in OF_GALLERY and tenant.partner:
            tenant = dice.choice([tenant.partner, *tenant.guests]) if asker else tenant.partner
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
        if kind == "contentSystem":
            things = tenant.pools.get("system", [])[:1]
        more = tenant.spares.get(kind, [])[-3:]
        return dice.choice(things + more) if things or more else None

    def add_query(self, dice: random.Random, request: Request, foreign: float) -> None:
        words = []
        tenant = request.asker.tenant
        if request.operation.path == "/explanations":
            request.path += "?" + explained(self.site, dice, request, foreign)
            return
        for name in request.operation.query:
            if dice.random() < 0.4:
                continue
            if name == "limit":
                words.append(f"limit={dice.choice((1, 2, 5, 50, 200))}")
            elif name == "cursor":
                # Another tenant's id, or number, as what a list would go on after.
                is_number = request.operation.path.endswith(NUMBERED)
                things = [id for pool in request.other.pools.values() for id in pool if ID.fullmatch(str(id))]
                words.append(f"cursor={dice.randint(1, 60) if is_number else dice.choice(things)}")
            elif name in ("name", "words"):
                # The first half of a mark is no mark: whoever is found by it shows the whole.
                marks = (request.other.outer, request.other.inner, request.other.page)
                mark = dice.choice((*marks, tenant.outer, tenant.inner, "client", ""))
                words.append(f"{name}={mark[: len(mark) // 2 + 1]}")
            elif name == "folder":
                words.append(f"folder=drafts-{dice.choice((tenant, tenant, request.other)).inner}")
            elif name == "wait" and dice.random() < 0.3:
                words.append("wait=1s")
            elif name in VALUES and dice.random() < 0.5:
                words.append(f"{name}={dice.choice(VALUES[name])}")
        if words:
            request.path += "?" + "&".join(words)

    def add_fields(self, dice: random.Random, request: Request) -> None:
        operation = request.operation
        if operation.path.endswith("/audit-events") and dice.random() < 0.3:
            request.fields["Accept"] = "text/csv"
        if operation.method in ("PATCH", "DELETE") and not operation.path.endswith((*STATES, "/approval")):
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
        elif operation.path.startswith((*EDITORS, FOR_CLIENT, STANDARD)) and self.learn_content(request, answer):
            return
        elif operation.name in MAKES and "id" in (made := answer.json):
            (asker.tenant if "/clients/{" not in operation.path else tenant).spare(MAKES[operation.name], made["id"])
        elif operation.name == f"POST {CLIENT}/partner-invitations":
            tenant.spare("partnerInvitation", *[row["id"] for row in answer.json["items"]])
        elif operation.path.endswith("/partner-accounts") and "csv" not in answer.fields.get("content-type", ""):
            # A guest stays.
            kept = tenant.pools["account"]
            tenant.spares["account"] = [row["id"] for row in answer.json["items"]
                                        if row["id"] not in kept and not row["verified"]]
        elif operation.path.endswith("/partner-accounts/{account}/users") and kept_account(request):
            kept = tenant.pools["partnerUser"]
            tenant.spares["partnerUser"] = [row["id"] for row in answer.json["items"] if row["id"] not in kept]

    def learn_content(self, request: Request, answer: Reply) -> bool:
        """Whether the answer was about content, of which there is more now."""
        tenant, name = request.target, request.operation.name
        if name in {f"POST {root}/{made}" for root in EDITORS for made in ("items", "archive")}:
            made = answer.json
            ids = [row["id"] for row in made.get("items", [made])]
            tenant.spare("item", *ids)
            self.site.watch.keep_private(tenant, *ids)
        elif name == f"POST {PARTNER}/solutions":
            tenant.spare("anySolution", answer.json["id"])
        elif name in {f"POST {root}/environments" for root in (CONTENT, STANDARD)}:
            tenant.spare("environment", answer.json["name"])
        elif name in {f"POST {root}/releases" for root in (CONTENT, STANDARD, FOR_CLIENT)}:
            made = answer.json
            if made["state"] == "proposed":
                tenant.spare("proposed", made["release"])
            elif made["state"] == "published":
                tenant.keep(f"release {made['environment']}", made["release"])
        elif not name.endswith("/environments/{environment}/key"):
            return False
        made = answer.json
        if key := made.get("environmentKey") or made.get("key"):
            self.site.open(self.dice, tenant, made.get("environment") or made["name"], key)
        return True


def near(one: Tenant, other: Tenant) -> bool:
    """Whether two tenants are of the same partner."""
    return (one.partner or one) is (other.partner or other)


def names_somebody(kind: str, value: object) -> bool:
    """Whether a value is one tenant's alone: each has a first release, and an environment for production."""
    return kind not in COMMON and (kind != "environment" or bool(MARK.search(str(value))))


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
