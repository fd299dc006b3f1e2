"""Two clients of HTTP/2: one that keeps the rules and watches the server's, and one that can break them.

`Client` is the h2 library: it refuses whatever the server must not send, but its own requests may be malformed. `Peer`
knows nothing but frames, so it can send any, in any order, and stop reading.
"""

import select
import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import hpack
from h2.errors import ErrorCodes
from hyperframe import frame as frames

from connection import SECONDS, Address, Fault

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK = END_STREAM = 0x1
END_HEADERS, PADDED = 0x4, 0x8
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = range(1, 6)

Fields = list[tuple[str, str]]


def frame(kind: int, stream: int = 0, payload: bytes = b"", flags: int = 0) -> bytes:
    """A frame, be it right or wrong."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def settings_frame(settings: dict[int, int]) -> bytes:
    pairs = [name.to_bytes(2, "big") + number(value) for name, value in settings.items()]
    return frame(SETTINGS, payload=b"".join(pairs))


def code_name(code: int) -> str:
    try:
        return ErrorCodes(code).name
    except ValueError:
        return f"code {code}"


@dataclass
class Reply:
    """What came on one stream so far."""

    status: int | None = None
    fields: Fields = field(default_factory=list)
    body: bytes = b""
    is_complete: bool = False
    reset: int | None = None

    @property
    def is_over(self) -> bool:
        return self.is_complete or self.reset is not None

    def __getitem__(self, name: str) -> str | None:
        return dict(self.fields).get(name)

    def take(self, fields: Fields) -> None:
        """Takes the fields of an answer; interim answers and trailers are left out."""
        status = int(dict(fields).get(":status", 0))
        if status >= 200:
            self.status, self.fields = status, fields


class Channel:
    """A TLS connection that never blocks: what is to be sent waits in `out` while the server does not read."""

    def __init__(self, address: Address):
        self.socket = address.tls(("h2",))
        if self.socket.selected_alpn_protocol() != "h2":
            raise Fault(f"ALPN chose {self.socket.selected_alpn_protocol()} instead of h2")
        self.socket.setblocking(False)
        self.out = bytearray()
        # How the connection ended, once it has.
        self.end: str | None = None

    def exchange(self, seconds: float, *, reading: bool = True) -> bytes:
        """Sends and reads what goes at once; where nothing goes, waits at most so long first. Returns what came."""
        for wait in (0, seconds):
            if wait and not self.end:
                select.select([self.socket] if reading else [], [self.socket] if self.out else [], [], wait)
            has_sent = self._send()
            data = self._read() if reading else b""
            if data or has_sent:
                return data
        return b""

    def _send(self) -> bool:
        has_sent = False
        try:
            while self.out and not self.end:
                # A write that would block must be repeated with the same bytes: they stay in front.
                del self.out[: self.socket.send(bytes(self.out[:16_384]))]
                has_sent = True
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            # What it said last may still be there to be read, and tells more.
            self.out.clear()
        return has_sent

    def _read(self) -> bytes:
        data = b""
        try:
            while not self.end:
                if piece := self.socket.recv(65_536):
                    data += piece
                else:
                    self.end = "closed"
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except ssl.SSLEOFError:
            self.end = "closed without close_notify"
        except OSError as error:
            self.end = "reset" if isinstance(error, ConnectionResetError) else str(error)
        return data

    def finish(self) -> None:
        """Says close_notify, and waits for the server's end."""
        self.socket.settimeout(SECONDS)
        try:
            if self.socket.unwrap().recv(1):
                raise Fault("bytes behind close_notify")
        except TimeoutError as error:
            raise Fault(f"the connection does not end {SECONDS} s after close_notify") from error
        except (ssl.SSLEOFError, ConnectionResetError):
            pass  # its end all the same
        except ssl.SSLError as error:
            if error.reason != "APPLICATION_DATA_AFTER_CLOSE_NOTIFY":
                raise
            self.drain()  # the server's last frames and our close_notify have crossed

    def drain(self) -> None:
        """Waits for the end below TLS."""
        try:
            while socket.socket.recv(self.socket, 65536):
                pass
        except TimeoutError as error:
            raise Fault(f"the connection does not end {SECONDS} s after close_notify") from error
        except ConnectionResetError:
            pass


class Base:
    """What both clients have: streams, an end, and waiting."""

    def __init__(self, address: Address):
        self.channel = Channel(address)
        self.replies: dict[int, Reply] = defaultdict(Reply)
        self.goaway: int | None = None

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.socket.close()

    def receive(self, data: bytes) -> None:
        raise NotImplementedError

    @property
    def is_ending(self) -> bool:
        return self.channel.end is not None or self.goaway is not None

    @property
    def ending(self) -> str:
        """How the connection came to its end, for reports."""
        if self.goaway is not None:
            return f"GOAWAY {code_name(self.goaway)}"
        return self.channel.end or "open"

    def run(self, until: Callable[[], bool], seconds: float = SECONDS, *, reading: bool = True) -> bool:
        """Sends and reads until something holds; False where it does not in time, or cannot any more."""
        limit = time.monotonic() + seconds
        while not until():
            left = limit - time.monotonic()
            if left <= 0 or self.channel.end:
                return False
            self.receive(self.channel.exchange(min(left, 1), reading=reading))
        return True

    def wait(self, *streams: int, seconds: float = SECONDS) -> None:
        """Waits until each stream is over, or the connection is."""

        def is_over() -> bool:
            return all(self.replies[stream].is_over for stream in streams)

        # After a GOAWAY what is under way may still be answered, for a while.
        if not self.run(lambda: is_over() or self.is_ending, seconds) and not self.channel.end:
            seen = [f"{stream}: {self.outcome(stream)}" for stream in streams if not self.replies[stream].is_over]
            raise Fault(f"no end of {len(seen)} streams in {seconds} s: {', '.join(seen[:5])}")
        if not is_over():
            self.run(is_over, 1)

    def outcome(self, stream: int) -> str:
        """What came of a request, for reports."""
        reply = self.replies[stream]
        if reply.is_complete:
            return str(reply.status)
        if reply.reset is not None:
            start = f"{reply.status} cut off at {len(reply.body)} bytes by " if reply.status else ""
            return f"{start}RST_STREAM {code_name(reply.reset)}"
        if self.is_ending:
            return self.ending
        return f"{reply.status}, {len(reply.body)} bytes so far"


class Client(Base):
    """Speaks HTTP/2 by the h2 library."""

    def __init__(self, address: Address):
        super().__init__(address)
        # What is sent may be malformed, for that is the test; what comes may not.
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding="utf-8",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.h2.initiate_connection()
        self.channel.out += self.h2.data_to_send()
        # Its SETTINGS come first (RFC 9113, section 3.4); what it allows must be known before requests.
        self.has_settings = False
        if not self.run(lambda: self.has_settings):
            raise Fault(f"no SETTINGS of the server: {self.ending}")

    def receive(self, data: bytes) -> None:
        if self.goaway is not None:
            return  # the library takes nothing more
        try:
            events = self.h2.receive_data(data) if data else []
        except (h2.exceptions.ProtocolError, hpack.HPACKError) as error:
            raise Fault(f"the server broke HTTP/2: {type(error).__name__} {error}") from error
        for event in events:
            match event:
                case h2.events.RemoteSettingsChanged():
                    self.has_settings = True
                case h2.events.ResponseReceived():
                    self.replies[event.stream_id].take(event.headers)
                case h2.events.DataReceived():
                    self.replies[event.stream_id].body += event.data
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.StreamEnded():
                    self.replies[event.stream_id].is_complete = True
                case h2.events.StreamReset():
                    self.replies[event.stream_id].reset = int(event.error_code)
                case h2.events.ConnectionTerminated():
                    self.goaway = int(event.error_code)
        self.channel.out += self.h2.data_to_send()

    def request(
        self,
        fields: Fields,
        *pieces: bytes,
        trailers: Fields | None = None,
        padding: int | None = None,
    ) -> int:
        """Sends a request with a DATA frame for each piece, as the windows allow; returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, fields, end_stream=not pieces and trailers is None)
        for position, piece in enumerate(pieces):
            size = len(piece) + (0 if padding is None else padding + 1)
            reply = self.replies[stream]
            self.channel.out += self.h2.data_to_send()
            self.run(lambda: self.is_ending or reply.is_over or self.h2.local_flow_control_window(stream) >= size)
            if self.is_ending or reply.is_over:
                return stream  # answered before all was sent, which is its right
            is_last = position + 1 == len(pieces) and trailers is None
            self.h2.send_data(stream, piece, end_stream=is_last, pad_length=padding)
        if trailers is not None:
            self.h2.send_headers(stream, trailers, end_stream=True)
        self.channel.out += self.h2.data_to_send()
        return stream


class Peer(Base):
    """Sends any frames, and notes those that come."""

    def __init__(self, address: Address, settings: dict[int, int] | None = None, *, hello: bytes | None = None):
        super().__init__(address)
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.settings: dict[int, int] | None = None
        self.settings_acks = self.ping_acks = 0
        self.buffer = bytearray()
        self.block: bytes | None = None
        self.next_stream = 1
        self.send(PREFACE + settings_frame(settings or {}) if hello is None else hello)

    def send(self, *some: bytes) -> None:
        self.channel.out += b"".join(some)

    def headers(self, stream: int, fields: Fields, flags: int = END_HEADERS | END_STREAM) -> bytes:
        return frame(HEADERS, stream, self.encoder.encode(fields), flags)

    def open(self, fields: Fields, flags: int = END_HEADERS | END_STREAM) -> int:
        """Sends a HEADERS frame on a new stream."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.send(self.headers(stream, fields, flags))
        return stream

    def greet(self) -> "Peer":
        """Waits until both sides' SETTINGS are acknowledged, so that only what follows is tested."""
        if not self.run(lambda: self.settings is not None and self.settings_acks > 0):
            raise Fault(f"no SETTINGS and acknowledgement of the server: {self.ending}")
        return self

    def receive(self, data: bytes) -> None:
        self.buffer += data
        position = 0
        while len(self.buffer) - position >= 9:
            length = int.from_bytes(self.buffer[position : position + 3], "big")
            if len(self.buffer) - position < 9 + length:
                break
            head, _ = frames.Frame.parse_frame_header(memoryview(bytes(self.buffer[position : position + 9])))
            head.parse_body(memoryview(bytes(self.buffer[position + 9 : position + 9 + length])))
            position += 9 + length
            self._take(head)
        del self.buffer[:position]

    def _take(self, got: frames.Frame) -> None:
        stream = got.stream_id
        match got:
            case frames.PingFrame() if "ACK" in got.flags:
                self.ping_acks += 1
            case frames.PingFrame():
                self.send(frame(PING, payload=got.opaque_data, flags=ACK))
            case frames.SettingsFrame() if "ACK" in got.flags:
                self.settings_acks += 1
            case frames.SettingsFrame():
                self.settings = {**(self.settings or {}), **got.settings}
                self.send(frame(SETTINGS, flags=ACK))
            case frames.GoAwayFrame():
                self.goaway = got.error_code
            case frames.RstStreamFrame():
                self.replies[stream].reset = got.error_code
            case frames.HeadersFrame() | frames.ContinuationFrame():
                self.block = (self.block or b"") + got.data
                if "END_HEADERS" in got.flags:
                    fields = [(str(name), str(value)) for name, value in self.decoder.decode(self.block)]
                    self.replies[stream].take(fields)
                    self.block = None
            case frames.DataFrame():
                self.replies[stream].body += got.data
        if "END_STREAM" in got.flags:
            self.replies[stream].is_complete = True
