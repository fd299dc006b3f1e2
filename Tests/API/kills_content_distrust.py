"""Whether the checks of kills_content.py find what they are for: data and ledgers are spoiled, one way at a time."""

import contextlib
import json
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass

from client import Answer
from kills_content_checks import CHECKS, Checks
from kills_content_ledger import NEVER, Deed, Timeline, canonical, digest
from kills_content_writes import Scene, Writer
from load import Crew, Trial, execute
from suite import Fault

NOBODYS = "01a203c3-0000-7000-8000-000000000000"
RELEASE_OF_SYSTEM = """SELECT release.id FROM release JOIN workspace ON workspace.id = workspace_id
    WHERE system_id IS NOT NULL"""
MOVED = "environment_id, generation, at, release_id, made_by"
LIVE = "SELECT environment_id FROM live ORDER BY environment_id LIMIT 1"
LAST_RELEASE = "SELECT id FROM release ORDER BY created_at DESC, number DESC LIMIT 1"
EDITED = "SELECT id FROM item WHERE deleted_at IS NULL AND revision > 2 ORDER BY id LIMIT 1"
SOLUTION = "SELECT id FROM solution WHERE last_version > 2 ORDER BY id LIMIT 1"
# How often load goes before, and how long a server may wait for a feed that matches its hash.
LOADS, WAITING_SECONDS = 3, 10
AUDIT = "DROP TRIGGER audit_event_refuse_delete", "DROP TRIGGER audit_event_refuse_update"


@dataclass
class Damage:
    """A way to spoil what is there, and the fault that must come of it, as a regular expression from its start."""

    what: str
    fault: str
    spoil: "tuple[str, ...] | Callable[[Spoiled], None]"
    # Whether the server waits for a feed that matches its hash, and serves nothing.
    is_waiting: bool = False

    @property
    def check(self) -> str:
        return self.fault.split(":")[0]


class Spoiled:
    """What a damage can get at: the database of a server that has ended, ledgers, and checks before they are made."""

    def __init__(self, scene: Scene, writers: list[Writer], checks: Checks):
        self.scene, self.writers, self.checks = scene, writers, checks
        self.file = scene.world.deployment.data / "waymark.sqlite"

    def rows(self, statement: str, *values: object) -> list[tuple]:
        with sqlite3.connect(self.file) as database:
            return database.execute(statement, values).fetchall()

    def deeds(self, *names: str) -> list[tuple[Writer, Deed]]:
        return [(writer, deed) for writer in self.writers for deed in writer.book.read()
                if deed.done and deed.what in names]

    def set_content(self, release: str, items: list[dict]) -> None:
        self.rows("UPDATE release SET content = ? WHERE id = ?", canonical({"items": items}), release)

    def releases(self, place: int) -> list[tuple[str, str, list[dict]]]:
        """Releases of a client, the newest first: id, notes, items."""
        found = self.rows(
            "SELECT release.id, notes, content FROM release JOIN workspace ON workspace.id = workspace_id "
            "WHERE system_id = ? ORDER BY number DESC", self.scene.accounts[place].system)
        return [(id, notes, json.loads(content)["items"]) for id, notes, content in found]


def mix(spoiled: Spoiled, is_own: bool) -> None:
    """Puts an older state of one item into a release: of the writer whose round it is, or of the other one."""
    for place in range(len(spoiled.scene.accounts)):
        releases = spoiled.releases(place)
        timelines = {writer.number: Timeline(writer.book.read(), f"client {place}") for writer in spoiled.writers}
        for number, (id, notes, items) in enumerate(releases):
            publisher = int(notes.split("-")[0])
            for _, _, older in releases[number + 1:]:
                states = {item["id"]: item for item in older}
                for index, item in enumerate(items):
                    owner = next(writer for writer, timeline in timelines.items() if item["id"] in timeline.ids)
                    old = states.get(item["id"], item)
                    mixed = [*items[:index], old, *items[index + 1:]]
                    held = {one["id"]: digest(one) for one in mixed if one["id"] in timelines[owner].ids}
                    # A state that the writer's items once were in, or may have been in, would be no mixture.
                    if (owner == publisher) == is_own and old != item and held not in timelines[owner].states:
                        spoiled.set_content(id, mixed)
                        return
    raise Fault("no release can be mixed with an older one")


def put_back(spoiled: Spoiled) -> None:
    """Gives a release the content of its publisher's release before: one moment's, but of too early a moment."""
    for place in range(len(spoiled.scene.accounts)):
        releases = spoiled.releases(place)
        for (id, notes, _), (_, before, older) in zip(releases, releases[1:], strict=False):
            if notes.split("-")[0] == before.split("-")[0]:
                spoiled.set_content(id, older)
                return
    raise Fault("no writer has published twice")


def turn_around(spoiled: Spoiled) -> None:
    for id, content in spoiled.rows("SELECT id, content FROM release"):
        spoiled.set_content(id, json.loads(content)["items"][::-1])


def slip_in(spoiled: Spoiled) -> None:
    id, _, items = spoiled.releases(0)[0]
    spoiled.set_content(id, [*items, {**items[0], "id": NOBODYS}])


def lose_an_item(spoiled: Spoiled) -> None:
    """A version that was made of the one before has lost another writer's item."""
    slug = spoiled.scene.solutions[-1]["slug"]
    (id, content), *_ = spoiled.rows(
        "SELECT solution_version.id, content FROM solution_version JOIN solution ON solution.id = solution_id "
        "WHERE slug = ? ORDER BY number DESC", slug)
    held = json.loads(content)
    publisher = held["about"]["notes"].split("-")[0]
    held["items"].remove(next(one for one in held["items"] if one["id"] != f"writer-{publisher}"))
    spoiled.rows("UPDATE solution_version SET content = ? WHERE id = ?", canonical(held), id)


def forge_rollback(spoiled: Spoiled) -> None:
    """Has the ledger say that a rollback was asked for after the next move was acknowledged."""
    moves = sorted(spoiled.deeds("publish", "rollback"), key=lambda pair: pair[1].answer["generation"])
    for index, (writer, deed) in enumerate(moves):
        where = deed.place, deed.details["environment"]
        later = [one for _, one in moves[index + 1:] if (one.place, one.details["environment"]) == where]
        if deed.what == "rollback" and later:
            writer.book.note(number=deed.number, asked=later[0].answered + 1)
            return
    raise Fault("nothing was published after a rollback")


def forge_publication(spoiled: Spoiled) -> None:
    """Has the ledger say that the first version which all share was asked for after the second was acknowledged."""
    slug = spoiled.scene.solutions[-1]["slug"]
    made = {one["number"]: (writer, deed) for writer, deed in spoiled.deeds("publication")
            for one in deed.answer["versions"] if one["slug"] == slug}
    (writer, first), (_, second) = made[1], made[2]
    writer.book.note(number=first.number, asked=second.answered + 1)


def forget_answer(spoiled: Spoiled) -> None:
    """The last publish is in flight again, and its kept answer is gone."""
    writer = spoiled.writers[0]
    deed = writer.book.read()[-1]
    writer.book.note(number=deed.number, answered=NEVER, done=None, answer={})
    spoiled.rows("DELETE FROM idempotent_answer")


def answered(what: str, status: int, **body: object) -> Callable[[Spoiled], None]:
    """Has a deed of a kind answered in another way."""

    def spoil(spoiled: Spoiled) -> None:
        writer, deed = spoiled.deeds(what)[-1]
        writer.take_answer(deed, Answer(f"{deed}", status, {}, json.dumps({**deed.answer, **body}).encode()))

    return spoil


def lose_the_server(spoiled: Spoiled) -> None:
    """A writer goes on while there is none."""
    writer = spoiled.writers[0]
    writer.run(Crew(writer.trial), writer.dice)


def tell_another_number(spoiled: Spoiled) -> None:
    writer, deed = spoiled.deeds("version")[-1]
    versions = [{**one, "number": one["number"] + 1} for one in deed.answer["versions"]]
    writer.book.note(number=deed.number, answer={"versions": versions})


def invent(spoiled: Spoiled) -> None:
    spoiled.checks.watched.add((0, "release", "ab" * 32))


def older(spoiled: Spoiled) -> None:
    """The state of some time before: nothing of what was acknowledged since."""
    for file in spoiled.file.parent.glob("waymark.sqlite*"):
        file.unlink()
    shutil.copy(spoiled.scene.world.folder / "older", spoiled.file)


DAMAGES = [
    Damage("an edit answered with another content", "answers: .* instead of", answered("edit", 200, content={})),
    Damage("a publish answered with an old generation", "answers: .* generation 1 after",
           answered("publish", 200, generation=1)),
    Damage("an answer that is a fault", "answers: .*: 500", answered("edit", 500)),
    Damage("a server that ends by itself", "answers: a connection", lose_the_server),
    Damage("an audit event taken", "chains", (
        *AUDIT, "DELETE FROM audit_event WHERE rowid = (SELECT max(rowid) FROM audit_event)")),
    Damage("an audit event of a release taken", "audit", (*AUDIT, """
        DELETE FROM audit_event WHERE rowid =
            (SELECT max(rowid) FROM audit_event WHERE action = 'release.published')""")),
    Damage("an audit event of a version taken", "audit: versions", (*AUDIT, """
        DELETE FROM audit_event WHERE rowid =
            (SELECT max(rowid) FROM audit_event WHERE action = 'version.published')""")),
    Damage("an audit event of a download taken", "audit: downloads", (*AUDIT, """
        DELETE FROM audit_event WHERE rowid =
            (SELECT max(rowid) FROM audit_event WHERE action = 'solution.downloaded')""")),
    Damage("an entry of the feed taken", "hash", (
        "DELETE FROM edge_entry WHERE rowid = (SELECT max(rowid) FROM edge_entry)",), is_waiting=True),
    Damage("an object's body changed", "hash", (
        "UPDATE object SET body = CAST(body || x'0A' AS BLOB) WHERE digest IN "
        "(SELECT snippet FROM release JOIN live ON release_id = release.id)",)),
    Damage("the last state of an item lost", "items: .* instead of", (
        f"DELETE FROM item_revision WHERE item_id = ({EDITED}) AND number = (SELECT revision FROM item WHERE id = "
        f"item_id)",
        f"UPDATE item SET revision = revision - 1, content = (SELECT content FROM item_revision "
        f"WHERE item_id = item.id AND number = item.revision - 1) WHERE id = ({EDITED})")),
    Damage("an item lost", "items: .*: lost", (
        "DELETE FROM item_revision WHERE item_id = (SELECT id FROM item WHERE folder = 'news' LIMIT 1)",
        "DELETE FROM item WHERE id = (SELECT id FROM item WHERE folder = 'news' LIMIT 1)")),
    Damage("an item that nobody asked for", "items: .*: unasked", (
        f"""INSERT INTO item SELECT '{NOBODYS}', workspace_id, folder, slug || '-x', kind, name, words, content, 1,
            origin_version_id, origin_item, created_at, changed_at, changed_by, NULL FROM item WHERE id = ({EDITED})""",
        f"""INSERT INTO item_revision SELECT '{NOBODYS}', 1, 'created', folder, slug, content, made_at, made_by
            FROM item_revision WHERE item_id = ({EDITED}) AND number = 1""")),
    Damage("an item undeleted", "items: .* instead of", (
        "UPDATE item SET deleted_at = NULL, slug = 'x-' || substr(id, -12) WHERE deleted_at IS NOT NULL",)),
    Damage("an earlier revision changed", "histories", (
        f"UPDATE item_revision SET content = (SELECT content FROM item WHERE id = item_id) "
        f"WHERE number = 1 AND item_id = ({EDITED})",)),
    Damage("an item beside its last revision", "halves: an item beside", (
        f"UPDATE item SET content = (SELECT content FROM item_revision WHERE item_id = item.id AND number = 1) "
        f"WHERE id = ({EDITED})",)),
    Damage("a revision taken from within", "halves: a history with gaps", (
        f"DELETE FROM item_revision WHERE number = 2 AND item_id = ({EDITED})",)),
    Damage("a number of a release that does not exist", "halves: numbers of releases", (
        "UPDATE workspace SET last_release = last_release + 1",)),
    Damage("a number of a version that does not exist", "halves: numbers of versions", (
        f"UPDATE solution SET last_version = last_version + 1 WHERE id = ({SOLUTION})",)),
    Damage("a release without items", "halves: a release without items", (
        f"DELETE FROM release_item WHERE release_id = ({LAST_RELEASE})",)),
    Damage("a release without signature", "halves: a release without signature", (
        f"UPDATE release SET signature = NULL WHERE id = ({LAST_RELEASE})",)),
    Damage("an object without signature", "halves: an object without signature", (
        "UPDATE object SET signature = NULL WHERE rowid = (SELECT min(rowid) FROM object)",)),
    Damage("a release without its move", "halves: a release that never went live", (
        f"DELETE FROM live_change WHERE release_id = ({LAST_RELEASE}) AND generation = (SELECT generation FROM release "
        f"WHERE id = release_id)",)),
    Damage("a live pointer without its move", "halves: a live pointer", (
        f"DELETE FROM live WHERE environment_id = ({LIVE})",)),
    Damage("a head of another state", "halves: a head", (
        "UPDATE generation SET state_hash = zeroblob(16) WHERE generation = (SELECT generation FROM head)",)),
    Damage("a download lost", "downloads: .* in one of both", (
        "DELETE FROM download WHERE rowid = (SELECT max(rowid) FROM download)",)),
    Damage("a download of another version", "downloads: .* instead of", ("""
        UPDATE download SET solution_version_id = (SELECT min(id) FROM solution_version WHERE id <> solution_version_id)
        """,)),
    Damage("a copy that a download does not count", "downloads: .* has", ("UPDATE download SET items = items - 1",)),
    Damage("a version lost", "versions: .* asked for and there", (
        f"DELETE FROM solution_version WHERE solution_id = ({SOLUTION}) AND number = "
        f"(SELECT last_version FROM solution WHERE id = solution_id)",
        f"UPDATE solution SET last_version = last_version - 1 WHERE id = ({SOLUTION})")),
    Damage("a version with the content of the one before", "versions: .* has changed", (
        "UPDATE solution_version SET content = (SELECT content FROM solution_version AS other WHERE "
        "other.solution_id = solution_version.solution_id AND other.number = solution_version.number - 1) "
        "WHERE number > 1 AND number = (SELECT last_version FROM solution WHERE id = solution_id)",)),
    Damage("a version that has lost another writer's item", "versions: .* by .* instead of", lose_an_item),
    Damage("a version of another digest", "versions: .*: digest", (
        f"UPDATE solution_version SET digest = zeroblob(32) WHERE number = 2 AND solution_id = ({SOLUTION})",)),
    Damage("a version of another number", "versions: .*: numbers", (
        "UPDATE solution_version SET number = number + 100 WHERE number = 1",)),
    Damage("a version that was acknowledged as another", "versions: .* was told", tell_another_number),
    Damage("a release lost", "releases: .* asked for and there", (
        f"UPDATE workspace SET last_release = last_release - 1 WHERE id = (SELECT workspace_id FROM release WHERE id = "
        f"({LAST_RELEASE}))",
        "CREATE TEMP TABLE lost AS " + LAST_RELEASE,
        "DELETE FROM release_item WHERE release_id IN lost", "DELETE FROM release_solution WHERE release_id IN lost",
        "DELETE FROM live_change WHERE release_id IN lost", "DELETE FROM live WHERE release_id IN lost",
        "DELETE FROM release WHERE id IN lost")),
    Damage("a release of another environment", "releases: .* instead of", (
        f"UPDATE release SET environment_id = (SELECT id FROM environment WHERE "
        f"workspace_id = release.workspace_id AND id <> environment_id) WHERE id = ({RELEASE_OF_SYSTEM} "
        f"AND (SELECT count(*) FROM environment WHERE environment.workspace_id = workspace.id) > 1 LIMIT 1)",)),
    Damage("a release that says something else", "releases: .* has changed", (
        f"UPDATE release SET notes = notes || '1' WHERE id = ({RELEASE_OF_SYSTEM} LIMIT 1)",)),
    Damage("a release of another number", "releases: .*: numbers", (
        f"UPDATE release SET number = number + 100 WHERE id = ({RELEASE_OF_SYSTEM} LIMIT 1)",)),
    Damage("a release of an earlier generation", "releases: .*: generations", (
        f"UPDATE release SET generation = 1 WHERE id = ({LAST_RELEASE})",)),
    Damage("a release with an older state of one of the round's items", "mixture: .* of writer .* possible states",
           lambda spoiled: mix(spoiled, True)),
    Damage("an item in a round's release that has not its mark", "mixture: .* in a release of",
           lambda spoiled: mix(spoiled, True)),
    Damage("a release with an older state of another writer's item", "mixture: .* of writer .* possible states",
           lambda spoiled: mix(spoiled, False)),
    Damage("a release with the content of the one before", "mixture: .* of writer .* possible states", put_back),
    Damage("a release with an item of nobody", "mixture: .* items of nobody", slip_in),
    Damage("a release with a digest too few", "digests: .* digests", (
        f"DELETE FROM release_item WHERE position = 0 AND release_id IN ({RELEASE_OF_SYSTEM})",)),
    Damage("a release with the digest of another item", "digests: client", (
        f"UPDATE release_item SET digest = zeroblob(32) WHERE position = 0 AND release_id IN ({RELEASE_OF_SYSTEM})",)),
    Damage("standard content with the digest of another item", "digests: standard", (
        f"UPDATE release_item SET digest = zeroblob(32) WHERE position = 0 AND release_id NOT IN "
        f"({RELEASE_OF_SYSTEM})",)),
    Damage("standard content in another order", "standard: .* instead of", turn_around),
    Damage("standard content that is said to be of another version", "standard: .* made of", (
        "DELETE FROM release_solution WHERE position = 0",)),
    Damage("a move that nobody asked for", "live: .* in one of both", (
        f"""INSERT INTO live_change ({MOVED})
            SELECT environment_id, (SELECT generation FROM head), at, release_id, made_by FROM live_change
            WHERE environment_id = ({LIVE}) AND release_id IS NOT NULL
                AND generation < (SELECT generation FROM head) LIMIT 1""",)),
    Damage("an environment with another's release live", "live: .* beside", ("""
        UPDATE live SET release_id = (SELECT id FROM release WHERE release.environment_id <> live.environment_id
            AND workspace_id = (SELECT workspace_id FROM environment WHERE id = live.environment_id) LIMIT 1)
        WHERE environment_id = (SELECT environment.id FROM environment JOIN live ON environment_id = environment.id
            WHERE name = 'production' AND EXISTS (SELECT 1 FROM release WHERE
                release.workspace_id = environment.workspace_id AND environment_id <> environment.id) LIMIT 1)""",)),
    Damage("a live pointer that is not where it was moved to", "live: .* after", (
        f"DELETE FROM live WHERE environment_id = ({LIVE})",)),
    Damage("an environment unpublished by nobody", "live: .* unpublished", (f"""
        INSERT INTO live_change ({MOVED})
        SELECT environment_id, (SELECT generation FROM head) + 1, 0, NULL, 'nobody' FROM live
        WHERE environment_id = ({LIVE})""",)),
    Damage("an environment unpublished for the API, and not for the edge", "edge: .* with None live", (
        f"INSERT INTO live_change ({MOVED}) "
        "SELECT environment_id, (SELECT generation FROM head), 0, NULL, 'nobody' FROM live "
        "WHERE environment_id NOT IN (SELECT environment_id FROM live_change, head WHERE live_change.generation = "
        "head.generation)",
        "DELETE FROM live")),
    Damage("another release live for the API than for the edge", "edge: .* a snippet", (
        """UPDATE live SET release_id = (SELECT id FROM release WHERE release.environment_id = live.environment_id
            AND id <> live.release_id ORDER BY number DESC LIMIT 1) WHERE environment_id IN
            (SELECT environment_id FROM release GROUP BY environment_id HAVING count(*) > 1)""",)),
    Damage("a script with another content than its release", r"edge: .* live: \{'items'", turn_around),
    Damage("a release that names another bundle", "edge: .* is not named", (
        "UPDATE release SET bundle = zeroblob(32) WHERE bundle IS NOT NULL",)),
    Damage("a release that names a bundle which is not there", "edge: .* a bundle", (
        "UPDATE release SET bundle = zeroblob(32) WHERE bundle IS NOT NULL",)),
    # The edge takes no object of another digest, and serves standard content then.
    Damage("a bundle with other bytes", "edge: .* live: (standard|empty)", ("""
        UPDATE object SET body = CAST(body || x'0A' AS BLOB), gzip = NULL, brotli = NULL
        WHERE digest IN (SELECT bundle FROM release)""",)),
    Damage("moves of a live pointer in the wrong order", "order: .* came before", forge_rollback),
    Damage("versions in the wrong order", "order: solution.* came before", forge_publication),
    Damage("something served that was never published", "watch", invent),
    Damage("a kept answer lost, and its request sent again", "again", forget_answer),
    Damage("an older state put back: items", "items", older),
    Damage("an older state put back: releases", "releases", older),
]


def distrust(trial: Trial, kills) -> int:
    """Spoils a copy each time; every damage must be found, by the check that is meant for it."""
    world, writers = kills.world, kills.writers
    data, ledgers = world.deployment.data, world.folder / "ledgers"
    world.deployment.command("backup", str(world.folder / "older"))
    for number in range(LOADS):
        kills.load_and_kill(number, gently=True)
        world.deployment.start()
        kills.checks.check()
    # The last deed of a writer is a publish.
    writers[0].round()
    kills.checks.check(everything=True)
    trial.expect(not trial.faults, "there are faults before anything was spoiled")
    kill(world)
    for folder in (data, ledgers):
        shutil.copytree(folder, folder.with_name(f"whole {folder.name}"), ignore=shutil.ignore_patterns("*.sock"))
    missed = [damage for damage in DAMAGES if not is_found(trial, kills, damage)]
    unseen = CHECKS.keys() - {damage.check for damage in DAMAGES}
    trial.expect(not unseen, f"checks that nothing was spoiled for: {unseen}")
    print(f"{len(missed)} of {len(DAMAGES)} were missed" if missed else f"each of {len(DAMAGES)} damages was found")
    return 1 if missed or trial.faults else 0


def is_found(trial: Trial, kills, damage: Damage) -> bool:
    world = kills.world
    for folder in (world.deployment.data, world.folder / "ledgers"):
        for file in folder.with_name(f"whole {folder.name}").rglob("*"):
            if file.is_file():
                shutil.copy(file, folder / file.relative_to(folder.with_name(f"whole {folder.name}")))
    checks = Checks(trial, kills.scene, kills.writers)
    if "has changed" in damage.fault:
        for name in ("kept_releases", "kept_versions", "kept_digests"):
            setattr(checks, name, dict(getattr(kills.checks, name)))
    for writer in kills.writers:
        writer.resume()
    spoiled = Spoiled(kills.scene, kills.writers, checks)

    def look() -> None:
        try:
            if callable(damage.spoil):
                damage.spoil(spoiled)
            else:
                execute(spoiled.file, *damage.spoil)
        except (sqlite3.Error, Fault) as fault:
            print(f"cannot be spoiled: {fault}")
            return
        if damage.is_waiting:
            # There is no server to ask then; what the commands say must do.
            threading.Timer(WAITING_SECONDS, lambda: world.deployment.process.kill()).start()
            with contextlib.suppress(Fault):
                world.deployment.start()
            checks.commands()
        else:
            world.deployment.start()
            try:
                checks.check(everything=True, resends=damage.spoil is forget_answer)
            except Exception as error:  # noqa: BLE001: what was found until then counts
                print(f"looking broke off: {type(error).__name__} {error}")
        meant = [fault for fault in trial.faults if re.match(damage.fault, fault, re.DOTALL)]
        if not meant:
            print(f"only other checks found it: {trial.faults[:2]}")
        trial.faults[:] = meant

    try:
        return trial.found(f"{damage.what} ({damage.check})", look)
    finally:
        kill(world)


def kill(world) -> None:
    world.deployment.process.kill()
    world.deployment.process.wait()
