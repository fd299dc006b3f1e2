#!/usr/bin/env python3
"""Concurrent edits, publishes and rollbacks by 8 writers with `kill -9`: ledger rule; never a release that mixes two.

A partner has four clients with an Editor each, and two writers in each Editor. A writer adds, edits, deletes and
restores items, publishes to production and test (everything, or some items), rolls back, unpublishes, downloads
solutions and takes their changes, makes versions of its own solution and of one that all share, and publishes standard
content. Before each request and after each answer its ledger, a file, is synced. Each round the server is killed at a
random moment, or just after a certain kind of request was sent, and started again on the same ports.

Then what was acknowledged is there, and nothing else but what was in flight, wholly or not at all. A writer's round of
the Editor puts its number into every title, request by request, and publishes: each release must hold of each writer's
items exactly what they were at one moment between its request and its answer. The edge serves what is live, audit
chains verify, numbers are dense, the state hash holds. The exit code is 1 where anything of this does not hold.

--distrust spoils a copy of the data in many ways, each of which the check that is meant for it must find.
"""

import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kills_content_checks import CHECKS, Checks, page
from kills_content_distrust import distrust
from kills_content_ledger import digest
from kills_content_writes import CLIENTS, WRITERS, Scene, Writer
from load import GONE, Crew, EdgeLine, Trial, parser
from world import World

EXAMPLE = """  pip install -r Tests/MailTests/requirements.txt
  Tests/API/kills_content.py --waymark .build/release/waymark
  Tests/API/kills_content.py --waymark .build/release/waymark --rounds 200 --seconds 5 --seed 7
  Tests/API/kills_content.py --waymark .build/release/waymark --distrust
"""
SECONDS = 3.0
# A share of kills comes within so many seconds after a request of a kind was sent.
AIMED, AFTER = 0.8, 0.08
AIMS = ("add", "edit", "delete", "restore", "publish", "publish", "rollback", "unpublish", "version", "publication",
        "download", "take", "standard")
# Fewer acknowledged writes in a round, on average, have not tried much; nor has a run with too many refusals.
WRITES_EACH, REFUSED_SHARE = 20, 0.2


class Kills:
    """The rounds."""

    def __init__(self, trial: Trial, world: World, seconds: float):
        self.trial, self.world, self.seconds = trial, world, seconds
        self.dice = trial.dice("kills")
        self.scene = Scene(world)
        ledgers = world.folder / "ledgers"
        ledgers.mkdir()
        self.writers = [Writer(self.scene, trial, ledgers, number) for number in range(WRITERS)]
        self.checks = Checks(trial, self.scene, self.writers)
        self.aimed: Counter = Counter()
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(Writer.prepare, self.writers))

    def load_and_kill(self, number: int, gently: bool = False) -> None:
        """Load, and its sudden end; `gently` when nothing is in flight any more."""
        deployment = self.world.deployment
        crew = Crew(self.trial)
        for writer in self.writers:
            crew.add(writer.run, crew, self.trial.dice(f"load {number} {writer.number}"))
        crew.add(self.watch, crew)
        self.wait(crew)
        if gently:
            crew.stop()
        deployment.process.kill()
        crew.stop()
        deployment.process.wait()

    def wait(self, crew: Crew) -> None:
        """Until it is time for a kill."""
        crew.stopping.wait(self.dice.uniform(0.3, 1) * self.seconds)
        if self.dice.random() < AIMED:
            self.scene.aimed.clear()
            self.scene.aim = self.dice.choice(AIMS)
            if self.scene.aimed.wait(self.seconds):
                self.aimed[self.scene.aim] += 1
                crew.stopping.wait(self.dice.uniform(0, AFTER))
            self.scene.aim = ""

    def watch(self, crew: Crew) -> None:
        """What pages get meanwhile."""
        line = EdgeLine(self.world.deployment.addresses["edge"])
        try:
            while crew.goes_on:
                for client in range(CLIENTS):
                    answer = line.ask(page(self.scene, client))
                    if answer.outcome in ("release", "standard"):
                        self.checks.watched.add((client, answer.outcome, digest(answer.text)))
                crew.stopping.wait(0.01)
        except GONE:
            return
        finally:
            line.close()

    def round(self, number: int, rounds: int) -> None:
        self.load_and_kill(number)
        self.world.deployment.start()
        self.checks.check(everything=number + 1 == rounds)
        done = sum(sum(writer.acknowledged.values()) for writer in self.writers)
        self.trial.progress(f"round {number + 1} of {rounds}: {done} writes acknowledged, in flight: "
                            f"{dict(self.checks.doubts)}")

    def finish(self) -> None:
        """What was sent again in the last round is there once."""
        self.checks.check(resends=False)

    def report(self, rounds: int) -> None:
        self.trial.clear()
        acknowledged = sum((writer.acknowledged for writer in self.writers), Counter())
        refused = sum((writer.refused for writer in self.writers), Counter())
        done = sum(acknowledged.values())
        print(f"{'acknowledged':>14}  {'kills aimed at it':>17}  write")
        for name, count in sorted(acknowledged.items()):
            print(f"{count:14}  {self.aimed[name]:17}  {name}")
        print(f"refused: {dict(refused)}")
        print(f"{rounds} kills under load: {done} writes acknowledged; of those in flight {dict(self.checks.doubts)}")
        print(f"{len(self.checks.kept_releases)} releases, {len(self.checks.amid)} of them in the midst of the other "
              f"writer's round; {len(self.checks.kept_versions)} versions")
        self.checks.looked["answers"] += done + sum(refused.values())
        print(f"{'looked at':>14}  check")
        for name, about in CHECKS.items():
            print(f"{self.checks.looked[name]:14}  {name}: {about}")
        self.trial.expect(done >= WRITES_EACH * rounds, f"only {done} writes were acknowledged in {rounds} rounds")
        self.trial.expect(sum(refused.values()) <= REFUSED_SHARE * done, f"refused too often: {dict(refused)}")
        self.trial.expect(self.checks.doubts, "nothing was in flight at any kill")
        self.trial.expect(self.checks.amid, "no release was made in the midst of the other writer's round")
        log = self.world.deployment.log.read_text(encoding="utf-8", errors="replace")
        errors = [line for line in log.splitlines() if '"level":"error"' in line or '"level":"critical"' in line]
        self.trial.expect(not errors, f"the log has {len(errors)} errors: {errors[:2]}")


def main() -> int:
    arguments = parser(__doc__, EXAMPLE)
    arguments.add_argument("--rounds", type=int, default=20, help="how often the server is killed (default: 20)")
    arguments.add_argument("--seconds", type=float, default=SECONDS, help=f"of load in a round (default: {SECONDS:g})")
    arguments.add_argument("--distrust", action="store_true", help="spoil what is there: every check must find its own")
    arguments.add_argument("--keep", type=Path, metavar="FOLDER", help="copy data and ledgers there in the end")
    options = arguments.parse_args()
    trial = Trial(options.seed)
    with tempfile.TemporaryDirectory(prefix="waymark-kills-content-") as folder:
        world = World(options.waymark, Path(folder) / "world")
        try:
            kills = Kills(trial, world, options.seconds)
            if options.distrust:
                return distrust(trial, kills)
            for number in range(options.rounds):
                kills.round(number, options.rounds)
            kills.finish()
            kills.report(options.rounds)
        finally:
            world.stop()
            if options.keep:
                shutil.copytree(world.folder, options.keep, ignore=shutil.ignore_patterns("*.sock"))
    return trial.end()


if __name__ == "__main__":
    sys.exit(main())
