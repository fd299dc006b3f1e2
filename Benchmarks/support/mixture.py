"""The kinds of requests of a soak, and how each answer is judged."""

import ctypes
import ctypes.util
import gzip
import json
import os
import random
import re
import sys
import threading
import time
import uuid
from collections import Counter

from . import servers, wire

OWN, OTHERS = 20, 40  # clients with content of their own, and with the standard content
MARK = re.compile(rb"mark-([a-z0-9-]+?)-v([0-9]+)-end")
CODINGS = {"": None, "gzip": "gzip", "br": "br", "gzip, deflate, br, zstd": "br", "br;q=0, gzip;q=0.5": "gzip"}
# A publish is to be seen long before.
STALE_SECONDS = 1.0
# A kept connection is renewed after so many requests.
KEPT_REQUESTS = 500
PIPELINE = 10

MALFORMED = [
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 17_000 + b"\r\n\r\n", 431),
    (b"POST /v1/bench/usage HTTP/1.1\r\nHost: a\r\nContent-Length: 17000\r\n\r\n", 413),
]


class Brotli:
    """Debian's own decoder, since Python brings none."""

    def __init__(self):
        name = ctypes.util.find_library("brotlidec")
        if not name:
            sys.exit("the library brotlidec is not found; install it:\n  apt-get install libbrotli1")
        self.decoder = ctypes.CDLL(name).BrotliDecoderDecompress

    def __call__(self, data, bytes_max=1_000_000):
        out, size = ctypes.create_string_buffer(bytes_max), ctypes.c_size_t(bytes_max)
        if self.decoder(ctypes.c_size_t(len(data)), data, ctypes.byref(size), out) != 1:
            raise ValueError("a broken Brotli stream")
        return out.raw[: size.value]


class Tally:
    """What was asked, and what went wrong; of all threads."""

    def __init__(self):
        self.asked, self.faults, self.examples = Counter(), Counter(), []
        self.lock = threading.Lock()

    def count(self, kind, number=1):
        with self.lock:
            self.asked[kind] += number

    def fault(self, name, text):
        with self.lock:
            self.faults[name] += 1
            if len(self.examples) < 20:
                self.examples.append(f"{time.strftime('%H:%M:%S')} {name}: {text}")


class Target:
    """One server, and what its clients are to get."""

    def __init__(self, name, deployment, tally):
        self.name, self.deployment, self.tally = name, deployment, tally
        self.server, self.tls = None, None
        # For each marker what was published: before last, last, and when the last was acknowledged.
        self.published = {}
        self.imported = 0
        self.no_op = {}
        self.brotli = Brotli()

    def prepare(self, server, port, tls):
        self.server, self.port, self.tls = server, port, tls
        for accepted in CODINGS:
            with self.connect(0) as connection:
                self.no_op[accepted] = connection.ask(self.get("nobody", accepted)).body

    def connect(self, number):
        return wire.Connection(self.port, number, tls=self.tls)

    def get(self, client, accepted="", *fields):
        lines = [*([f"Accept-Encoding: {accepted}"] if accepted else []), *fields]
        return wire.request(f"/v1/{servers.PARTNER}/snippets/{servers.VARIABLE}/{client}.js", *lines)

    def publish(self, owner, number, folder):
        """Publishes new content for a client, or as standard content; through the running server, if there is one."""
        text = f"mark-{owner}-v{number}-end"
        path = os.path.join(folder, f"items-{self.name}")
        os.makedirs(path, exist_ok=True)
        write(os.path.join(path, "1.json"),
              {"kind": "shoutOut", "name": "Soak", "title": {"en": "Soak"}, "text": {"en": text}})
        if owner == "standard":
            write(os.path.join(path, "solution.json"),
                  {"name": {"en": "Soak"}, "system": "sap-concur", "summary": {"en": "Soak."}, "notes": "For a soak."})
            words = ["gallery", "publish", path, "--partner", servers.PARTNER, "--standard"]
        else:
            if os.path.exists(os.path.join(path, "solution.json")):
                os.unlink(os.path.join(path, "solution.json"))
            words = ["publish", path, "--partner", servers.PARTNER, "--client", owner]
        # The new number may be seen before the command has ended.
        last = self.published.get(owner, (0, 0, 0))[1]
        self.published[owner] = (last, number, float("inf"))
        self.deployment.run(*words)
        self.published[owner] = (last, number, time.monotonic())

    def judge(self, client, answer, asked_at):
        """Counts a fault where this is not the client's snippet as it is to be now."""
        owner = client if client in self.published else "standard"
        before, last, acknowledged = self.published[owner]
        if answer.status != 200:
            return self.fault_of(answer, f"{client}: status {answer.status}")
        coding = answer.fields.get("content-encoding")
        try:
            body = {None: bytes, "gzip": gzip.decompress, "br": self.brotli}[coding](answer.body)
        except (KeyError, ValueError, OSError, EOFError) as error:
            return self.tally.fault("wrong", f"{client}: coding {coding}: {error}")
        marks = {(name.decode(), int(number)) for name, number in MARK.findall(body)}
        least = last if asked_at - acknowledged > STALE_SECONDS else before
        if len(marks) != 1 or not all(name == owner and least <= number for name, number in marks):
            self.tally.fault("wrong", f"{client}: marks {marks or 'none'} instead of {owner} from v{least} on")

    def fault_of(self, answer, text):
        self.tally.fault("5xx" if answer.status >= 500 else "wrong", text)


class Visitor(threading.Thread):
    """Makes requests of one kind at a steady rate."""

    def __init__(self, number, kind, rate, target, stop):
        super().__init__(daemon=True)
        self.number, self.kind, self.rate, self.target, self.stopping = number, kind, rate, target, stop
        self.ask, self.size = KINDS[kind][0], KINDS[kind][2]
        self.dice = random.Random(number)
        self.kept, self.uses, self.tag = None, 0, ("", "")

    def run(self):
        every = self.size / self.rate
        due = time.monotonic() + self.dice.random() * every
        while not self.stopping.wait(max(0, due - time.monotonic())):
            # What a pause of the machine has made late is not made good in a burst.
            due = max(due + every, time.monotonic() - 1)
            try:
                self.target.tally.count(self.kind, self.size)
                self.ask(self)
            except (wire.NotConnected, wire.Unsent) as error:
                self.renew("not connected", error)
            except wire.HalfAnswered as error:
                self.renew("half answered", error)
            except wire.Unanswered as error:
                self.renew("unanswered", error)
            except Exception as error:  # a thread that dies in silence would pass for one that found nothing
                self.renew("wrong", repr(error))
        if self.kept:
            self.kept.close()

    def renew(self, fault=None, error=None):
        if fault:
            self.target.tally.fault(fault, f"{self.target.name}, {self.kind}: {error}")
        if self.kept:
            self.kept.close()
        self.kept, self.uses = None, 0

    def connection(self):
        if self.uses >= KEPT_REQUESTS:
            self.renew()
        self.uses += 1
        self.kept = self.kept or self.target.connect(self.number)
        return self.kept

    def client(self):
        return f"client-{self.dice.randrange(OWN + OTHERS + self.target.imported)}"


def kept(self):
    client, accepted, now = self.client(), self.dice.choice(list(CODINGS)), time.monotonic()
    answer = self.connection().ask(self.target.get(client, accepted))
    self.target.judge(client, answer, now)
    if answer.fields.get("content-encoding") != CODINGS[accepted]:
        self.target.tally.fault("wrong", f"{accepted!r} got {answer.fields.get('content-encoding')}")


def validated(self):
    """A 304 for the tag that the same client's last answer had, unless something was published since."""
    client, tag = self.tag
    now = time.monotonic()
    if not tag:
        client = self.client()
        answer = self.connection().ask(self.target.get(client))
    else:
        answer = self.connection().ask(self.target.get(client, "", f"If-None-Match: {tag}"))
    self.tag = (client, answer.fields.get("etag")) if self.dice.random() < 0.95 else ("", "")
    if answer.status != 304:
        self.target.judge(client, answer, now)
    elif answer.fields.get("etag") != tag or answer.body:
        self.target.tally.fault("wrong", f"a 304 with tag {answer.fields.get('etag')} for {tag}")


def unknown(self):
    accepted = self.dice.choice(list(CODINGS))
    answer = self.connection().ask(self.target.get(uuid.UUID(int=self.dice.getrandbits(128)), accepted))
    if answer.status != 200 or answer.fields.get("waymark-outcome") != "unknown":
        self.target.fault_of(answer, f"unknown key: status {answer.status}, {answer.fields.get('waymark-outcome')}")
    elif answer.body != self.target.no_op[accepted]:
        self.target.tally.fault("wrong", "an unknown key got another body than the no-op")


def malformed(self):
    data, status = self.dice.choice(MALFORMED)
    with self.target.connect(self.number) as connection:
        answer = connection.ask(data)
        if answer.status != status:
            self.target.fault_of(answer, f"{data[:60]} got {answer.status} instead of {status}")
        if not answer.closes or not connection.ends(3):
            self.target.tally.fault("wrong", f"the connection stays open after {data[:60]}")


def fresh(self):
    client, now = self.client(), time.monotonic()
    with self.target.connect(self.number) as connection:
        answer = connection.ask(self.target.get(client, "br", "Connection: close"))
        self.target.judge(client, answer, now)
        if not answer.closes or not connection.ends(3):
            self.target.tally.fault("wrong", "the connection stays open after Connection: close")


def pipelined(self):
    clients, now, connection = [self.client() for _ in range(PIPELINE)], time.monotonic(), self.connection()
    connection.send(b"".join(self.target.get(client, "gzip") for client in clients))
    for client in clients:
        self.target.judge(client, connection.answer(), now)


def aborted(self):
    asked = self.target.get(self.client())
    connection = self.target.connect(self.number)
    connection.send(self.dice.choice([asked[:40], asked, asked * 20]))
    if self.dice.random() < 0.5:
        connection.reset()
    else:
        connection.close()


def beacon(self):
    is_good = self.dice.random() < 0.9
    body = json.dumps({"events": [{"at": self.dice.random()}] * self.dice.randrange(50)}).encode() if is_good else b"[]"
    path = f"/v1/{servers.PARTNER}/usage"
    answer = self.connection().ask(wire.request(path, "Content-Type: text/plain", method="POST", body=body))
    if answer.status != (204 if is_good else 400):
        self.target.fault_of(answer, f"a beacon got {answer.status}")


# What is asked, at how many requests a second in all, and how many at once.
KINDS = {
    "kept connections": (kept, 500, 1), "304": (validated, 100, 1), "unknown keys": (unknown, 100, 1),
    "pipelines": (pipelined, 120, PIPELINE), "fresh connections": (fresh, 80, 1), "beacons": (beacon, 60, 1),
    "malformed": (malformed, 20, 1), "aborted": (aborted, 20, 1),
}


def write(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)
