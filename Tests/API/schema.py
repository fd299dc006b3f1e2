#!/usr/bin/env python3
"""The management API against its own description.

Starts `waymark serve` itself, on free ports and temporary data; validates `/api/v1/openapi.json`; then has Schemathesis
make requests from it, valid and invalid ones, as three roles, and hold every answer against it with all its checks.
Further, each operation that a role may do must have succeeded, and none that it may not. The exit code is 1 where
anything failed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import openapi_spec_validator
import requests

import schema_rules
from schema_site import ROLES, Server, Site, build

EXAMPLE = """
Example:
  pip install -r Tests/API/requirements.txt
  Tests/API/schema.py --waymark .build/debug/waymark
  Tests/API/schema.py --waymark .build/debug/waymark --role analyst --examples 100 --seed 7
"""
HERE = Path(__file__).resolve().parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waymark", type=Path, required=True, metavar="BINARY", help="the waymark to test")
    parser.add_argument(
        "--examples", type=int, default=5, metavar="N", help="made-up requests of each operation (default: 5)"
    )
    parser.add_argument("--role", choices=ROLES, help="only as this role")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="what they are made from (default: 1)")
    parser.add_argument(
        "--only", default="", metavar="PATTERN", help="only operations whose path this regular expression finds"
    )
    options = parser.parse_args()
    if not options.waymark.is_file():
        parser.error(f"there is no file {options.waymark}")
    if options.examples < 1:
        parser.error("--examples is at least 1")
    options.waymark = options.waymark.resolve()
    return options


def faults_of(document: dict) -> list[str]:
    """What is wrong with the description itself."""
    validator = openapi_spec_validator.OpenAPIV31SpecValidator(document)
    return [f"openapi.json: {error.message}" for error in validator.iter_errors()]


def run(site: Site, document: dict, folder: Path, options: argparse.Namespace, is_first: bool) -> list[str]:
    """Runs Schemathesis as one role, and tells what failed."""
    site.seen = str(folder / "answers.txt")
    Path(site.seen).touch()
    site.save(folder / "site.json")
    settings = folder / "schemathesis.toml"
    settings.write_text(
        schema_rules.configuration(
            document, site.role, site.base, str(HERE / "schema_hooks.py"), options.examples, is_first
        ),
        encoding="utf-8",
    )
    words = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "run", site.base + "/openapi.json",
        "--checks=all", "--no-color", f"--seed={options.seed}",
    ]
    if options.only:
        words.append(f"--include-path-regex={options.only}")
    environment = {
        **os.environ, "WAYMARK_SCHEMA_SITE": str(folder / "site.json"), "PYTHONPATH": str(HERE), "COLUMNS": "120",
    }
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    faults = []
    if done.returncode:
        print(done.stdout, done.stderr, flush=True)
        faults.append(f"Schemathesis ended with {done.returncode}; its report is above")
    return faults + depth(site, document, options.only)


def depth(site: Site, document: dict, only: str) -> list[str]:
    """Whether everything that the role may do was done, and nothing else; from the answers that were noted."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    for line in Path(site.seen).read_text(encoding="utf-8").splitlines():
        status, took, label = line.split(" ", 2)
        answers[label][status] += 1
        seconds[label] += float(took)
    faults = []
    for path, operations in document["paths"].items():
        for method in (name.upper() for name in operations if re.search(only, path)):
            statuses = answers[f"{method} {path}"]
            succeeded = any(status.startswith("2") for status in statuses)
            if succeeded != schema_rules.may(site.role, method, path):
                told = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
                what = "succeeded, which the role may not" if succeeded else "never succeeded"
                faults.append(f"{method} {path} {what}; answers: {told or 'none'}")
    total = Counter[str]()
    for statuses in answers.values():
        for status, count in statuses.items():
            total[status[0] + "xx"] += count
    told = ", ".join(f"{count} × {status}" for status, count in sorted(total.items()))
    print(f"       {site.role}: {sum(total.values())} requests, answers: {told}", flush=True)
    slow = ", ".join(f"{label} {took:.0f} s" for label, took in seconds.most_common(3))
    print(f"       the server took {sum(seconds.values()):.0f} s for them, most for {slow}", flush=True)
    return faults


def main() -> int:
    options = arguments()
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="waymark-schema-") as name:
        folder = Path(name)
        with Server(options.waymark, folder / "made") as server:
            document = requests.get(server.control + "/api/v1/openapi.json", timeout=20).json()
            faults += faults_of(document)
            sites = build(server)
        for number, role in enumerate([options.role] if options.role else ROLES):
            begun = time.monotonic()
            # Each role has the deployment as it was made: what one does to it is not seen by another.
            shutil.copytree(folder / "made", folder / role, ignore=shutil.ignore_patterns("waymark.sock", "lock", "log"))
            with Server(options.waymark, folder / role) as server:
                sites[role].base = server.control + "/api/v1"
                found = run(sites[role], document, folder / role, options, number == 0)
                if server.process.poll() is not None:
                    found.append(f"the server ended with {server.process.returncode}")
            if log := server.log.read_text(encoding="utf-8"):
                found.append(f"the server logged errors:\n{log[:4000]}")
            faults += [f"{role}: {fault}" for fault in found]
            print(f"{'FAILED' if found else 'ok    '} {role} in {time.monotonic() - begun:.0f} s", flush=True)
    for fault in faults:
        print(f"FAILED {fault}")
    print(f"{len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
