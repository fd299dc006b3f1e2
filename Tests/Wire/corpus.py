#!/usr/bin/env python3
"""The wire corpus: requests, odd and right ones, each with its one right answer.

Starts `waymark serve` itself, on free ports and temporary data. Each case of HTTP/1.1 is run three ways: whole in one
send, one byte at a time, and pipelined behind a good request. Where the connection must close, it must end in peace;
where it must stay, a good request gets its answer on it. Over HTTP/2 (on TLS) come the same questions, and those that
only HTTP/2 has. Prints a line for each case, then a count; the exit code is 1 where any failed.

The answers are written from the contract and the RFCs, never from what the edge does.
"""

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.append(str(REPOSITORY / "Benchmarks"))

from support.servers import Deployment, Server, certificate  # noqa: E402

import http1  # noqa: E402
import http1_answers  # noqa: E402
import http1_bodies  # noqa: E402
import http1_heads  # noqa: E402
from connection import Address, Fault  # noqa: E402

EXAMPLE = """
Example:
  pip install -r Tests/Wire/requirements.txt
  Tests/Wire/corpus.py --waymark .build/debug/waymark
  Tests/Wire/corpus.py --waymark .build/debug/waymark --only Host --skip-h2
"""
SOLUTION = REPOSITORY / "Benchmarks/fixtures/small"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waymark", type=Path, required=True, metavar="BINARY", help="the waymark to test")
    parser.add_argument("--only", default="", metavar="TEXT", help="run only cases with this text in their line")
    parser.add_argument("--skip-h2", action="store_true", help="leave out HTTP/2 and TLS")
    options = parser.parse_args()
    if not options.waymark.is_file():
        parser.error(f"there is no file {options.waymark}")
    if not options.skip_h2 and not importlib.util.find_spec("h2"):
        parser.error("h2 is not installed: pip install -r Tests/Wire/requirements.txt, or give --skip-h2")
    options.waymark = options.waymark.resolve()
    return options


class Report:
    """Runs cases, prints their lines and counts."""

    def __init__(self, only: str):
        self.only = only
        self.passed = 0
        self.failed: list[str] = []

    def run(self, name: str, *attempts: tuple[str, Callable[[], str | None]]) -> None:
        """Makes each attempt at a case; what one returns is told in the case's line."""
        if self.only not in name:
            return
        faults, notes = [], []
        for way, attempt in attempts:
            try:
                if note := attempt():
                    notes.append(note)
            except Fault as error:
                faults.append((way, str(error)))
            except Exception as error:  # noqa: BLE001: whatever goes wrong in a case, the others still count
                faults.append((way, f"{type(error).__name__} {error}"))
        if faults:
            self.fail(name, told(faults, len(attempts)))
        else:
            self.passed += 1
            print(f"ok     {name}" + (f" ({'; '.join(notes)})" if notes else ""), flush=True)

    def fail(self, name: str, what: str) -> None:
        self.failed.append(name)
        print(f"FAILED {name}: {what}", flush=True)


def told(faults: list[tuple[str, str]], attempts: int) -> str:
    """What was seen, once where it was always the same."""
    if len({fault for _, fault in faults}) == 1 and len(faults) == attempts:
        return faults[0][1]
    return "; ".join(f"{way}: {fault}" for way, fault in faults)


def http1_cases(site: http1.Site) -> Iterator[http1.Case]:
    for table in (http1_heads, http1_bodies, http1_answers):
        yield from table.cases(site)


def check_http1(report: Report, server: Server) -> None:
    site = http1.survey(Address(server.port))
    for case in http1_cases(site):
        attempts = [(way, lambda case=case, way=way: http1.run(case, site, way)) for way in http1.WAYS]
        report.run(f"http/1.1 {case.name}", *attempts)
    for name, check in http1.ENDINGS.items():
        report.run(f"http/1.1 {name}", ("", lambda check=check: check(site)))


def check_secure(report: Report, deployment: Deployment, folder: str) -> None:
    # Only this half needs more than Python itself.
    import certificates
    import large
    import secure

    paths = certificate(folder)
    try:
        server = deployment.serve("--tls-certificate", paths[0], "--tls-key", paths[1])
    except SystemExit as error:
        report.fail("tls: the server starts with a certificate", str(error))
        return
    try:
        secure.check(report, server, paths[0], http1_cases)
        check_alive(report, server)
    except (Fault, OSError, SystemExit) as error:
        report.fail("tls: the first good request", f"{type(error).__name__} {error}")
    finally:
        server.stop()
    large.check(report, deployment, folder, paths)
    certificates.check(report, deployment, folder)


def check_alive(report: Report, server: Server) -> None:
    def attempt() -> None:
        if (code := server.process.poll()) is not None:
            raise Fault(f"it ended with {code}")

    report.run("the server still runs", ("", attempt))


def main() -> int:
    options = arguments()
    report = Report(options.only)
    with tempfile.TemporaryDirectory(prefix="waymark-wire-") as folder:
        deployment = Deployment(str(options.waymark), f"{folder}/data").make(str(SOLUTION))
        server = deployment.serve()
        try:
            check_http1(report, server)
            check_alive(report, server)
        finally:
            server.stop()
        if not options.skip_h2:
            check_secure(report, deployment, folder)
    print(f"{report.passed} passed, {len(report.failed)} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
