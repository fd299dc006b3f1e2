"""What was acknowledged, what was in flight when the server was killed, and what is there afterwards."""

import copy
import json
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from client import Answer, Client
from load import EdgeLine
from suite import Fault
from world import PASSWORD, World

# Statuses that refuse a write for good reasons: taken or gone, too many mails, too many hashes at once.
REFUSALS = {409, 410, 429, 503}
STAFF_PATH = "/partners/tessera/clients"
SYSTEM = "sap-concur"


@dataclass
class Joining:
    """An invitation to an address."""

    kind: str
    status: str = "pending"
    # How many mails were asked for.
    mails: int = 1


@dataclass
class Account:
    """A client account as the ledger has it. Only one thread writes to it, so its states follow each other."""

    name: str
    client_id: str
    state: str = "absent"
    cache: str | None = None
    suspended: bool = False
    closing: bool = False
    activated: bool = False
    old_ids: list[str] = field(default_factory=list)
    joinings: dict[str, Joining] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    client_chain: list[str] = field(default_factory=list)
    partner_chain: list[str] = field(default_factory=list)
    # What its admins had to be mailed of, by words of the mail.
    notices: dict[str, list[str]] = field(default_factory=dict)

    def audit(self, action: str, both: bool = False) -> None:
        self.client_chain.append(action)
        if both:
            self.partner_chain.append(action)

    @property
    def admins(self) -> list[str]:
        return [address for address, role in self.members.items() if role == "admin"]

    @property
    def pending(self) -> dict[str, list[str]]:
        """The addresses that wait, by kind."""
        found: dict[str, list[str]] = {"admin": [], "user": [], "partner": []}
        for address, joining in self.joinings.items():
            if joining.status == "pending":
                found[joining.kind].append(address)
        return {kind: sorted(addresses) for kind, addresses in found.items()}

    @property
    def picture(self) -> dict:
        """What must be seen of it: by its partner, by its admin, at the edge and in the audit."""
        chains = {"client chain": self.client_chain, "partner chain": self.partner_chain}
        gone = {id: "unknown" for id in self.old_ids}
        if self.state != "there":
            return {"state": None, "edge": {**gone, self.client_id: "unknown"}, **chains}
        state = "notActivated"
        if self.activated:
            state = "activated"
        if self.suspended:
            state = "suspended"
        if self.closing:
            state = "closing"
        outcome = "suspended" if self.suspended or self.closing else "empty"
        seen = {
            "state": state, "id": self.client_id, "cache": self.cache, "named": self.pending["admin"],
            "edge": {**gone, self.client_id: outcome}, **chains,
        }
        if self.activated:
            seen["members"] = dict(sorted(self.members.items()))
            seen["invited"] = sorted(self.pending["admin"] + self.pending["user"])
            seen["partner users invited"] = self.pending["partner"]
        return seen


@dataclass
class Write:
    """A change: how it is asked for, and what it makes of the ledger once it is acknowledged."""

    what: str
    account: Account
    send: Callable[[], Answer]
    apply: Callable[[Account], None]
    # Whether it is sent again with the same Idempotency-Key after a kill, and must then have one effect.
    has_key: bool = True
    # Whether doing it twice is the same as doing it once.
    is_idempotent: bool = False


class Books:
    """The ledger of one thread: its accounts, its people, and what it has in flight."""

    def __init__(self, world: World, number: int, staff: Client):
        self.world, self.number, self.staff = world, number, staff
        self.accounts: list[Account] = []
        self.ids: dict[str, str] = {}
        self.sessions: dict[str, Client] = {}
        self.ended: list[str] = []
        self.touched: list[Account] = []
        self.flying: Write | None = None
        # Accounts that a write was sent to again.
        self.again: list[Account] = []
        # How often a password reset was asked for, by address.
        self.resets: Counter = Counter()
        # Imports: the start of the names, and how many there must be; none where it is not known yet.
        self.imports: dict[str, int] = {}

    @property
    def anyone(self) -> Client:
        return self.world.anyone

    def id(self, account: Account) -> str:
        """Its id; looked up by its name where the answer that had it was lost."""
        if account.name not in self.ids:
            found = self.staff.get(f"{STAFF_PATH}?name={account.name.replace(' ', '%20')}").expect(200).items
            if len(found) > 1:
                raise Fault(f"{len(found)} clients are called {account.name}")
            if found:
                self.ids[account.name] = found[0]["id"]
        return self.ids.get(account.name, str(uuid.UUID(int=0)))

    def path(self, account: Account) -> str:
        return f"{STAFF_PATH}/{self.id(account)}"

    def own(self, account: Account) -> str:
        return f"/clients/{self.id(account)}"

    def admin(self, account: Account) -> Client:
        """One of its admins, signed in."""
        address = account.admins[0]
        if address not in self.sessions:
            signed = self.anyone.post("/sessions", {"email": address, "password": PASSWORD}).expect(201)
            self.sessions[address] = Client(self.anyone.control, signed.session)
        return self.sessions[address]

    def joining(self, account: Account, address: str) -> str:
        """The id of an invitation."""
        kind = account.joinings[address].kind
        if kind == "admin":
            rows = self.staff.get(f"{self.path(account)}/admins").expect(200).items
        else:
            end = "users/invitations" if kind == "user" else "partner-invitations"
            rows = self.admin(account).all(f"{self.own(account)}/{end}?limit=200")
        return next((row["id"] for row in rows if row["email"] == address), str(uuid.UUID(int=0)))

    def member(self, account: Account, address: str) -> str:
        rows = self.admin(account).all(f"{self.own(account)}/users?limit=200")
        return next((row["id"] for row in rows if row["email"] == address), str(uuid.UUID(int=0)))

    # What is there

    def look(self, account: Account, audit: "Audit", edge: EdgeLine) -> dict:
        """What is seen of an account."""
        id = self.id(account)
        seen: dict = {
            "edge": {key: outcome(edge, key) for key in [*account.old_ids, account.client_id]},
            "client chain": audit.actions(f"client/{id}"), "partner chain": audit.about(f"client/{id}"),
        }
        answer = self.staff.get(self.path(account))
        if answer.status == 404:
            return {"state": None, **seen}
        row = answer.expect(200).json
        named = self.staff.get(f"{self.path(account)}/admins").expect(200).items
        system = row["systems"][0]
        seen |= {"state": row["state"], "id": system["systemClientId"], "cache": system["cacheClass"],
                 "named": sorted(one["email"] for one in named)}
        if row["activatedAt"]:
            admin, own = self.admin(account), self.own(account)
            seen["members"] = {one["email"]: one["role"] for one in sorted(
                admin.all(f"{own}/users?limit=200"), key=lambda one: one["email"])}
            seen["invited"] = sorted(one["email"] for one in admin.all(f"{own}/users/invitations?limit=200"))
            seen["partner users invited"] = sorted(
                one["email"] for one in admin.all(f"{own}/partner-invitations?limit=200"))
        return seen


def outcome(edge: EdgeLine, client_id: str) -> str:
    return edge.ask(f"/v1/tessera/snippets/sapUserId/{client_id}.js").outcome


class Audit:
    """Every chain, as `waymark audit export` prints them."""

    def __init__(self, world: World):
        self.chains: dict[str, list[dict]] = {}
        for line in world.deployment.command("audit", "export").splitlines():
            event = json.loads(line)
            self.chains.setdefault(event["tenant"], []).append(event)

    def actions(self, tenant: str) -> list[str]:
        return [event["action"] for event in self.chains.get(tenant, ())]

    def about(self, subject: str) -> list[str]:
        """What the partners' chains say of a client."""
        return [event["action"] for tenant, events in self.chains.items() if tenant.startswith("partner/")
                for event in events if event["subject"] == subject]

    @property
    def count(self) -> int:
        return sum(len(events) for events in self.chains.values())


def after(write: Write) -> Account:
    """The account as it is once the write is done."""
    account = copy.deepcopy(write.account)
    write.apply(account)
    return account


def differences(seen: dict, wanted: dict) -> str:
    """Where two pictures differ."""
    names = sorted({*seen, *wanted})
    return "; ".join(f"{name}: {seen.get(name)} instead of {wanted.get(name)}" for name in names
                     if seen.get(name) != wanted.get(name))
