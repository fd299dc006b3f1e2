"""Marks: words that stand in everything a tenant names, and the watch that looks for them where they must not be."""

import random
import re
import threading
from dataclasses import dataclass, field

from load import Trial

MARK = re.compile(r"(?=(zq[b-y]{12}))")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# An environment's key, by which pages see what is tested.
KEY = re.compile(r'"(?:environmentKey|key)":"([A-Za-z0-9_-]{22})"')


@dataclass
class Tenant:
    """A partner, or a client of one. Its outer mark stands in what its partner, or its clients, may see too; its inner
    mark in what is for its own people alone (domain.md, D-18); its page mark in content that it publishes, which pages
    show: a partner's is the outer one, for its clients find it in the gallery, a client's is for its own people
    besides."""

    name: str
    outer: str
    inner: str
    page: str
    partner: "Tenant | None" = None
    clients: list["Tenant"] = field(default_factory=list)
    key: str = ""
    # Ids and other things by kind: those that stay, and those that may be used up.
    pools: dict[str, list] = field(default_factory=dict)
    spares: dict[str, list] = field(default_factory=dict)
    people: list = field(default_factory=list)
    # Partners whose gallery a client has switched on beside its own partner's (D-20), and what a guest may see.
    guests: list["Tenant"] = field(default_factory=list)
    more: set[str] = field(default_factory=set)

    @property
    def allowed(self) -> set[str]:
        """The marks that its people may see."""
        own = {self.outer, self.inner, self.page, *self.more, *(guest.outer for guest in self.guests)}
        return own | {self.partner.outer} if self.partner else own | {client.outer for client in self.clients}

    @property
    def shown(self) -> set[str]:
        """The marks that the edge may show for its keys."""
        partners = [self.partner, *self.guests] if self.partner else []
        return {self.page, *(partner.page for partner in partners)}

    def offers_to(self, other: "Tenant") -> bool:
        """Whether its gallery, or that of its partner, is one that another sees."""
        owner = self.partner or self
        return owner is (other.partner or other) or owner in other.guests

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
        # Ids of drafts and such, and whose they are: nobody else is told them, not even a client's partner.
        self.private: dict[str, str] = {}
        self.scanned = self.bytes = self.own = 0
        self.said: set[str] = set()

    def tenant(self, name: str, dice: random.Random, partner: Tenant | None = None) -> Tenant:
        outer, inner = new_mark(dice), new_mark(dice)
        made = Tenant(name, outer, inner, new_mark(dice) if partner else outer, partner)
        self.owners |= {made.page: f"the page mark of {name}", outer: f"the outer mark of {name}",
                        inner: f"the inner mark of {name}"}
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
            excerpt = text[max(0, place - 60) : place + 40]
            self.fault(f"{self.owners[mark]} in {what}, for {who}: …{excerpt!r}…")
        return bool(marks & allowed)

    def fault(self, text: str) -> None:
        """A fault, once: what a page shows it shows for long."""
        with self.lock:
            is_new = text not in self.said
            self.said.add(text)
        if is_new:
            self.trial.fault(text)

    def note_ids(self, tenant: Tenant, text: str, sent: str) -> None:
        """Notes which tenants were told an id, or an environment's key, that they had not sent."""
        found = set(ID.findall(text)) - set(ID.findall(sent)) | set(KEY.findall(text))
        with self.lock:
            for id in found:
                self.ids.setdefault(id, set()).add(tenant.name)

    def keep_private(self, tenant: Tenant, *ids: str) -> None:
        with self.lock:
            self.private |= dict.fromkeys(ids, tenant.name)

    def check_ids(self, partners: list[Tenant], known: dict[str, set[str]]) -> int:
        """An id is seen by one client and its partner at most; `known` has those of each partner that all who see its
        gallery may see. Returns how many ids were seen."""
        tenants = {one.name: one for partner in partners for one in [partner, *partner.clients]}
        public = {id: tenants[name] for name, ids in known.items() for id in ids}
        for id, names in self.ids.items():
            told = [tenants[name] for name in names]
            if id in self.private:
                is_right = names == {self.private[id]}
            elif partner := public.get(id):
                is_right = all(partner.offers_to(one) for one in told)
            else:
                at_clients = [one for one in told if one.partner]
                is_right = len(at_clients) < 2 and len({(one.partner or one).name for one in told}) == 1
            if not is_right:
                self.trial.fault(f"the id {id} was told to {', '.join(sorted(names))}")
        return len(self.ids)
