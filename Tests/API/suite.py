"""Checks, what they expect, and how they ended."""

import functools
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


class Fault(Exception):
    """Something that must not be seen; the text says what was seen."""


class Skipped(Exception):
    """What a check needs is not here; the text says what."""


class Unprepared(Exception):
    """What a check starts from could not be made, so that nothing is known of its rule; the text says why."""


def preparing(function: Callable) -> Callable:
    """Marks a function that makes what checks start from: a fault there is not the check's."""

    @functools.wraps(function)
    def prepare(*arguments: object, **more: object) -> object:
        try:
            return function(*arguments, **more)
        except Fault as fault:
            raise Unprepared(f"preparing by {function.__name__}: {fault}") from fault

    return prepare


class Patience:
    """How long to wait for what must come, in seconds."""

    seconds = 60.0


class Expectations:
    """Counts what is expected. The one whose number is `turned` is turned around: a check that does not fail then
    expects nothing there."""

    count = 0
    turned = 0

    @classmethod
    def start(cls, turned: int = 0) -> None:
        cls.count, cls.turned = 0, turned


def expect(holds: object, what: str) -> None:
    """Throws where something does not hold."""
    Expectations.count += 1
    if bool(holds) == (Expectations.count == Expectations.turned):
        raise Fault(what)


def expect_same(seen: object, wanted: object, what: str) -> None:
    expect(seen == wanted, f"{what}: {seen!r} instead of {wanted!r}")


def found(rows: Iterable[dict], what: str, **wanted: object) -> dict:
    """The first of some rows that has these members; throws where there is none."""
    rows = list(rows)
    row = next((row for row in rows if all(row[name] == value for name, value in wanted.items())), None)
    expect(row, f"{what}: no row with {wanted} in {rows}")
    return row


def until(holds: Callable[[], object], what: str, seconds: float = 0) -> None:
    """Waits until something holds, and throws where it never does."""
    seconds = seconds or Patience.seconds
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    expect(held, f"{what}, even after {seconds} s")


@dataclass
class Check:
    """One check: a function, whose docstring's first line is its name and begins with the rules it is about."""

    run: Callable
    bug: str

    @property
    def name(self) -> str:
        return " ".join((self.run.__doc__ or self.run.__name__).split("\n\n")[0].split())


CHECKS: list[Check] = []


def check(function: Callable | None = None, *, bug: str = "") -> Callable:
    """Marks a function as a check. `bug` says what is known to be wrong: the check is made all the same, and fails."""

    def mark(function: Callable) -> Callable:
        CHECKS.append(Check(function, bug))
        return function

    return mark(function) if function else mark


class Report:
    """Runs checks, prints a line for each, and counts.

    FAILED is a check whose rule does not hold; ERROR one that came to nothing, because the server ended or what it
    starts from could not be made.
    """

    def __init__(self, only: list[str], distrusts: bool):
        self.only, self.distrusts = only, distrusts
        self.counts = {"ok": 0, "BUG": 0, "FAILED": 0, "ERROR": 0, "skip": 0}

    def wants(self, name: str) -> bool:
        """Whether a name has one of the texts asked for; D-2 is not D-21."""
        return not self.only or any(re.search(re.escape(text) + r"(?!\d)", name) for text in self.only)

    def run(self, check: Check, revive: Callable[[], str], *arguments: object) -> None:
        """Makes a check and prints its line; `revive` says where the server died of it, and starts it again."""
        started = time.monotonic()
        kind, more = self.outcome(check, *arguments)
        if "Disconnected" in more or "Connection" in more:
            time.sleep(2)
        if died := revive():
            kind, more = "BUG" if check.bug else "ERROR", f"{check.bug} [{died}; {more}]"
        if kind == "ok" and self.distrusts:
            kind, more = self.turned(check, *arguments)
        if kind == "ok" and check.bug:
            more = "no longer a bug: take the mark away"
        self.counts[kind] += 1
        seconds = time.monotonic() - started
        line = f"{kind:6} {check.name}" + (f": {more}" if more else "")
        print(line + (f" ({seconds:.0f} s)" if seconds > 10 else ""), flush=True)

    @staticmethod
    def outcome(check: Check, *arguments: object, turned: int = 0) -> tuple[str, str]:
        Expectations.start(turned)
        try:
            check.run(*arguments)
        except Skipped as why:
            return "skip", str(why)
        except Fault as fault:
            return ("BUG", f"{check.bug} [{fault}]") if check.bug else ("FAILED", str(fault))
        except Exception as error:  # noqa: BLE001: whatever goes wrong in a check, the others still count
            return "ERROR", f"{type(error).__name__} {error}"[:300]
        return "ok", ""

    def turned(self, check: Check, *arguments: object) -> tuple[str, str]:
        """Makes a check that was fine once more, with what it expects last turned around: it must fail."""
        last = Expectations.count
        kind, _ = self.outcome(check, *arguments, turned=last)
        return ("ok", "") if kind != "ok" else ("FAILED", "it holds also where the opposite is expected")

    def summary(self) -> str:
        return ", ".join(f"{count} {kind}" for kind, count in self.counts.items())
