"""A running `waymark serve` on temporary data, on ports of its own choice."""

import http.client
import os
import subprocess
from pathlib import Path
from urllib.parse import quote, urlsplit

from suite import Fault

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


class Deployment:
    """One server with its data directory. Without a mail server's port, mails go into its mailbox folder. With `clock`, a
    file of libfaketime's, its time of day is the test's. Nobody's requests are too many, unless a rate is given."""

    def __init__(
        self, binary: Path, folder: Path, mail_port: int | None, clock: Path | None = None, level: str = "info",
        rate: int = 1_000_000,
    ):
        self.binary, self.data = binary, folder / "data"
        self.log = folder / "log"
        # The backtrace of a crash takes a minute or more.
        self.environment = {
            **os.environ, "SWIFT_BACKTRACE": "enable=no", "WAYMARK_LOG_LEVEL": level, "WAYMARK_API_RATE": str(rate),
        }
        if mail_port:
            self.environment |= {
                "WAYMARK_SMTP": f"127.0.0.1:{mail_port}",
                "WAYMARK_SMTP_SECURITY": "none",
                "WAYMARK_MAIL_FROM": "waymark@tessera.example",
            }
        self.faked: dict[str, str] = {}
        if clock:
            self.faked = {
                "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                "DONT_FAKE_MONOTONIC": "1", "TZ": "UTC",
            }
        self.addresses: dict[str, str] = {}
        self.start()

    def start(self) -> None:
        """Starts the server; where it ran before, on the same ports."""
        # In the first process that it is loaded into, libfaketime sets variables; Swift, which looks for the arguments
        # beside the environment, then finds none. `env` is that first process.
        words = ["env"] if self.faked else []
        words += [self.binary, "serve", "--data", self.data]
        for name in ("edge", "control", "ops"):
            words += [f"--{name}", urlsplit(self.addresses.get(name, "")).netloc or "127.0.0.1:0"]
        with self.log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=log, text=True, env={**self.environment, **self.faked}
            )
        for _ in range(3):
            line = self.process.stdout.readline()
            if not line:
                raise Fault(f"waymark serve ended at once: {self.log.read_text()[-500:]}")
            name, _, address = line.strip().partition(" ")
            self.addresses[name] = address

    def revive(self) -> str:
        """Starts a server again that has ended; says so, or nothing where it runs."""
        try:
            http.client.HTTPConnection(urlsplit(self.addresses["control"]).netloc, timeout=20).connect()
        except OSError:
            # It takes a while to end after its sockets are closed.
            self.process.wait(timeout=60)
        if self.process.poll() is None:
            return ""
        code = self.process.returncode
        self.start()
        return f"the server ended with {code}"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def command(self, *words: str) -> str:
        """Runs a command against the same data directory, through the server; what it prints."""
        done = subprocess.run(
            [self.binary, *words, "--data", self.data],
            capture_output=True, text=True, env=self.environment, check=False,
        )
        if done.returncode:
            raise Fault(f"waymark {' '.join(words)} ended with {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout

    def outcome(self, client_id: str, variable: str = "sapUserId", partner: str = "tessera") -> str:
        """What the edge says of a key: release, standard, empty, suspended or unknown."""
        return self.snippet(client_id, variable, partner)[0]

    def snippet(
        self, client_id: str, variable: str = "sapUserId", partner: str = "tessera", environment: str = "",
    ) -> tuple[str, bytes]:
        """What the edge says of a key, and the script."""
        connection = http.client.HTTPConnection(urlsplit(self.addresses["edge"]).netloc, timeout=20)
        place = f"env/{environment}/" if environment else ""
        try:
            connection.request("GET", f"/v1/{partner}/{place}snippets/{variable}/{quote(client_id, safe='')}.js")
            answer = connection.getresponse()
            body = answer.read()
            return answer.getheader("Waymark-Outcome") or f"status {answer.status}", body
        finally:
            connection.close()

    def get(self, path: str) -> bytes:
        """What the edge answers at a path."""
        connection = http.client.HTTPConnection(urlsplit(self.addresses["edge"]).netloc, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()
