"""What is there after a restart of kills_content.py, beside what the ledgers say: each check has a name."""

import json
import re
import sqlite3
from collections import Counter, defaultdict

from kills_content_ledger import ITEM_DEEDS, Deed, Shelf, Timeline, digest, published
from kills_content_writes import CLIENTS, PARTNER, Scene, Writer
from kills_ledger import Audit
from load import EdgeLine, Trial
from suite import Fault

# What each check is for, by the name that its faults begin with.
CHECKS = {
    "answers": "an answer is what was asked for; no connection ends without a kill",
    "chains": "`waymark audit verify`",
    "hash": "`waymark doctor`: state hash, objects, database file",
    "halves": "nothing half done: histories, numbers, signatures, live pointers beside their changes",
    "items": "items of all Editors: those of the ledgers, in their last state",
    "histories": "revisions: dense, each as it was asked for",
    "downloads": "downloads with all their copies, or not at all",
    "versions": "versions: dense, their contents and digests; one on top of another loses nothing of it",
    "releases": "releases: dense, each asked for once, unchanged ever after",
    "mixture": "a release holds one state of each writer's items, that of its own round",
    "digests": "the digests that a release has of its items",
    "standard": "standard content is that of its versions, in order",
    "live": "live pointers: each move was asked for, the last one counts",
    "order": "what was acknowledged before something was asked for comes before it",
    "audit": "the audit has each release, move, version and download, and no other",
    "edge": "the edge serves what is live: script, content and digest",
    "watch": "what the edge served under load was all published",
    "again": "a request sent again does nothing twice",
}
PUBLISHING = ("publish", "standard")
MOVES = {"release.published", "release.restored", "release.unpublished"}
# Releases that were looked at before, looked at again each time.
SAMPLE = 3

# Each finds rows that must not be.
HALVES = {
    "an item beside its last revision": """
        SELECT item.id FROM item LEFT JOIN item_revision ON item_id = item.id AND number = revision
        WHERE item_revision.content IS NOT item.content OR item_revision.folder IS NOT item.folder
            OR item_revision.slug IS NOT item.slug OR (change = 'deleted') <> (deleted_at IS NOT NULL)""",
    "a history with gaps": """
        SELECT item_id FROM item_revision JOIN item ON item.id = item_id GROUP BY item_id
        HAVING min(number) <> 1 OR max(number) <> count(*) OR max(number) <> revision""",
    "numbers of releases": """
        SELECT workspace.id FROM workspace LEFT JOIN release ON workspace_id = workspace.id GROUP BY workspace.id
        HAVING count(release.id) <> last_release OR coalesce(max(number), 0) <> last_release""",
    "numbers of versions": """
        SELECT solution.id FROM solution LEFT JOIN solution_version ON solution_id = solution.id GROUP BY solution.id
        HAVING count(solution_version.id) <> last_version OR coalesce(max(number), 0) <> last_version""",
    "a release without items": """
        SELECT id FROM release WHERE NOT EXISTS (SELECT 1 FROM release_item WHERE release_id = release.id)""",
    "a release without signature": "SELECT id FROM release WHERE signature IS NULL OR length(signature) <> 64",
    "an object without signature": "SELECT hex(digest) FROM object WHERE signature IS NULL OR length(signature) <> 64",
    "a release that never went live": """
        SELECT release.id FROM release LEFT JOIN live_change
            ON release_id = release.id AND live_change.generation = release.generation
        WHERE live_change.release_id IS NULL OR live_change.environment_id <> release.environment_id""",
    "a live pointer beside its last change": """
        SELECT environment.id FROM environment LEFT JOIN live ON live.environment_id = environment.id
        LEFT JOIN live_change ON live_change.environment_id = environment.id AND live_change.generation =
            (SELECT max(generation) FROM live_change WHERE environment_id = environment.id)
        WHERE live.release_id IS NOT live_change.release_id""",
    "a head beside its generation": """
        SELECT head.generation FROM head LEFT JOIN generation ON generation.generation = head.generation
        WHERE generation.state_hash IS NOT head.state_hash OR EXISTS
            (SELECT 1 FROM generation WHERE generation > head.generation)""",
}


class Evidence:
    """What the API does not tell, read from the database in one snapshot."""

    def __init__(self, scene: Scene):
        file = scene.world.deployment.data / "waymark.sqlite"
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None, timeout=30)
        database.execute("BEGIN")
        self.halves = {name: database.execute(statement).fetchall() for name, statement in HALVES.items()}
        places = {account.system: f"client {number}" for number, account in enumerate(scene.accounts)}
        self.environments = {
            id: (places.get(system, "standard"), name) for id, name, system in database.execute(
                "SELECT environment.id, environment.name, system_id FROM environment "
                "JOIN workspace ON workspace.id = workspace_id")
        }
        # Environment and number of each release.
        self.releases: dict[str, tuple[tuple[str, str], int]] = {}
        self.snippets: dict[str, set[str]] = defaultdict(set)
        for id, environment, number, snippet in database.execute(
                "SELECT id, environment_id, number, lower(hex(snippet)) FROM release"):
            self.releases[id] = self.environments[environment], number
            self.snippets[self.environments[environment][0]].add(snippet)
        # The moves of each live pointer: generations, and numbers of releases; None where nothing was live any more.
        self.moves: dict[tuple[str, str], list[tuple[int, int | None]]] = defaultdict(list)
        for environment, generation, release in database.execute(
                "SELECT environment_id, generation, release_id FROM live_change ORDER BY generation"):
            number = self.releases[release][1] if release in self.releases else None
            self.moves[self.environments[environment]].append((generation, number))
        database.close()


class Checks:
    """Everything that must hold after a restart."""

    def __init__(self, trial: Trial, scene: Scene, writers: list[Writer]):
        self.trial, self.scene, self.writers = trial, scene, writers
        self.looked: Counter = Counter()
        self.doubts: Counter = Counter()
        # What releases and versions held when they were first seen.
        self.kept_releases: dict[tuple[str, int], dict] = {}
        self.kept_versions: dict[tuple[str, int], list[dict]] = {}
        self.kept_digests: dict[tuple[str, int], str] = {}
        self.watched: set[tuple[int, str, str]] = set()
        # Releases that hold the other writer's items with the marks of two rounds: a moment in the midst of its edits.
        self.amid: set[tuple[str, int]] = set()
        # How many deeds of each writer there were at the last check, and the items that others were about.
        self.known: Counter = Counter()
        self.touched: set[str] = set()
        self.dice = trial.dice("checks")

    def expect(self, name: str, holds: object, text: str) -> bool:
        self.looked[name] += 1
        return self.trial.expect(holds, f"{name}: {text}")

    def check(self, everything: bool = False, resends: bool = True) -> None:
        """Reads everything, decides what was in flight, compares, and sends again what can be."""
        self.commands()
        self.read()
        flying = self.resolve()
        self.shelves = {writer.number: Shelf(deeds) for writer, deeds in self.ledgers()}
        self.touch()
        for place in ["partner", *self.scene.places]:
            if place != "standard":
                self.items(place, everything)
        self.versions()
        for place in self.scene.places:
            if place != "standard":
                self.downloads(place)
            self.releases(place, everything)
            self.live(place)
        self.audit()
        self.edge()
        self.watch()
        if resends:
            self.send_again(flying)
        for writer in self.writers:
            writer.resume()

    def commands(self) -> None:
        for name, words in (("chains", ("audit", "verify")), ("hash", ("doctor",))):
            try:
                self.scene.world.deployment.command(*words)
                self.looked[name] += 1
            except Fault as fault:
                self.expect(name, False, str(fault))

    # Reading

    def read(self) -> None:
        scene = self.scene
        self.evidence = Evidence(scene)
        for name, rows in self.evidence.halves.items():
            self.expect("halves", not rows, f"{name}: {rows[:5]}")
        self.rows: dict[str, dict[str, dict]] = {}
        self.downloaded, self.released, self.environments = {}, {}, {}
        for place in ["partner", *scene.places]:
            who = scene.who(place)
            if place != "standard":
                self.rows[place] = {row["id"]: row for deleted in ("false", "true")
                                    for row in who.all(f"{scene.items(place)}?limit=200&deleted={deleted}")}
            if place != "partner":
                self.released[place] = who.all(f"{scene.root(place)}/releases?limit=200")[::-1]
                self.environments[place] = who.all(f"{scene.root(place)}/environments")
            if place.startswith("client"):
                self.downloaded[place] = who.all(f"{scene.root(place)}/downloads?limit=200")
        self.made = {made["slug"]: scene.partner.all(f"{PARTNER}/solutions/{made['id']}/versions?limit=200")[::-1]
                     for made in scene.solutions}
        self.deeds = {writer.number: writer.book.read() for writer in self.writers}

    def ledgers(self) -> list[tuple[Writer, list[Deed]]]:
        return [(writer, self.deeds[writer.number]) for writer in self.writers]

    def done(self, place: str, *names: str) -> list[Deed]:
        return [deed for deeds in self.deeds.values() for deed in deeds
                if deed.done and deed.place == place and deed.what in names]

    # What was in flight

    def resolve(self) -> list[Deed]:
        """Finds out whether what was in flight has been done: wholly, as everything is compared afterwards."""
        flying = []
        for writer, deeds in self.ledgers():
            for deed in deeds:
                if deed.what == "download" and deed.done and "copies" not in deed.answer:
                    # Its answer came, and the list of its copies did not.
                    writer.book.settle(deed, True, copies=self.copies(deed, deed.answer["folder"]))
            if deeds and deeds[-1].done is None:
                flying.append(deeds[-1])
        order = ["rollback", "unpublish"]
        for deed in sorted(flying, key=lambda deed: order.index(deed.what) if deed.what in order else -1):
            found = self.trace(deed)
            self.doubts["were done" if found is not None else "were not done"] += 1
            self.writers[deed.writer].book.settle(deed, found is not None, **(found or {}))
            if deed.done:
                self.scene.learn(deed)
        return flying

    def touch(self) -> None:
        """Finds the items that something was done to since the last check."""
        self.touched = set()
        for writer, deeds in self.ledgers():
            for deed in deeds[self.known[writer.number]:]:
                if deed.done and deed.what in ITEM_DEEDS:
                    self.touched |= {deed.details.get("item", deed.answer.get("id"))}
                    self.touched |= {copy["id"] for copy in deed.answer.get("copies", ())}
            # The last one may be sent again.
            self.known[writer.number] = max(0, len(deeds) - 1)

    def trace(self, deed: Deed) -> dict | None:
        """What would have been answered to a deed that has been done; nothing where no trace of it is there."""
        details, place = deed.details, deed.place
        if deed.what == "add":
            # Titles have the deed's token, which the items of the partner's Editor have not as their names.
            rows = (row for row in self.rows[place].values() if row["content"] == details["content"])
            return next(({"id": row["id"]} for row in rows), None)
        if "item" in details:
            row = self.rows[place].get(details["item"])
            states = Shelf(self.deeds[deed.writer]).items[details["item"]].states
            return {"content": row["content"]} if row and row["revision"] > len(states) else None
        if deed.what == "download":
            known = {one.answer["id"] for one in self.done(place, "download")}
            solution = self.scene.solution(details["solution"])["id"]
            for row in self.downloaded[place]:
                if row["id"] not in known and row["solution"] == solution:
                    return {"id": row["id"], "version": row["version"], "folder": row["folder"],
                            "copies": self.copies(deed, row["folder"])}
        elif deed.what in PUBLISHING:
            for row in self.released[place]:
                if self.token(row) == deed.token:
                    return {"release": row["number"], "generation": row["generation"], "snippet": row["snippet"]}
        elif deed.what in ("version", "publication"):
            versions = [{"slug": slug, "number": row["number"], "digest": row["digest"]}
                        for slug in details["chosen"] for row in self.made[slug] if self.token(row) == deed.token]
            return {"versions": versions} if versions else None
        else:
            return self.trace_move(deed)
        return None

    def trace_move(self, deed: Deed) -> dict | None:
        """A move of a live pointer that no other deed has made."""
        where = deed.place, deed.details["environment"]
        moves = self.evidence.moves[where]
        others = [one for one in self.done(deed.place, *PUBLISHING, "rollback", "unpublish")
                  if one.details["environment"] == where[1]]
        if deed.what == "unpublish":
            known = sum(one.what == "unpublish" for one in others)
            return {} if sum(number is None for _, number in moves) > known else None
        known = {one.answer.get("generation") for one in others}
        for generation, number in moves:
            if generation not in known and number == deed.details["release"]:
                return {"generation": generation, "release": number}
        return None

    def copies(self, deed: Deed, folder: str) -> list[dict]:
        shelf = Shelf(self.deeds[deed.writer])
        return [{"id": row["id"], "item": row["origin"]["item"], "content": row["content"]}
                for row in self.rows[deed.place].values()
                if row["folder"] == folder and row["origin"] and row["id"] not in shelf.items]

    @staticmethod
    def token(row: dict) -> str:
        return (row["notes"] or "").split(" ")[0]

    # Comparing

    def items(self, place: str, everything: bool) -> None:
        wanted = {item.id: item for shelf in self.shelves.values() for item in shelf.at(place)}
        seen = self.rows[place]
        self.expect("items", not wanted.keys() - seen.keys(), f"{place}: lost {wanted.keys() - seen.keys()}")
        self.expect("items", not seen.keys() - wanted.keys(), f"{place}: unasked {seen.keys() - wanted.keys()}")
        for id in wanted.keys() & seen.keys():
            item, row = wanted[id], seen[id]
            there = (row["revision"], row["content"], row["folder"], bool(row["deletedAt"]))
            should = (len(item.states), item.content, item.folder, item.is_deleted)
            self.expect("items", there == should, f"{place} {id}: {there} instead of {should}")
            if everything or id in self.touched:
                path = f"{self.scene.items(place)}/{id}/history?limit=200"
                rows = [(one["number"], one["change"], one["content"]) for one in self.scene.who(place).all(path)][::-1]
                states = [(number, state.change, state.content) for number, state in enumerate(item.states, start=1)]
                odd = [pair for pair in zip(rows, states) if pair[0] != pair[1]] or [rows[-1], states[-1]]
                self.expect("histories", rows == states, f"{place} {id}: {odd[:2]}")

    def downloads(self, place: str) -> None:
        """Records and copies; each copy began as its version has it."""
        wanted = {deed.answer["id"]: deed for deed in self.done(place, "download")}
        seen = {row["id"]: row for row in self.downloaded[place]}
        self.expect("downloads", wanted.keys() == seen.keys(), f"{place}: {wanted.keys() ^ seen.keys()} in one of both")
        for id in wanted.keys() & seen.keys():
            deed, row = wanted[id], seen[id]
            slug, version = deed.details["solution"], deed.answer["version"]
            copies = {copy["item"]: copy["content"] for copy in deed.answer["copies"]}
            held = {item["id"]: item["content"] for item in self.kept_versions.get((slug, version), [])}
            same = (row["version"], row["folder"], row["digest"]) == (
                version, deed.answer["folder"], self.kept_digests.get((slug, version)))
            self.expect("downloads", same, f"{place}: {row} instead of {deed}")
            whole = copies == held and len(deed.answer["copies"]) == row["items"] == len(held)
            self.expect("downloads", whole, f"{place}: version {version} of {slug} has {held}, its copies {copies}")

    def versions(self) -> None:
        for slug, rows in self.made.items():
            self.expect("versions", [row["number"] for row in rows] == list(range(1, len(rows) + 1)),
                        f"{slug}: numbers {[row['number'] for row in rows]}")
            asked = {deed.token: deed for deed in self.done("partner", "version", "publication")
                     if slug in deed.details["chosen"]}
            self.expect("versions", sorted(map(self.token, rows)) == sorted(asked),
                        f"{slug}: asked for and there {set(asked) ^ set(map(self.token, rows))}, {len(rows)} in all")
            self.in_order(slug, [asked[self.token(row)] for row in rows if self.token(row) in asked])
            before: dict[str, dict] = {}
            for row in rows:
                before = self.version(slug, row, asked.get(self.token(row)), before)

    def version(self, slug: str, row: dict, deed: Deed | None, before: dict[str, dict]) -> dict[str, dict]:
        made, number = self.scene.solution(slug), row["number"]
        name = f"{slug} {number}"
        if (slug, number) not in self.kept_versions or number > len(self.made[slug]) - SAMPLE:
            path = f"{PARTNER}/solutions/{made['id']}/versions/{number}"
            content = self.scene.partner.get(path).expect(200)["items"]
            kept = self.kept_versions.setdefault((slug, number), content)
            self.expect("versions", kept == content, f"{name}: its content has changed")
        self.kept_digests.setdefault((slug, number), row["digest"])
        content = self.kept_versions[slug, number]
        about = {"name": made["name"], "summary": made["summary"], "system": made["system"], "notes": row["notes"]}
        listed = [{"id": item["id"], "item": item["content"]} for item in content]
        computed = digest({"about": about, "items": listed})
        self.expect("versions", row["digest"] == computed == self.kept_digests[slug, number],
                    f"{name}: digest {row['digest']}, of its content {computed}")
        held = {item["id"]: item["content"] for item in content}
        if deed:
            base = before if deed.what == "publication" else {}
            wanted = {**base, **deed.details["chosen"][slug]}
            self.expect("versions", held == wanted, f"{name} by {deed}: {held} instead of {wanted}")
            told = [(one["number"], one["digest"]) for one in deed.answer["versions"] if one["slug"] == slug]
            self.expect("versions", told == [(number, row["digest"])], f"{name}: {deed} was told {told}")
        return held

    def releases(self, place: str, everything: bool) -> None:
        rows = self.released[place]
        numbers = [row["number"] for row in rows]
        self.expect("releases", numbers == list(range(1, len(rows) + 1)), f"{place}: numbers {numbers}")
        asked = {deed.token: deed for deed in self.done(place, *PUBLISHING)}
        self.expect("releases", sorted(map(self.token, rows)) == sorted(asked),
                    f"{place}: asked for and there {set(asked) ^ set(map(self.token, rows))}, {len(rows)} in all")
        timelines = {writer.number: Timeline(deeds, place) for writer, deeds in self.ledgers()}
        generations = [row["generation"] for row in rows]
        self.expect("releases", generations == sorted(set(generations)), f"{place}: generations {generations}")
        again = set(self.dice.sample(numbers, min(SAMPLE, len(numbers))))
        for row in rows:
            number, deed = row["number"], asked.get(self.token(row))
            is_new = (place, number) not in self.kept_releases
            if not (is_new or everything or row["live"] or number in again):
                continue
            seen = self.scene.who(place).get(f"{self.scene.root(place)}/releases/{number}").expect(200).json
            # What may change of it.
            told = {**seen["release"], "live": None}
            kept = self.kept_releases.setdefault((place, number), {**seen, "release": told})
            self.expect("releases", kept == {**seen, "release": told}, f"{place} {number}: it has changed")
            if not deed:
                continue
            answer = {name: deed.answer[name] for name in ("release", "generation", "snippet")}
            there = {"release": number, "generation": row["generation"], "snippet": row["snippet"]}
            same = answer == there and row["environment"] == deed.details["environment"]
            self.expect("releases", same, f"{place} {number}: {there} instead of {answer}")
            if is_new or everything:
                if place == "standard":
                    self.standard(deed, seen)
                else:
                    self.mixture(place, deed, seen, timelines)

    def mixture(self, place: str, deed: Deed, seen: dict, timelines: dict[int, Timeline]) -> None:
        items = seen["content"]["items"]
        held = {item["id"]: digest(item) for item in items}
        chosen = deed.details["items"]
        names: dict[str, str] = {}
        for number, timeline in timelines.items():
            own = {id: digest for id, digest in held.items() if id in timeline.ids}
            states = [{id: one for id, one in state.items() if not chosen or id in chosen}
                      for state in timeline.possible(deed, number)]
            nearest = min(states, key=lambda state: len(state.items() ^ own.items()))
            self.expect("mixture", own in states, f"release {seen['release']['number']} of {place}, {deed}: of writer "
                        f"{number}'s items it holds none of {len(states)} possible states; the nearest differs in "
                        f"{sorted({id for id, _ in nearest.items() ^ own.items()})}")
            names |= timeline.names
        self.expect("mixture", held.keys() <= names.keys(), f"{place}, {deed}: items of nobody {held.keys() - names}")
        mark = f"Round {seen['release']['notes'].split()[-1]} of writer {deed.writer},"
        others = [item["title"]["en"] for item in items if item["id"] in timelines[deed.writer].ids
                  and not item["title"]["en"].startswith(mark)]
        self.expect("mixture", not others, f"{place}, {deed}: {others} in a release of '{mark}'")
        marks = [re.match(r"Round \d+ of writer (\d+)", item["title"]["en"]) for item in items]
        rounds = {mark[0] for mark in marks if mark and int(mark[1]) != deed.writer}
        if len(rounds) > 1:
            self.amid.add((place, seen["release"]["number"]))
        self.expect("digests", len(items) == len(seen["items"]), f"{place}, {deed}: {len(seen['items'])} digests")
        for item, listed in zip(items, seen["items"], strict=False):
            content = {name: value for name, value in item.items() if name != "id"}
            content["name"] = names.get(item["id"], "")
            self.expect("digests", (listed["id"], listed["digest"]) == (item["id"], digest(content)),
                        f"{place}, {deed}: {listed} beside {item}")

    def standard(self, deed: Deed, seen: dict) -> None:
        listed = [[one["slug"], one["version"]] for one in seen["solutions"]]
        wanted, digests = [], []
        for slug, number in deed.details["solutions"]:
            for item in self.kept_versions.get((slug, number), []):
                wanted.append(published(item["content"], f"{slug}/{item['id']}"))
                digests.append(digest(item["content"]))
        self.expect("standard", listed == [list(one) for one in deed.details["solutions"]], f"{deed}: made of {listed}")
        self.expect("standard", seen["content"]["items"] == wanted,
                    f"{deed}: {seen['content']['items']} instead of {wanted}")
        self.expect("digests", [item["digest"] for item in seen["items"]] == digests, f"{deed}: {seen['items']}")

    # Live pointers

    def live(self, place: str) -> None:
        flags = {row["environment"]: row["number"] for row in self.released[place] if row["live"]}
        seen = {one["name"]: one["live"] for one in self.environments[place]}
        self.expect("live", flags == {name: number for name, number in seen.items() if number},
                    f"{place}: {flags} beside {seen}")
        deeds = self.done(place, *PUBLISHING, "rollback", "unpublish")
        for environment in seen:
            moves = self.evidence.moves[place, environment]
            here = [deed for deed in deeds if deed.details["environment"] == environment]
            asked = {deed.answer["generation"]: deed for deed in here if deed.what != "unpublish"}
            told = {generation: deed.answer["release"] for generation, deed in asked.items()}
            there = {generation: number for generation, number in moves if number}
            self.expect("live", told == there,
                        f"{place} {environment}: moves {sorted(told.items() ^ there.items())} in one of both")
            ends = sum(deed.what == "unpublish" for deed in here)
            self.expect("live", ends == sum(not number for _, number in moves),
                        f"{place} {environment}: {ends} unpublished, {moves}")
            last = moves[-1][1] if moves else None
            self.expect("live", seen[environment] == last, f"{place} {environment}: {seen[environment]} after {last}")
            ordered = [asked[generation] for generation, _ in moves if generation in asked]
            self.in_order(f"{place} {environment}", ordered)

    def in_order(self, where: str, deeds: list[Deed]) -> None:
        """Whether none came after another that was only asked for when this one was acknowledged."""
        latest: Deed | None = None
        for deed in deeds:
            self.expect("order", not latest or latest.asked < deed.answered,
                        f"{where}: {latest} came before {deed}, which was acknowledged first")
            if not latest or deed.asked > latest.asked:
                latest = deed

    # The audit and the edge

    def audit(self) -> None:
        audit = Audit(self.scene.world)
        moves: dict[tuple[str, str], list[int | None]] = defaultdict(list)
        versions, downloads = [], defaultdict(list)
        for tenant, events in audit.chains.items():
            for event in events:
                subject = event["subject"].split("/")[-1]
                if event["action"] in MOVES:
                    where, number = self.evidence.releases.get(subject, (("unknown", tenant), 0))
                    moves[where].append(None if event["action"].endswith("unpublished") else number)
                elif event["action"] == "version.published":
                    versions.append((subject, event["details"]["number"], event["details"]["digest"]))
                elif event["action"] == "solution.downloaded":
                    details = event["details"]
                    downloads[subject].append((details["solution"], details["version"], details["digest"]))
        for where in moves.keys() | self.evidence.moves.keys():
            there = [number for _, number in self.evidence.moves[where]]
            self.expect("audit", moves[where] == there, f"{where}: {moves[where][-5:]} beside {there[-5:]}")
        made = sorted((self.scene.solution(slug)["id"], row["number"], row["digest"])
                      for slug, rows in self.made.items() for row in rows)
        self.expect("audit", sorted(versions) == made, f"versions {set(versions) ^ set(made)}")
        for number, account in enumerate(self.scene.accounts):
            rows = sorted((row["solution"], row["version"], row["digest"])
                          for row in self.downloaded[f"client {number}"])
            self.expect("audit", sorted(downloads[account.system]) == rows, f"downloads of client {number}")

    def edge(self) -> None:
        """Each client's page, in production and by each environment's key."""
        line = EdgeLine(self.scene.world.deployment.addresses["edge"])
        live = {(place, one["name"]): one["live"] for place, rows in self.environments.items() for one in rows}
        keys = [(place, one["name"], one["key"]) for place, rows in self.environments.items() for one in rows
                if one["name"] != "production"]
        for client in range(CLIENTS):
            own = f"client {client}"
            for owner, name, key in [("", "", ""), *((place, name, key) for place, name, key in keys
                                                     if place in (own, "standard"))]:
                wanted = None
                for place in (own, "standard"):
                    names = [name, "production"] if place == owner else ["production"]
                    found = next((live[place, one] for one in names if live.get((place, one))), None)
                    wanted = wanted or (found and (place, found))
                self.page(line, client, key, wanted)
        line.close()

    def page(self, line: EdgeLine, client: int, key: str, wanted: tuple[str, int] | None) -> None:
        answer = line.ask(page(self.scene, client, key))
        about = f"client {client} {key} with {wanted} live"
        outcome = {"standard": "standard"}.get(wanted[0], "release") if wanted else "empty"
        if not self.expect("edge", answer.outcome == outcome, f"{about}: {answer.outcome}") or not wanted:
            return
        kept = self.kept_releases[wanted]
        script, release = answer.text, kept["release"]
        self.expect("edge", digest(script) == release["snippet"], f"{about}: a snippet {digest(script)}")
        if release["bundle"]:
            self.expect("edge", release["bundle"].encode() in script, f"{about}: its bundle is not named")
            script = line.ask(f"/v1/objects/{release['bundle']}.js").text
            self.expect("edge", digest(script) == release["bundle"], f"{about}: a bundle {digest(script)}")
        self.expect("edge", content(script) == kept["content"], f"{about}: {content(script)}")

    def watch(self) -> None:
        for client, outcome, snippet in self.watched:
            place = "standard" if outcome == "standard" else f"client {client}"
            self.expect("watch", snippet in self.evidence.snippets[place],
                        f"client {client} got {outcome} {snippet}, which no release has")
        self.watched.clear()

    # Sending again

    def send_again(self, flying: list[Deed]) -> None:
        """What was in flight goes out once more with its key: it is done once. That nothing is there twice is seen at
        the next restart."""
        for deed in flying:
            writer = self.writers[deed.writer]
            if deed.details["request"][0] != "POST":
                continue
            if not deed.done:
                writer.book.ask_again(deed)
                writer.take_answer(deed, writer.request(deed))
                if deed.what == "download" and deed.done:
                    who, folder = self.scene.who(deed.place), deed.answer["folder"]
                    rows = who.all(f"{self.scene.items(deed.place)}?folder={folder}")
                    writer.book.settle(deed, True, copies=writer.copies(rows))
                self.doubts["were sent again, and done then"] += 1
                continue
            answer = writer.request(deed)
            told = answer.json if deed.what != "version" else {"versions": [answer.json]}
            if deed.what == "download" and answer.status < 300:
                (told,) = told["items"]
            # Of an item whose answer got lost, the ledger knows what was asked for.
            wanted = effect({"id": deed.details.get("item"), **deed.answer})
            self.expect("again", answer.status < 300 and effect(told) == wanted,
                        f"{deed}, done already: {answer.status} {answer.body[:200]} instead of {deed.answer}")
            self.doubts["were sent again, and done once"] += 1


def effect(answer: dict) -> list:
    """What an answer says that was made."""
    versions = [(one["slug"], one["number"]) for one in answer.get("versions", ())]
    return [versions, *(answer.get(name) for name in ("id", "release", "generation"))]


def page(scene: Scene, client: int, key: str = "") -> str:
    place = f"env/{key}/" if key else ""
    return f"/v1/tessera/{place}snippets/sapUserId/{scene.accounts[client].client_id}.js"


def content(script: bytes) -> dict | None:
    """What a snippet or a bundle carries."""
    found = re.search(rb"JSON\.parse\('((?:[^'\\]|\\.)*)'\)", script)
    if not found:
        return None
    text = re.sub(rb"\\(x3C|.)", lambda escape: b"<" if escape[1] == b"x3C" else escape[1], found[1])
    return json.loads(text)
