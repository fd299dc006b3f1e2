"""Asks for a snippet at a fixed rate from a process of its own, and keeps how long each answer took.

Its own process, since what it measures must not wait for the event loop of an attacker.
"""

import multiprocessing
import signal
import time
from dataclasses import dataclass

from . import measure, servers, wire

KEPT = 4


@dataclass
class Figures:
    """What a probe saw, in milliseconds."""
    count: int
    failures: int
    p50: float
    p99: float
    longest: float


class Probe:
    """Every other request goes over one of a few kept connections, the ones between over a connection each.

    Start it before the sockets of an attack are opened: a child holds what its parent has open.
    """

    def __init__(self, port, rate=50):
        body = servers.fetch(port)[2]
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=ask, args=(port, rate, body, theirs), daemon=True)
        self.process.start()

    def stop(self):
        self.pipe.send(None)
        times, failures = self.pipe.recv()
        self.process.join()
        if not times:
            return Figures(0, failures, float("inf"), float("inf"), float("inf"))
        milliseconds = [1000 * each for each in times]
        return Figures(len(times), failures, measure.percentile(milliseconds, 0.5),
                       measure.percentile(milliseconds, 0.99), max(milliseconds))


def ask(port, rate, body, pipe):
    """Until told to stop. Times run from when a request was due: one that waits behind a slow one has waited too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends both
    kept = [None] * KEPT
    kept_request, last_request = wire.request(servers.PATH), wire.request(servers.PATH, "Connection: close")
    times, failures, number, start = [], 0, 0, time.monotonic()
    while True:
        due = start + number / rate
        if pipe.poll(max(0, due - time.monotonic())):
            break
        is_fresh, place = number % 2, number // 2 % KEPT
        connection = None if is_fresh else kept[place]
        try:
            connection = connection or wire.Connection(port, timeout=5)
            answer = connection.ask(last_request if is_fresh else kept_request)
            failures += answer.status != 200 or answer.body != body
        except wire.Ended:
            failures += 1
            is_fresh = True
        if is_fresh and connection:
            connection.close()
        if not number % 2:
            kept[place] = None if is_fresh else connection
        times.append(time.monotonic() - due)
        number += 1
    pipe.send((times, failures))


def rows(trial, figures, limit):
    """The probe's rows of a table."""
    trial.at_most("probe, p99, ms", figures.p99, limit)
    trial.show("probe, p50 / longest, ms", f"{figures.p50:.2f} / {figures.longest:.2f}")
    trial.at_most("probe, requests without their answer", figures.failures, 0)
    trial.at_least("probe, requests", figures.count, trial.count(50))
