"""Mixed load for hours: memory does not grow, no answer is wrong, none is missing."""

import csv
import json
import math
import os
import signal
import ssl
import subprocess
import sys
import threading
import time

from . import measure, mixture, servers, wire
from .trial import megabytes, need

SLOPE_LIMIT = 1.0  # MB an hour
# A slope of less time says nothing.
SLOPE_MINUTES = 60
WARM_UP_SHARE = 0.1
# Of each kind; with --tls every third is on the server with TLS.
VISITORS = 3
SAMPLE_SECONDS, PUBLISH_SECONDS, IMPORT_SECONDS, HUP_SECONDS, SUMMARY_SECONDS = 10, 10, 60, 60, 300
BURST_SECONDS, BURST_REQUESTS = 20, 500
IMPORTED_EACH = 3
# Clients that nobody asks for: with them the database is larger than the caches of those who read it (2 MB each).
FILLERS, FIRST_FILLER = 10_000, 1_000_000
READERS_AT_ONCE, READS = 8, 800
FAULTS = {"5xx": "answers with 5xx", "wrong": "answers that are wrong", "unanswered": "requests without an answer",
          "half answered": "half answers", "not connected": "connections that could not be made or used",
          "commands": "commands that failed", "HTTP/2": "faults over HTTP/2"}


def run(trial):
    options = trial.options
    if options.tls:
        need("h2load", "openssl")
        if not trial.knows("--tls-certificate"):
            sys.exit("this binary's `serve` has no --tls-certificate; leave --tls out, or build one that has it")
    soak = Soak(trial)
    try:
        soak.start()
        soak.last(options.minutes * 60)
    finally:
        soak.end()
    soak.report()


class Soak:
    def __init__(self, trial):
        self.trial = trial
        self.tally = mixture.Tally()
        self.stopping = threading.Event()
        self.targets = [self.target("plain")] + ([self.target("tls")] if trial.options.tls else [])
        self.samples = {target.name: [] for target in self.targets}
        self.number = 0
        self.took = 0.0

    def target(self, name):
        data = os.path.join(self.trial.folder, f"soak-{name}")
        os.makedirs(data + "-items")
        deployment = Commands(self.trial.options.waymark, data, self.tally)
        return mixture.Target(name, deployment, self.tally)

    def start(self):
        for target in self.targets:
            target.folder = target.deployment.data + "-items"
            target.deployment.run("partner", "add", "Bench", "--system-variable", servers.VARIABLE,
                                  "--key", servers.PARTNER)
            self.imports(target, range(mixture.OWN + mixture.OTHERS))
            self.imports(target, range(FIRST_FILLER, FIRST_FILLER + FILLERS))
            target.publish("standard", 1, target.folder)
            for number in range(mixture.OWN):
                target.publish(f"client-{number}", 1, target.folder)
            if self.tally.faults:
                sys.exit("no deployment could be made: " + self.tally.examples[0])
            if target.name == "tls":
                tls = servers.certificate(self.trial.folder)
                server = target.deployment.serve("--tls-certificate", tls[0], "--tls-key", tls[1])
                target.prepare(server, server.port, trusting())
            else:
                server = target.deployment.serve()
                target.prepare(server, server.port, None)
            self.fill_caches(target)
        self.visitors = []
        for kind, (_, rate, _) in mixture.KINDS.items():
            for number in range(VISITORS):
                target = self.targets[-1] if number % 3 == 2 else self.targets[0]
                each = rate / VISITORS * self.trial.options.scale
                self.visitors.append(mixture.Visitor(len(self.visitors), kind, each, target, self.stopping))
        self.csv = open(self.trial.options.csv, "w", newline="", encoding="utf-8")
        self.table = csv.writer(self.csv)
        self.table.writerow(["seconds", *(f"{target.name} MB" for target in self.targets), "requests", "faults"])
        print(f"memory every {SAMPLE_SECONDS} s: {self.trial.options.csv}", flush=True)
        for visitor in self.visitors:
            visitor.start()
        self.began = time.monotonic()

    def fill_caches(self, target):
        """Asks for clients all over the database, several at once, so that everybody who reads it fills a cache. What
        caches come to hold is no leak, and would else look like one: who gets a turn, and when, is chance."""
        def ask(first):
            for number in range(first, FILLERS, FILLERS * READERS_AT_ONCE // READS):
                target.deployment.run("resolve", servers.VARIABLE, f"client-{FIRST_FILLER + number}")

        readers = [threading.Thread(target=ask, args=(number,)) for number in range(READERS_AT_ONCE)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()

    def last(self, seconds):
        """Does what is due, until the time has passed or a server has ended."""
        duties = {self.sample: SAMPLE_SECONDS, self.publish: PUBLISH_SECONDS, self.add_clients: IMPORT_SECONDS,
                  self.summary: SUMMARY_SECONDS}
        if len(self.targets) > 1:
            duties |= {self.hang_up: HUP_SECONDS, self.burst: BURST_SECONDS}
        due = {duty: every for duty, every in duties.items()}
        self.sample()
        while (now := time.monotonic() - self.began) < seconds and all(map(alive, self.targets)):
            for duty, every in duties.items():
                if due[duty] <= now:
                    due[duty] += every
                    duty()
            self.trial.progress(f"soak: {now / 60:.1f} of {seconds / 60:.1f} min, {self.tally.asked.total():,} requests"
                                f", {self.tally.faults.total()} faults")
            time.sleep(0.2)

    def end(self):
        self.stopping.set()
        if hasattr(self, "visitors"):
            self.took = time.monotonic() - self.began
            for visitor in self.visitors:
                visitor.join(wire.PATIENCE_SECONDS + 5)
            self.ended = sum(not alive(target) for target in self.targets)
            self.sample()
            self.csv.close()
        for target in self.targets:
            if target.server:
                target.server.stop()

    def sample(self):
        now = time.monotonic() - self.began
        sizes = []
        for target in self.targets:
            try:
                size = megabytes(measure.private_bytes(target.server.pid))
            except (OSError, IndexError, KeyError):
                size = 0.0  # it has ended, which the report tells
            self.samples[target.name].append((now / 3600, size))
            sizes.append(f"{size:.3f}")
        self.table.writerow([f"{now:.1f}", *sizes, self.tally.asked.total(), self.tally.faults.total()])
        self.csv.flush()

    def publish(self):
        """In turns: content of clients, and every third time the standard content."""
        self.number += 1
        for target in self.targets:
            owner = "standard" if self.number % 3 == 0 else f"client-{self.number % mixture.OWN}"
            target.publish(owner, self.number + 1, target.folder)

    def add_clients(self):
        for target in self.targets:
            first = mixture.OWN + mixture.OTHERS + target.imported
            self.imports(target, range(first, first + IMPORTED_EACH))
        # They are to be seen at once; asked for they are a little later, as the content that is published.
        time.sleep(mixture.STALE_SECONDS)
        for target in self.targets:
            target.imported += IMPORTED_EACH

    def imports(self, target, numbers):
        path = target.folder + ".ndjson"
        with open(path, "w", encoding="utf-8") as file:
            for number in numbers:
                file.write(json.dumps({"partner": servers.PARTNER, "name": f"Client {number}", "system": "sap-concur",
                                       "systemClientId": f"client-{number}", "admins": ["a@b.example"]}) + "\n")
        target.deployment.run("import", path)

    def hang_up(self):
        """Has the certificate read again."""
        self.targets[1].server.process.send_signal(signal.SIGHUP)

    def burst(self):
        url = f"https://127.0.0.1:{self.targets[1].port}/v1/{servers.PARTNER}/snippets/{servers.VARIABLE}/client-0.js"
        text = subprocess.run(["h2load", "-n", str(BURST_REQUESTS), "-c", "4", "-m", "8", url], capture_output=True,
                              text=True, check=False).stdout
        self.tally.count("HTTP/2", BURST_REQUESTS)
        for wanted in ("Application protocol: h2", f" {BURST_REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout",
                       f"status codes: {BURST_REQUESTS} 2xx"):
            if wanted not in text:
                self.tally.fault("HTTP/2", f"h2load does not say {wanted!r}: {text[-600:]}")

    def summary(self):
        self.trial.quiet()
        minutes = (time.monotonic() - self.began) / 60
        sizes = ", ".join(f"{target.name} {self.samples[target.name][-1][1]:.1f} MB" for target in self.targets)
        faults = ", ".join(f"{number} {name}" for name, number in self.tally.faults.items()) or "no fault"
        print(f"{minutes:6.1f} min  {self.tally.asked.total():>12,} requests  {sizes}  {faults}", flush=True)

    def report(self):
        trial, asked, faults = self.trial, self.tally.asked, self.tally.faults
        trial.heading(f"mixed load for {self.took / 60:.1f} minutes" + (", a third over TLS" * (len(self.targets) > 1)))
        for kind, number in asked.items():
            trial.show(kind, number)
        planned = sum(rate for _, rate, _ in mixture.KINDS.values()) * trial.options.scale
        made = sum(number for kind, number in asked.items() if kind in mixture.KINDS)
        trial.at_least("requests a second", made / max(1.0, self.took), 0.9 * planned)
        for name, text in FAULTS.items():
            trial.at_most(text, faults[name], 0)
        trial.at_most("servers that ended", self.ended, 0)
        for name, samples in self.samples.items():
            rest = [sample for sample in samples if sample[0] * 3600 >= WARM_UP_SHARE * self.took]
            if len(rest) < 3:
                trial.show(f"{name}: memory", "too short")
                continue
            slope, error = line(rest)
            if self.took >= SLOPE_MINUTES * 60:
                trial.at_most(f"{name}: memory grows, MB an hour", slope, SLOPE_LIMIT)
            else:
                trial.show(f"{name}: memory grows, MB an hour", slope)
            trial.show(f"{name}: standard error of that", error)
            trial.show(f"{name}: memory after warm-up / at the end, MB", f"{rest[0][1]:.1f} / {rest[-1][1]:.1f}")
        for example in self.tally.examples:
            print(f"  {example}")


class Commands(servers.Deployment):
    """A deployment whose commands may fail without ending everything: a failure is a finding."""

    def __init__(self, waymark, data, tally):
        super().__init__(waymark, data)
        self.tally = tally

    def run(self, *words):
        done = subprocess.run([self.waymark, *words, "--data", self.data], capture_output=True, text=True, check=False)
        if done.returncode:
            self.tally.fault("commands", f"waymark {' '.join(words)}: {done.stderr or done.stdout}")


def alive(target):
    return target.server.process.poll() is None


def trusting():
    """A context that takes our self-signed certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def line(points):
    """The slope of a line by least squares, and its standard error."""
    count = len(points)
    middle_x, middle_y = (sum(point[axis] for point in points) / count for axis in (0, 1))
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread
    rest = sum((y - middle_y - slope * (x - middle_x)) ** 2 for x, y in points)
    return slope, math.sqrt(rest / (count - 2) / spread)
