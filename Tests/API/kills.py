#!/usr/bin/env python3
"""`kill -9` under mixed load of the API: what was acknowledged is there, the rest is whole or not there at all.

Each round, eight threads write through the API and one publishes by command, until the server is killed at a random
moment; sometimes it is killed once more while it starts. A ledger has what was acknowledged and what was in flight.
After the restart, of each client account that was written to: its state for its partner and for its own admin, its keys
at the edge and its audit chains are those of the ledger, event by event; a write that was in flight has either done all
of that or nothing, and sent again with its Idempotency-Key it is done once. Audit chains verify, generations and state
hashes never go back, sessions that were ended stay ended and the others go on. In the end every invitation that waits
has a mail whose link works, and so has every password reset; notices of suspensions and closings have reached every
admin; and a mail came twice only across a kill. The exit code is 1 where anything of this does not hold.
"""

import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from client import Client
from kills_ledger import REFUSALS, STAFF_PATH, Account, Audit, Books, Write, after, differences
from kills_writes import Writer
from load import GONE, Crew, EdgeLine, Trial, execute, parser, status
from suite import Fault, until
from world import PASSWORD, World

EXAMPLE = """  pip install -r Tests/MailTests/requirements.txt
  Tests/API/kills.py --waymark .build/release/waymark
  Tests/API/kills.py --waymark .build/release/waymark --rounds 200 --seed 7
  Tests/API/kills.py --waymark .build/release/waymark --self-test
"""
THREADS = 8
LOAD_SECONDS = (0.3, 3.0)
# A share of restarts is killed too, within so long.
STARTS_KILLED, START_SECONDS = 0.3, (0.0, 0.4)
# Accounts that nobody wrote to in a round, looked at all the same, for each thread.
SAMPLE = 3
ROWS = 20
# How often a reset is asked for, of one address: five attempts to mail it are made in an hour, and kills use some up.
RESETS_MAX = 2
# Of how many of them the link is used in the end.
RESETS_USED = 4
RESET = "/password-resets/"
# A mail that a killed server had taken is taken again after its lease of two minutes.
MAIL_SECONDS = 160
# Fewer acknowledged writes in a round, on average, have not tried much; nor has a run with too many refusals.
WRITES_EACH, REFUSED_SHARE = 20, 0.2


class Generations:
    """The state hash of each generation that was seen, over all restarts."""

    def __init__(self, trial: Trial):
        self.trial, self.hashes, self.last = trial, {}, 0

    def note(self, seen: dict) -> None:
        generation, hash = seen["generation"], seen["stateHash"]
        if generation is None:
            return
        self.trial.expect(generation >= self.last, f"generation {generation} after {self.last}")
        known = self.hashes.setdefault(generation, hash)
        self.trial.expect(known == hash, f"generation {generation} has the state hash {hash}, and had {known}")
        self.last = max(self.last, generation)

    def watch(self, crew: Crew, ops: str) -> None:
        while crew.goes_on:
            try:
                self.note(status(ops))
            except (*GONE, ValueError):
                return
            crew.stopping.wait(0.02)


class Publisher:
    """Publishes a client's own content by command, again and again."""

    def __init__(self, world: World, trial: Trial):
        self.world, self.trial = world, trial
        self.folder = world.folder / "items"
        self.folder.mkdir()
        self.acknowledged = self.asked = self.generation = 0

    def run(self, crew: Crew) -> None:
        while crew.goes_on:
            self.asked += 1
            text = (f'{{"kind": "shoutOut", "name": "News", "title": {{"en": "News"}}, '
                    f'"text": {{"en": "publish-{self.asked:06}"}}}}')
            (self.folder / "1.json").write_text(text, encoding="utf-8")
            try:
                printed = self.world.deployment.command(
                    "publish", str(self.folder), "--partner", "tessera", "--client", self.world.shared.client_id)
            except Fault as fault:
                # Killed while it was asked, or the database is just being opened by the next one.
                gone = "went away" in str(fault) or "holds" in str(fault) or "held" in str(fault)
                self.trial.expect(gone, f"publish {self.asked}: {fault}")
                crew.stopping.wait(0.05)
                continue
            generation = int(printed.split("(generation ")[1].split(")")[0])
            went_on = generation > self.generation
            self.trial.expect(went_on, f"a publish has generation {generation}, after {self.generation}")
            self.acknowledged, self.generation = self.asked, generation
            crew.stopping.wait(0.1)

    def check(self, edge: EdgeLine, last: int) -> None:
        text = edge.ask(f"/v1/tessera/snippets/sapUserId/{self.world.shared.client_id}.js").text.decode()
        possible = range(self.acknowledged, self.asked + 1)
        seen = next((number for number in possible if f"publish-{number:06}" in text), None)
        if not self.acknowledged:
            return
        if self.trial.expect(seen is not None, f"the edge shows none of the publishes {possible}: {text[-200:]!r}"):
            # What was in flight and is there stays there.
            self.acknowledged = seen
        self.trial.expect(last >= self.generation, f"generation {last} after a publish with {self.generation}")


class Kills:
    """The rounds."""

    def __init__(self, trial: Trial, world: World):
        self.trial, self.world = trial, world
        self.dice = trial.dice("kills")
        self.books = [Books(world, number, world.staff("clientManager")[1]) for number in range(THREADS)]
        self.writers = [Writer(books, trial.dice(f"writer {books.number}")) for books in self.books]
        self.generations = Generations(trial)
        self.publisher = Publisher(world, trial)
        self.acknowledged: Counter = Counter()
        self.refused: Counter = Counter()
        self.doubts: Counter = Counter()
        self.starts_killed = self.events = self.looked = 0
        # How many mails there were at each restart.
        self.restarts: list[int] = []

    def prepare(self) -> None:
        """Makes an activated account for each thread."""
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self.activate, self.writers))

    def activate(self, writer: Writer) -> None:
        books = writer.books
        self.write(books, writer.create())
        account = books.accounts[0]
        self.world.mailbox.next(next(iter(account.joinings)))
        self.write(books, writer.accept(account, chance=1))

    @property
    def edge(self) -> EdgeLine:
        return EdgeLine(self.world.deployment.addresses["edge"])

    # Load

    def load(self, crew: Crew, writer: Writer, dice: random.Random) -> None:
        books = writer.books
        try:
            while crew.goes_on:
                chance = dice.random()
                if chance < 0.02:
                    self.import_clients(writer)
                elif chance < 0.06 and books.sessions:
                    self.change_sessions(books, dice)
                elif write := writer.next():
                    self.write(books, write)
        except GONE:
            if crew.goes_on:
                # The server is killed by us alone.
                crew.stopping.wait(2)
                self.trial.expect(not crew.goes_on, "a connection ended while the server should be running")

    def write(self, books: Books, write: Write) -> None:
        books.flying = write
        if write.account not in books.touched:
            books.touched.append(write.account)
        answer = write.send()
        books.flying = None
        if answer.status < 300:
            write.apply(write.account)
            self.acknowledged[write.what] += 1
            if write.what == "create a client":
                books.ids[write.account.name] = answer["id"]
        else:
            answered = f"{write.what}: {answer.asked} answers {answer.status} {answer.body}"
            self.trial.expect(answer.status in REFUSALS, answered)
            self.refused[f"{write.what}: {answer.status}"] += 1
            if write.account.state == "absent":
                books.accounts.remove(write.account)
                books.touched.remove(write.account)

    def import_clients(self, writer: Writer) -> None:
        start, data = writer.rows()
        writer.books.imports[start] = -1
        answer = self.send_rows(writer.books, data)
        self.trial.expect(answer.status == 201, f"an import answers {answer.status}")
        writer.books.imports[start] = answer["added"]
        self.acknowledged[f"import {ROWS} clients"] += 1

    @staticmethod
    def send_rows(books: Books, data: bytes):
        fields = {"Content-Type": "application/x-ndjson"}
        return books.staff.ask("POST", "/partners/tessera/client-imports", data, fields)

    def change_sessions(self, books: Books, dice: random.Random) -> None:
        address = dice.choice(list(books.sessions))
        if dice.random() < 0.3 and books.resets[address] < RESETS_MAX:
            answer = books.anyone.post("/password-resets", {"email": address})
            self.trial.expect(answer.status == 202, f"asking for a password reset answers {answer.status}")
            books.resets[address] += 1
            self.acknowledged["ask for a password reset"] += 1
            return
        signed = books.anyone.post("/sessions", {"email": address, "password": PASSWORD})
        if signed.status != 201:
            self.trial.expect(signed.status in REFUSALS, f"signing in answers {signed.status}")
            self.refused[f"sign in: {signed.status}"] += 1
            return
        self.acknowledged["sign in"] += 1
        old = books.sessions[address].session
        books.sessions[address] = Client(books.anyone.control, signed.session)
        if Client(books.anyone.control, old).delete("/sessions/current").status == 204:
            self.acknowledged["sign out"] += 1
            books.ended.append(old)

    # A round

    def load_and_kill(self, number: int, gently: bool = False) -> None:
        """Load, and its sudden end; `gently` when nothing is in flight any more."""
        deployment = self.world.deployment
        for books in self.books:
            books.touched, books.flying = [], None
        crew = Crew(self.trial)
        for writer in self.writers:
            crew.add(self.load, crew, writer, self.trial.dice(f"load {number} {writer.books.number}"))
        crew.add(self.publisher.run, crew)
        crew.add(self.generations.watch, crew, deployment.addresses["ops"])
        crew.stopping.wait(self.dice.uniform(*LOAD_SECONDS))
        if gently:
            crew.stop()
            until(lambda: not self.missing_mails(), "every mail has come")
        deployment.process.kill()
        crew.stop()
        deployment.process.wait()

    def round(self, number: int, rounds: int) -> None:
        self.load_and_kill(number)
        self.start()
        done = sum(self.acknowledged.values())
        flying = sum(bool(books.flying) for books in self.books)
        self.trial.progress(f"round {number + 1} of {rounds}: {done} writes acknowledged, {flying} in flight")
        self.check(lambda books: books.touched + self.dice.sample(books.accounts, min(SAMPLE, len(books.accounts))))

    def start(self) -> None:
        """Starts the server again; now and then it is killed once more meanwhile."""
        deployment = self.world.deployment
        self.restarts.append(len(self.world.mailbox.mails))
        while self.dice.random() < STARTS_KILLED:
            before = deployment.process
            killer = threading.Thread(target=self.kill_next, args=(before, self.dice.uniform(*START_SECONDS)))
            killer.start()
            try:
                deployment.start()
            except Fault:
                pass
            killer.join()
            deployment.process.wait()
            self.starts_killed += 1
        self.restarts.append(len(self.world.mailbox.mails))
        deployment.start()

    def kill_next(self, before: object, seconds: float) -> None:
        while self.world.deployment.process is before:
            time.sleep(0.001)
        time.sleep(seconds)
        self.world.deployment.process.kill()

    def check(self, choose) -> None:
        """Compares what is there with the ledger."""
        try:
            self.world.deployment.command("audit", "verify")
        except Fault as fault:
            self.trial.fault(str(fault))
        seen = status(self.world.deployment.addresses["ops"])
        self.generations.note(seen)
        self.publisher.check(self.edge, seen["generation"])
        audit = Audit(self.world)
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda books: self.check_books(books, audit, choose), self.books))
        self.events = audit.count

    def check_books(self, books: Books, audit: Audit, choose) -> None:
        edge = self.edge
        write, books.flying = books.flying, None
        try:
            if write:
                self.resolve(books, write, audit, edge)
            for account in choose(books):
                if write and account is write.account:
                    continue
                self.compare(books, account, audit, edge, account.picture, "")
            self.check_sessions(books)
            self.check_imports(books)
        except (Fault, *GONE) as fault:
            self.trial.fault(f"looking at the accounts of thread {books.number}: {type(fault).__name__} {fault}")

    def compare(self, books: Books, account: Account, audit: Audit, edge: EdgeLine, wanted: dict, why: str) -> None:
        self.looked += 1
        seen = books.look(account, audit, edge)
        self.trial.expect(seen == wanted, f"{account.name}{why}: {differences(seen, wanted)}")

    def resolve(self, books: Books, write: Write, audit: Audit, edge: EdgeLine) -> None:
        """A write that was in flight: whole, or not there; then it is sent again."""
        account, then = write.account, after(write)
        # As it would be: only whoever has just joined may be able to sign in.
        seen = books.look(then, audit, edge)
        before, wanted = account.picture, then.picture
        for id in wanted["edge"]:
            before["edge"].setdefault(id, "unknown")
        is_done, is_not = seen == wanted, seen == before
        half = (f"{account.name}, '{write.what}' in flight, is half there: as undone, {differences(seen, before)}; as "
                f"done, {differences(seen, wanted)}")
        if not self.trial.expect(is_done or is_not, half):
            return
        self.doubts["were done" if is_done else "were not done"] += 1
        if is_done and not write.has_key and not write.is_idempotent:
            write.apply(account)
            return
        answer = write.send()
        if write.what == "accept an invitation" and answer.status in REFUSALS:
            # The link was dead before the kill: it was sent again meanwhile, and the newer mail has not come.
            self.refused[f"{write.what}: {answer.status}"] += 1
            return
        if not self.trial.expect(answer.status < 300, f"'{write.what}' again: {answer.asked} answers {answer.status} "
                                 f"{answer.body[:200]}"):
            return
        if write.what == "create a client":
            books.ids[account.name] = answer["id"]
        self.doubts["were sent again"] += 1
        write.apply(account)
        books.again.append(account)

    def check_again(self) -> None:
        """What was sent again was done once: chains are read anew."""
        audit, edge = Audit(self.world), self.edge
        for books in self.books:
            for account in books.again:
                self.compare(books, account, audit, edge, account.picture, ", after it was sent again")
            books.again = []

    def check_sessions(self, books: Books) -> None:
        for address in list(books.sessions)[-2:]:
            answer = books.sessions[address].get("/me")
            self.trial.expect(answer.status == 200, f"a session of {address} is gone: {answer.status}")
        for session in books.ended:
            answer = Client(books.anyone.control, session).get("/me")
            self.trial.expect(answer.status == 401, f"a session that was ended answers {answer.status}")
        books.ended.clear()

    def check_imports(self, books: Books) -> None:
        for start, added in books.imports.items():
            path = f"{STAFF_PATH}?limit=200&name={start.replace(' ', '%20')}%20"
            there = len(books.staff.get(path).expect(200).items)
            wanted = (ROWS,) if added >= 0 else (0, ROWS)
            self.trial.expect(there in wanted, f"an import has made {there} of {ROWS} clients")
        books.imports.clear()

    # The end

    def finish(self) -> None:
        self.trial.progress("looking at every account")
        self.check(lambda books: books.accounts)
        self.check_mails()

    def check_mails(self, seconds: float = MAIL_SECONDS) -> None:
        """Every invitation that waits has a mail whose link works; so have resets, and reasons have come."""
        end = time.monotonic() + seconds
        missing = self.missing_mails()
        while missing and time.monotonic() < end:
            self.trial.progress(f"mails still to come: {len(missing)}; some only 120 s after a kill")
            time.sleep(1)
            missing = [name for name in missing if name in self.missing_mails()]
        for name in missing[:20]:
            self.trial.fault(f"no mail: {name}")
        self.use_resets()
        self.check_twice()

    def missing_mails(self) -> list[str]:
        """What was acknowledged and has no mail yet."""
        mails: dict[str, list] = {}
        for mail in self.world.mailbox.mails:
            mails.setdefault(mail.to, []).append(mail)
        missing, self.links, self.notices = [], 0, 0
        for books in self.books:
            for account in books.accounts:
                for address, joining in account.joinings.items():
                    if joining.status == "pending" and account.state == "there":
                        self.links += 1
                        if not self.works(mails.get(address, [])):
                            missing.append(f"an invitation to {address} by {account.name}, sent {joining.mails} times")
                for words, admins in account.notices.items():
                    for address in admins:
                        self.notices += 1
                        if not any(words in mail.text for mail in mails.get(address, [])):
                            missing.append(f"'{words}' to {address}")
            for address, count in books.resets.items():
                seen = {mail.message["Message-ID"] for mail in mails.get(address, []) if RESET in mail.link}
                if len(seen) < count:
                    missing.append(f"a password reset to {address}, asked for {count} times, mailed {len(seen)} times")
        return missing

    def works(self, mails: list) -> bool:
        """Whether the last link works; one that did is not asked for again."""
        last = next((mail for mail in reversed(mails) if mail.link), None)
        if not last:
            return False
        if not last.is_taken:
            answer = self.world.anyone.get(last.path)
            last.is_taken = answer.status == 200 and answer["email"] == last.to
        return last.is_taken

    def use_resets(self) -> None:
        """The link of the last reset mail sets a password, which signs in."""
        asked = sorted(address for books in self.books for address in books.resets if books.resets[address])
        new = PASSWORD + ", and again"
        for address in asked[:RESETS_USED]:
            mails = [mail for mail in self.world.mailbox.mails if mail.to == address and RESET in mail.link]
            answer = self.world.anyone.post(mails[-1].path, {"password": new}) if mails else None
            self.trial.expect(answer and answer.status == 204, f"the reset link of {address} does not work: {answer}")
            signed = self.world.anyone.post("/sessions", {"email": address, "password": new})
            self.trial.expect(signed.status == 201, f"{address} cannot sign in with the new password: {signed.status}")

    def check_twice(self) -> None:
        """A mail comes twice only where a kill lies between."""
        first: dict[tuple, int] = {}
        self.twice = 0
        for number, mail in enumerate(self.world.mailbox.mails):
            name = (mail.to, mail.message["Message-ID"])
            if name in first:
                self.twice += 1
                crossed = any(first[name] < restart <= number for restart in self.restarts)
                self.trial.expect(crossed, f"the mail {name} came twice without a kill between")
            first[name] = number

    def look_for_damage(self) -> None:
        self.check(lambda books: books.touched)
        self.check_mails(seconds=1)

    def report(self, rounds: int) -> None:
        self.trial.clear()
        done, refused = sum(self.acknowledged.values()), sum(self.refused.values())
        for name, count in sorted(self.acknowledged.items()):
            print(f"{count:7}  {name}")
        print(f"refused: {dict(self.refused)}")
        print(f"{rounds} kills under load, {self.starts_killed} more while it started: {done} writes acknowledged, "
              f"{self.publisher.acknowledged} publishes; of those in flight {dict(self.doubts)}")
        print(f"{sum(len(books.accounts) for books in self.books)} accounts, looked at {self.looked} times; "
              f"{self.events} audit events; {len(self.generations.hashes)} generations seen, the last is "
              f"{self.generations.last}")
        print(f"{len(self.world.mailbox.mails)} mails, {self.twice} of them again across a kill; {self.links} "
              f"invitations wait, each with a link that works; {self.notices} notices to admins")
        self.trial.expect(done >= WRITES_EACH * rounds, f"only {done} writes were acknowledged in {rounds} rounds")
        self.trial.expect(refused <= REFUSED_SHARE * done, f"{refused} writes were refused")
        self.trial.expect(self.doubts, "nothing was in flight at any kill")
        log = self.world.deployment.log.read_text(encoding="utf-8", errors="replace")
        errors = [line for line in log.splitlines() if '"level":"error"' in line or '"level":"critical"' in line]
        self.trial.expect(not errors, f"the log has {len(errors)} errors: {errors[:2]}")


# What is spoiled between the end of a server and its next start, by name.
SPOILED = {
    "links taken": ["DELETE FROM link"],
    "members taken": ["DELETE FROM membership_system", "DELETE FROM membership"],
    "an audit event taken": [
        "DROP TRIGGER audit_event_refuse_delete",
        "DELETE FROM audit_event WHERE rowid = (SELECT max(rowid) FROM audit_event)",
    ],
    "clients resumed, but not at the edge": ["UPDATE client SET suspended_at = NULL, suspension_reason = NULL"],
    # Nothing of what was acknowledged since the copy.
    "an older state put back": [],
}


def self_test(trial: Trial, binary: Path, folder: Path) -> int:
    """Spoils what is there, each time of another deployment: every damage must be found."""
    missed = 0
    for number, (name, statements) in enumerate(SPOILED.items()):
        world = World(binary, folder / str(number))
        database, older = world.deployment.data / "waymark.sqlite", world.folder / "older"
        try:
            kills = Kills(trial, world)
            kills.prepare()
            # A backup is whole, whatever the server does meanwhile.
            world.deployment.command("backup", str(older))
            kills.load_and_kill(0, gently=True)
            if statements:
                execute(database, *statements)
            else:
                for file in database.parent.glob("waymark.sqlite*"):
                    file.unlink()
                older.rename(database)
            for mail in world.mailbox.mails:
                mail.is_taken = False
            world.deployment.start()
            missed += not trial.found(name, kills.look_for_damage)
        finally:
            world.stop()
    missed += not trial.expect(not trial.faults, "there are faults before anything was spoiled")
    print(f"{missed} were missed" if missed else "every damage was found")
    return 1 if missed else 0


def main() -> int:
    arguments = parser(__doc__, EXAMPLE)
    arguments.add_argument("--rounds", type=int, default=10, help="how often the server is killed (default: 10)")
    arguments.add_argument("--self-test", action="store_true", help="spoil what is there: all must be found")
    options = arguments.parse_args()
    trial = Trial(options.seed)
    with tempfile.TemporaryDirectory(prefix="waymark-kills-") as folder:
        if options.self_test:
            return self_test(trial, options.waymark, Path(folder))
        world = World(options.waymark, Path(folder))
        try:
            kills = Kills(trial, world)
            kills.prepare()
            for number in range(options.rounds):
                kills.round(number, options.rounds)
                kills.check_again()
            kills.finish()
            kills.report(options.rounds)
        finally:
            world.stop()
    return trial.end()


if __name__ == "__main__":
    sys.exit(main())
