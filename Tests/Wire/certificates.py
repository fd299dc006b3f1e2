"""Certificates of a running edge: chosen by name, read anew without a failed request, handshakes with a deadline; and
what a second server on the same port gets."""

import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from support.servers import Deployment, Server

from connection import SECONDS, Address, Connection, Fault
from http1 import GOOD

if TYPE_CHECKING:
    from corpus import Report

HANDSHAKE_SECONDS = 1


def make(folder: str, name: str, host: str) -> tuple[str, str]:
    """A new self-signed certificate for a host, in files of that name."""
    paths = f"{folder}/{name}.pem", f"{folder}/{name}.key"
    fresh = [f"{path}.new" for path in paths]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-out", fresh[0], "-keyout", fresh[1]],
        check=True,
        capture_output=True,
    )
    for new, path in zip(fresh, paths, strict=True):
        os.replace(new, path)
    return paths


def der(path: str) -> bytes:
    with open(path, encoding="ascii") as file:
        return ssl.PEM_cert_to_DER_cert(file.read())


def shown(port: int, name: str | None) -> bytes:
    """The certificate that a client asking for a name is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as tcp:
        with context.wrap_socket(tcp, server_hostname=name) as channel:
            return channel.getpeercert(binary_form=True) or b""


def expect(port: int, name: str | None, path: str) -> None:
    if shown(port, name) != der(path):
        raise Fault(f"another certificate for {name} than {os.path.basename(path)}")


def wait_until_shown(port: int, name: str, path: str) -> str:
    start = time.monotonic()
    while shown(port, name) != der(path):
        if time.monotonic() - start > SECONDS:
            raise Fault(f"not shown after {SECONDS} s")
        time.sleep(0.05)
    return f"after {time.monotonic() - start:.1f} s"


class Visitors:
    """Ask for the snippet without pause, half on connections that stay and half on new ones, and count what fails."""

    def __init__(self, port: int) -> None:
        self.address = Address(port, is_tls=True)
        self.answered = 0
        self.faults: list[str] = []
        self.is_over = False
        self.threads = [threading.Thread(target=self.run, args=(stays,)) for stays in (True, True, False, False)]

    def __enter__(self) -> "Visitors":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        for thread in self.threads:
            thread.join()

    def run(self, stays: bool) -> None:
        try:
            while not self.is_over:
                with Connection(self.address.tls(("http/1.1",))) as connection:
                    while not self.is_over:
                        connection.send(GOOD)
                        if (status := connection.answer().status) != 200:
                            raise Fault(f"status {status}")
                        self.answered += 1
                        if not stays:
                            break
        except (Fault, OSError) as error:
            self.faults.append(f"{type(error).__name__} {error}")


def check(report: "Report", deployment: Deployment, folder: str) -> None:
    first, second = make(folder, "first", "first.example"), make(folder, "second", "*.second.example")
    deployment.environment["WAYMARK_EDGE_HANDSHAKE_SECONDS"] = str(HANDSHAKE_SECONDS)
    words = ["--tls-certificate", f"{first[0]},{second[0]}", "--tls-key", f"{first[1]},{second[1]}", "--edge-threads", "2"]
    server = deployment.serve(*words)
    try:
        for name, attempt in checks(deployment, server, folder, first, second).items():
            report.run(f"certificates: {name}", ("", attempt))
    finally:
        server.stop()


def checks(deployment: Deployment, server: Server, folder: str, first: tuple[str, str], second: tuple[str, str]):
    port = server.port

    def by_name() -> None:
        expect(port, "first.example", first[0])
        expect(port, "a.second.example", second[0])
        expect(port, "A.SECOND.example", second[0])
        # No name, an unknown one, and what a wildcard does not stand for: the first certificate.
        for name in (None, "other.example", "second.example", "a.b.second.example"):
            expect(port, name, first[0])

    def on_change() -> str:
        with Visitors(port) as visitors:
            old = der(first[0])
            make(folder, "first", "first.example")
            note = wait_until_shown(port, "first.example", first[0])
            if der(first[0]) == old:
                raise Fault("the file has not changed")
        return f"{note}, {checked(visitors)}"

    def on_hangup() -> str:
        with Visitors(port) as visitors:
            for _ in range(5):
                make(folder, "second", "*.second.example")
                os.kill(server.pid, signal.SIGHUP)
                note = wait_until_shown(port, "a.second.example", second[0])
        return f"{note}, {checked(visitors)}"

    def checked(visitors: Visitors) -> str:
        if visitors.faults or visitors.answered < 20:
            raise Fault(f"{visitors.answered} answered, {visitors.faults}")
        return f"{visitors.answered} requests meanwhile"

    def broken_files() -> None:
        good = der(first[0])
        with open(first[1], encoding="ascii") as file:
            key = file.read()
        with open(first[1], "w", encoding="ascii") as file:
            file.write("no key")
        try:
            os.kill(server.pid, signal.SIGHUP)
            time.sleep(0.3)
            if shown(port, "first.example") != good:
                raise Fault("another certificate is shown")
        finally:
            with open(first[1], "w", encoding="ascii") as file:
                file.write(key)

    def silent_handshake() -> str:
        with socket.create_connection(("127.0.0.1", port), timeout=HANDSHAKE_SECONDS + 4) as silent:
            silent.sendall(b"\x16\x03\x01")
            start = time.monotonic()
            try:
                if silent.recv(1) != b"":
                    raise Fault("it was answered")
            except ConnectionResetError:
                pass
            took = time.monotonic() - start
        if took < HANDSHAKE_SECONDS:
            raise Fault(f"closed after {took:.1f} s")
        return f"closed after {took:.1f} s"

    def second_server() -> None:
        """On another data directory, so that only the port is in its way."""
        other = Deployment(deployment.waymark, f"{folder}/other")
        other.run("partner", "add", "Other", "--system-variable", "id")
        done = subprocess.run(
            [other.waymark, "serve", "--data", other.data, "--edge", f"127.0.0.1:{port}", "--control", "127.0.0.1:0",
             "--ops", "127.0.0.1:0"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        if done.returncode == 0 or "in use" not in done.stderr:
            raise Fault(f"exit code {done.returncode}, {done.stderr[-200:]}")
        expect(port, None, first[0])

    def every_loop() -> str:
        """Each thread has its own listener, and the kernel spreads connections over them."""
        with open(f"/proc/{server.pid}/net/tcp", encoding="ascii") as file:
            listening = [line for line in file if f":{port:04X} 00000000:0000 0A" in line]
        if len(listening) != 2:
            raise Fault(f"{len(listening)} listening sockets")
        return f"{len(listening)} listening sockets"

    return {
        "chosen by name": by_name,
        "read anew when the files change": on_change,
        "read anew on HUP": on_hangup,
        "files that do not fit leave what is": broken_files,
        "a silent handshake ends at its deadline": silent_handshake,
        "a second server on the port is refused": second_server,
        "a listener for each loop": every_loop,
    }
