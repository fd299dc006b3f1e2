"""A blocking HTTP/1.1 client that tells how a connection ended: before a request, before its answer, or within it."""

import select
import socket
import struct
from dataclasses import dataclass, field

# IP_BIND_ADDRESS_NO_PORT of Linux, which Python does not name: connect() chooses the port, so that the ports of one
# source address do not run out while connections to other ports hold them.
BIND_ADDRESS_NO_PORT = 24
# The last answer, and what is refused, never need as long.
PATIENCE_SECONDS = 10


class Ended(Exception):
    """A request that came to no whole answer."""


class NotConnected(Ended):
    """No connection: refused, timed out, or reset before it was there."""


class Unsent(Ended):
    """The connection had ended before the first byte of the request."""


class Unanswered(Ended):
    """The request was sent, and not a byte came back."""


class HalfAnswered(Ended):
    """The connection ended within the answer."""


@dataclass
class Answer:
    """One whole answer; `names` are those of its fields, in order."""
    status: int
    fields: dict
    body: bytes
    names: list = field(default_factory=list)

    @property
    def closes(self):
        return self.fields.get("connection", "").lower() == "close"


def request(path, *fields, method="GET", body=b""):
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def source(number):
    """One of eight addresses of this machine to connect from. None is the servers' own: else a client could take the
    port of a server that is just being started anew."""
    return f"127.0.0.{2 + number % 8}"


class Connection:
    """A connection to a server on this machine."""

    def __init__(self, port, number=0, *, timeout=PATIENCE_SECONDS, tls=None, receive_bytes=0):
        """Connects. `number` spreads connections over source addresses; `tls` is a context; `receive_bytes` keeps the
        kernel's own buffer small."""
        self.socket = socket.socket()
        try:
            self.socket.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
            if receive_bytes:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            self.socket.bind((source(number), 0))
            self.socket.settimeout(timeout)
            self.socket.connect(("127.0.0.1", port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        except OSError as error:
            self.socket.close()
            raise NotConnected(f"no connection: {error}") from error
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fileno(self):
        return self.socket.fileno()

    def is_readable(self, seconds=0):
        """Whether there are bytes, the end or an error to read. Where no answer is due, bytes mean no good either."""
        poller = select.poll()
        poller.register(self.socket, select.POLLIN | select.POLLRDHUP)
        return bool(poller.poll(seconds * 1000))

    def ask(self, data, has_body=True):
        """Sends a request and takes its answer."""
        self.send(data)
        return self.answer(has_body)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Unsent(f"closed before the request was sent: {error}") from error

    def answer(self, has_body=True):
        """The next answer; `has_body` is false for the answer to a HEAD."""
        data = self.rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more(data)
        lines = data[:end].decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        fields = dict(pairs)
        length = int(fields.get("content-length", 0)) if has_body and status not in (204, 304) else 0
        whole = end + 4 + length
        while len(data) < whole:
            data += self._more(data)
        self.rest = data[whole:]
        return Answer(status, fields, data[end + 4 : whole], [name for name, _ in pairs])

    def _more(self, data):
        try:
            if piece := self.socket.recv(262_144):
                return piece
            reason = "closed"
        except TimeoutError:
            reason = f"nothing came for {self.socket.gettimeout():.0f} s"
        except OSError as error:
            reason = str(error)
        if data:
            raise HalfAnswered(f"{reason} after {len(data)} bytes of an answer")
        raise Unanswered(f"{reason} before a byte of the answer")

    def ends(self, seconds):
        """Whether the other side closes within so long, and sends nothing before."""
        self.socket.settimeout(seconds)
        try:
            return not self.rest and not self.socket.recv(1)
        except TimeoutError:
            return False
        except OSError:
            return True

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a reset instead of an end."""
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass  # reset by the other side already
        self.socket.close()


def seconds_until_answered(port, data, clock, since, at_most):
    """How long after `since` a fresh connection gets a 200; `at_most` where none does by then."""
    while (left := since + at_most - clock()) > 0:
        try:
            with Connection(port, timeout=left) as connection:
                if connection.ask(data).status == 200:
                    return clock() - since
        except Ended:
            pass
    return at_most
