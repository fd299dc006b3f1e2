"""No file descriptor is left: open connections serve on, new ones wait, and all is well once some are free again."""

import os
import resource
import time

from . import measure, servers, wire
from .trial import need

# First way: a small limit from the start, and more connections than it allows.
FILES, CONNECTIONS = 256, 400
# The least that must get in; the server has files of its own, and may keep some back for them.
ACCEPTED = FILES // 2
# Second way: the limit falls below what comes next.
BEFORE, AFTER = 100, 100
BACK_SECONDS = 2.0
ANSWER_SECONDS = 3.0
# A server that tries to accept again and again takes a whole core.
CPU_SHARE = 0.5
REQUEST = wire.request(servers.PATH)
LAST_REQUEST = wire.request(servers.PATH, "Connection: close")


def run(trial):
    need("prlimit")
    small(trial)
    lowered(trial)


def small(trial):
    server = trial.deployment("files").serve(prefix=("prlimit", f"--nofile={FILES}:{FILES}"))
    try:
        own = measure.open_files(server.pid)
        connections = asking(server, CONNECTIONS)
        accepted, waiting, refused = sorted_out(connections)
        busy = cpu_share(server)
        lacking = lacks(accepted)
        held = measure.open_files(server.pid)
        closed = time.monotonic()
        for connection in connections:
            connection.close()
        back = wire.seconds_until_answered(server.port, LAST_REQUEST, time.monotonic, closed, 10)
        ops = wire.seconds_until_answered(server.ops_port, wire.request("/readyz", "Connection: close"),
                                          time.monotonic, closed, 10)
        trial.heading(f"{CONNECTIONS} connections to a server that may open {FILES} files")
        trial.show("files of the server before / meanwhile", f"{own} / {held}")
        trial.at_least("accepted and answered", len(accepted), ACCEPTED)
        trial.show("waiting / refused", f"{len(waiting)} / {refused}")
        # Else the files never ran out.
        trial.at_least("waiting or refused", len(waiting) + refused, 1)
        trial.at_most("accepted ones that lack a second answer", lacking, 0)
        trial.at_most("cores that the server is busy with meanwhile", busy, CPU_SHARE)
        trial.at_most("fresh connection answered after all closed, s", back, BACK_SECONDS)
        trial.at_most("ops port answers after all closed, s", ops, BACK_SECONDS)
        trial.is_alive(server)
    finally:
        server.stop()


def lowered(trial):
    server = trial.deployment("files-lowered").serve()
    limits = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    try:
        first, _, _ = sorted_out(asking(server, BEFORE))
        # The limit is on numbers, not on how many: just above the highest one in use.
        most = max(int(name) for name in os.listdir(f"/proc/{server.pid}/fd")) + 3
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (most, limits[1]))
        second = asking(server, AFTER)
        got_in, waiting, refused = sorted_out(second)
        busy = cpu_share(server)
        lacking = lacks(first)
        raised = time.monotonic()
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limits)
        back = wire.seconds_until_answered(server.port, LAST_REQUEST, time.monotonic, raised, 10)
        left_out, late_refused = sorted_out(waiting)[1:]
        trial.heading(f"{BEFORE} connections, then a limit of {most} files, then {AFTER} connections more")
        trial.at_least("first ones answered", len(first), BEFORE)
        trial.show("second ones answered / waiting / refused", f"{len(got_in)} / {len(waiting)} / {refused}")
        trial.at_least("second ones waiting or refused", len(waiting) + refused, AFTER // 2)
        trial.at_most("first ones that lack a second answer", lacking, 0)
        trial.at_most("cores that the server is busy with meanwhile", busy, CPU_SHARE)
        trial.at_most("fresh connection answered with the limit raised, s", back, BACK_SECONDS)
        trial.at_most("waiting ones that get no answer then", len(left_out) + late_refused, 0)
        trial.is_alive(server)
        for connection in first + second:
            connection.close()
    finally:
        server.stop()


def asking(server, count):
    """So many connections, each with a request on its way."""
    connections = []
    for number in range(count):
        connection = wire.Connection(server.port, number)
        connections.append(connection)
        try:
            connection.send(REQUEST)
        except wire.Unsent:
            pass  # refused; reading tells so
    return connections


def sorted_out(connections):
    """Those that are answered within some seconds in all, those that wait, and how many were refused."""
    accepted, waiting, refused = [], [], 0
    end = time.monotonic() + ANSWER_SECONDS
    for connection in connections:
        if not connection.is_readable(max(0, end - time.monotonic())):
            waiting.append(connection)
            continue
        try:
            connection.answer()
            accepted.append(connection)
        except wire.Ended:
            refused += 1
    return accepted, waiting, refused


def lacks(connections):
    """How many of these do not answer once more."""
    lacking = 0
    for connection in connections:
        try:
            lacking += connection.ask(REQUEST).status != 200
        except wire.Ended:
            lacking += 1
    return lacking


def cpu_share(server):
    before = measure.cpu_nanoseconds(server.pid)
    time.sleep(2)
    return (measure.cpu_nanoseconds(server.pid) - before) / 2e9
