"""Floods: much that costs a client little. The server must end them, or stay bounded, and serve others meanwhile."""

import time
from collections.abc import Callable, Iterator

from support.measure import cpu_seconds, resident_bytes
from support.servers import Server

from connection import Address, Answer, Fault
from http2_peer import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    PING,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Client,
    Peer,
    frame,
    number,
)
from http2_requests import GOOD, check_good, post

# What a flood may cost beyond what the process has; buffers and tables of one connection are far below.
MEMORY_MAX = 48 * 1024 * 1024
# A fresh connection, handshake and all, is answered in this time right behind a flood.
FRESH_SECONDS = 1.0
CANCEL = number(8)


def checks(server: Server) -> Iterator[tuple[str, Callable[[Address, Answer], str]]]:
    for name, flood in [
        ("rapid reset", rapid_reset),
        ("resets that the server is made to send", provoked_resets),
        ("CONTINUATION without end", endless_block),
        ("empty CONTINUATION without end", endless_empty_block),
        ("SETTINGS, acknowledgements unread", settings_unread),
        ("PING, acknowledgements unread", pings_unread),
        ("empty DATA", empty_data),
        ("answers unread", answers_unread),
    ]:
        yield f"flood: {name}", bounded(flood, server)


def bounded(flood: Callable[[Peer], str], server: Server) -> Callable[[Address, Answer], str]:
    """Runs a flood, and looks at memory and at others' service while its connection is still there."""

    def check(address: Address, good: Answer) -> str:
        before = resident_bytes(server.pid)
        with Peer(address) as peer:
            note = flood(peer.greet())
            start = time.monotonic()
            with Client(address) as fresh:
                check_good(fresh, good)
            seconds = time.monotonic() - start
            settle(server)
            grown = resident_bytes(server.pid) - before
        if seconds > FRESH_SECONDS:
            raise Fault(f"a fresh connection waited {seconds:.1f} s for its answer; {note}")
        if grown > MEMORY_MAX:
            raise Fault(f"{grown >> 20} MiB more memory; {note}")
        return note

    return check


def settle(server: Server) -> None:
    """Waits until the server has worked off what it was sent, and its memory says something."""
    used = cpu_seconds(server.pid)
    for _ in range(40):
        time.sleep(0.25)
        before, used = used, cpu_seconds(server.pid)
        if used - before < 0.05:
            return


def until_ended(peer: Peer, count: int, make: Callable[[int], bytes], what: str) -> str:
    """Sends frames, reading what comes, until the connection ends; a fault where it takes them all."""
    for sent in range(0, count, 50):
        peer.send(*[make(number) for number in range(sent, min(sent + 50, count))])
        peer.run(lambda: peer.is_ending or not peer.channel.out, 10)
        if peer.is_ending:
            break
    if not peer.run(lambda: peer.channel.end is not None, 3) and not peer.channel.end:
        raise Fault(f"{sent + 50} {what} and the connection stays; {peer.ending}")
    return f"{peer.ending} after at most {sent + 50} {what}"


def rapid_reset(peer: Peer) -> str:
    def make(count: int) -> bytes:
        stream = 2 * count + 1
        return peer.headers(stream, GOOD) + frame(RST_STREAM, stream, CANCEL)

    return until_ended(peer, 2000, make, "requests reset")


def provoked_resets(peer: Peer) -> str:
    """The client breaks each stream so that the server resets it: its work is abandoned all the same."""

    def make(count: int) -> bytes:
        stream = 2 * count + 1
        return peer.headers(stream, post(), END_HEADERS) + frame(WINDOW_UPDATE, stream, number(0))

    return until_ended(peer, 2000, make, "streams broken")


def endless_block(peer: Peer) -> str:
    peer.send(peer.headers(1, GOOD, END_STREAM))
    # A literal field without indexing, of 60 bytes: right HPACK, for a server that decodes at once.
    some = b"\x00\x01x\x38" + b"y" * 56
    return until_ended(peer, 20_000, lambda _: frame(CONTINUATION, 1, some), "CONTINUATION frames")


def endless_empty_block(peer: Peer) -> str:
    peer.send(peer.headers(1, GOOD, END_STREAM))
    return until_ended(peer, 20_000, lambda _: frame(CONTINUATION, 1), "empty CONTINUATION frames")


def empty_data(peer: Peer) -> str:
    stream = peer.open(post(), END_HEADERS)
    for sent in range(100, 20_001, 100):
        peer.send(frame(DATA, stream) * 100)
        peer.run(lambda: peer.is_ending or not peer.channel.out, 10)
        peer.run(lambda: False, 0)
        if peer.is_ending or peer.replies[stream].is_over:
            break
    peer.run(lambda: peer.is_ending or peer.replies[stream].is_over, 1)
    if not peer.is_ending and not peer.replies[stream].is_over:
        raise Fault(f"{sent} empty DATA frames and the stream stays")
    return f"{peer.outcome(stream)} after at most {sent} empty DATA frames"


def unread(peer: Peer, some: bytes, count: int, acks: Callable[[], int]) -> str:
    """Sends without reading as far as the server takes it; then all is acknowledged, or the connection has ended."""
    before = acks()
    peer.send(some * count)
    size = len(peer.channel.out)
    # The server stops reading where it cannot write: then all of it does not go out, and that is right.
    left = size
    while not peer.run(lambda: not peer.channel.out, 2, reading=False) and len(peer.channel.out) < left:
        left = len(peer.channel.out)
    taken = count if not peer.channel.out else (size - len(peer.channel.out)) // len(some)
    peer.run(lambda: peer.channel.end is not None or acks() - before == count, 30)
    if acks() - before == count:
        return f"{taken} of {count} taken unread, all acknowledged"
    if not peer.is_ending:
        raise Fault(f"{acks() - before} of {count} acknowledged, and the connection stays")
    return f"{peer.ending}; {acks() - before} of {count} acknowledged"


def settings_unread(peer: Peer) -> str:
    return unread(peer, frame(SETTINGS), 100_000, lambda: peer.settings_acks)


def pings_unread(peer: Peer) -> str:
    return unread(peer, frame(PING, payload=b"flooding"), 200_000, lambda: peer.ping_acks)


def answers_unread(peer: Peer) -> str:
    """Windows are opened wide, requests sent, and nothing is read: what waits to be written must be bounded."""
    peer.send(frame(SETTINGS, payload=b"\x00\x04" + number(2**31 - 1)), frame(WINDOW_UPDATE, payload=number(2**30)))
    # All answers together would be far above the memory that is allowed.
    for asked in range(50, 20_001, 50):
        for _ in range(50):
            peer.open(GOOD)
        if not peer.run(lambda: not peer.channel.out, 1, reading=False):
            break
    return f"{asked} requests sent"
