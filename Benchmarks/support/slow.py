"""Slow heads, slow bodies and stalled readers: each is let go at its deadline, and nobody else waits meanwhile."""

import json
import os
import random
import select
import string
import time

from . import measure, servers, wire
from .probe import Probe, rows
from .trial import megabytes

ATTACKERS = 1000
PROBE_LIMIT = 50.0  # ms
# EdgeLimits.swift; the deadlines are looked at once a second.
HEAD_SECONDS, BODY_SECONDS, WRITE_SECONDS = 10.0, 10.0, 30.0
GRACE_SECONDS = 3.0
# They come within two seconds: the edge is to stand slow clients here, not a flood of new ones.
OPENED_SECONDS = 2.0
# Each attacker sends a byte a second. They take turns, as people do who know nothing of each other.
TURNS = 20
# More requests than the edge reads before it stops for the answers: what it leaves unread makes its kernel say at once
# that the connection is closed, where a reader that never reads would not notice.
PIPELINE_BYTES = 48 * 1024


def run(trial):
    deployment = trial.deployment("slow", clients=2)
    deployment.run("publish", large_items(trial.folder), "--partner", servers.PARTNER, "--client", "client-1")
    server = deployment.serve()
    try:
        manifest = json.loads(servers.fetch(server.port, servers.PATH.replace("snippets", "manifests").replace(
            servers.CLIENT + ".js", "client-1.json"))[2])
        path = "/v1/objects/" + manifest["bundle"]["url"].rsplit("/", 1)[1]
        size = len(servers.fetch(server.port, path)[2])
        head = wire.request(servers.PATH)[:-2] + b"X-Slow: " + b"s" * 1000
        post = wire.request(f"/v1/{servers.PARTNER}/usage", "Content-Length: 16000", method="POST")
        get = wire.request(path)
        attack(trial, server, "slow heads, a byte a second", HEAD_SECONDS, head[:1], head[1:])
        attack(trial, server, "slow bodies, a byte a second", BODY_SECONDS, post, b"{" * 1000)
        pipeline = get * (PIPELINE_BYTES // len(get))
        attack(trial, server, f"stalled readers of {size:,} bytes", WRITE_SECONDS, pipeline, b"")
        trial.is_alive(server)
    finally:
        server.stop()


def large_items(folder):
    """Content of made-up text that does not shrink much: its bundle has about 300 kB."""
    dice = random.Random(1)
    path = os.path.join(folder, "large")
    os.makedirs(path)
    for number in range(25):
        text = {language: "".join(dice.choices(string.ascii_lowercase, k=4000)) for language in ("en", "fr", "de")}
        with open(os.path.join(path, f"{number}.json"), "w", encoding="utf-8") as file:
            json.dump({"kind": "shoutOut", "name": f"Large {number}", "title": {"en": "Large"}, "text": text}, file)
    return path


class Attacker:
    """One connection that sends its opening at once and then a byte a second, and reads nothing."""

    def __init__(self, port, number, opening):
        self.connection = wire.Connection(port, number, receive_bytes=4096)
        self.socket = self.connection.socket
        self.socket.setblocking(False)
        try:
            self.socket.send(opening)
        except OSError:
            pass  # the end, if it is one, is noticed like all ends
        self.began = time.monotonic()
        self.sent = 0
        self.lasted = None

    def drip(self, rest):
        if self.lasted is None and self.sent < len(rest):
            try:
                self.socket.send(rest[self.sent : self.sent + 1])
            except OSError:
                pass
            self.sent += 1

    def end(self):
        self.lasted = time.monotonic() - self.began
        self.connection.close()


def attack(trial, server, name, deadline, opening, rest):
    count = trial.count(ATTACKERS)
    before = peak = measure.resident_bytes(server.pid)
    kernel_before = kernel_peak = kernel_bytes()
    probe = Probe(server.port)
    watch = select.epoll()
    open_ones, every = {}, []
    try:
        start = time.monotonic()
        for number in range(count):
            attacker = Attacker(server.port, number, opening)
            every.append(attacker)
            open_ones[attacker.connection.fileno()] = attacker
            # Not for bytes to read: a reader that stalls has those all the time.
            watch.register(attacker.connection, select.EPOLLRDHUP)
            time.sleep(max(0, start + OPENED_SECONDS * (number + 1) / count - time.monotonic()))
        turn, start = 0, time.monotonic()
        while open_ones and time.monotonic() < start + deadline + GRACE_SECONDS + 5:
            for attacker in every[turn % TURNS :: TURNS]:
                attacker.drip(rest)
            turn += 1
            due = start + turn / TURNS
            while (left := due - time.monotonic()) > 0:
                for number, _ in watch.poll(left):
                    watch.unregister(number)
                    open_ones.pop(number).end()
            peak = max(peak, measure.resident_bytes(server.pid))
            kernel_peak = max(kernel_peak, kernel_bytes())
            trial.progress(f"{name}: {len(open_ones)} still open")
    finally:
        figures = probe.stop()
        for attacker in open_ones.values():
            attacker.connection.close()
        watch.close()
    lasted = [attacker.lasted for attacker in every if attacker.lasted is not None]
    trial.heading(f"{count:,} {name}")
    rows(trial, figures, PROBE_LIMIT)
    trial.at_least("attackers closed by the server", len(lasted), count)
    # One that is turned away at once has attacked nobody.
    trial.at_least("first closed, after s", min(lasted, default=0.0), deadline - 1)
    trial.at_most("last closed, after s", max(lasted, default=float("inf")), deadline + GRACE_SECONDS)
    trial.show("server memory before / peak, MB", f"{megabytes(before):.1f} / {megabytes(peak):.1f}")
    # What the kernel holds for a reader that stalls is the server's doing too, and nobody's resident memory.
    trial.show("TCP buffers of the machine before / peak, MB",
               f"{megabytes(kernel_before):.1f} / {megabytes(kernel_peak):.1f}")


def kernel_bytes():
    """What the kernel holds in TCP buffers, of all sockets of the machine."""
    with open("/proc/net/sockstat", encoding="ascii") as file:
        words = next(line for line in file if line.startswith("TCP:")).split()
    return int(words[words.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE")
