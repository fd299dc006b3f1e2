"""Answers larger than a connection takes at once, over TLS: HTTP/1.1 and many streams of HTTP/2, read fast and slowly."""

import hashlib
import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events
import h2.settings

from support.servers import CLIENT, PARTNER, PATH, Deployment, Server

from connection import SECONDS, Address, Connection, Fault
from http1 import request

if TYPE_CHECKING:
    from corpus import Report

BYTES_MIN = 100_000


def solution(folder: str, seed: int) -> str:
    """A solution whose content is too large for the snippet: it becomes a bundle of its own."""
    dice = random.Random(seed)
    path = Path(folder, f"large-{seed}")
    path.mkdir()
    about = {"name": {"en": "Large"}, "system": "sap-concur", "summary": {"en": "Words."}, "notes": f"{seed}"}
    (path / "solution.json").write_text(json.dumps(about), encoding="utf-8")
    for number in range(60):
        text = " ".join("".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(240))
        item = {"kind": "shoutOut", "name": f"{number}", "title": {"en": "Words"}, "text": {"en": text}}
        (path / f"{number:02}.json").write_text(json.dumps(item), encoding="utf-8")
    return str(path)


def check(report: "Report", deployment: Deployment, folder: str, certificate: tuple[str, str]) -> None:
    deployment.run("gallery", "publish", solution(folder, 1), "--partner", PARTNER, "--standard")
    server = deployment.serve("--tls-certificate", certificate[0], "--tls-key", certificate[1])
    try:
        old = bundle(server)
        # The old one is now upstream only, as after any publish.
        deployment.run("gallery", "publish", solution(folder, 2), "--partner", PARTNER, "--standard")
        for name, attempt in checks(server, old).items():
            report.run(f"large: {name}", ("", attempt))
    finally:
        server.stop()


def bundle(server: Server) -> str:
    """The path of the bundle that is live."""
    with Connection(Address(server.port, is_tls=True).tls()) as connection:
        connection.send(request(f"/v1/{PARTNER}/manifests/sapUserId/{CLIENT}.json"))
        found = re.search(rb'"bundle":\{[^}]*objects/([0-9a-f]{64}\.js)', connection.answer().body)
    if not found:
        raise Fault("the manifest names no bundle")
    return f"/v1/objects/{found[1].decode()}"


def whole(path: str, body: bytes) -> None:
    if len(body) < BYTES_MIN or hashlib.sha256(body).hexdigest() not in path:
        raise Fault(f"{len(body)} bytes that are not {path}")


def over_http1(server: Server, path: str) -> Callable[[], str]:
    def attempt() -> str:
        with Connection(Address(server.port, is_tls=True).tls(("http/1.1",))) as connection:
            connection.send(request(path) + request(PATH) + request(path))
            for expected in (path, None, path):
                answer = connection.answer()
                if expected:
                    whole(expected, answer.body)
                elif answer.fields.get("waymark-outcome") != "standard":
                    raise Fault(f"{answer.fields}")
            connection.send(request(PATH, "Connection: close"))
            connection.answer()
            connection.expect_end()
        return "3 answers"

    return attempt


def streams(
    server: Server, path: str, count: int, rate: int = 0, window: int = 2**24, is_leaving: bool = False
) -> None:
    """Asks on so many streams at once and reads them all; `rate` bytes a second, 0 for as fast as it goes. A server that
    is leaving may say so meanwhile."""
    channel = Address(server.port, is_tls=True).tls(("h2",))
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    connection.initiate_connection()
    connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
    connection.increment_flow_control_window(2**24)
    fields = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
    for stream in range(1, 2 * count, 2):
        connection.send_headers(stream, fields, end_stream=True)
    channel.sendall(connection.data_to_send())
    pending = b""
    bodies: dict[int, bytes] = {}
    ended: set[int] = set()
    deadline = time.monotonic() + 60
    channel.settimeout(SECONDS)
    while len(ended) < count:
        if time.monotonic() > deadline:
            raise Fault(f"{len(ended)} of {count} streams ended in 60 s")
        try:
            data = channel.recv(8192 if rate else 65536)
        except (TimeoutError, socket.timeout) as error:
            raise Fault(f"{len(ended)} of {count} streams ended, then nothing came") from error
        if not data:
            raise Fault(f"closed after {len(ended)} of {count} streams")
        if rate:
            time.sleep(len(data) / rate)
        if is_leaving:
            pending, data = without_goaway(pending + data)
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                ended.add(event.stream_id)
            elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                raise Fault(f"{event}")
        channel.sendall(connection.data_to_send())
    channel.close()
    for body in bodies.values():
        whole(path, body)


def without_goaway(data: bytes) -> tuple[bytes, bytes]:
    """What is left of an unfinished frame, and the whole frames but for a GOAWAY without error: the library takes that for
    the end of everything, where it only ends what is new."""
    kept = b""
    while len(data) >= 9 and len(data) >= (end := 9 + int.from_bytes(data[:3], "big")):
        frame, data = data[:end], data[end:]
        if frame[3] == 7 and int.from_bytes(frame[13:17], "big") != 0:
            raise Fault(f"GOAWAY {frame!r}")
        if frame[3] != 7:
            kept += frame
    return data, kept


def checks(server: Server, old: str) -> dict[str, Callable[[], str | None]]:
    live = bundle(server)
    found: dict[str, Callable[[], str | None]] = {}
    for name, path in (("live", live), ("from upstream", old)):
        found[f"{name} bundle over HTTP/1.1, pipelined"] = over_http1(server, path)
        for count in (1, 30, 100):
            found[f"{name} bundle on {count} streams"] = lambda path=path, count=count: streams(server, path, count)
        found[f"{name} bundle on 5 streams, read slowly"] = lambda path=path: streams(server, path, 5, rate=150_000)
        found[f"{name} bundle on 10 streams, small windows"] = lambda path=path: streams(server, path, 10, window=4000)
    found["TERM while 3 streams are read slowly"] = lambda: while_leaving(server, live)
    return found


def while_leaving(server: Server, path: str) -> str:
    """The last one: what is under way is answered as a whole, and then the server ends."""
    threading.Timer(0.5, server.process.terminate).start()
    start = time.monotonic()
    streams(server, path, 3, rate=100_000, window=20_000, is_leaving=True)
    read = time.monotonic() - start
    if (code := server.process.wait(timeout=20)) != 0:
        raise Fault(f"it ended with {code}")
    return f"read in {read:.1f} s, ended after {time.monotonic() - start:.1f} s"
