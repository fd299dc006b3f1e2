"""Ten thousand connections that wait: what each costs in memory, and what they cost the connections that work."""

import os
import resource
import statistics
import sys
import time

from . import load, measure, servers, wire
from .trial import megabytes, metric, need, settled

CONNECTIONS = 10_000
KILOBYTES_LIMIT = 20.0
SLOWDOWN_LIMIT = 1.5
ROUNDS = 3
ACTIVE, RATE, SECONDS = 8, 2000, 5
# The edge must let all of them in; its default is just as many.
ROOM = {"WAYMARK_EDGE_CONNECTIONS": "12000"}
# What a process holds open besides.
FILES_BESIDE = 500


def run(trial):
    need("h2load", "taskset")
    count = trial.count(CONNECTIONS)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most < count + FILES_BESIDE:
        sys.exit(f"{count:,} connections need {count + FILES_BESIDE:,} open files, and {most:,} are allowed; raise the "
                 "hard limit (ulimit -Hn), or ask for a share of them with --scale")
    if os.cpu_count() < 2:
        sys.exit("two cores are needed: one for the server, one for the load")
    deployment = trial.deployment("idle")
    deployment.environment = ROOM
    server = deployment.serve(core=1)
    try:
        # What a first load allocates is not to be counted as the idle ones'.
        active(trial, server, 2)
        empty, full, each, still, again = [], [], [], [], []
        for number in range(ROUNDS):
            trial.progress(f"idle: round {number + 1} of {ROUNDS}")
            empty.append(active(trial, server, SECONDS))
            before = measure.resident_bytes(server.pid)
            waiting = opened(server, count)
            each.append((measure.resident_bytes(server.pid) - before) / count / 1024)
            full.append(active(trial, server, SECONDS))
            still.append(sum(not connection.is_readable() for connection in waiting))
            again.append(answered(waiting[:: max(1, count // 200)]))
            for connection in waiting:
                connection.close()
            left = settled(lambda: metric(server, "connections_open"), 0, 10)
        trial.heading(f"{count:,} idle connections, {ACTIVE} active with {RATE:,} requests a second; {ROUNDS} rounds")
        # Later rounds find what earlier ones gave back: the first is the whole truth.
        trial.at_most("memory for each idle connection, KiB", each[0], KILOBYTES_LIMIT)
        trial.show("  in the later rounds, KiB", ", ".join(f"{value:.1f}" for value in each[1:]))
        trial.show("server memory at the end, MB", megabytes(measure.resident_bytes(server.pid)))
        for name, pick in (("p50", lambda run: run.p50), ("p99", lambda run: run.p99), ("p99.9", lambda run: run.p999)):
            alone, beside = (statistics.median(pick(run) for run in runs) for runs in (empty, full))
            trial.show(f"active, {name}, µs, without / with them", f"{alone:.0f} / {beside:.0f}")
            if name == "p99":
                trial.at_most("active, p99, with through without", beside / alone, SLOWDOWN_LIMIT)
        trial.at_most("active requests without their answer", sum(run.errors for run in empty + full), 0)
        trial.at_least("active requests a second, the fewest", min(run.rate for run in empty + full), 0.95 * RATE)
        trial.at_least("idle ones still open after the load, the fewest", min(still), count)
        trial.at_most("idle ones that then lack an answer, of 200", sum(again), 0)
        trial.at_most("connections open once all are closed", left, 0)
        trial.is_alive(server)
    finally:
        server.stop()


def active(trial, server, seconds):
    return load.h2load(server, f"http://127.0.0.1:{server.port}{servers.PATH}", load.BROWSER, seconds, 0, trial.folder,
                       h1=True, rate=RATE, connections=ACTIVE)


def opened(server, count):
    """So many connections, each of which has asked once."""
    asked = wire.request(servers.PATH, *load.BROWSER)
    connections = []
    for number in range(count):
        connection = wire.Connection(server.port, number)
        connection.ask(asked)
        connections.append(connection)
    # Memory is read once the server is at rest again.
    time.sleep(1)
    return connections


def answered(connections):
    """How many of these do not answer once more."""
    lacking = 0
    for connection in connections:
        try:
            lacking += connection.ask(wire.request(servers.PATH)).status != 200
        except wire.Ended:
            lacking += 1
    return lacking
