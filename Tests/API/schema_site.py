"""A deployment to test the management API on: two partners, clients, people of every kind, and open links.

Everything is made through the API, as its users would, but for the partners, which only a command adds.
"""

import email
import email.policy
import json
import os
import re
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import requests

from deployment import Deployment
from schema_content import SPARES, fill_content

COOKIE = "__Host-waymark"
PASSWORD = "seven green lanterns at dusk"
LINK = re.compile(r"/(activations|invitations|password-resets)/([A-Za-z0-9_-]{20,})")
ROLES = ("partner-admin", "client-admin", "analyst")
SCOPES = {
    "partner-admin": [
        "clients", "staff", "settings", "audit", "readContent", "editContent", "gallery", "standardContent",
    ],
    "client-admin": [
        "people", "settings", "audit", "readContent", "editContent", "publishTest", "publishProduction",
    ],
    # An analyst may make no tokens, and signs in by session.
    "analyst": [],
}


@dataclass
class Person:
    """Somebody with credentials; `token` is an API token's secret."""

    email: str
    password: str = PASSWORD
    session: str = ""
    session_id: str = ""
    token: str = ""
    token_id: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """The header fields that show who it is."""
        return {"Cookie": f"{COOKIE}={self.session}"}


@dataclass
class Site:
    """What there is. `targets` has, for each path of the description, the parameters of things that exist; `bodies`,
    for operations that take what no schema tells, whole bodies that are right."""

    base: str
    role: str
    owner: Person
    stranger: Person
    partner: str = ""
    client: str = ""
    systems: list[str] = field(default_factory=list)
    account_names: dict[str, str] = field(default_factory=dict)
    targets: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    bodies: dict[str, list[dict]] = field(default_factory=dict)
    seen: str = ""

    def last(self, path: str, things: list[dict[str, str]], stay: int = 1) -> None:
        """Notes things at a path: the first ones stay, only the others are deleted."""
        self.targets[path] = things[:stay]
        self.targets["DELETE " + path] = things[stay:]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def load(path: Path) -> "Site":
        values = json.loads(path.read_text(encoding="utf-8"))
        return Site(**{**values, "owner": Person(**values["owner"]), "stranger": Person(**values["stranger"])})


class Server(Deployment):
    """A deployment whose mails go into its mailbox folder, and whose log holds errors alone."""

    def __init__(self, waymark: Path, folder: Path):
        folder.mkdir(exist_ok=True)
        self.told: set[str] = set()
        super().__init__(waymark, folder, None, level="error")

    @property
    def control(self) -> str:
        return self.addresses["control"]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def link(self, address: str, kind: str) -> str:
        """The token of a link of a kind that was mailed to an address, and was not asked for before; waits for it."""
        for _ in range(300):
            paths = sorted((self.data / "mail" / "new").glob("*"), key=os.path.getmtime, reverse=True)
            for path in paths:
                if (token := mailed(path, address, kind)) and token not in self.told:
                    self.told.add(token)
                    return token
            time.sleep(0.05)
        raise SystemExit(f"no mail to {address} with a link of {kind} came in 15 s")


def next_year() -> str:
    return f"{time.gmtime().tm_year + 1}-01-01T00:00:00Z"


def mailed(path: Path, address: str, kind: str) -> str | None:
    """The token in a mail, if it is to that address."""
    with path.open("rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    if address not in str(message["To"]):
        return None
    body = message.get_body(("plain",))
    match = LINK.search(body.get_content() if body else "")
    return match[2] if match and match[1] == kind else None


class Builder:
    """Makes the deployment's things, one after another."""

    def __init__(self, server: Server):
        self.server = server
        self.base = server.control + "/api/v1"
        self.count = 0

    def ask(self, method: str, path: str, by: Person | None, body: object = None, **fields: str) -> requests.Response:
        """Does what must succeed."""
        answer = requests.request(
            method, self.base + path, headers={**(by.fields if by else {}), **fields}, json=body, timeout=30
        )
        if not answer.ok:
            raise SystemExit(f"preparation: {method} {path} {body}: {answer.status_code} {answer.text}")
        return answer

    def make(self, path: str, by: Person, body: object) -> dict:
        return self.ask("POST", path, by, body).json()

    def accept(self, address: str, kind: str, by: Person | None = None) -> tuple[Person, str]:
        """Signs somebody up by the link that was mailed to them, or joins somebody who exists; with their id."""
        token = self.server.link(address, kind)
        names = {"firstName": "Robin", "lastName": "Example", "password": PASSWORD}
        answer = self.ask("POST", f"/{kind}/{token}/acceptance", by, {} if by else names)
        session = answer.cookies.get(COOKIE, "")
        if by:
            # Accepting starts another session.
            by.session = session or by.session
        return by or Person(address, session=session), answer.json()["person"]

    def equip(self, person: Person, scopes: list[str]) -> None:
        """Gives an API token, if the person may have one, and notes the ids of what the person signs in by."""
        if scopes:
            made = self.make("/api-tokens", person, {"name": "schema", "scopes": scopes, "expiresAt": next_year()})
            person.token, person.token_id = made["token"], made["id"]
        sessions = self.ask("GET", "/me/sessions", person).json()["items"]
        person.session_id = next(session["id"] for session in sessions if session["current"])

    def address(self, word: str) -> str:
        self.count += 1
        return f"{word}{self.count}@{word}.example"

    def new_client(
        self, by: Person, partner: str, name: str, address: str = "", *, sends: str = "now"
    ) -> tuple[dict, str]:
        """A client that is not activated, and its admin's address."""
        address = address or self.address("admin")
        body = {
            "name": name, "system": "sap-concur", "systemClientId": f"id {name}",
            "admins": [address, self.address("second")], "sendActivation": sends,
        }
        return self.make(f"/partners/{partner}/clients", by, body), address


def build(server: Server) -> dict[str, Site]:
    """Makes everything; gives what there is as each role's owner of credentials sees it."""
    builder = Builder(server)
    server.command("partner", "add", "Tessera", "--system-variable=sapUserId", "--key=tessera",
                   "--admin=ada@tessera.example")
    server.command("partner", "add", "Other", "--system-variable=otherId", "--key=other", "--admin=eve@other.example")
    ada, _ = builder.accept("ada@tessera.example", "invitations")
    eve, _ = builder.accept("eve@other.example", "invitations")

    client, address = builder.new_client(ada, "tessera", "Nordwind")
    admin, _ = builder.accept(address, "activations")
    _, address = builder.new_client(eve, "other", "Elsewhere")
    other_admin, _ = builder.accept(address, "activations")
    # The client that is closed and suspended again and again belongs to the same admin.
    twin, _ = builder.new_client(ada, "tessera", "Nordwind twin", admin.email)
    builder.accept(admin.email, "activations", admin)
    builder.make(f"/clients/{client['id']}/users", admin, {"email": "ann@analyst.example", "role": "analyst"})
    analyst, _ = builder.accept("ann@analyst.example", "invitations")

    partner = builder.ask("GET", "/me/accounts", ada).json()["partner"]["id"]
    common = Site(builder.base, "", ada, eve, partner, client["id"])
    people = fill_client(builder, common, admin, twin["id"])
    fill_partner(builder, common, ada, twin["id"], people)
    fill_links(builder, common, ada, admin, people)
    fill_content(builder, common, ada, admin)
    sites = {}
    for role, owner, stranger in (
        ("partner-admin", ada, eve), ("client-admin", admin, other_admin), ("analyst", analyst, other_admin)
    ):
        for person in (owner, stranger):
            builder.equip(person, SCOPES[role])
        sites[role] = replace(common, role=role, owner=owner, stranger=replace(stranger), targets={**common.targets})
        fill_person(builder, sites[role])
    return sites


def fill_partner(builder: Builder, site: Site, ada: Person, twin: str, people: list[Person]) -> None:
    """What a partner has: clients in every state, admins of clients, staff."""
    partners = [{"partner": "tessera"}, {"partner": site.partner}]
    for path in ("", "/settings", "/audit-events", "/staff", "/staff/invitations", "/clients"):
        site.targets["/partners/{partner}" + path] = partners
    rows = {"name": "Imported", "system": "sap-concur", "systemClientId": "imported", "admins": ["im@port.example"]}
    imported = requests.post(
        f"{builder.base}/partners/tessera/client-imports",
        headers={**ada.fields, "Content-Type": "application/x-ndjson"},
        data=json.dumps(rows),
        timeout=30,
    ).json()
    site.targets["/partners/{partner}/client-imports"] = partners
    site.targets["/partners/{partner}/client-imports/{import}"] = [{"partner": "tessera", "import": imported["id"]}]
    clients = [builder.new_client(ada, "tessera", f"Spare {number}", sends="no")[0] for number in range(SPARES + 1)]
    one = "/partners/{partner}/clients/{client}"
    fresh = [{"partner": "tessera", "client": client["id"]} for client in clients]
    site.last(one, [*fresh, {"partner": "tessera", "client": site.client}], 2)
    site.targets["DELETE " + one] = fresh[2:]
    site.targets[one + "/admins"] = fresh[:2]
    site.targets[one + "/suspension"] = site.targets[one + "/closing"] = [{"partner": "tessera", "client": twin}]
    for place in fresh[:2]:
        path = f"/partners/tessera/clients/{place['client']}/admins"
        builder.make(path, ada, {"email": builder.address("third")})
    admins = [
        {**place, "person": one["id"]}
        for place in fresh[:2]
        for one in builder.ask("GET", f"/partners/tessera/clients/{place['client']}/admins", ada).json()["items"]
    ]
    site.last(one + "/admins/{person}", admins, 2)
    site.targets[one + "/admins/{person}/mails"] = admins[:2]
    members, invited = [], []
    for person in people:
        builder.make("/partners/tessera/staff", ada, {"email": person.email, "role": "clientManager"})
        members.append({"partner": "tessera", "person": builder.accept(person.email, "invitations", person)[1]})
        body = {"email": builder.address("staff"), "role": "partnerViewer"}
        invited.append({"partner": "tessera", "id": builder.make("/partners/tessera/staff", ada, body)["id"]})
    site.last("/partners/{partner}/staff/{person}", members)
    site.last("/partners/{partner}/staff/invitations/{id}", invited)
    site.targets["/partners/{partner}/staff/invitations/{id}/mails"] = invited[:1]


def fill_client(builder: Builder, site: Site, admin: Person, twin: str) -> list[Person]:
    """What a client has: systems, users, invitations, partner accounts with their users. Gives the users."""
    place, base = {"client": site.client}, f"/clients/{site.client}"
    for path in ("", "/systems", "/users", "/users/invitations", "/partner-invitations", "/partner-accounts",
                 "/audit-events"):
        site.targets["/clients/{client}" + path] = [place]
    site.targets["/clients/{client}/closing"] = [{"client": twin}]

    systems = []
    for number in range(SPARES + 1):
        body = {"system": "sap-concur", "name": f"Concur {number}", "systemClientId": f"nordwind-{number}"}
        systems.append(builder.make(base + "/systems", admin, body)["id"])
    site.systems = systems[:2]
    site.last("/clients/{client}/systems/{system}", [{**place, "system": id} for id in systems], 2)

    people, members, invited = [], [], []
    for _ in range(SPARES):
        address = builder.address("user")
        builder.make(base + "/users", admin, {"email": address, "role": "builder"})
        person, id = builder.accept(address, "invitations")
        people.append(person)
        members.append({**place, "person": id})
        body = {"email": builder.address("user"), "role": "builder"}
        invited.append({**place, "id": builder.make(base + "/users", admin, body)["id"]})
    site.last("/clients/{client}/users/{person}", members)
    site.last("/clients/{client}/users/invitations/{id}", invited)
    site.targets["/clients/{client}/users/invitations/{id}/mails"] = invited[:1]
    fill_accounts(builder, site, admin, place, base)
    return people


def fill_accounts(builder: Builder, site: Site, admin: Person, place: dict[str, str], base: str) -> None:
    """Partner accounts, each with users and an open invitation."""
    accounts, users, invited = [], [], []
    for number in range(SPARES + 1):
        label = f"Brightside {number}"
        sent = [{"email": builder.address("partner"), "role": "builder", "systems": site.systems} for _ in range(2)]
        answer = builder.make(base + "/partner-invitations", admin, {"label": label, "invitations": sent})
        invited.append({**place, "id": answer["items"][1]["id"]})
        person = builder.accept(sent[0]["email"], "invitations")[1]
        listed = builder.ask("GET", base + "/partner-accounts", admin).json()["items"]
        account = next(item["id"] for item in listed if item["name"] == label)
        site.account_names[account] = label
        accounts.append({**place, "account": account})
        users.append({**place, "account": account, "person": person})
    # The first two stay; of the others, one loses its users, one is deleted, one is merged.
    one = "/clients/{client}/partner-accounts/{account}"
    site.targets[one] = site.targets[one + "/users"] = accounts[:2]
    site.targets[one + "/users/{person}"] = users[:1]
    site.targets[f"DELETE {one}/users/{{person}}"] = users[1:2]
    site.targets[one + "/deletion"] = accounts[2:3]
    site.targets[one + "/merge"] = accounts[3:]
    site.last("/clients/{client}/partner-invitations/{id}", invited[:3])
    site.targets["/clients/{client}/partner-invitations/{id}/mails"] = invited[:1]


def fill_person(builder: Builder, site: Site) -> None:
    """API tokens of the owner besides the one that the requests are signed by."""
    if not SCOPES[site.role]:
        return
    body = {"name": "spare", "scopes": SCOPES[site.role][:1], "expiresAt": next_year()}
    site.targets["/api-tokens/{id}"] = [
        {"id": builder.make("/api-tokens", site.owner, body)["id"]} for _ in range(SPARES)
    ]


def fill_links(builder: Builder, site: Site, ada: Person, admin: Person, people: list[Person]) -> None:
    """Links that nobody has followed; those that are accepted, refused and used up are not those that are looked at."""
    activations, invitations = [], []
    for number in range(2 + SPARES * 2):
        activations.append(builder.new_client(ada, "tessera", f"Linked {number}")[1])
        address = builder.address("linked")
        builder.make(f"/clients/{site.client}/users", admin, {"email": address, "role": "builder"})
        invitations.append(address)
    for person in people:
        builder.ask("POST", "/password-resets", None, {"email": person.email})
    for kind, addresses in (("activations", activations), ("invitations", invitations)):
        tokens = [{"token": builder.server.link(address, kind)} for address in addresses]
        path = f"/{kind}/{{token}}"
        site.targets[path] = site.targets[path + "/codes"] = tokens[:2]
        half = 2 + (len(tokens) - 2) // 2
        site.targets[path + "/acceptance"] = tokens[2:half]
        site.targets[path + "/refusal"] = tokens[half:]
    site.targets["/password-resets/{token}"] = [
        {"token": builder.server.link(person.email, "password-resets")} for person in people
    ]
