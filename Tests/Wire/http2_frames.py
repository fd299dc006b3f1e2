"""What HTTP/2 has beyond requests: frames in and out of order, windows, many streams (RFC 9113, sections 3 to 6)."""

from collections.abc import Callable, Iterator

from connection import Address, Answer, Fault
from http2_peer import (
    ACK,
    CONTINUATION,
    DATA,
    ENABLE_PUSH,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    MAX_CONCURRENT_STREAMS,
    MAX_FRAME_SIZE,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Client,
    Peer,
    frame,
    number,
    settings_frame,
)
from http2_requests import GOOD, check_good, check_reply, post, request

WINDOW_MAX = 2**31 - 1
REFUSED = ("REFUSED_STREAM", "PROTOCOL_ERROR")

Check = Callable[[Address, Answer], str | None]


def checks() -> Iterator[tuple[str, Check]]:
    yield from (("preface: " + name, starts_wrong(hello)) for name, hello in WRONG_STARTS)
    yield "preface: byte by byte", starts_slowly
    yield from (("connection error: " + name, breaks(make)) for name, make in CONNECTION_ERRORS)
    yield from (("stream error: " + name, breaks_stream(make)) for name, make in STREAM_ERRORS)
    yield from (("late: " + name, breaks_stream(make, is_late=True)) for name, make in LATE)
    yield from (("ignored: " + name, ignores(make)) for name, make in IGNORED)
    yield "GOAWAY of the client: what is under way is answered, then the end is in peace", says_goodbye
    yield "window of one byte, in drips", drips
    yield "window of nothing, raised by SETTINGS", raises_window
    yield "window made negative", makes_window_negative
    yield "window of the connection", stays_in_connection_window
    yield "streams: 100 at once", many_streams
    yield "streams: 50 bodies in turns", bodies_in_turns
    yield "streams: more than are allowed", too_many_streams


# Section 3.4: the preface, then SETTINGS; anything else is a connection error.
WRONG_STARTS = [
    ("of another version", b"PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n" + frame(SETTINGS)),
    ("its end wrong", PREFACE[:-6] + b"XX\r\n\r\n" + frame(SETTINGS)),
    ("a request of HTTP/1.1", b"GET /v1/loader.js HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("none", settings_frame({}) + frame(PING, payload=bytes(8))),
    ("no SETTINGS behind it", PREFACE + frame(PING, payload=bytes(8))),
    ("only an acknowledgement behind it", PREFACE + frame(SETTINGS, flags=ACK) + frame(PING, payload=bytes(8))),
    ("a request behind it", PREFACE + frame(HEADERS, 1, b"\x82\x87\x84", END_HEADERS | END_STREAM)),
]


def expect_end(peer: Peer) -> str:
    """A connection error: the connection must end, GOAWAY or not (section 5.4.1)."""
    if not peer.run(lambda: peer.channel.end is not None) and not peer.channel.end:
        raise Fault(f"the connection does not end; seen so far: {peer.ending}")
    if peer.goaway == 0:
        raise Fault("GOAWAY NO_ERROR")
    return peer.ending


def starts_wrong(hello: bytes) -> Check:
    def check(address: Address, _: Answer) -> str:
        with Peer(address, hello=hello) as peer:
            ending = expect_end(peer)
            if statuses := [reply.status for reply in peer.replies.values() if reply.status and reply.status < 400]:
                raise Fault(f"answered with {statuses}")
            return ending

    return check


def starts_slowly(address: Address, good: Answer) -> None:
    with Peer(address, hello=b"") as peer:
        frames = PREFACE + settings_frame({}) + peer.headers(1, GOOD)
        for position in range(len(frames)):
            peer.send(frames[position : position + 1])
            # Nothing is read yet: an acknowledgement must not come between.
            peer.run(lambda: not peer.channel.out, reading=False)
        peer.wait(1)
        expect_good(peer, 1, good)


def expect_good(peer: Peer, stream: int, good: Answer) -> None:
    reply = peer.replies[stream]
    if not reply.is_complete or reply.status != 200 or reply.body != good.body:
        raise Fault(f"stream {stream}: {peer.outcome(stream)}, {len(reply.body)} bytes instead of the good answer")
    check_reply(reply)


def held(peer: Peer) -> int:
    """Opens a stream and holds its body back."""
    return peer.open(post(), END_HEADERS)


# What is sent once the connection stands; each must end it.
CONNECTION_ERRORS: list[tuple[str, Callable[[Peer], bytes]]] = [
    ("DATA on an idle stream", lambda _: frame(DATA, 1, b"{}", END_STREAM)),
    ("DATA on stream 0", lambda _: frame(DATA, 0, b"{}")),
    ("DATA with more padding than data", lambda peer: frame(DATA, held(peer), b"\x05{}", PADDED)),
    ("HEADERS on stream 0", lambda peer: peer.headers(0, GOOD)),
    ("HEADERS on an even stream", lambda peer: peer.headers(2, GOOD)),
    ("HEADERS on a stream before the last", lambda peer: peer.headers(9, GOOD) + peer.headers(3, GOOD)),
    ("HEADERS with more padding than block", lambda _: frame(HEADERS, 1, b"\xff\x82", END_HEADERS | PADDED)),
    ("HPACK of a bad index", lambda _: frame(HEADERS, 1, b"\xff\xff\xff\x7f", END_HEADERS | END_STREAM)),
    ("HPACK cut off", lambda _: frame(HEADERS, 1, b"\x82\x87\x84\x41\x20abc", END_HEADERS | END_STREAM)),
    ("HPACK index 0", lambda _: frame(HEADERS, 1, b"\x80", END_HEADERS | END_STREAM)),
    ("HPACK table made too large", lambda _: frame(HEADERS, 1, b"\x3f\xe1\xff\x7f\x82", END_HEADERS | END_STREAM)),
    ("CONTINUATION on its own", lambda _: frame(CONTINUATION, 1, b"\x82", END_HEADERS)),
    ("CONTINUATION behind a whole HEADERS", lambda peer: peer.headers(1, GOOD) + frame(CONTINUATION, 1, b"", 4)),
    (
        "CONTINUATION of another stream",
        lambda peer: peer.headers(1, GOOD, END_STREAM) + frame(CONTINUATION, 3, b"", END_HEADERS),
    ),
    ("another frame within a header block", lambda peer: peer.headers(1, GOOD, 0) + frame(PING, payload=bytes(8))),
    ("an unknown frame within a header block", lambda peer: peer.headers(1, GOOD, 0) + frame(0xEE, payload=b"x")),
    ("SETTINGS of 5 bytes", lambda _: frame(SETTINGS, payload=bytes(5))),
    ("SETTINGS on a stream", lambda _: frame(SETTINGS, 1)),
    ("SETTINGS acknowledged with content", lambda _: frame(SETTINGS, payload=bytes(6), flags=ACK)),
    ("SETTINGS: push of 2", lambda _: settings_frame({ENABLE_PUSH: 2})),
    ("SETTINGS: window too large", lambda _: settings_frame({INITIAL_WINDOW_SIZE: WINDOW_MAX + 1})),
    ("SETTINGS: frame size too small", lambda _: settings_frame({MAX_FRAME_SIZE: 16_383})),
    ("SETTINGS: frame size too large", lambda _: settings_frame({MAX_FRAME_SIZE: 2**24})),
    ("PING of 7 bytes", lambda _: frame(PING, payload=bytes(7))),
    ("PING on a stream", lambda _: frame(PING, 1, bytes(8))),
    ("GOAWAY on a stream", lambda _: frame(GOAWAY, 1, bytes(8))),
    ("WINDOW_UPDATE of 0", lambda _: frame(WINDOW_UPDATE, payload=number(0))),
    ("WINDOW_UPDATE past the limit", lambda _: frame(WINDOW_UPDATE, payload=number(WINDOW_MAX))),
    ("WINDOW_UPDATE of 3 bytes", lambda _: frame(WINDOW_UPDATE, payload=bytes(3))),
    ("WINDOW_UPDATE on an idle stream", lambda _: frame(WINDOW_UPDATE, 1, number(1))),
    ("RST_STREAM on an idle stream", lambda _: frame(RST_STREAM, 1, number(8))),
    ("RST_STREAM on stream 0", lambda _: frame(RST_STREAM, 0, number(8))),
    ("RST_STREAM of 3 bytes", lambda peer: frame(RST_STREAM, held(peer), bytes(3))),
    ("PRIORITY on stream 0", lambda _: frame(PRIORITY, 0, bytes(5))),
    ("PUSH_PROMISE of a client", lambda peer: frame(PUSH_PROMISE, held(peer), number(2) + b"\x82", END_HEADERS)),
]


def breaks(make: Callable[[Peer], bytes]) -> Check:
    def check(address: Address, _: Answer) -> str:
        with Peer(address) as peer:
            peer.greet()
            # What `make` opens stands in the way out already.
            peer.send(make(peer))
            return expect_end(peer)

    return check


def over_size(peer: Peer, stream: int) -> bytes:
    allowed = (peer.settings or {}).get(MAX_FRAME_SIZE, 16_384)
    return frame(DATA, stream, bytes(min(allowed + 1, 2**24 - 1)))


# Sent on a stream whose body is held back; the stream must end in an error, or the connection.
STREAM_ERRORS: list[tuple[str, Callable[[Peer, int], bytes]]] = [
    ("WINDOW_UPDATE of 0", lambda _, stream: frame(WINDOW_UPDATE, stream, number(0))),
    ("WINDOW_UPDATE past the limit", lambda _, stream: frame(WINDOW_UPDATE, stream, number(WINDOW_MAX))),
    ("PRIORITY of 4 bytes", lambda _, stream: frame(PRIORITY, stream, bytes(4))),
    ("DATA longer than allowed", over_size),
    ("trailers that do not end it", lambda peer, stream: peer.headers(stream, [("x", "y")], END_HEADERS)),
    ("a second request on it", lambda peer, stream: peer.headers(stream, GOOD)),
]
# Sent on a stream that is over: an error, or passed over, as the server may have forgotten it.
LATE: list[tuple[str, Callable[[Peer, int], bytes]]] = [
    ("DATA behind the end", lambda _, stream: frame(DATA, stream, b"{", END_STREAM) + frame(DATA, stream, b"}")),
    ("DATA behind a reset", lambda _, stream: frame(RST_STREAM, stream, number(8)) + frame(DATA, stream, b"x") * 9),
    (
        "HEADERS behind a reset",
        lambda peer, stream: frame(RST_STREAM, stream, number(8)) + peer.headers(stream, [("x", "y")]),
    ),
]


def breaks_stream(make: Callable[[Peer, int], bytes], *, is_late: bool = False) -> Check:
    def check(address: Address, good: Answer) -> str:
        with Peer(address) as peer:
            peer.greet()
            stream = held(peer)
            reply = peer.replies[stream]
            peer.send(make(peer, stream))
            after = peer.open(GOOD)
            peer.wait(after)
            if not peer.is_ending:
                expect_good(peer, after, good)
                peer.run(lambda: peer.is_ending or reply.is_over, 0.2 if is_late else 2)
            if peer.goaway is not None:
                return expect_end(peer)
            if peer.channel.end:
                raise Fault(f"{peer.outcome(stream)}, and the connection is {peer.channel.end} without GOAWAY")
            if reply.status and reply.status != 400:
                raise Fault(f"the stream is answered with {reply.status}")
            if not reply.is_over and not is_late:
                raise Fault("passed over")
            return peer.outcome(stream) if reply.is_over else "passed over"

    return check


# Sections 4.1, 5.3.2, 5.5 and 6.5.2: known and unknown things that mean nothing here.
IGNORED: list[tuple[str, Callable[[Peer], bytes]]] = [
    ("PRIORITY on idle streams", lambda _: b"".join(frame(PRIORITY, stream, bytes(5)) for stream in range(1, 21, 2))),
    ("PRIORITY within a request", lambda peer: frame(PRIORITY, held(peer), number(0) + b"\x10")),
    ("HEADERS with priority", lambda peer: frame(HEADERS, 1, bytes(5) + peer.encoder.encode(GOOD), 0x25)),
    ("HEADERS with padding", lambda peer: frame(HEADERS, 1, b"\x03" + peer.encoder.encode(GOOD) + bytes(3), 0xD)),
    ("unknown frame types", lambda _: b"".join(frame(kind, 0, b"x" * 20) for kind in range(0xF0, 0x100))),
    ("an unknown frame within a request", lambda peer: frame(0xF0, held(peer), b"x")),
    ("ALTSVC and ORIGIN", lambda _: frame(0xA, 0, b"\x00\x01ah2=x") + frame(0xC, 0, b"\x00\x01a")),
    ("PRIORITY_UPDATE", lambda _: frame(0x10, 0, number(1) + b"u=1")),
    ("unknown settings", lambda _: settings_frame({0xF000: 7, 0xFFFF: 2**32 - 1})),
    ("unknown flags", lambda _: frame(PING, payload=bytes(8), flags=0xF0) + frame(SETTINGS, flags=0xF0)),
    ("the reserved bit of a stream", lambda _: frame(WINDOW_UPDATE, 2**31, number(1))),
    ("frames of an answered stream", lambda _: b""),
    ("an empty SETTINGS", lambda _: settings_frame({})),
]


def ignores(make: Callable[[Peer], bytes]) -> Check:
    def check(address: Address, good: Answer) -> None:
        with Peer(address) as peer:
            peer.greet()
            peer.send(make(peer))
            peer.next_stream = 101
            first = peer.open(GOOD)
            peer.wait(first)
            # Both may cross the answer on their way.
            peer.send(frame(WINDOW_UPDATE, first, number(9)), frame(RST_STREAM, first, number(8)))
            second = peer.open(GOOD)
            peer.wait(second)
            answered = [stream for stream, reply in peer.replies.items() if reply.status]
            for stream in {first, second, *answered}:
                expect_good(peer, stream, good)
            if peer.is_ending:
                raise Fault(peer.ending)

    return check


def says_goodbye(address: Address, good: Answer) -> None:
    with Peer(address) as peer:
        peer.greet()
        streams = [peer.open(GOOD) for _ in range(3)]
        peer.send(frame(GOAWAY, payload=number(0) + number(0)))
        # All that it asked for comes, be the connection ended by the server behind it or not.
        peer.run(lambda: all(peer.replies[stream].is_over for stream in streams))
        for stream in streams:
            expect_good(peer, stream, good)
        if peer.goaway:
            raise Fault(peer.ending)
        if not peer.channel.end:
            peer.channel.finish()
        elif peer.channel.end != "closed":
            raise Fault(peer.channel.end)


def drips(address: Address, good: Answer) -> str:
    with Peer(address, {INITIAL_WINDOW_SIZE: 1}) as peer:
        peer.greet()
        stream, granted, steps = peer.open(GOOD), 1, 0
        reply = peer.replies[stream]
        while not reply.is_over:
            if not peer.run(lambda: reply.is_over or len(reply.body) >= granted):
                raise Fault(f"{len(reply.body)} bytes of {granted} granted: {peer.outcome(stream)}")
            if len(reply.body) > granted:
                raise Fault(f"{len(reply.body)} bytes where {granted} were granted")
            steps += 1
            step = 1 if steps < 40 else 97
            granted += step
            peer.send(frame(WINDOW_UPDATE, stream, number(step)))
        expect_good(peer, stream, good)
        return f"{steps} drips"


def raises_window(address: Address, good: Answer) -> None:
    with Peer(address, {INITIAL_WINDOW_SIZE: 0}) as peer:
        peer.greet()
        streams = [peer.open(GOOD) for _ in range(5)]
        # An answer without a body needs no window.
        bare = peer.open(request(method="HEAD"))
        peer.wait(bare)
        peer.run(lambda: all(peer.replies[stream].status for stream in streams))
        if early := [stream for stream in streams if peer.replies[stream].body]:
            raise Fault(f"DATA on {early} where the window is 0")
        peer.send(settings_frame({INITIAL_WINDOW_SIZE: 65_535}))
        peer.wait(*streams)
        for stream in streams:
            expect_good(peer, stream, good)


def makes_window_negative(address: Address, good: Answer) -> None:
    with Peer(address, {INITIAL_WINDOW_SIZE: 1000}) as peer:
        peer.greet()
        stream = peer.open(GOOD)
        reply = peer.replies[stream]
        peer.run(lambda: len(reply.body) >= 1000)
        # Section 6.9.2: the window is now 900 below nothing; up to 1,000 bytes more raise it to 100.
        peer.send(settings_frame({INITIAL_WINDOW_SIZE: 100}), frame(WINDOW_UPDATE, stream, number(900)))
        peer.run(lambda: peer.settings_acks > 1)
        peer.run(lambda: len(reply.body) > 1000, 0.3)
        if len(reply.body) != 1000:
            raise Fault(f"{len(reply.body)} bytes where 1,000 were granted")
        peer.send(frame(WINDOW_UPDATE, stream, number(65_535)))
        peer.wait(stream)
        expect_good(peer, stream, good)


def stays_in_connection_window(address: Address, good: Answer) -> str:
    """Streams have all the window they want, the connection has 65,535 bytes (section 6.9.2)."""
    with Peer(address, {INITIAL_WINDOW_SIZE: WINDOW_MAX}) as peer:
        peer.greet()
        count = 65_535 // len(good.body) + 5
        streams = [peer.open(GOOD) for _ in range(count)]

        def received() -> int:
            return sum(len(peer.replies[stream].body) for stream in streams)

        if not peer.run(lambda: received() >= 65_535):
            raise Fault(f"{received()} bytes of 65,535 granted: {peer.ending}")
        peer.run(lambda: received() > 65_535, 0.3)
        if received() > 65_535:
            raise Fault(f"{received()} bytes where 65,535 were granted")
        peer.send(frame(WINDOW_UPDATE, payload=number(10 * 65_535)))
        peer.wait(*streams)
        for stream in streams:
            expect_good(peer, stream, good)
        return f"{count} streams"


def many_streams(address: Address, good: Answer) -> None:
    with Client(address) as client:
        streams = [client.request(GOOD) for _ in range(100)]
        client.wait(*streams)
        if wrong := [stream for stream in streams if client.replies[stream].body != good.body]:
            raise Fault(f"{len(wrong)} of 100 without the good answer; the first: {client.outcome(wrong[0])}")


def bodies_in_turns(address: Address, good: Answer) -> None:
    with Client(address) as client:
        streams = []
        for _ in range(50):
            stream = client.h2.get_next_available_stream_id()
            client.h2.send_headers(stream, post())
            streams.append(stream)
        for piece in (b'{"x":', b'"y"', b"}"):
            for stream in streams:
                client.h2.send_data(stream, piece, end_stream=piece == b"}")
        client.channel.out += client.h2.data_to_send()
        client.wait(*streams)
        if wrong := [stream for stream in streams if client.outcome(stream) != "204"]:
            raise Fault(f"{len(wrong)} of 50 without 204; the first: {client.outcome(wrong[0])}")
        check_good(client, good)


def too_many_streams(address: Address, _: Answer) -> str:
    """Section 5.1.2: those beyond the limit are refused, or the connection is; the others do not suffer."""
    with Peer(address) as peer:
        peer.greet()
        limit = (peer.settings or {}).get(MAX_CONCURRENT_STREAMS)
        if limit is None or not 100 <= limit <= 1000:
            raise Fault(f"SETTINGS_MAX_CONCURRENT_STREAMS is {limit}")
        allowed = [held(peer) for _ in range(limit)]
        beyond = [held(peer) for _ in range(10)]
        peer.run(lambda: peer.is_ending or all(peer.replies[stream].is_over for stream in beyond))
        if peer.is_ending:
            return expect_end(peer)
        outcomes = {peer.outcome(stream) for stream in beyond}
        if not outcomes <= {f"RST_STREAM {name}" for name in REFUSED}:
            raise Fault(f"10 streams beyond {limit}: {outcomes}")
        peer.send(*[frame(DATA, stream, b"{}", END_STREAM) for stream in allowed])
        peer.wait(*allowed)
        if wrong := [stream for stream in allowed if peer.outcome(stream) != "204"]:
            raise Fault(f"{len(wrong)} of the {limit} allowed without 204; the first: {peer.outcome(wrong[0])}")
        return f"limit {limit}, {', '.join(outcomes)}"
