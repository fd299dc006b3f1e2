"""Marks: words that stand in everything a tenant names, and the watch that looks for them where they must not be."""

import random
import re
import threading
from dataclasses import dataclass, field

from load import Trial

MARK = re.compile(r"(?=(zq[b-y]{12}))")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class Tenant:
    """A partner, or a client of one. Its outer mark stands in what its partner, or its clients, may see too; its inner
    mark in what is for its own people alone (domain.md, D-18)."""

    name: str
    outer: str
    inner: str
    partner: "Tenant | None" = None
    clients: list["Tenant"] = field(default_factory=list)
    key: str = ""
    # Ids and other things by kind: those that stay, and those that may be used up.
    pools: dict[str, list] = field(default_factory=dict)
    spares: dict[str, list] = field(default_factory=dict)
    people: list = field(default_factory=list)

    @property
    def allowed(self) -> set[str]:
        """The marks that its people may see."""
        own = {self.outer, self.inner}
        return own | {self.partner.outer} if self.partner else own | {client.outer for client in self.clients}

    @property
    def shown(self) -> set[str]:
        """The marks that the edge may show for its keys."""
        return {self.outer, self.partner.outer} if self.partner else {self.outer}

    def sees(self, other: "Tenant") -> bool:
        return other is self or other.partner is self or self.partner is other

    def keep(self, kind: str, *things: object) -> None:
        self.pools.setdefault(kind, []).extend(things)

    def spare(self, kind: str, *things: object) -> None:
        self.spares.setdefault(kind, []).extend(things)


def new_mark(dice: random.Random) -> str:
    return "zq" + "".join(dice.choices("bcdfghjklmnprstvwxy", k=12))


class Watch:
    """Looks for marks and ids of others in whatever somebody gets."""

    def __init__(self, trial: Trial):
        self.trial = trial
        self.owners: dict[str, str] = {}
        self.lock = threading.Lock()
        self.ids: dict[str, set[str]] = {}
        self.scanned = self.bytes = self.own = 0

    def tenant(self, name: str, dice: random.Random, partner: Tenant | None = None) -> Tenant:
        made = Tenant(name, new_mark(dice), new_mark(dice), partner)
        self.owners |= {made.outer: f"the outer mark of {name}", made.inner: f"the inner mark of {name}"}
        if partner:
            partner.clients.append(made)
        return made

    def scan(self, who: str, allowed: set[str], what: str, text: str, sent: tuple[str, ...] = ()) -> bool:
        """Looks through what somebody got. What was sent with a mark of others in it may be repeated, as a whole and no
        more. Returns whether a mark was there that belongs there."""
        text = text.lower()
        for value in sent:
            if any(mark not in allowed for mark in MARK.findall(value.lower())):
                text = text.replace(value.lower(), "")
        marks = {mark for mark in MARK.findall(text) if mark in self.owners}
        with self.lock:
            self.scanned += 1
            self.bytes += len(text)
            self.own += bool(marks & allowed)
        for mark in marks - allowed:
            place = text.index(mark)
            self.trial.fault(f"{self.owners[mark]} in {what}, for {who}: …{text[max(0, place - 60):place + 40]!r}…")
        return bool(marks & allowed)

    def note_ids(self, tenant: Tenant, text: str, sent: str) -> None:
        """Notes which tenants were told an id that they had not sent."""
        found = set(ID.findall(text)) - set(ID.findall(sent))
        with self.lock:
            for id in found:
                self.ids.setdefault(id, set()).add(tenant.name)

    def check_ids(self, partners: list[Tenant], known: dict[str, set[str]]) -> int:
        """An id is seen by one client and its partner at most; `known` has those of each partner that all its clients
        may see. Returns how many ids were seen."""
        clients = {client.name: partner.name for partner in partners for client in partner.clients}
        for id, names in self.ids.items():
            owners = {clients.get(name, name) for name in names}
            at_clients = [name for name in names if name in clients]
            if len(owners) > 1 or (len(at_clients) > 1 and id not in known[next(iter(owners))]):
                self.trial.fault(f"the id {id} was told to {', '.join(sorted(names))}")
        return len(self.ids)
