"""What the parts of Benchmarks/limits share: deployments to try, and a table with limits beside what was measured."""

import os
import shutil
import signal
import subprocess
import sys
import time

from . import servers, wire

FIXTURE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fixtures", "small")
PACKAGES = {"h2load": "nghttp2-client", "openssl": "openssl", "prlimit": "util-linux", "taskset": "util-linux",
            "wrk": "wrk"}
WIDTHS = (58, 16, 12, 7)


class Trial:
    """One run of some parts: its settings, its folder, and what has held so far."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.misses = []
        self.limits = dict(text.rsplit("=", 1) for text in options.limit)

    def count(self, number):
        """So many, or the share of them that a trial run asks for."""
        return max(1, round(number * self.options.scale))

    def deployment(self, name, clients=1):
        """A new deployment; standard content is the fixture."""
        data = os.path.join(self.folder, name)
        return servers.Deployment(self.options.waymark, data, clients=clients).make(FIXTURE)

    def knows(self, setting):
        """Whether this binary's `serve` has a setting."""
        words = [self.options.waymark, "serve", "--help"]
        return setting in subprocess.run(words, capture_output=True, text=True, check=True).stdout

    def heading(self, text):
        self.quiet()
        print(f"\n{text}\n")
        self._line("", "measured", "limit", "")
        print("|" + "|".join("-" * width for width in WIDTHS) + "|", flush=True)

    def show(self, name, value):
        """A row without a limit."""
        self._line(name, value, "–", "")

    def at_most(self, name, value, limit):
        limit = self._limit(name, limit)
        self._verdict(name, value, f"≤ {written(limit)}", value <= limit)

    def at_least(self, name, value, limit):
        limit = self._limit(name, limit)
        self._verdict(name, value, f"≥ {written(limit)}", value >= limit)

    def missed(self, name, reason):
        """For what cannot even be measured."""
        self._verdict(name, "–", "–", False)
        print(f"{name}: {reason}", file=sys.stderr)

    def is_alive(self, server):
        self.at_most("the server has ended", int(server.process.poll() is not None), 0)

    def _limit(self, name, limit):
        for text, other in self.limits.items():
            if text in name:
                return float(other) if "." in other else int(other)
        return limit

    def _verdict(self, name, value, limit, holds):
        self._line(name, value, limit, "holds" if holds else "MISSED")
        if not holds:
            self.misses.append(name)

    def _line(self, *cells):
        self.quiet()
        name, value, *others = [written(cell) for cell in cells]
        fitted = [name.ljust(WIDTHS[0] - 2), value.rjust(WIDTHS[1] - 2)]
        fitted += [cell.ljust(width - 2) for cell, width in zip(others, WIDTHS[2:])]
        print("| " + " | ".join(fitted) + " |", flush=True)

    def progress(self, text):
        progress(text)

    def quiet(self):
        quiet()


def progress(text):
    """A line that the next one overwrites, for a person who waits."""
    if sys.stderr.isatty():
        sys.stderr.write("\r" + text.ljust(78)[:78])
        sys.stderr.flush()


def bar(name, done, total, began):
    """The same as a progress bar, for what takes minutes; `began` is of the monotonic clock."""
    left = (time.monotonic() - began) * (total - done) / done if done else 0
    rest = f", {left:,.0f} s left" if done else ""
    filled = 20 * done // max(1, total)
    progress(f"{name} [{'#' * filled}{'.' * (20 - filled)}] {done:,} of {total:,}{rest}")


def quiet():
    """Takes that line away."""
    if sys.stderr.isatty():
        sys.stderr.write("\r" + " " * 78 + "\r")
        sys.stderr.flush()


def written(value):
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def megabytes(count):
    return count / 1e6


def metric(server, name):
    """A figure of the edge without labels, from the ops port."""
    with wire.Connection(server.ops_port) as connection:
        text = connection.ask(wire.request("/metrics", "Connection: close")).body.decode()
    for line in text.splitlines():
        if line.startswith(f"waymark_edge_{name} "):
            return int(line.split()[1])
    sys.exit(f"the ops port's /metrics has no waymark_edge_{name}")


def settled(read, wanted, seconds):
    """Reads a figure until it is no more than `wanted`, for so long at most; what it was last."""
    end = time.monotonic() + seconds
    while (value := read()) > wanted and time.monotonic() < end:
        time.sleep(0.05)
    return value


def begin(parser, options):
    """Looks for the binary, and sees to it that a command which is told to end stops its servers."""
    if not os.access(options.waymark, os.X_OK):
        parser.error(f"{options.waymark} is not there; build it: swift build -c release --product waymark")
    options.waymark = os.path.abspath(options.waymark)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit("\nended early"))


def need(*programs):
    """Ends with a sentence where a program is missing."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        packages = " ".join(dict.fromkeys(PACKAGES[name] for name in missing))
        sys.exit(f"{', '.join(missing)} not found; install it:\n  apt-get install {packages}")
