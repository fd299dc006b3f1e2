#!/usr/bin/env python3
"""End-to-end checks of the management API: F-001 to F-091, F-100 to F-137 and the decisions, by HTTP, mail and edge.

Starts `waymark serve` itself, on free ports and temporary data, with a mail server that keeps what it gets. Prints a
line for each check, then a count. The exit code is 1 where a check failed; one with a known bug fails too, as BUG, and
one that came to nothing, because the server ended or what it starts from could not be made, as ERROR.
Checks of time need libfaketime (Debian package `faketime`), and are skipped without it.

Rules that are about pages only, and what is checked of them here:
  F-008 name of the tab                pages
  F-010 "Add a new partner"            pages; the submission: F-011, F-012
  F-019 "Send invitation"              pages; that a refused submission sends nothing
  F-020 F-022 F-035 F-060 their words  pages; the API's `pendingApproval`, `active`, `noUsersOrSystems`
  F-030 redirect to the Hub            pages; what acceptance answers, and that the client is in the Hub at once
  F-050 F-052 F-054 F-058 menus        pages; the operations, and the name that must be repeated
  F-110 F-112 F-115 F-122 F-130 forms  pages; that the API has the list, the fields and the refusals
  F-073 to F-075 portal and overviews  pages, and usage; clients are F-110 and on
Of decisions, D-1 and D-22 are about usage, and not of this API yet.
"""

import argparse
import importlib.util
import sys
import tempfile
from pathlib import Path

if not importlib.util.find_spec("aiosmtpd"):
    sys.exit("aiosmtpd is not installed: pip install -r Tests/MailTests/requirements.txt")

import clock  # noqa: E402
from suite import CHECKS, Check, Fault, Patience, Report, Skipped, Unprepared  # noqa: E402
from world import World  # noqa: E402

NOW = (
    "joining", "links", "partners_tab", "submitting", "roles", "partner_accounts", "labels", "clients", "keys",
    "activation", "leaving", "settings", "editing", "gallery", "publishing", "past", "conventions", "repetitions", "sessions",
    "tenancy",
)
LATER = ("expiry",)
EXAMPLE = """
Example:
  pip install -r Tests/MailTests/requirements.txt
  Tests/API/flows.py --waymark .build/debug/waymark
  Tests/API/flows.py --waymark .build/debug/waymark --only F-010 --only D-6
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waymark", type=Path, required=True, metavar="BINARY", help="the waymark to test")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT",
        help="run only checks with this text in their line, not followed by a digit",
    )
    parser.add_argument(
        "--patience", type=float, default=Patience.seconds, metavar="SECONDS",
        help="how long to wait for what must come (default: %(default)s)",
    )
    parser.add_argument(
        "--distrust", action="store_true", help="make each check twice, the second time expecting the opposite"
    )
    options = parser.parse_args()
    if not options.waymark.is_file():
        parser.error(f"there is no file {options.waymark}")
    options.waymark = options.waymark.resolve()
    return options


def run(checks: list[Check], report: Report, kind: type[World], binary: Path, folder: Path) -> None:
    """Makes a world for some checks, and runs them in it."""
    if not checks:
        return
    try:
        world = kind(binary, folder)
    except Skipped as why:
        print(f"skip   {len(checks)} checks: {why}", flush=True)
        return
    except (Fault, Unprepared) as why:
        report.counts["ERROR"] += len(checks)
        print(f"ERROR  {len(checks)} checks: {why}", flush=True)
        return
    try:
        for check in checks:
            report.run(check, world.deployment.revive, world)
    finally:
        world.stop()


def main() -> int:
    options = arguments()
    for topic in NOW + LATER:
        importlib.import_module(topic)
    Patience.seconds = options.patience
    report = Report(options.only, options.distrust)
    checks = [check for check in CHECKS if report.wants(check.name)]
    if not checks:
        sys.exit("no check has that in its line")
    with tempfile.TemporaryDirectory(prefix="waymark-api-") as folder:
        for kind, is_later in ((World, False), (clock.LaterWorld, True)):
            own = [check for check in checks if (check.run.__module__ in LATER) == is_later]
            run(own, report, kind, options.waymark, Path(folder) / kind.__name__)
    print(report.summary())
    return 1 if any(report.counts[kind] for kind in ("BUG", "FAILED", "ERROR")) else 0


if __name__ == "__main__":
    sys.exit(main())
