"""Connections to the edge, plain or TLS, and the strict reading of HTTP/1.1 answers from them."""

import re
import socket
import ssl
from dataclasses import dataclass

# Long enough for a busy machine; an edge that does not answer in this time hangs.
SECONDS = 5

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [\x20-\x7e]+")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)")


class Fault(Exception):
    """Something that must not be seen on the wire; the text says what was seen."""


@dataclass
class Answer:
    """One HTTP/1.1 answer. Names of fields are in lower case; the body is as sent, codings and all."""

    status: int
    fields: dict[str, str]
    body: bytes = b""

    @property
    def is_bodiless(self) -> bool:
        """Whether the status alone says that there is no body (RFC 9112, section 6.3)."""
        return self.status < 200 or self.status in (204, 304)


def parse_head(head: bytes) -> Answer:
    """Reads status line and field lines; nothing is forgiven, as no client should have to."""
    status_line, *lines = head.split(b"\r\n")
    status = STATUS_LINE.fullmatch(status_line)
    if not status:
        raise Fault(f"status line {status_line!r}")
    fields: dict[str, str] = {}
    for line in lines:
        field = FIELD_LINE.fullmatch(line)
        if not field:
            raise Fault(f"field line {line!r}")
        name = field[1].decode().lower()
        if name in fields:
            raise Fault(f"field {name} twice")
        fields[name] = field[2].decode()
    return Answer(int(status[1]), fields)


@dataclass
class Address:
    """Where the edge listens, and whether it speaks TLS there."""

    port: int
    is_tls: bool = False

    def tcp(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def tls(
        self,
        protocols: tuple[str, ...] = (),
        version: ssl.TLSVersion | None = None,
    ) -> ssl.SSLSocket:
        """Shakes hands offering `protocols` by ALPN, of exactly this TLS version where one is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if protocols:
            context.set_alpn_protocols(list(protocols))
        if version:
            # What is old must be refused by the server, not by this side's own policy.
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = version
            context.minimum_version = version
        connection = self.tcp()
        try:
            # An end without close_notify is an error: it could be an attacker's cut.
            return context.wrap_socket(connection, server_hostname="localhost", suppress_ragged_eofs=False)
        except BaseException:
            connection.close()
            raise

    def connect(self) -> "Connection":
        return Connection(self.tls(("http/1.1",)) if self.is_tls else self.tcp())


class Connection:
    """One connection that speaks HTTP/1.1."""

    def __init__(self, channel: socket.socket):
        self.channel = channel
        self.buffer = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()

    def send(self, data: bytes, *, bytewise: bool = False) -> None:
        """Sends all in one call, or each byte in a call of its own."""
        try:
            if bytewise:
                for position in range(len(data)):
                    self.channel.send(data[position : position + 1])
            else:
                self.channel.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Fault(f"{error} while the request was sent") from error

    def end_sending(self) -> None:
        self.channel.shutdown(socket.SHUT_WR)

    def more(self) -> bool:
        """Reads once; False at the end of the stream."""
        try:
            data = self.channel.recv(65_536)
        except TimeoutError as error:
            raise Fault(f"nothing came for {SECONDS} s; before it {self.buffer[:60]!r}") from error
        except ConnectionResetError as error:
            raise Fault(f"reset; before it {self.buffer[:60]!r}") from error
        except ssl.SSLError as error:
            raise Fault(f"TLS: {error.reason}; before it {self.buffer[:60]!r}") from error
        self.buffer += data
        return bool(data)

    def answer(self, *, is_head: bool = False) -> Answer:
        """The next answer, complete."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                raise Fault(f"the end instead of an answer; before it {self.buffer[:60]!r}")
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        answer = parse_head(head)
        if answer.is_bodiless or is_head:
            return answer
        length = answer.fields.get("content-length", "")
        if not re.fullmatch(r"0|[1-9][0-9]*", length):
            raise Fault(f"{answer.status} with Content-Length {length!r}")
        while len(self.buffer) < int(length):
            if not self.more():
                raise Fault(f"{answer.status} with {len(self.buffer)} of {length} bytes of body")
        answer.body, self.buffer = self.buffer[: int(length)], self.buffer[int(length) :]
        return answer

    def expect_end(self) -> None:
        """Waits for the server's FIN; more bytes, a reset and silence are faults."""
        while not self.buffer:
            if not self.more():
                return
        raise Fault(f"more behind the last answer: {self.buffer[:60]!r}")
