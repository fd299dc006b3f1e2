"""What the trials under load share: tenants.py, kills.py and backup.py."""

import argparse
import ctypes
import functools
import http.client
import importlib.util
import json
import random
import socket
import sqlite3
import sys
import threading
import time
import traceback
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

if not importlib.util.find_spec("aiosmtpd"):
    sys.exit("aiosmtpd is not installed: pip install -r Tests/MailTests/requirements.txt")

FAULTS_SHOWN = 20
# What a request ends with whose server is gone.
GONE = (OSError, http.client.HTTPException)


def parser(about: str, example: str) -> argparse.ArgumentParser:
    """The arguments that every trial takes."""
    made = argparse.ArgumentParser(
        description=about, epilog=f"Example:\n{example}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--waymark", type=binary, required=True, metavar="BINARY", help="the waymark to try")
    seed = random.randrange(1 << 32)
    made.add_argument("--seed", type=int, default=seed, help="of all chance (default: another each time)")
    return made


def binary(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


class Trial:
    """What was seen that must not be, chance by seed, and a line that tells how far it is."""

    def __init__(self, seed: int):
        self.seed, self.started = seed, time.monotonic()
        self.faults: list[str] = []
        self.told_faults = 0
        self.lock = threading.Lock()
        self.told = 0.0
        print(f"seed {seed}", flush=True)

    def dice(self, name: object) -> random.Random:
        """Chance of one thread's own, so that it does not depend on the others."""
        return random.Random(f"{self.seed} {name}")

    def fault(self, text: str) -> None:
        with self.lock:
            self.faults.append(text)
            self.told_faults += 1
            if self.told_faults <= FAULTS_SHOWN:
                self.clear()
                print(f"FAULT  {text}", flush=True)

    def found(self, what: str, step: Callable[[], None]) -> bool:
        """Whether a step that does something wrong makes a fault, which then counts no more; tells so."""
        before, self.faults = self.faults, []
        shown, self.told_faults = self.told_faults, FAULTS_SHOWN
        step()
        seen, self.faults, self.told_faults = self.faults, before, shown
        print(f"found  {what}: {seen[0][:200]}" if seen else f"MISSED {what}", flush=True)
        return bool(seen)

    def expect(self, holds: object, text: str) -> bool:
        if not holds:
            self.fault(text)
        return bool(holds)

    def progress(self, text: str) -> None:
        """On a terminal a line that the next one overwrites, else a line now and then."""
        now = time.monotonic()
        line = f"{now - self.started:4.0f} s  {text}"
        if sys.stderr.isatty():
            sys.stderr.write("\r" + line.ljust(118)[:118])
            sys.stderr.flush()
        elif now - self.told >= 10:
            self.told = now
            print(line, file=sys.stderr, flush=True)

    @staticmethod
    def clear() -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r" + " " * 118 + "\r")

    def end(self) -> int:
        """Tells how it went; the exit code."""
        self.clear()
        seconds = time.monotonic() - self.started
        hidden = len(self.faults) - FAULTS_SHOWN
        if hidden > 0:
            print(f"and {hidden} more")
        verdict = f"{len(self.faults)} FAULTS" if self.faults else "everything holds"
        print(f"{verdict}, seed {self.seed}, {seconds:.0f} s")
        return 1 if self.faults else 0


class Crew:
    """Threads that go on until they are told to stop. One that fails is a fault of the trial."""

    def __init__(self, trial: Trial):
        self.trial, self.stopping = trial, threading.Event()
        self.threads: list[threading.Thread] = []

    def add(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=self.run, args=(work, *arguments), daemon=True)
        self.threads.append(thread)
        thread.start()

    def run(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001: a thread that ends early would hide what it had to find
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.trial.fault(f"{work.__name__} broke off: {type(error).__name__} {error} ({place.name}:{place.lineno})")
            self.stopping.set()

    @property
    def goes_on(self) -> bool:
        return not self.stopping.is_set()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(timeout=120)
            self.trial.expect(not thread.is_alive(), "a thread has not ended after 120 s")


@dataclass
class EdgeAnswer:
    """An answer of the edge; names of fields in lower case, the body as it was sent."""

    status: int
    fields: dict[str, str]
    body: bytes
    head: bytes = field(repr=False, default=b"")

    @property
    def outcome(self) -> str:
        return self.fields.get("waymark-outcome", f"status {self.status}")

    @property
    def text(self) -> bytes:
        """The body without its coding."""
        return decoded(self.body, self.fields.get("content-encoding", ""))


class EdgeLine:
    """A connection to the edge that is kept; it takes one request after another, or many at once."""

    def __init__(self, address: str):
        self.netloc = urlsplit(address).netloc
        self.socket: socket.socket | None = None
        self.rest = b""

    def ask(self, path: str, *lines: str, method: str = "GET") -> EdgeAnswer:
        return self.ask_all([(method, path, lines)])[0]

    def ask_all(self, requests: list[tuple[str, str, tuple[str, ...]]]) -> list[EdgeAnswer]:
        """Sends requests at once and reads their answers, in order."""
        if not self.socket:
            host, port = self.netloc.rsplit(":", 1)
            self.socket, self.rest = socket.create_connection((host, int(port)), timeout=30), b""
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            heads = ["\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {self.netloc}", *lines, "", ""])
                     for method, path, lines in requests]
            self.socket.sendall("".join(heads).encode())
            return [self.answer(method == "HEAD") for method, _, _ in requests]
        except GONE:
            self.close()
            raise

    def answer(self, is_head: bool) -> EdgeAnswer:
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            self.more()
        head, self.rest = self.rest[:end], self.rest[end + 4 :]
        status, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        code = int(status.split(" ")[1])
        length = 0 if is_head or code in (204, 304) else int(fields["content-length"])
        while len(self.rest) < length:
            self.more()
        body, self.rest = self.rest[:length], self.rest[length:]
        if fields.get("connection") == "close":
            self.close()
        return EdgeAnswer(code, fields, body, head)

    def more(self) -> None:
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("the edge closed the connection within an answer")
        self.rest += piece

    def close(self) -> None:
        if self.socket:
            self.socket.close()
            self.socket = None


def decoded(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return zlib.decompress(body, wbits=31)
    if coding == "br":
        size = ctypes.c_size_t(1 << 22)
        space = ctypes.create_string_buffer(size.value)
        if brotli().BrotliDecoderDecompress(ctypes.c_size_t(len(body)), body, ctypes.byref(size), space) != 1:
            raise ValueError("a body that is no Brotli")
        return space.raw[: size.value]
    return body


@functools.cache
def brotli() -> ctypes.CDLL:
    """The library that the build needs too (Debian package `libbrotli1`)."""
    return ctypes.CDLL("libbrotlidec.so.1")


def status(ops: str) -> dict:
    """What `/statusz` tells."""
    connection = http.client.HTTPConnection(urlsplit(ops).netloc, timeout=20)
    try:
        connection.request("GET", "/statusz")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def execute(file: Path, *statements: str) -> None:
    """Changes a database that no server has open."""
    database = sqlite3.connect(file)
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
