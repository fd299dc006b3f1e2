#!/usr/bin/env python3
"""Breaks the rules on purpose, one after another, and demands that the checks of `flows.py` notice each break.

Copies the sources, writes all breaks of `mutations_table.py` and `mutations_content.py` into the copy, each behind a
switch that the environment sets, and builds it once. Then runs the checks with no break, which must all pass, and for
each break the checks of its rule: at least one must fail, and not because the server ended or what the check starts
from was missing. Prints a table at the end. The exit code is 1 where a break goes unnoticed.
"""

import argparse
import functools
import importlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import flows
from mutations_content import CONTENT
from mutations_edit import Edit
from mutations_table import ALIASES, TABLE
from suite import CHECKS

ROOT = Path(__file__).resolve().parent.parent.parent
SWITCH = "WAYMARK_SEEDED_BREAK"
SEEDED = f"""\
import FoundationEssentials

private let active = ProcessInfo.processInfo.environment["{SWITCH}"]

/// Whether that break is to be shown.
public func seeded(_ id: String) -> Bool {{ id == active }}
"""
SEEDED_STATEMENT = """\
extension Statement {
    /// A statement of a break's own.
    init(seeded sql: String) { self.sql = sql }
}
"""
# Longer than any check takes, broken or not.
SECONDS_MAX = 400
EXAMPLE = """
Example:
  pip install -r Tests/MailTests/requirements.txt
  Tests/API/mutations.py
  Tests/API/mutations.py --only F-024 --only D-6
"""


class Wrong(Exception):
    """What is wrong with the table, or with what is to be broken."""


@dataclass
class Break:
    """One break: what it changes, and which checks must notice."""

    id: str
    what: str
    number: str
    only: str
    edits: list[Edit] = field(default_factory=list)


@dataclass
class Outcome:
    """What came of running checks."""

    # The names of the checks whose rule did not hold, and what the first of them saw.
    failed: list[str] = field(default_factory=list)
    why: str = ""
    # How many were made, and the line of the first that was not fine.
    ran: int = 0
    trouble: str = ""


# The table


def breaks() -> list[Break]:
    """The breaks of the table, in its order."""
    found: dict[str, Break] = {}
    for edit in TABLE + CONTENT:
        one = found.setdefault(edit.id, Break(edit.id, edit.what, edit.number, edit.only or edit.number))
        one.edits.append(edit)
    return list(found.values())


def checks_of(one: Break) -> list[str]:
    """The names of the checks that a break is shown to."""
    return [check.name for check in CHECKS if re.search(re.escape(one.only) + r"(?!\d)", check.name)]


def inspect(table: list[Break]) -> None:
    """Throws where the table and the checks do not fit together."""
    for one in table:
        if not one.what or not checks_of(one):
            raise Wrong(f"{one.id}: " + ("no check has its text" if one.what else "it does not say what is broken"))
    wanted = {number for check in CHECKS for number in re.findall(r"\b[FD]-\d+", check.name)}
    if missing := sorted(wanted - {one.number for one in table} - set(ALIASES)):
        raise Wrong(f"no break of {', '.join(missing)}")


# The broken copy


def span(edit: Edit, text: str) -> tuple[int, int]:
    """From where to where a file's text is to be changed."""
    plain = edit.text.replace("‹", "").replace("›", "")
    if (count := text.count(plain)) != 1:
        raise Wrong(f"{edit.id}: {edit.file} has its text {count} times, not once: {plain}")
    start = text.index(plain)
    if "‹" not in edit.text:
        return start, start + len(plain)
    return start + edit.text.index("‹"), start + edit.text.index("›") - 1


def switched(original: str, edits: list[Edit]) -> str:
    """A piece of a source file with the breaks that change it, each behind its switch."""
    piece = original
    for edit in edits:
        if edit.kind == "swap":
            piece = f'(seeded("{edit.id}") ? ({edit.broken.strip()}) : ({piece}))'
    if omitting := [f'!seeded("{edit.id}")' for edit in edits if edit.kind == "omit"]:
        piece = f"if {' && '.join(omitting)} {{ {piece} }}"
    for edit in edits:
        if edit.kind == "also":
            piece = f'if seeded("{edit.id}") {{\n{edit.broken.strip()}\n}}\n{piece}'
    return piece


def broken(file: str, text: str, edits: list[Edit]) -> str:
    """A source file's text with all its breaks."""
    places: dict[tuple[int, int], list[Edit]] = defaultdict(list)
    for edit in edits:
        places[span(edit, text)].append(edit)
    end = len(text) + 1
    for (start, stop), here in sorted(places.items(), reverse=True):
        if stop > end:
            raise Wrong(f"{here[0].id}: its place in {file} overlaps with another break's")
        text = text[:start] + switched(text[start:stop], here) + text[stop:]
        end = start
    has_import = file.startswith("Domain/") or re.search(r"^(\w+ )?import Domain$", text, re.MULTILINE)
    return text if has_import else "import Domain\n" + text


def write(work: Path, names: tuple[str, ...], more: dict[str, bytes], edits: dict[str, list[Edit]]) -> None:
    """Brings a part of the copy up to date. What stays the same is not written, so that it is not built again."""
    wanted = dict(more)
    for name in names:
        top = ROOT / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            relative = str(path.relative_to(ROOT))
            if path.is_file() and "__pycache__" not in relative and "/." not in relative:
                wanted[relative] = path.read_bytes()
    for relative, here in edits.items():
        if relative not in wanted:
            raise Wrong(f"{here[0].id}: there is no file {relative}")
        wanted[relative] = broken(relative.removeprefix("Sources/"), wanted[relative].decode(), here).encode()
    for path in [path for name in names for path in (work / name).rglob("*")]:
        if path.is_file() and str(path.relative_to(work)) not in wanted:
            path.unlink()
    for relative, data in wanted.items():
        path = work / relative
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def copy_sources(table: list[Break], work: Path) -> None:
    edits: dict[str, list[Edit]] = defaultdict(list)
    for one in table:
        for edit in one.edits:
            edits[f"Sources/{edit.file}"].append(edit)
    names = ("Package.swift", "Package.resolved", "Sources", "gallery")
    more = {"Domain/Seeded.swift": SEEDED, "Store/Statement+Seeded.swift": SEEDED_STATEMENT}
    write(work, names, {f"Sources/{path}": text.encode() for path, text in more.items()}, edits)


def copy_tests(work: Path) -> None:
    """The package names them; and they are run from the copy, so that nobody changes them meanwhile."""
    write(work, ("Tests",), {}, {})


def build(work: Path) -> None:
    """Builds the copy. C is optimised, since hashing a password takes seconds otherwise."""
    words = ["swift", "build", "--package-path", work, "--product", "waymark", "-Xcc", "-O2"]
    if subprocess.run(words, check=False).returncode:
        raise Wrong("the copy does not build: is one of the breaks no Swift?")


# Running


def run(work: Path, patience: float, only: list[str], id: str = "") -> Outcome:
    """Runs checks of `flows.py` with a break, or with none."""
    words = [sys.executable, work / "Tests/API/flows.py", "--waymark", work / ".build/debug/waymark"]
    words += ["--patience", str(patience)]
    words += [word for text in only for word in ("--only", text)]
    environment = {name: value for name, value in os.environ.items() if name != SWITCH} | ({SWITCH: id} if id else {})
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True
    )
    try:
        text, _ = process.communicate(timeout=SECONDS_MAX if id else None)
    except subprocess.TimeoutExpired:
        # With the server that it started.
        os.killpg(process.pid, signal.SIGKILL)
        text, _ = process.communicate()
        return Outcome(trouble=f"not done after {SECONDS_MAX} s")
    return read(text)


def read(text: str) -> Outcome:
    """What the lines of `flows.py` say. A server that fails is no rule that does not hold."""
    outcome = Outcome()
    for line in text.splitlines():
        kind, line = line[:7].strip(), line[7:]
        if kind not in ("ok", "FAILED", "BUG", "ERROR", "skip"):
            continue
        outcome.ran += kind != "skip"
        if kind == "ok":
            continue
        outcome.trouble = outcome.trouble or f"{kind} {line}"
        name = max((check.name for check in CHECKS if line.startswith(check.name)), key=len, default="")
        why = line.removeprefix(name).removeprefix(": ")
        if kind == "FAILED" and name and not re.search(r" answers 5\d\d ", why):
            outcome.failed.append(name)
            outcome.why = outcome.why or why
    if not outcome.ran:
        outcome.trouble = outcome.trouble or text[-500:]
    return outcome


def show(work: Path, patience: float, one: Break) -> Outcome:
    """Runs the checks of one break, and prints its line of progress."""
    started = time.monotonic()
    outcome = run(work, patience, [one.only], one.id)
    seconds = f"({time.monotonic() - started:.0f} s)"
    if outcome.failed:
        print(f"noticed    {one.id:14} {seconds:7} {outcome.why[:200]}", flush=True)
    else:
        print(f"UNNOTICED  {one.id:14} {seconds:7} {one.what} [{outcome.trouble[:300]}]", flush=True)
    return outcome


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="RULE",
        help="only breaks of this rule, or this break: F-024, or F-024b",
    )
    parser.add_argument(
        "--work", type=Path, default=ROOT / ".build/mutations", metavar="DIR", help="the copy (default: %(default)s)"
    )
    parser.add_argument("--build-only", action="store_true", help="make and build the copy, and end")
    parser.add_argument("--built", action="store_true", help="take the binary that was built last")
    parser.add_argument("--jobs", type=int, default=3, metavar="N", help="how many at once (default: %(default)s)")
    parser.add_argument(
        "--patience", type=float, default=20, metavar="SECONDS",
        help="how long the checks wait for what must come (default: %(default)s)",
    )
    return parser.parse_args()


def report(table: list[Break], outcomes: dict[str, Outcome], is_whole: bool) -> list[Break]:
    """Prints the table; the breaks that went unnoticed."""
    print(f"\n| {'Rule':14} | Broken | Noticed by |\n|---|---|---|")
    for one in table:
        names = "; ".join(outcomes[one.id].failed) or "**nothing**"
        print(f"| {one.id:14} | {one.what} | {names} |")
    for number, why in ALIASES.items() if is_whole else ():
        print(f"| {number:14} | – | {why} |")
    return [one for one in table if not outcomes[one.id].failed]


def main() -> int:
    options = arguments()
    for topic in flows.NOW + flows.LATER:
        importlib.import_module(topic)
    whole = breaks()
    try:
        inspect(whole)
        chosen = [one for one in whole if not options.only or {one.id, one.number} & set(options.only)]
        if not chosen:
            raise Wrong("no break is of that rule")
        work = options.work.resolve()
        copy_tests(work)
        if not options.built:
            copy_sources(whole, work)
            build(work)
    except Wrong as fault:
        sys.exit(str(fault))
    if options.build_only:
        return 0
    started = time.monotonic()
    # Without a break everything must hold, or a failure would prove nothing.
    shown = {name for one in chosen for name in checks_of(one)}
    names = sorted(shown if options.only else {check.name for check in CHECKS})
    parts = [names[first :: options.jobs] for first in range(min(options.jobs, len(names)))]
    with ThreadPoolExecutor(options.jobs) as pool:
        for sound in pool.map(functools.partial(run, work, options.patience), parts):
            if sound.trouble:
                sys.exit(f"without a break: {sound.trouble}")
        print(f"no break: {len(names)} checks are fine ({time.monotonic() - started:.0f} s)", flush=True)
        found = pool.map(functools.partial(show, work, options.patience), chosen)
        outcomes = {one.id: outcome for one, outcome in zip(chosen, found, strict=True)}
    unnoticed = report(chosen, outcomes, not options.only)
    minutes = (time.monotonic() - started) / 60
    print(f"\n{len(chosen)} breaks, {len(chosen) - len(unnoticed)} noticed, {minutes:.0f} min")
    if not options.only:
        never = {check.name for check in CHECKS} - {name for one in outcomes.values() for name in one.failed}
        print("".join(f"never failed: {name}\n" for name in sorted(never)), end="")
    for one in unnoticed:
        print(f"unnoticed: {one.id} {one.what}")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
