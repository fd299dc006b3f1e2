"""The authorization matrix over HTTP: who asks, what they ask about, and what a request to a route is."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from client import Answer
from world import World

NOBODY, STRANGER, OPERATOR = "any", "str", "opr"
MEMBERS = {
    "Adm": "admin", "SyM": "systemManager", "CoM": "contentManager", "Pub": "publisher", "Bui": "builder",
    "Cre": "contentCreator", "Vie": "contentViewer", "Ana": "analyst", "Tra": "translator",
}
STAFF = {
    "PAd": "partnerAdmin", "ClM": "clientManager", "PBu": "partnerBuilder", "PPu": "partnerPublisher",
    "PVi": "partnerViewer",
}
STALE = '"nothing that anybody has read"'
LATER = {409, 410, 412}
PARTNER = "/partners/tessera"
NO_ID = "0190c7a8-0000-7000-8000-000000000001"
REASON = {"reason": "The matrix asks."}


class Site:
    """Who asks, and what they ask about. Things are made when they are first needed, and anew once they are used up."""

    def __init__(self, binary: Path, folder: Path):
        self.world = World(binary, folder)
        world = self.world
        self.account = world.account("Matrix")
        self.admin = self.account.admin
        made = {"system": "sap-concur", "name": "Another", "systemClientId": world.client_id()}
        self.other_system = self.admin.post(f"{self.account.path}/systems", made).expect(201)["id"]
        foreign = world.account("Lumen's client", "lena@lumen.example", partner=world.lena, key="lumen")
        # To tenants, the stranger is an admin elsewhere; where something is one's own, somebody with no such right.
        self.outsider = world.user(foreign, "analyst", [foreign.system])
        self.people = {NOBODY: ("", world.anyone), STRANGER: ("lena@lumen.example", world.lena)}
        self.people["Adm"] = ("nora@nordwind.example", self.admin)
        self.people["PAd"] = ("ada@tessera.example", world.ada)
        for column, role in MEMBERS.items():
            if column not in self.people:
                self.people[column] = world.user(self.account, role, [self.account.system])
        for column, role in STAFF.items():
            if column not in self.people:
                self.people[column] = world.staff(role)
        self.kept: dict[str, str] = {}
        self.doors = {name: world.account(name, "otto@doors.example") for name in ("invitations", "activations")}

    def keep(self, name: str, make: Callable[[], str]) -> str:
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    # What requests are about.

    def user(self) -> str:
        return self.keep("user", lambda: self.member_of(self.account.system))

    def user_elsewhere(self) -> str:
        return self.member_of(self.other_system)

    def member_of(self, system: str) -> str:
        address, _ = self.world.user(self.account, "builder", [system])
        users = self.admin.all(f"{self.account.path}/users")
        return next(user["id"] for user in users if user["email"] == address)

    def user_invitation(self) -> str:
        return self.keep("user invitation", lambda: self.admin.post(
            f"{self.account.path}/users", self.invited()).expect(201)["id"])

    def invited(self, **more) -> dict:
        address = self.world.address("kim")
        return {"email": address, "role": "builder", "systems": [self.account.system], **more}

    def partner_user(self) -> dict:
        return self.keep("partner user", lambda: self.world.partner_user(self.account, "Brightside"))

    def other_account(self) -> str:
        return self.keep("account", lambda: self.world.partner_user(self.account, "Kestrel")["account"]["id"])

    def partner_invitation(self) -> str:
        return self.keep("partner invitation", lambda: self.world.invite(
            self.account, self.world.address("lee"), "Brightside")["id"])

    def staff(self) -> str:
        def make() -> str:
            address, _ = self.world.staff("partnerViewer")
            return next(one["id"] for one in self.world.ada.all(f"{PARTNER}/staff") if one["email"] == address)
        return self.keep("staff", make)

    def staff_invitation(self) -> str:
        body = {"email": self.world.address("sam"), "role": "partnerViewer"}
        return self.keep("staff invitation", lambda: self.world.ada.post(f"{PARTNER}/staff", body).expect(201)["id"])

    def named_admin(self) -> str:
        return self.keep("named admin", lambda: self.world.ada.post(
            f"{PARTNER}/clients/{self.account.id}/admins", {"email": self.world.address("it")}).expect(201)["id"])

    def new_client(self) -> str:
        return self.keep("client", lambda: self.world.new_client([self.world.address("it")])["id"])

    def client_body(self) -> dict:
        world = self.world
        return {
            "name": world.unique("Alpina"), "system": "sap-concur", "systemClientId": world.client_id(),
            "admins": [world.address("it")], "sendActivation": "no",
        }

    def client_import(self) -> str:
        return self.keep("import", lambda: self.world.ada.ask(
            "POST", f"{PARTNER}/client-imports?dryRun=true", self.rows(), ROWS).expect(201)["id"])

    def rows(self) -> bytes:
        row = self.client_body()
        del row["sendActivation"]
        return json.dumps(row).encode()

    def link(self, door: str, who: str) -> str:
        """The token of an invitation to somebody's own address, or to a new one; all are sent at once."""
        account = self.doors[door]
        if f"{door} {who}" not in self.kept:
            sent = {}
            for column, (address, _) in self.people.items():
                if f"{door} {column}" not in self.kept:
                    sent[column] = address or self.world.address("door")
                    body = {"email": sent[column], "role": "analyst"}
                    account.admin.post(f"{account.path}/users", body).expect(201)
            for column, address in sent.items():
                mail = self.world.mailbox.next(address, account.name)
                self.kept[f"{door} {column}"] = mail.path.split("/")[-1]
        return self.kept[f"{door} {who}"]

    def session(self, who: str) -> str:
        """The id of another session of somebody's."""
        if who == NOBODY:
            return NO_ID
        sessions = self.people[who][1].all("/me/sessions")
        return next((one["id"] for one in sessions if not one["current"]), NO_ID)

    def token(self, who: str) -> str:
        """The id of an API token of somebody's; another one where they cannot make any."""
        answer = self.people[who][1].post("/api-tokens", token_body())
        return answer["id"] if answer.status == 201 else NO_ID


ROWS = {"Content-Type": "application/x-ndjson"}


def token_body() -> dict:
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86_400))
    return {"name": "matrix", "scopes": ["insights"], "expiresAt": end}


@dataclass
class Probe:
    """A request to one route. `body` and `at`, the values in the path, are made for each time it is sent."""

    action: str
    route: str
    body: Callable[[Site, str], object] | None = None
    at: Callable[[Site, str], dict[str, str]] | None = None
    match: str | None = None
    fields: dict[str, str] | None = None
    query: str = ""
    # What a request that is let through may be refused by, later.
    later: frozenset[int] = frozenset()
    # What success uses up, and what undoes it.
    uses: str = ""
    undo: Callable[[Site], object] | None = None

    def send(self, site: Site, who: str, **others: str) -> str:
        """What the cell ought to say; `others` stand in the path instead of what otherwise does."""
        method, template = self.route.split(" ")
        values = {"partner": "tessera", "client": site.account.id, "system": site.account.system, "type": "sap-concur"}
        values.update({**(self.at(site, who) if self.at else {}), **others})
        fields = {**({"If-Match": self.match} if self.match else {}), **(self.fields or {})}
        body = self.body(site, who) if self.body else None
        answer = site.people[who][1].ask(method, template.format(**values) + self.query, body, fields)
        if answer.status < 300:
            site.kept.pop(self.uses.format(who=who), None)
            if self.undo:
                self.undo(site)
        return self.word(answer)

    def word(self, answer: Answer) -> str:
        return "yes" if answer.status < 300 or answer.status in LATER | self.later else str(answer.status)
