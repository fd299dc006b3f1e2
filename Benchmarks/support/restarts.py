"""Restarts under load: every request that was sent on an accepted connection gets its whole answer."""

import multiprocessing
import random
import signal
import statistics
import threading
import time
from collections import Counter

from . import servers, wire

CONNECTIONS = 32
# Of these so many ask once on each connection: such a connection may wait to be accepted when the listener closes.
FRESH = 8
LOAD_SECONDS = (0.3, 0.7)
EXIT_SECONDS = 30
# Fewer have not tried much.
ANSWERS_EACH = 100
REASONS = 8
# A shorter time without an answer is none.
PAUSE_SECONDS = 0.02

ANSWERED = "answered"
REFUSED = "connects refused, timed out or reset"
ANNOUNCED = "connections closed as the answer said"
CLOSED_IDLE = "connections closed before a request was sent"
UNANSWERED = "sent and UNANSWERED"
HALF = "HALF ANSWERED"
UNREADY = "answered 503: NOT READY"
WRONG = "answered WRONG"
FAILURES = (UNANSWERED, HALF, UNREADY, WRONG)
KINDS = ("kept", "fresh")


def run(trial):
    deployment = trial.deployment("restarts")
    server = deployment.serve()
    port = server.port
    count = max(1, trial.options.restarts)
    clients = None
    try:
        clients = Clients(port, servers.fetch(port)[2])
        exits, windows, codes = [], [], []
        dice = random.Random(1)
        for number in range(count):
            time.sleep(dice.uniform(*LOAD_SECONDS))
            trial.progress(f"restarts: {number + 1} of {count}")
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            codes.append(server.process.wait(timeout=EXIT_SECONDS))
            exits.append(time.monotonic() - begun)
            server = deployment.serve(port=port)
            clients.wait_for_answer(time.monotonic())
            windows.append((begun, time.monotonic()))
        time.sleep(LOAD_SECONDS[0])
        tally, refusals, pauses, reasons = clients.stop()
    finally:
        if clients:
            clients.process.terminate()
        server.stop()
    trial.heading(f"{count} restarts under {CONNECTIONS} connections that ask without pause, {FRESH} anew each time")
    trial.at_least("requests answered rightly, for each restart", sum(tally[kind, ANSWERED] for kind in KINDS) // count,
                   ANSWERS_EACH)
    for kind in KINDS:
        trial.show(f"{kind} connections: requests answered rightly", tally[kind, ANSWERED])
        for failure in FAILURES:
            trial.at_most(f"{kind} connections: {failure}", tally[kind, failure], 0)
        trial.show(f"{kind}: {REFUSED}", tally[kind, REFUSED])
        if kind == "kept":
            trial.show(f"{kind}: {ANNOUNCED}", tally[kind, ANNOUNCED])
        trial.show(f"{kind}: {CLOSED_IDLE}", tally[kind, CLOSED_IDLE])
    trial.at_most("restarts that ended with an exit code other than 0", sum(code != 0 for code in codes), 0)
    gaps = [gap(refusals, window) for window in windows]
    silences = [max((end - start for start, end in pauses if window[0] <= start <= window[1]), default=0.0)
                for window in windows]
    for name, times in (("from TERM to exit", exits), ("connects refused: no listener", gaps),
                        ("nobody got an answer", silences)):
        trial.show(f"{name}, median / longest, s", f"{statistics.median(times):.2f} / {max(times):.2f}")
    if reasons:
        print("\n" + "\n".join(f"{number:>8,} × {reason}" for reason, number in reasons.most_common(REASONS)))


def gap(refusals, window):
    """From the first to the last refused connect of a restart."""
    inside = [when for when in refusals if window[0] <= when <= window[1]]
    return max(inside) - min(inside) if inside else 0.0


class Clients:
    """All connections, in a process of their own."""

    def __init__(self, port, body):
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.last_answer = context.Value("d", time.monotonic(), lock=False)
        self.process = context.Process(target=work, args=(port, body, theirs, self.last_answer), daemon=True)
        self.process.start()

    def wait_for_answer(self, since):
        """Until the load has found the new server: a connect that got no word is repeated after a second."""
        end = time.monotonic() + wire.PATIENCE_SECONDS
        while self.last_answer.value < since and time.monotonic() < end:
            time.sleep(0.01)

    def stop(self):
        self.pipe.send(None)
        found = self.pipe.recv()
        self.process.join()
        return found


def work(port, body, pipe, last_answer):
    """Asks until told to stop; tells counts, times of refused connects and without answers, and failures in words."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends both
    stop, pulse = threading.Event(), Pulse(last_answer)
    kinds = ["fresh" if number < FRESH else "kept" for number in range(CONNECTIONS)]
    askers = [Asker(port, body, number, kind, stop, pulse) for number, kind in enumerate(kinds)]
    for asker in askers:
        asker.start()
    pipe.recv()
    stop.set()
    for asker in askers:
        asker.join()
    tally = sum((asker.tally for asker in askers), Counter())
    refusals = sorted(when for asker in askers for when in asker.refusals)
    pipe.send((tally, refusals, pulse.pauses, sum((asker.reasons for asker in askers), Counter())))


class Pulse:
    """The times in which no asker got an answer; `last` is shared with the process that restarts."""

    def __init__(self, last):
        self.last, self.pauses = last, []

    def beat(self):
        now = time.monotonic()
        if now - self.last.value > PAUSE_SECONDS:
            self.pauses.append((self.last.value, now))
        self.last.value = now


class Asker(threading.Thread):
    """Asks for the same snippet again and again, over one connection as long as it stays, or over one each time."""

    def __init__(self, port, body, number, kind, stop, pulse):
        super().__init__(daemon=True)
        self.port, self.body, self.number, self.kind = port, body, number, kind
        self.stopping, self.pulse = stop, pulse
        self.asked = wire.request(servers.PATH, *(["Connection: close"] if kind == "fresh" else []))
        self.tally, self.refusals, self.reasons = Counter(), [], Counter()
        self.connection = None

    def run(self):
        while not self.stopping.is_set():
            try:
                self.once()
            except wire.NotConnected:
                self.count(REFUSED)
                self.refusals.append(time.monotonic())
                time.sleep(0.002)
            except wire.Unsent:
                self.drop(CLOSED_IDLE)
            except wire.Unanswered as error:
                self.drop(UNANSWERED, error)
            except wire.HalfAnswered as error:
                self.drop(HALF, error)
        if self.connection:
            self.connection.close()

    def once(self):
        if not self.connection:
            self.connection = wire.Connection(self.port, self.number, timeout=5)
        # A client that has seen the end of its connection does not ask on it.
        elif self.connection.is_readable():
            return self.drop(CLOSED_IDLE)
        answer = self.connection.ask(self.asked)
        # The listener is there before the state is: a page gets an error for its script.
        if answer.status == 503:
            return self.drop(UNREADY, "before the state was loaded")
        if answer.status != 200 or answer.body != self.body:
            return self.drop(WRONG, f"status {answer.status}, {len(answer.body)} bytes instead of {len(self.body)}")
        self.count(ANSWERED)
        self.pulse.beat()
        if answer.closes:
            self.drop(ANNOUNCED)

    def count(self, what):
        self.tally[self.kind, what] += 1

    def drop(self, what, error=None):
        self.count(what)
        if error:
            self.reasons[f"{self.kind} connection, {what}: {error}"] += 1
        self.connection.close()
        self.connection = None
