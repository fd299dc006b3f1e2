"""Tens of thousands of connections that end by reset, at three moments: nothing of them may stay."""

import time

from . import measure, servers, wire
from .probe import Probe, rows
from .trial import megabytes, metric, settled

COUNT, WARM_UP = 50_000, 5_000
# A second. More would show how the machine shares its cores, since the attack runs on them too.
RATE = 5_000
GROWTH_LIMIT = 10.0  # MB
BACK_SECONDS = 5
PROBE_LIMIT = 50.0  # ms


def run(trial):
    server = trial.deployment("resets").serve()
    try:
        files = lambda: measure.open_files(server.pid)
        connections = lambda: metric(server, "connections_open")
        files_before, open_before = files(), connections()
        started = metric(server, "connections_accepted_total")
        storm(trial, server, trial.count(WARM_UP), "warming up")
        settled(files, files_before, BACK_SECONDS)
        warm = measure.resident_bytes(server.pid)
        probe = Probe(server.port)
        count = trial.count(COUNT)
        begun = time.monotonic()
        try:
            storm(trial, server, count, "resets")
        finally:
            took = time.monotonic() - begun
            figures = probe.stop()
        back = wire.seconds_until_answered(server.port, wire.request(servers.PATH, "Connection: close"), time.monotonic,
                                           time.monotonic(), 10)
        files_after = settled(files, files_before, BACK_SECONDS)
        open_after = settled(connections, open_before, BACK_SECONDS)
        grown = megabytes(measure.resident_bytes(server.pid) - warm)
        accepted = metric(server, "connections_accepted_total") - started
        trial.heading(f"{count:,} resets in {took:.1f} s, after {trial.count(WARM_UP):,} to warm up")
        rows(trial, figures, PROBE_LIMIT)
        # A reset that overtakes the accept may hide a connection from the server; most must have come.
        trial.at_least("connections that the server accepted", accepted, (count + trial.count(WARM_UP)) // 2)
        trial.at_most("fresh connection answered afterwards, s", back, 2.0)
        trial.show("open files before", files_before)
        trial.at_most("open files afterwards", files_after, files_before)
        trial.at_most("connections open by /metrics, more than before", open_after - open_before, 0)
        trial.at_most("memory grown since the warm-up, MB", grown, GROWTH_LIMIT)
        trial.is_alive(server)
    finally:
        server.stop()


def storm(trial, server, count, name):
    """A third of the resets right after connecting, a third within a request, a third after one without reading."""
    asked = wire.request(servers.PATH)
    sent = [b"", asked[: len(asked) // 2], asked]
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0, start + number / RATE - time.monotonic()))
        connection = wire.Connection(server.port, number)
        try:
            connection.send(sent[number % 3])
        finally:
            connection.reset()
        if number % 1000 == 0:
            trial.progress(f"{name}: {number:,} of {count:,}")
