#!/usr/bin/env python3
"""Visits the demo's partner app with a real browser, as each of its visitors, and checks what people see.

Starts the demo itself, on free ports and temporary data. Needs what requirements.txt names, and Chromium.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

import content
import guides
import kinds
import suite
from browser import launch
from demo import REPOSITORY, Demo

EXAMPLE = """
Example:
  pip install -r Tests/Browser/requirements.txt
  Tests/Browser/visits.py --waymark .build/debug/waymark
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waymark", type=Path, required=True, metavar="BINARY", help="the waymark to test")
    parser.add_argument(
        "--chromium",
        type=Path,
        default=Path("/usr/bin/chromium"),
        metavar="PATH",
        help="the browser (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=REPOSITORY / ".build/browser",
        metavar="DIR",
        help="where screenshots and the demo's log go; made if missing (default: .build/browser)",
    )
    options = parser.parse_args()
    for path in (options.waymark, options.chromium):
        if not path.is_file():
            parser.error(f"there is no file {path}")
    return options


def main() -> int:
    options = arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    for old in options.output.glob("*.png"):
        old.unlink()
    with (
        Demo(options.waymark, options.output / "demo.log") as demo,
        sync_playwright() as playwright,
        launch(playwright, options.chromium) as browser,
    ):
        checks = suite.Suite(browser, demo, options.output)
        for part in (suite, content, guides, kinds):
            part.check_all(checks)
        with checks.check("the demo logged no warning"):
            assert not (log := demo.log.read_text("utf-8")), log
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
