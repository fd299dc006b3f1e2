"""The writes of kills_content.py: what one writer does in the Editors, the gallery and the environments, by chance."""

import random
import threading
from collections import Counter, defaultdict
from pathlib import Path

from client import Answer, Client
from editing import items, shout
from gallery import solution
from kills_content_ledger import Book, Deed, Item, Shelf
from load import GONE, Crew, Trial
from world import World

WRITERS, CLIENTS = 8, 4
ITEMS_MAX, PARTS, DOWNLOADS_MAX = 6, 3, 2
PARTNER = "/partners/tessera"
# How long texts are in characters for a client whose content is then too large for its snippet.
LONG = 3000
# Refusals for good reasons: another writer was faster, nothing is live or it is already, nothing newer to take.
REFUSED = {"rollback": {409}, "unpublish": {409}, "take": {409, 422}}
# A server that is short of something.
BUSY = {429, 503}
ENVIRONMENTS = ("production", "production", "test")


class Scene:
    """A partner with its solutions, four clients with two writers each, and what all writers know of each other."""

    def __init__(self, world: World):
        self.world, self.partner = world, world.ada
        self.accounts = [world.account() for _ in range(CLIENTS)]
        # One of each writer's own, and one that all make versions of.
        self.solutions = [solution(world, world.ada) for _ in range(WRITERS + 1)]
        self.releases: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.versions: list[tuple[str, int]] = []
        # What is waited for, so that a kill comes just after it was asked.
        self.aim, self.aimed = "", threading.Event()

    @property
    def places(self) -> list[str]:
        """Where releases are made."""
        return [*(f"client {number}" for number in range(CLIENTS)), "standard"]

    def who(self, place: str) -> Client:
        return self.accounts[int(place.split()[1])].admin if place.startswith("client") else self.partner

    def root(self, place: str) -> str:
        """The path below which a place's releases, environments and downloads are."""
        if place == "standard":
            return f"{PARTNER}/standard-content/sap-concur"
        account = self.accounts[int(place.split()[1])]
        return f"{account.path}/systems/{account.system}"

    def items(self, place: str) -> str:
        return f"{PARTNER}/items" if place == "partner" else items(self.accounts[int(place.split()[1])])

    def solution(self, slug: str) -> dict:
        return next(made for made in self.solutions if made["slug"] == slug)

    def learn(self, deed: Deed) -> None:
        """What others may go back to, or take up."""
        if deed.what in ("publish", "standard"):
            self.releases[deed.place, deed.details["environment"]].append(deed.answer["release"])
        elif deed.what in ("version", "publication"):
            self.versions += [(made["slug"], made["number"]) for made in deed.answer["versions"]]


class Writer:
    """One of eight: its items are its own, everything else it shares."""

    def __init__(self, scene: Scene, trial: Trial, folder: Path, number: int):
        self.scene, self.trial, self.number = scene, trial, number
        self.book = Book(folder / f"writer-{number}.ndjson", number)
        self.shelf = Shelf([])
        self.dice = trial.dice(f"writer {number}")
        self.place = f"client {number % CLIENTS}"
        self.own, self.common = scene.solutions[number], scene.solutions[WRITERS]
        self.generation = self.rounds = 0
        self.acknowledged: Counter = Counter()
        self.refused: Counter = Counter()

    @property
    def token(self) -> str:
        """Names the next deed."""
        return f"{self.number}-{self.book.number + 1}"

    def resume(self) -> None:
        """Goes on from what the ledger says."""
        self.shelf = Shelf(self.book.read())

    def prepare(self) -> None:
        for _ in range(3):
            self.add()
        for part in range(PARTS):
            self.add_part(self.own["slug"], f"part-{part + 1}")
        self.add_part(self.common["slug"], f"writer-{self.number}")
        self.version()
        self.publication()

    def run(self, crew: Crew, dice: random.Random) -> None:
        self.dice = dice
        steps = {
            self.round: 4, self.add: 2, self.edit: 3, self.delete: 2, self.restore: 3, self.roll_back: 3,
            self.unpublish: 1, self.download: 2, self.take: 3, self.version: 2, self.publication: 2, self.standard: 2,
        }
        try:
            while crew.goes_on:
                dice.choices(list(steps), list(steps.values()))[0]()
        except GONE:
            if crew.goes_on:
                # The server is killed by us alone.
                crew.stopping.wait(2)
                self.trial.expect(not crew.goes_on, "answers: a connection ended while the server should be running")

    # The Editor

    def content(self, name: str) -> dict:
        text = f"{self.dice.getrandbits(4 * LONG):x}" if self.place == "client 0" else "Text"
        return shout(f"{name} {self.token}", text={"en": text})

    def add(self) -> None:
        if len([item for item in self.shelf.at(self.place) if not item.origin]) < ITEMS_MAX:
            self.make(self.place, self.dice.choice(("news", "help", None)), self.content("Item"))

    def add_part(self, folder: str, slug: str) -> None:
        self.make("partner", folder, {**shout(f"Part {self.token}"), "name": slug}, slug=slug)

    def make(self, place: str, folder: str | None, content: dict, **more) -> None:
        body = {"content": content, **({"folder": folder} if folder else {}), **more}
        self.send("add", place, "POST", self.scene.items(place), body, content=content, folder=folder, **more)

    def edit(self, item: Item | None = None, title: str = "Edited") -> None:
        item = item or self.any(self.shelf.live(self.place))
        if item:
            new = {"en": f"{title} {self.token}"}
            content = {**item.content, "title": new}
            self.send("edit", item.place, "PATCH", self.path(item), {"content": {"title": new}}, item=item.id,
                      content=content)

    def delete(self) -> None:
        live = self.shelf.live(self.place)
        downloads = sorted({item.download for item in live if item.download})
        if len(downloads) > DOWNLOADS_MAX:
            for item in live:
                if item.download == downloads[0]:
                    self.send("delete", item.place, "DELETE", self.path(item), item=item.id)
        elif len(live) > 2:
            item = self.dice.choice(live)
            self.send("delete", item.place, "DELETE", self.path(item), item=item.id)

    def restore(self) -> None:
        """Mostly undeletes."""
        items = [item for item in self.shelf.at(self.place) if not item.download]
        item = self.any([item for item in items if item.is_deleted] or items)
        if item:
            numbers = [number for number, state in enumerate(item.states, start=1)
                       if item.is_deleted or state.content != item.content]
            if number := self.any(numbers):
                self.send("restore", item.place, "POST", f"{self.path(item)}/history", {"restore": number},
                          item=item.id, content=item.states[number - 1].content)

    def path(self, item: Item) -> str:
        return f"{self.scene.items(item.place)}/{item.id}"

    # Publishing

    def round(self) -> None:
        """A round of the Editor: every item gets the round's number into its title, one after the other; then they are
        published, all that the client has, or only these."""
        self.rounds += 1
        live = self.shelf.live(self.place)
        self.dice.shuffle(live)
        for item in live:
            self.edit(item, f"Round {self.rounds} of writer {self.number},")
        environment = self.dice.choice(ENVIRONMENTS)
        body = {"environment": environment, "notes": f"{self.token} round {self.rounds}"}
        chosen = None
        if live and self.dice.random() < 0.3:
            chosen = sorted(item.id for item in self.dice.sample(live, self.dice.randint(1, len(live))))
            body["items"] = chosen
        path = self.waiting(f"{self.scene.root(self.place)}/releases")
        self.send("publish", self.place, "POST", path, body, environment=environment, items=chosen)

    def waiting(self, path: str) -> str:
        """At times an answer waits for the edge: a kill then comes when all has been done, and before it is told."""
        return path + self.dice.choice(("", "?wait=5s"))

    def roll_back(self) -> None:
        place, environment = self.where(), self.dice.choice(ENVIRONMENTS)
        if number := self.any(self.scene.releases[place, environment][-8:]):
            path = self.waiting(f"{self.scene.root(place)}/environments/{environment}/live")
            self.send("rollback", place, "PUT", path, {"release": number}, environment=environment, release=number)

    def unpublish(self) -> None:
        place, environment = self.where(), self.dice.choice(ENVIRONMENTS)
        if self.scene.releases[place, environment]:
            path = f"{self.scene.root(place)}/environments/{environment}/live"
            self.send("unpublish", place, "DELETE", path, environment=environment)

    def where(self) -> str:
        return self.place if self.dice.random() < 0.7 else "standard"

    def standard(self) -> None:
        """Publishes versions of some solutions as standard content, one of each."""
        newest = dict(self.scene.versions) if self.dice.random() < 0.7 else dict(self.scene.versions[::-1])
        chosen = self.dice.sample(sorted(newest.items()), min(len(newest), self.dice.randint(1, 3)))
        environment = self.dice.choice(ENVIRONMENTS)
        listed = [{"solution": self.scene.solution(slug)["id"], "version": number} for slug, number in chosen]
        body = {"environment": environment, "solutions": listed, "notes": f"{self.token} standard"}
        path = self.waiting(f"{self.scene.root('standard')}/releases")
        self.send("standard", "standard", "POST", path, body, environment=environment, solutions=chosen)

    # The gallery

    def parts(self, made: dict) -> dict[str, Item]:
        return {item.content["name"]: item for item in self.shelf.live("partner") if item.folder == made["slug"]}

    def version(self) -> None:
        """All of the own folder, or some of it."""
        parts = self.parts(self.own)
        for item in parts.values():
            self.edit(item, "Part")
        body: dict = {"notes": f"{self.token} version"}
        if self.dice.random() < 0.3:
            parts = dict(self.dice.sample(sorted(parts.items()), 2))
            body["items"] = [item.id for item in parts.values()]
        chosen = {slug: item.content for slug, item in parts.items()}
        self.send("version", "partner", "POST", f"{PARTNER}/solutions/{self.own['id']}/versions", body,
                  chosen={self.own["slug"]: chosen})

    def publication(self) -> None:
        """The own item of the solution that all have in common, and at times one of the own solution."""
        chosen = list(self.parts(self.common).items())
        if self.dice.random() < 0.5:
            chosen += self.dice.sample(sorted(self.parts(self.own).items()), 1)
        for _, item in chosen:
            self.edit(item, "Shared")
        by_solution: dict[str, dict] = defaultdict(dict)
        for slug, item in chosen:
            by_solution[item.folder][slug] = item.content
        body = {"items": [item.id for _, item in chosen], "notes": f"{self.token} publication"}
        self.send("publication", "partner", "POST", f"{PARTNER}/publications", body, chosen=by_solution)

    def download(self) -> None:
        """The newest version of a solution that this client's other writer never downloads; its copies are listed."""
        slug = self.scene.solutions[self.dice.choice((self.number, (self.number + 1) % WRITERS))]["slug"]
        if len({item.download for item in self.shelf.live(self.place) if item.download}) > DOWNLOADS_MAX:
            return
        deed = self.send("download", self.place, "POST", f"{self.scene.root(self.place)}/downloads",
                         {"solution": self.scene.solution(slug)["id"]}, solution=slug)
        if deed.done:
            rows = self.scene.who(self.place).all(f"{self.scene.items(self.place)}?folder={deed.answer['folder']}")
            self.book.settle(deed, True, copies=self.copies(rows))
            self.shelf.apply(deed)

    def copies(self, rows: list[dict]) -> list[dict]:
        """Copies that this writer has not had before, of what is in a folder."""
        return [{"id": row["id"], "item": row["origin"]["item"], "content": row["content"]} for row in rows
                if row["origin"] and row["id"] not in self.shelf.items]

    def take(self) -> None:
        copies = [item for item in self.shelf.live(self.place) if item.origin]
        if item := self.any(copies):
            seen = self.scene.who(item.place).get(f"{self.path(item)}/origin").expect(200)
            if seen["versionsBehind"]:
                fields = [one["pointer"] for one in seen["fields"] if one["pointer"] == "/title/en"]
                self.send("take", item.place, "POST", f"{self.path(item)}/origin", {"take": fields}, item=item.id)

    # Sending

    def any(self, things: list):
        return self.dice.choice(things) if things else None

    def send(self, what: str, place: str, method: str, path: str, body: dict | None = None, **details) -> Deed:
        deed = self.book.ask(what, place, {**details, "request": [method, path, body]})
        if self.scene.aim == what:
            self.scene.aimed.set()
        self.take_answer(deed, self.request(deed))
        return deed

    def request(self, deed: Deed) -> Answer:
        method, path, body = deed.details["request"]
        fields = {"Idempotency-Key": deed.key} if method == "POST" else {}
        if deed.what in ("edit", "delete"):
            fields = {"If-Match": "*"}
        return self.scene.who(deed.place).ask(method, path, body, fields)

    def take_answer(self, deed: Deed, answer: Answer) -> None:
        if answer.status >= 300:
            self.book.keep(deed, answer)
            self.refused[f"{deed.what}: {answer.status}"] += 1
            wanted = answer.status in REFUSED.get(deed.what, set()) | BUSY
            self.trial.expect(wanted, f"answers: {deed}: {answer.status} {answer.body[:300]}")
            return
        if deed.what == "version":
            # As a publication answers.
            answer.body = b'{"versions":[%s]}' % answer.body
        self.book.keep(deed, answer)
        self.acknowledged[deed.what] += 1
        if deed.what != "download":
            self.took(deed)
        if generation := deed.answer.get("generation"):
            self.trial.expect(generation > self.generation,
                              f"answers: {deed}: generation {generation} after {self.generation}")
            self.generation = generation

    def took(self, deed: Deed) -> None:
        """Has what was done in mind; an item must be what was asked for."""
        if "item" in deed.details or deed.what == "add":
            self.shelf.apply(deed)
            if deed.what != "delete":
                item = self.shelf.items[deed.details.get("item") or deed.answer["id"]]
                seen = deed.answer["revision"], deed.answer["content"]
                self.trial.expect(seen == (len(item.states), item.content),
                                  f"answers: {deed}: {seen} instead of {len(item.states)} {item.content}")
        self.scene.learn(deed)
