#!/usr/bin/env python3
"""Backups under load, restored elsewhere: the same generation, the same state hash, the same answers of the edge.

While threads write through the API and publish by command, `waymark backup` runs again and again. Each file is restored
into a new directory, and a second server started on it: its generation and state hash are those that the backup named,
and that the first server had at that generation; its audit chains verify; each key is answered with what the ledger has
of it at that generation. Then the load ends, and the last backup's server is compared with the first one directly:
every key of every kind, in every coding, by every method, byte for byte and field by field but for `Date`; every list
of the API; who can sign in. Files and directories that cannot be used are refused with a message. The exit code is 1
where anything of this does not hold.
"""

import http.client
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from client import Client
from deployment import Deployment
from load import Crew, EdgeLine, Trial, execute, parser, status
from mailbox import Mailbox
from suite import Fault
from world import PASSWORD, World

EXAMPLE = """  pip install -r Tests/MailTests/requirements.txt
  Tests/API/backup.py --waymark .build/release/waymark
  Tests/API/backup.py --waymark .build/release/waymark --backups 30 --seed 7
  Tests/API/backup.py --waymark .build/release/waymark --self-test
"""
WRITERS, KEYS_EACH = 4, 10
CODINGS = ("identity", "gzip", "br", "gzip, br;q=0.5")
GALLERY = Path(__file__).resolve().parent.parent.parent / "gallery"
STAFF_PATH = "/partners/tessera/clients"
# How long a key may take to show an acknowledged change at the edge.
VISIBLE_SECONDS = 5
HEAD = re.compile(r"generation (\d+), state ([0-9a-f]+), (\d+) bytes")
# What stands in a page of a database that was overwritten.
GARBAGE = b"\xa5" * 4096


@dataclass
class State:
    """What a key is answered with, and between which generations that began: after `low`, at `high` at the latest,
    which is not known before it is seen."""

    low: int
    outcome: str
    text: str = ""
    high: float = math.inf

    def fits(self, outcome: str, body: str) -> bool:
        return outcome == self.outcome and self.text in body


# Before it was made.
NEVER = State(0, "unknown", high=0)


@dataclass
class Key:
    """A System Client ID of a client's, and everything it was ever answered with; one thread alone changes it."""

    id: str
    client: str
    states: list[State]
    is_suspended: bool = False
    text: str = ""
    environment: str = ""

    @property
    def is_published(self) -> bool:
        return bool(self.text)

    @property
    def path(self) -> str:
        return f"/v1/tessera/snippets/sapUserId/{self.id}.js"

    def at(self, generation: int) -> list[State]:
        """What it may have been answered with at a generation: the last state that had surely begun, and later ones
        that may have."""
        begun = max(number for number, state in enumerate(self.states) if state.high <= generation)
        return [self.states[begun], *[state for state in self.states[begun + 1 :] if state.low < generation]]

    def turn(self, low: int) -> State:
        """Takes down that it will be answered otherwise, before that is asked for."""
        if self.is_suspended:
            state = State(low, "suspended")
        elif self.is_published:
            state = State(low, "release", self.text)
        else:
            state = State(low, "standard")
        self.states.append(state)
        return state


class Load:
    """Writes, and the ledger of what each key was answered with."""

    def __init__(self, trial: Trial, world: World):
        self.trial, self.world = trial, world
        self.deployment = world.deployment
        self.hashes: dict[int, str] = {}
        self.epoch = ""
        self.counts: Counter = Counter()
        self.keys: list[list[Key]] = []
        # Ids that were given up.
        self.old: list[Key] = []

    @property
    def generation(self) -> int:
        return status(self.deployment.addresses["ops"])["generation"]

    def prepare(self) -> None:
        """Standard content, keys for each thread, content in test, partners that are suspended and closed."""
        run = self.deployment.command
        run("gallery", "publish", str(GALLERY), "--partner", "tessera", "--standard")
        for number in range(WRITERS):
            self.keys.append([self.make_key(number) for _ in range(KEYS_EACH)])
        folder = self.world.folder / "items"
        folder.mkdir()
        for key in self.keys[0][:3]:
            self.run_publish(key, folder, "test")
        address = "sue@stopped.example"
        run("partner", "add", "Stopped", "--system-variable", "sapUserId", "--key", "stopped", "--admin", address)
        stopped = self.world.sign_up(self.world.mailbox.next(address), address)
        body = {"name": "Left", "system": "sap-concur", "systemClientId": "left", "admins": ["x@y.example"]}
        stopped.post("/partners/stopped/clients", body).expect(201)
        run("partner", "suspend", "stopped")
        run("partner", "add", "Ended", "--system-variable", "sapUserId", "--key", "ended")
        run("partner", "close", "ended")

    def make_key(self, number: int) -> Key:
        low = self.generation
        made = self.world.new_client([f"it{number}@load.example"], name=f"Load {number} {uuid.uuid4()}")
        key = Key(made["systems"][0]["systemClientId"], made["id"], [NEVER])
        self.see(key, key.turn(low))
        return key

    # Writes

    def see(self, key: Key, state: State) -> None:
        """Waits until the edge shows what was acknowledged."""
        edge = EdgeLine(self.deployment.addresses["edge"])
        end = time.monotonic() + VISIBLE_SECONDS
        while not state.fits((answer := edge.ask(key.path)).outcome, answer.text.decode()):
            if time.monotonic() > end:
                raise Fault(f"{key.path} is answered {answer.outcome}, and not {state}")
            time.sleep(0.002)
        edge.close()
        state.high = self.generation

    def write(self, crew: Crew, number: int) -> None:
        dice, keys = self.trial.dice(f"writer {number}"), self.keys[number]
        folder = self.world.folder / f"items {number}"
        folder.mkdir()
        while crew.goes_on:
            key = dice.choice(keys)
            choice = dice.choice(("suspend", "suspend", "publish", "publish", "unpublish", "rekey", "create", "invite"))
            low = self.generation
            if choice == "suspend":
                self.suspend(key, low)
            elif choice == "publish" and not key.is_suspended:
                self.publish(key, low, folder)
            elif choice == "unpublish" and key.is_published and not key.is_suspended:
                key.text = ""
                state = key.turn(low)
                self.deployment.command("unpublish", "--partner", "tessera", "--client", key.id)
                self.see(key, state)
            elif choice == "rekey":
                self.rekey(key, low, keys)
            elif choice == "create" and len(keys) < 4 * KEYS_EACH:
                keys.append(self.make_key(number))
            elif choice == "invite":
                address = f"adm{dice.getrandbits(40):x}@load.example"
                self.world.ada.post(f"{STAFF_PATH}/{key.client}/admins", {"email": address})
            else:
                continue
            self.counts[choice] += 1
            crew.stopping.wait(dice.uniform(0, 0.05))

    def suspend(self, key: Key, low: int) -> None:
        path = f"{STAFF_PATH}/{key.client}/suspension"
        key.is_suspended = not key.is_suspended
        state = key.turn(low)
        if key.is_suspended:
            self.world.ada.put(path, {"reason": "Under review"}).expect(200)
        else:
            self.world.ada.delete(path).expect(204)
        self.see(key, state)

    def publish(self, key: Key, low: int, folder: Path) -> None:
        key.text = f"publish-{uuid.uuid4()}"
        state = key.turn(low)
        self.run_publish(key, folder, "production")
        self.see(key, state)

    def run_publish(self, key: Key, folder: Path, environment: str) -> None:
        item = {"kind": "shoutOut", "name": "News", "title": {"en": "News"}, "text": {"en": key.text or "A test"}}
        (folder / "1.json").write_text(json.dumps(item), encoding="utf-8")
        words = ("--partner", "tessera", "--client", key.id, "--environment", environment)
        printed = self.deployment.command("publish", str(folder), *words)
        key.environment = printed.split("environment key ")[1].split()[0]

    def rekey(self, key: Key, low: int, keys: list[Key]) -> None:
        """Another id for the same client: the old one is unknown from the same generation on."""
        new = Key(str(uuid.uuid4()), key.client, [NEVER], key.is_suspended, key.text, key.environment)
        begun, gone = new.turn(low), State(low, "unknown")
        key.states.append(gone)
        self.old.append(key)
        keys[keys.index(key)] = new
        self.world.ada.patch(f"{STAFF_PATH}/{key.client}", {"systemClientId": new.id}, "*").expect(200)
        self.see(new, begun)
        self.see(key, gone)

    def watch(self, crew: Crew) -> None:
        """Takes down the state hash of each generation that is seen."""
        connection = http.client.HTTPConnection(self.deployment.addresses["ops"].split("//")[1], timeout=20)
        while crew.goes_on:
            connection.request("GET", "/statusz")
            seen = json.loads(connection.getresponse().read())
            self.hashes[seen["generation"]] = seen["stateHash"]
            self.epoch = seen["epoch"]
            crew.stopping.wait(0.003)

    @property
    def all_keys(self) -> list[Key]:
        return [key for keys in self.keys for key in keys] + self.old


class Backups:
    """Makes copies, restores them elsewhere, and compares."""

    def __init__(self, trial: Trial, load: Load, folder: Path):
        self.trial, self.load, self.folder = trial, load, folder
        self.world, self.first = load.world, load.deployment
        self.number = self.seen = self.compared = self.ambiguous = 0

    def make(self) -> tuple[Path, int, str]:
        """A backup from the running server: the file, its generation and its state hash."""
        self.number += 1
        file = self.folder / f"backup-{self.number}.sqlite"
        before = self.load.generation
        printed = self.first.command("backup", str(file))
        found = HEAD.search(printed)
        if not found:
            raise Fault(f"waymark backup prints {printed!r}")
        generation, hash = int(found[1]), found[2]
        size = file.stat().st_size
        self.trial.expect(int(found[3]) == size, f"the backup says {found[3]} bytes, the file has {size}")
        after = self.load.generation
        is_between = before <= generation <= after
        self.trial.expect(is_between, f"a backup begun at generation {before}, ended at {after}, says {generation}")
        return file, generation, hash

    def restore(self, file: Path, name: str) -> tuple[Deployment, Mailbox, str]:
        """A second server on a copy of its own, with a mail server of its own."""
        place = self.folder / name
        place.mkdir()
        key = self.first.data / "signing-key"
        words = [self.first.binary, "restore", file, "--data", place / "data", "--signing-key", key]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Fault(f"restore ended with {done.returncode}: {done.stderr}")
        mailbox = Mailbox()
        return Deployment(self.first.binary, place, mailbox.port), mailbox, done.stdout

    def check_head(self, server: Deployment, generation: int, hash: str, restored: str) -> None:
        """Generation and state hash: as the backup said, as the first server had them, as the second one has them."""
        seen = status(server.addresses["ops"])
        self.trial.expect((seen["generation"], seen["stateHash"]) == (generation, hash),
                          f"restored at {seen['generation']} {seen['stateHash']}, backed up at {generation} {hash}")
        self.trial.expect(f"generation {generation}, state {hash}" in restored, f"restore prints {restored!r}")
        self.trial.expect(seen["epoch"] != self.load.epoch, "the restored log has the epoch of the first one")
        known = self.load.hashes.get(generation)
        self.seen += known is not None
        self.trial.expect(known in (None, hash), f"generation {generation} had state {known}, the backup {hash}")
        printed = server.command("audit", "verify")
        self.trial.expect(", 0 broken" in printed, f"audit verify of the restored one: {printed}")

    def under_load(self, name: str) -> None:
        file, generation, hash = self.make()
        server, _, restored = self.restore(file, name)
        try:
            self.check_head(server, generation, hash, restored)
            self.compare_keys(server, generation)
        finally:
            server.stop()
            shutil.rmtree(self.folder / name)
            file.unlink()

    def compare_keys(self, server: Deployment, generation: int) -> None:
        """Each key is answered with what the ledger has of it at that generation."""
        edge = EdgeLine(server.addresses["edge"])
        for key in self.load.all_keys:
            possible = key.at(generation)
            answer = edge.ask(key.path)
            self.compared += 1
            self.ambiguous += len(possible) > 1
            body = answer.text.decode()
            fits = any(state.fits(answer.outcome, body) for state in possible)
            self.trial.expect(fits, f"{key.path} at generation {generation}: {answer.outcome}, not of {possible}")

    # Quiet

    def at_rest(self) -> None:
        """The first server and one on its copy answer alike, whatever is asked."""
        load, anyone = self.load, self.world.anyone
        token = self.world.ada.post("/api-tokens", {"name": "kept", "scopes": ["clients"], "expiresAt": in_a_month()})
        secret = token.expect(201)["token"]
        address = "waiting@load.example"
        self.world.ada.post("/partners/tessera/staff", {"email": address, "role": "partnerViewer"}).expect(201)
        link = self.world.mailbox.next(address).path
        self.world.mailbox.settle()
        held = self.first.data
        file, generation, hash = self.make()
        server, mailbox, restored = self.restore(file, "at rest")
        try:
            load.hashes[generation] = status(self.first.addresses["ops"])["stateHash"]
            self.check_head(server, generation, hash, restored)
            self.compare_edges(server)
            self.check_api(server, secret, link)
            self.check_writes(server, mailbox)
        finally:
            server.stop()
        anyone.get(link).expect(200)
        self.check_refusals(file, held, server.data)

    def compare_edges(self, server: Deployment) -> None:
        one, other = EdgeLine(self.first.addresses["edge"]), EdgeLine(server.addresses["edge"])
        self.answers: Counter = Counter()
        for path in self.paths():
            for coding in CODINGS:
                tag = one.ask(path, f"Accept-Encoding: {coding}").fields.get("etag", '"none"')
                for method, lines in (("GET", ()), ("HEAD", ()), ("GET", (f"If-None-Match: {tag}",)), ("OPTIONS", ())):
                    asked = (f"Accept-Encoding: {coding}", *lines)
                    ours, theirs = (edge.ask(path, *asked, method=method) for edge in (one, other))
                    for answer in (ours, theirs):
                        answer.fields.pop("date", None)
                    self.answers[ours.outcome] += 1
                    same = (ours.status, ours.fields, ours.body) == (theirs.status, theirs.fields, theirs.body)
                    seen = [f"{one.status} {one.fields} {len(one.body)} bytes" for one in (ours, theirs)]
                    self.trial.expect(same, f"{method} {path} {asked}: {seen[0]}, restored {seen[1]}")

    def paths(self) -> list[str]:
        """Keys of every kind: known, given up, suspended, of environments, unknown, malformed; loaders, objects."""
        made = []
        for key in self.load.all_keys:
            made.append(key.path)
            made.append(key.path.replace("/snippets/", "/manifests/").replace(".js", ".json"))
            for environment in {key.environment, "A" * 22} - {""}:
                made.append(key.path.replace("/snippets/", f"/env/{environment}/snippets/"))
        for partner in ("tessera", "lumen", "stopped", "ended", "nobody"):
            made.append(f"/v1/{partner}/loader.js")
            made += [f"/v1/{partner}/snippets/{variable}/{id}.js" for variable in ("sapUserId", "other")
                     for id in ("left", "nobody", self.load.keys[0][0].id)]
        made += ["/v1/loader.js", f"/v1/snippets/sapUserId/{self.load.keys[0][0].id}.js", "/nothing",
                 "/v1/objects/" + "0" * 64 + ".js", "/v1/tessera/snippets/sapUserId/%zz.js"]
        edge = EdgeLine(self.first.addresses["edge"])
        objects = set()
        for path in made:
            answer = edge.ask(path)
            objects |= set(re.findall(r"objects/[0-9a-f]{64}\.js", answer.text.decode(errors="replace")))
        return made + [f"/v1/{path}" for path in sorted(objects)]

    def check_api(self, server: Deployment, secret: str, link: str) -> None:
        """Who was signed in is not any more, everybody can sign in, tokens and links work, and all lists are alike."""
        control = server.addresses["control"]
        old = Client(control, self.world.ada.session).get("/me")
        self.trial.expect(old.status == 401, f"a session of before answers {old.status} on the restored server")
        wrong = Client(control).post("/sessions", {"email": "ada@tessera.example", "password": "not the one she has"})
        self.trial.expect(wrong.status == 401, f"a wrong password answers {wrong.status} on the restored server")
        signed = Client(control).post("/sessions", {"email": "ada@tessera.example", "password": PASSWORD})
        self.trial.expect(signed.status == 201, f"signing in on the restored server answers {signed.status}")
        by_token = Client(control, token=secret).get(STAFF_PATH)
        self.trial.expect(by_token.status == 200, f"an API token answers {by_token.status} on the restored server")
        opened = Client(control).get(link)
        self.trial.expect(opened.status == 200, f"a link that was mailed before answers {opened.status}")
        self.lists = self.rows = 0
        for address, session in (("ada@tessera.example", signed.session), ("nora@nordwind.example", "")):
            if not session:
                body = {"email": address, "password": PASSWORD}
                session = Client(control).post("/sessions", body).expect(201).session
            ours, theirs = self.world.people[address], Client(control, session)
            shared = f"/clients/{self.world.shared.id}"
            for path in (STAFF_PATH, "/partners/tessera", "/partners/tessera/settings", "/partners/tessera/staff",
                         "/partners/tessera/staff/invitations", "/partners/tessera/audit-events", shared,
                         f"{shared}/users", f"{shared}/users/invitations", f"{shared}/partner-invitations",
                         f"{shared}/partner-accounts", f"{shared}/audit-events", "/me", "/me/accounts", "/api-tokens"):
                one, other = everything(ours, path), everything(theirs, path)
                self.lists += 1
                self.rows += len(one) if isinstance(one, list) else 1
                self.trial.expect(one == other, f"{path} of {address} is another on the restored server")
        self.signed = Client(control, signed.session)

    def check_writes(self, server: Deployment, mailbox: Mailbox) -> None:
        """The restored one goes on by itself: a client, its key, its mail, the next generation."""
        before = status(server.addresses["ops"])["generation"]
        id = str(uuid.uuid4())
        body = {"name": "Afterwards", "system": "sap-concur", "systemClientId": id, "admins": ["new@after.example"]}
        self.signed.post(STAFF_PATH, body).expect(201)
        # The edge follows within milliseconds, not before the answer.
        end = time.monotonic() + 2
        while (outcome := server.outcome(id)) != "standard" and time.monotonic() < end:
            time.sleep(0.005)
        self.trial.expect(outcome == "standard", f"a client made after the restore is {outcome}")
        self.trial.expect(self.first.outcome(id) == "unknown", "a client made on the copy is known to the first server")
        after = status(server.addresses["ops"])["generation"]
        self.trial.expect(after == before + 1, f"generation {after} after {before} and one change")
        self.trial.expect(mailbox.next("new@after.example").link, "no activation mail from the restored server")
        self.trial.expect({mail.to for mail in mailbox.mails} == {"new@after.example"},
                          f"mails that had gone out were sent again: {sorted({mail.to for mail in mailbox.mails})}")
        self.trial.expect(", 0 broken" in server.command("audit", "verify"), "the restored audit broke by going on")

    def self_test(self) -> int:
        """Compares what is not alike: each difference must be found."""
        file, generation, hash = self.make()
        server, _, restored = self.restore(file, "another")
        key = next(key for key in self.load.keys[0] if not key.is_suspended)

        def another_state_hash() -> None:
            self.check_head(server, generation, "0" * 32, restored)

        def a_lost_write() -> None:
            self.load.suspend(key, self.load.generation)
            self.compare_keys(server, self.load.generation)

        def other_answers() -> None:
            self.compare_edges(server)

        def other_lists() -> None:
            self.check_api(server, "", "/invitations/none")

        steps = (another_state_hash, a_lost_write, other_answers, other_lists)
        try:
            missed = sum(not self.trial.found(step.__name__.replace("_", " "), step) for step in steps)
        finally:
            server.stop()
        missed += not self.trial.expect(not self.trial.faults, "there are faults before anything was changed")
        print(f"{missed} were missed" if missed else "every difference was found")
        return 1 if missed else 0

    # Refusals

    def check_refusals(self, file: Path, held: Path, full: Path) -> None:
        """What cannot be restored, or backed up to, is refused, with a word on why."""
        self.refusals = 0
        self.refused("a directory that holds a database", "holds a database already", "restore", file, "--data", full)
        self.refused("a directory that a server holds", "", "restore", file, "--data", held)
        self.refused("a file that is there", "exists", "backup", file, "--data", held)
        nowhere = self.folder / "none" / "file"
        self.refused("a folder that is not there", "cannot be written", "backup", nowhere, "--data", held)
        self.refused("no file", "cannot be copied", "restore", self.folder / "none", "--data", self.folder / "new")
        for number, (name, damage) in enumerate(DAMAGES.items()):
            bad, place = self.folder / "damaged.sqlite", self.folder / f"damaged-{number}"
            shutil.copy(file, bad)
            damage(bad)
            self.refused(name, "no sound copy", "restore", bad, "--data", place)
            self.trial.expect(not (place / "waymark.sqlite").exists(), f"after restoring {name} there is a database")
        self.check_sums(file)
        self.trial.expect(self.first.process.poll() is None and self.load.generation, "the first server has ended")

    def check_sums(self, file: Path) -> None:
        """Beside the file lies its sum, by which any single bit that has turned is found."""
        done = subprocess.run(["sha256sum", "-c", f"{file.name}.sha256"], cwd=file.parent, check=False,
                              capture_output=True)
        self.trial.expect(done.returncode == 0, f"sha256sum -c says {done.stderr.decode()!r}")
        bad = self.folder / "turned.sqlite"
        shutil.copy(f"{file}.sha256", f"{bad}.sha256")
        whole, dice = file.read_bytes(), self.trial.dice("bits")
        for number in range(TURNED_BITS):
            bit = dice.randrange(len(whole) * 8)
            turned = bytearray(whole)
            turned[bit // 8] ^= 1 << bit % 8
            bad.write_bytes(turned)
            place = self.folder / f"turned-{number}"
            self.refused(f"a bit turned, number {bit}", "SHA-256", "restore", bad, "--data", place)

    def refused(self, what: str, word: str, *words: object) -> None:
        self.refusals += 1
        command = [self.first.binary, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        text = done.stderr.strip()
        fine = done.returncode == 1 and text and word in text and "Fatal" not in text
        self.trial.expect(fine, f"{words[0]} with {what} ends with {done.returncode} and says {text!r}")


def everything(client: Client, path: str) -> object:
    """All of a list, or one thing; a problem without what is each answer's own."""
    answer = client.get(path)
    if answer.status != 200:
        return answer.status
    return client.all(f"{path}?limit=200") if "items" in answer.json else answer.json


def in_a_month() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 86_400))


LONGER = "CAST({} || x'20' AS BLOB)"


def overwrite(file: Path, place: float, data: bytes) -> None:
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(int(size * place) // 4096 * 4096)
        opened.write(data)


def cut(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def replace(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def another(file: Path) -> None:
    file.unlink()
    execute(file, "CREATE TABLE dinner (dish TEXT)")


TURNED_BITS = 20
DAMAGES: dict[str, Callable[[Path], None]] = {
    "a file cut in half": cut,
    "an empty file": lambda file: replace(file, b""),
    "a text": lambda file: replace(file, b"This is no database at all.\n" * 200),
    "another program's database": another,
    "no head": lambda file: overwrite(file, 0, b"\0" * 100),
    "garbage in the middle": lambda file: overwrite(file, 0.5, GARBAGE),
    "an entry of the feed changed": lambda file: execute(
        file, f"UPDATE edge_entry SET value = {LONGER.format('value')} WHERE rowid = 1"),
    "an entry of the feed gone": lambda file: execute(
        file, "DELETE FROM edge_entry WHERE rowid = (SELECT max(rowid) FROM edge_entry)"),
    "the bytes of an object changed": lambda file: execute(
        file, f"UPDATE object SET body = {LONGER.format('body')} WHERE rowid = (SELECT max(rowid) FROM object)"),
    "an audit event changed": lambda file: execute(
        file, "DROP TRIGGER audit_event_refuse_update",
        "UPDATE audit_event SET actor = 'person/nobody' WHERE sequence = 2"),
    "the last audit event gone": lambda file: execute(
        file, "DROP TRIGGER audit_event_refuse_delete",
        "DELETE FROM audit_event WHERE rowid = (SELECT max(rowid) FROM audit_event)"),
}


def main() -> int:
    arguments = parser(__doc__, EXAMPLE)
    arguments.add_argument("--backups", type=int, default=12, help="made and restored under load (default: 12)")
    arguments.add_argument("--self-test", action="store_true", help="compare what is not alike: all must be found")
    options = arguments.parse_args()
    trial = Trial(options.seed)
    with tempfile.TemporaryDirectory(prefix="waymark-backup-") as folder:
        world = World(options.waymark, Path(folder) / "first")
        try:
            load = Load(trial, world)
            load.prepare()
            backups = Backups(trial, load, Path(folder))
            crew = Crew(trial)
            for number in range(WRITERS):
                crew.add(load.write, crew, number)
            crew.add(load.watch, crew)
            for number in range(options.backups):
                if not crew.goes_on:
                    break
                trial.progress(f"backup {number + 1} of {options.backups}: {load.counts.total()} writes")
                backups.under_load(f"under load {number + 1}")
            crew.stop()
            if options.self_test:
                return backups.self_test()
            trial.progress("at rest")
            backups.at_rest()
        finally:
            world.stop()
    trial.clear()
    print(f"{load.counts.total()} writes under load: {dict(load.counts)}; {len(load.hashes)} generations seen")
    print(f"{options.backups} backups under load, {backups.seen - 1} of them at a generation that was seen; "
          f"{backups.compared} keys compared with the ledger, {backups.ambiguous} of them in the midst of a change")
    print(f"at rest: {sum(backups.answers.values())} answers of the edge identical: {dict(backups.answers)}; "
          f"{backups.lists} lists of the API with {backups.rows} rows; {backups.refusals} refusals")
    trial.expect(load.counts.total() >= 10 * options.backups, "there was hardly any load")
    trial.expect(backups.ambiguous < backups.compared / 4, "too many keys were in the midst of a change to tell much")
    trial.expect(backups.seen > 1, "no backup under load had a generation that was seen")
    return trial.end()


if __name__ == "__main__":
    sys.exit(main())
