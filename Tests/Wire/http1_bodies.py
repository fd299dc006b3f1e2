"""Cases of bodies: where they end, and which are refused (RFC 9112, sections 6 and 7; RFC 9110, section 10.1.1)."""

from collections.abc import Iterator

from support.servers import PARTNER, PATH

from http1 import ANY_4XX, CLOSES, Case, Site, request

USAGE = f"/v1/{PARTNER}/usage"
BODY_MAX = 16_384


def cases(_: Site) -> Iterator[Case]:
    yield from beacons()
    yield from lengths()
    yield from codings()
    yield from chunks()
    yield from trailers()
    yield from expectations()
    yield from limits()


def post(*fields: str, body: str = "", target: str = USAGE, version: str = "HTTP/1.1") -> bytes:
    return request(target, "Content-Type: text/plain", *fields, method="POST", version=version, body=body)


def counted(body: str, target: str = USAGE) -> bytes:
    return post(f"Content-Length: {len(body)}", body=body, target=target)


def chunked(body: str, target: str = USAGE) -> bytes:
    return post("Transfer-Encoding: chunked", body=body, target=target)


def beacons() -> Iterator[Case]:
    for name, body in [
        ("empty object", "{}"),
        ("events", '{"events":[{"n":1.5}]}'),
        ("blanks around", " \r\n{ }\n"),
        ("UTF-8", '{"x":"caf\xc3\xa9"}'),
    ]:
        yield Case(f"beacon: {name}", counted(body), 204, fields={"cache-control": "no-store"})
    yield Case("beacon: to the default partner", counted("{}", target="/v1/usage"), 204)
    for name, body in [
        ("no JSON", "not json"),
        ("list", "[1]"),
        ("number", "1"),
        ("half an object", '{"x":'),
        ("two objects", "{}{}"),
        ("bad UTF-8", '{"x":"\xff"}'),
        ("NUL behind it", "{}\x00"),
        # Were the body's end not known, this would be answered as a request of its own.
        ("a request as the body", request().decode()),
    ]:
        yield Case(f"beacon: malformed: {name}", counted(body), 400)
    yield Case("beacon: empty", counted(""), 400)
    yield Case("beacon: no body at all", post(), 400)
    inner = request().decode()
    yield Case("beacon: a request as a chunk", chunked(f"{len(inner):x}\r\n{inner}\r\n0\r\n\r\n"), 400)


def lengths() -> Iterator[Case]:
    for name, lines in [
        ("two equal", ["Content-Length: 2", "Content-Length: 2"]),
        ("two different", ["Content-Length: 2", "Content-Length: 9"]),
        ("two, one of them in capitals", ["Content-Length: 2", "CONTENT-LENGTH: 0"]),
        ("list of equal", ["Content-Length: 2, 2"]),
        ("list of different", ["Content-Length: 2, 9"]),
        ("plus", ["Content-Length: +2"]),
        ("minus", ["Content-Length: -2"]),
        ("minus nothing", ["Content-Length: -0"]),
        ("hexadecimal", ["Content-Length: 0x2"]),
        ("hexadecimal digit", ["Content-Length: a"]),
        ("fraction", ["Content-Length: 2.0"]),
        ("exponent", ["Content-Length: 2e0"]),
        ("underscore", ["Content-Length: 1_0"]),
        ("blank within", ["Content-Length: 1 0"]),
        ("quoted", ['Content-Length: "2"']),
        ("empty", ["Content-Length:"]),
        ("blanks alone", ["Content-Length: \t "]),
        ("word", ["Content-Length: chunked"]),
        ("vertical tab before it", ["Content-Length: \x0b2"]),
        ("fullwidth digit", ["Content-Length: \xef\xbc\x92"]),
        ("with semicolon", ["Content-Length: 2;"]),
        ("blank before the colon", ["Content-Length : 2"]),
        ("and chunked", ["Content-Length: 2", "Transfer-Encoding: chunked"]),
        ("behind chunked", ["Transfer-Encoding: chunked", "Content-Length: 2"]),
        ("nothing, and chunked", ["Content-Length: 0", "Transfer-Encoding: chunked"]),
        ("and identity", ["Content-Length: 2", "Transfer-Encoding: identity"]),
    ]:
        yield Case(f"length: {name}", post(*lines, body="{}"), 400, CLOSES)
    # Digits alone are a right length, however many (RFC 9110, section 8.6); this much is past the limit.
    for name, length in [("of 18 digits", "9" * 18), ("of 2^63", str(2**63)), ("of 2^64 and 2", str(2**64 + 2))]:
        yield Case(f"length: {name}", post(f"Content-Length: {length}", body="{}"), 413, CLOSES)
    yield Case("length: of 60 digits", post(f"Content-Length: {'9' * 60}", body="{}"), 413, CLOSES)
    yield Case("length: good: leading zeros", post("Content-Length: 0002", body="{}"), 204)
    yield Case("length: good: blanks around", post("Content-Length: \t 2 \t", body="{}"), 204)
    yield Case("length: good: on GET", request(PATH, "Content-Length: 5", body="hello"), 200)
    yield Case("length: good: 0 on GET", request(PATH, "Content-Length: 0"), 200)
    yield Case("length: two on GET", request(PATH, "Content-Length: 0", "Content-Length: 0"), 400, CLOSES)
    yield Case("length: good: on OPTIONS", request(PATH, "Content-Length: 5", method="OPTIONS", body="hello"), 204)
    unknown = request(PATH, "Content-Length: 5", method="FOO", body="hello")
    yield Case("length: good: on an unknown method", unknown, 405)


def codings() -> Iterator[Case]:
    body = "2\r\n{}\r\n0\r\n\r\n"
    for name, lines in [
        # RFC 9112, section 6.3: where chunked is not the last coding, 400 and close.
        ("identity", ["Transfer-Encoding: identity"]),
        ("gzip", ["Transfer-Encoding: gzip"]),
        ("chunked, gzip", ["Transfer-Encoding: chunked, gzip"]),
        ("chunked, identity", ["Transfer-Encoding: chunked, identity"]),
        ("chunked and identity on two lines", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]),
        ("empty", ["Transfer-Encoding:"]),
        ("xchunked", ["Transfer-Encoding: xchunked"]),
        ("chunkedx", ["Transfer-Encoding: chunkedx"]),
        ("chunked chunked", ["Transfer-Encoding: chunked chunked"]),
        ("quoted", ['Transfer-Encoding: "chunked"']),
        # Section 7.1: chunked once at most, and it has no parameters.
        ("chunked, chunked", ["Transfer-Encoding: chunked, chunked"]),
        ("chunked twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]),
        ("chunked with a parameter", ["Transfer-Encoding: chunked;q=1"]),
        ("chunked with a semicolon", ["Transfer-Encoding: chunked;"]),
        ("vertical tab before chunked", ["Transfer-Encoding: \x0bchunked"]),
        ("vertical tab behind chunked", ["Transfer-Encoding: chunked\x0b"]),
        ("NUL behind chunked", ["Transfer-Encoding: chunked\x00"]),
        ("raw Latin-1 blank before chunked", ["Transfer-Encoding: \xa0chunked"]),
        ("blank before the colon", ["Transfer-Encoding : chunked"]),
        ("folded", ["Transfer-Encoding:\r\n chunked"]),
    ]:
        yield Case(f"coding: {name}", post(*lines, body=body), 400, CLOSES)
    # Section 6.1: chunked is last, so the end is known, but the coding within it is not understood.
    yield Case("coding: gzip, chunked", post("Transfer-Encoding: gzip, chunked", body=body), 501, CLOSES)
    # Section 6.1: in HTTP/1.0 it is a sign of faulty framing.
    old = post("Transfer-Encoding: chunked", body=body, version="HTTP/1.0")
    yield Case("coding: in HTTP/1.0", old, 400, CLOSES, is_old=True)
    old = post("Transfer-Encoding: chunked", "Connection: keep-alive", body=body, version="HTTP/1.0")
    yield Case("coding: in HTTP/1.0 with keep-alive", old, 400, CLOSES, is_old=True)
    yield Case("coding: good: in capitals", post("TRANSFER-ENCODING: CHUNKED", body=body), 204)
    yield Case("coding: good: blanks around", post("Transfer-Encoding: \t chunked \t", body=body), 204)
    yield Case("coding: good: on GET", request(PATH, "Transfer-Encoding: chunked", body=body), 200)
    # These names only look alike; whoever takes them for the framing would wait, or answer twice.
    for name in ("TE", "Transfer_Encoding", "X-Transfer-Encoding", "Content-Encoding"):
        yield Case(f"coding: good: not {name}", post("Content-Length: 2", f"{name}: chunked", body="{}"), 204)


def chunks() -> Iterator[Case]:
    for name, body in [
        ("size empty", "\r\n{}\r\n0\r\n\r\n"),
        ("size of blanks", " \r\n{}\r\n0\r\n\r\n"),
        ("size only an extension", ";x\r\n{}\r\n0\r\n\r\n"),
        ("size with plus", "+2\r\n{}\r\n0\r\n\r\n"),
        ("size with minus", "-2\r\n{}\r\n0\r\n\r\n"),
        ("size with 0x", "0x2\r\n{}\r\n0\r\n\r\n"),
        ("size with h", "2h\r\n{}\r\n0\r\n\r\n"),
        ("size of g", "g\r\n{}\r\n0\r\n\r\n"),
        ("size with underscore", "0_2\r\n{}\r\n0\r\n\r\n"),
        ("blank before the size", " 2\r\n{}\r\n0\r\n\r\n"),
        ("tab before the size", "\t2\r\n{}\r\n0\r\n\r\n"),
        ("blank behind the size", "2 \r\n{}\r\n0\r\n\r\n"),
        ("size with a blank within", "0 2\r\n{}\r\n0\r\n\r\n"),
        ("size with NUL", "2\x00\r\n{}\r\n0\r\n\r\n"),
        ("size with comma", "2,x\r\n{}\r\n0\r\n\r\n"),
        ("bare LF behind the size", "2\n{}\r\n0\r\n\r\n"),
        ("bare CR behind the size", "2\r{}\r\n0\r\n\r\n"),
        ("CR CR LF behind the size", "2\r\r\n{}\r\n0\r\n\r\n"),
        ("bare LF behind the data", "2\r\n{}\n0\r\n\r\n"),
        ("bare CR behind the data", "2\r\n{}\r0\r\n\r\n"),
        ("nothing behind the data", "2\r\n{}0\r\n\r\n"),
        ("data longer than the size", "1\r\n{}\r\n0\r\n\r\n"),
        ("data shorter than the size", "3\r\n{}\r\n0\r\n\r\n"),
        ("bare LF behind the last size", "2\r\n{}\r\n0\n\r\n"),
        ("bare LF as the end", "2\r\n{}\r\n0\r\n\n"),
        ("bare LF in an extension", "2;x\ny\r\n{}\r\n0\r\n\r\n"),
        ("bare LF ends an extension", "2;x\n{}\r\n0\r\n\r\n"),
        ("bare CR in an extension", "2;x\ry\r\n{}\r\n0\r\n\r\n"),
        ("NUL in an extension", "2;x\x00\r\n{}\r\n0\r\n\r\n"),
        ("control in an extension", "2;x\x01\r\n{}\r\n0\r\n\r\n"),
        ("DEL in an extension", "2;x\x7f\r\n{}\r\n0\r\n\r\n"),
        ("control in a quoted extension", '2;x="\x01"\r\n{}\r\n0\r\n\r\n'),
    ]:
        yield Case(f"chunk: {name}", chunked(body), 400, CLOSES)
    # Digits alone are a right size, however many (section 7.1); this much is past the limit.
    for size in ("100000000", "ffffffff", "10000000000000002", "f" * 40):
        yield Case(f"chunk: size {size}", chunked(f"{size}\r\n{{}}\r\n0\r\n\r\n"), 413, CLOSES)
    # Section 7.1.1: extensions are passed over, but not without end.
    yield Case("chunk: extension without end", chunked("2;" + "x" * 20_000), ANY_4XX, CLOSES)
    yield Case("chunk: tiny chunks with long extensions", chunked(f"1;{'x' * 2000}\r\n \r\n" * 20), ANY_4XX, CLOSES)
    for name, body in [
        ("one", "2\r\n{}\r\n0\r\n\r\n"),
        ("two", "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
        ("size in capitals", "A\r\n{        }\r\n0\r\n\r\n"),
        ("size with zeros", "0002\r\n{}\r\n000\r\n\r\n"),
        ("extension", "2;x\r\n{}\r\n0;y\r\n\r\n"),
        ("extension with value", "2;x=y;z=w\r\n{}\r\n0\r\n\r\n"),
        ("extension with quoted value", '2;x="a;\\"b"\r\n{}\r\n0\r\n\r\n'),
        ("extension behind blanks", "2 \t;x\r\n{}\r\n0\r\n\r\n"),
    ]:
        yield Case(f"chunk: good: {name}", chunked(body), 204)
    yield Case("chunk: good: empty body is no beacon", chunked("0\r\n\r\n"), 400)


def trailers() -> Iterator[Case]:
    for name, lines in [
        ("no colon", "X\r\n"),
        ("blank before the colon", "X : y\r\n"),
        ("empty name", ": y\r\n"),
        ("blank in the name", "X Y: z\r\n"),
        ("control in the name", "X\x01: y\r\n"),
        ("folded", "X: y\r\n z\r\n"),
        ("blank first", " X: y\r\n"),
        ("bare LF", "X: y\n"),
        ("bare CR", "X: y\rz: w\r\n"),
        ("NUL in the value", "X: y\x00\r\n"),
        ("control in the value", "X: y\x01\r\n"),
        ("DEL in the value", "X: y\x7f\r\n"),
    ]:
        yield Case(f"trailer: {name}", chunked(f"2\r\n{{}}\r\n0\r\n{lines}\r\n"), 400, CLOSES)
    yield Case("trailer: without end", chunked("0\r\n" + "X: y\r\n" * 4000), ANY_4XX, CLOSES)
    for name, lines in [
        ("one", "X: y\r\n"),
        ("two", "X: y\r\nZ:\r\n"),
        # RFC 9110, section 6.5.1: such fields mean nothing there, and are not taken for the head's.
        ("a length", "Content-Length: 100\r\n"),
        ("a coding", "Transfer-Encoding: gzip\r\n"),
        ("a Host", "Host: other.example\r\n"),
        ("close", "Connection: close\r\n"),
    ]:
        yield Case(f"trailer: good: {name}", chunked(f"2\r\n{{}}\r\n0\r\n{lines}\r\n"), 204)


def expectations() -> Iterator[Case]:
    expect = "Expect: 100-continue"
    yield Case("expect: body held back", post("Content-Length: 2", expect), 204, held_body=b"{}")
    yield Case("expect: in capitals", post("Content-Length: 2", "EXPECT: 100-CONTINUE"), 204, held_body=b"{}")
    chunks = b"2\r\n{}\r\n0\r\n\r\n"
    yield Case("expect: chunked body held back", post("Transfer-Encoding: chunked", expect), 204, held_body=chunks)
    yield Case("expect: body not held back", post("Content-Length: 2", expect, body="{}"), 204, may_continue=True)
    yield Case("expect: malformed body", post("Content-Length: 2", expect), 400, held_body=b"[]")
    yield Case("expect: no body", request(PATH, expect), 200, may_continue=True)
    yield Case("expect: body too large", post("Content-Length: 99999", expect), 413, CLOSES)
    # Section 10.1.1: others may be refused with 417; the contract knows none, so they are passed over.
    yield Case("expect: another", post("Content-Length: 2", "Expect: more", body="{}"), 204)
    old = post("Content-Length: 2", expect, body="{}", version="HTTP/1.0")
    yield Case("expect: in HTTP/1.0 means nothing", old, 204, CLOSES, is_old=True)


def limits() -> Iterator[Case]:
    def beacon(count: int) -> str:
        return '{"x":"' + "x" * (count - 8) + '"}'

    def in_chunks(count: int, size: int) -> str:
        body = beacon(count)
        pieces = [body[start : start + size] for start in range(0, count, size)]
        return "".join(f"{len(piece):x}\r\n{piece}\r\n" for piece in pieces) + "0\r\n\r\n"

    yield Case("limit: body of 16 KiB", counted(beacon(BODY_MAX)), 204)
    yield Case("limit: body of 16 KiB and a byte", counted(beacon(BODY_MAX + 1)), 413, CLOSES)
    yield Case("limit: body of 64 KiB", counted(beacon(4 * BODY_MAX)), 413, CLOSES)
    yield Case("limit: chunked body of 16 KiB", chunked(in_chunks(BODY_MAX, 1000)), 204)
    yield Case("limit: chunked body of 16 KiB in one", chunked(in_chunks(BODY_MAX, BODY_MAX)), 204)
    yield Case("limit: chunked body of 16 KiB and a byte", chunked(in_chunks(BODY_MAX + 1, 1000)), 413, CLOSES)
    # The limit holds whether the body is wanted or not.
    get = request(PATH, "Content-Length: 16385", body="x" * (BODY_MAX + 1))
    yield Case("limit: body of 16 KiB and a byte on GET", get, 413, CLOSES)
    yield Case("limit: body of 16 KiB and a byte elsewhere", counted(beacon(BODY_MAX + 1), target="/x"), 413, CLOSES)
    # Nothing of the body has come, so it need not be read to be refused.
    yield Case("limit: length alone of 16 KiB and a byte", post("Content-Length: 16385"), 413, CLOSES)
