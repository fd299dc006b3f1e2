"""Requests over HTTP/2, right and malformed, each with its one right answer (RFC 9113, section 8)."""

from collections.abc import Iterator
from dataclasses import dataclass

from support.servers import CLIENT, PARTNER, PATH, UNKNOWN

from connection import Address, Answer, Fault
from http1 import Site, check_form
from http1_answers import FOLDER
from http1_bodies import BODY_MAX, USAGE
from http2_peer import Client, Fields, Reply, code_name

# A malformed request (section 8.1.1): a stream or connection error, and before it there may be an answer of 400.
MALFORMED = "malformed"


def request(
    path: str = PATH,
    *more: tuple[str, str],
    method: str = "GET",
    authority: str | None = "localhost",
) -> Fields:
    fields = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path)]
    return [(name, value) for name, value in fields if value is not None] + list(more)


def post(*more: tuple[str, str], path: str = USAGE) -> Fields:
    return request(path, ("content-type", "text/plain"), *more, method="POST")


GOOD = request()


@dataclass(frozen=True)
class Case:
    """A request, and what must come of it: a status, `MALFORMED`, or either of some."""

    name: str
    fields: Fields
    expected: int | str | tuple[int | str, ...]
    pieces: tuple[bytes, ...] = ()
    trailers: Fields | None = None
    padding: int | None = None
    # Fields that the answer must have with this value, or must not have (None).
    answer: tuple[tuple[str, str | None], ...] = ()


def run(case: Case, address: Address, good: Answer) -> str | None:
    """Runs a case, then a good request beside it on the same connection; tells which of several right ends it took."""
    choices = case.expected if isinstance(case.expected, tuple) else (case.expected,)
    with Client(address) as client:
        stream = client.request(case.fields, *case.pieces, trailers=case.trailers, padding=case.padding)
        client.wait(stream)
        reply, outcome = client.replies[stream], client.outcome(stream)
        if reply.is_complete and (reply.status in choices or (MALFORMED in choices and reply.status == 400)):
            check_reply(reply, is_head=(":method", "HEAD") in case.fields)
        elif not (MALFORMED in choices and is_error(client.goaway, reply)):
            raise Fault(f"{outcome} instead of {case.expected}")
        for name, value in case.answer:
            if reply[name] != value:
                raise Fault(f"{outcome} with {name} {reply[name]!r} instead of {value!r}")
        # An answer, and an error of one stream, are no other stream's concern (section 5.4.2).
        if client.goaway is None:
            if client.channel.end:
                raise Fault(f"{outcome}, and the connection is {client.channel.end}")
            check_good(client, good, beside=outcome)
    return outcome if MALFORMED in choices else None


def is_error(goaway: int | None, reply: Reply) -> bool:
    """Whether it is the stream error that a malformed request is, or any connection error."""
    return bool(goaway) or (reply.reset is not None and code_name(reply.reset) == "PROTOCOL_ERROR")


def check_good(client: Client, good: Answer, *, beside: str = "it") -> None:
    stream = client.request(GOOD)
    client.wait(stream)
    reply = client.replies[stream]
    if not reply.is_complete or reply.status != 200 or reply.body != good.body:
        raise Fault(f"a good request beside {beside} got {client.outcome(stream)}, {len(reply.body)} bytes")


def check_reply(reply: Reply, *, is_head: bool = False) -> None:
    """What holds for every answer, as over HTTP/1.1, and that nothing is in it that belongs to a connection."""
    names = [name for name, _ in reply.fields]
    if len(names) != len(set(names)):
        raise Fault(f"{reply.status} with a field twice: {names}")
    if wrong := [name for name in names if name in ("connection", "keep-alive", "upgrade") or name != name.lower()]:
        raise Fault(f"{reply.status} with {wrong}")
    answer = Answer(reply.status or 0, dict(reply.fields), reply.body)
    check_form(answer, closes=False, is_head=is_head)
    has_body = not is_head and not answer.is_bodiless
    if not has_body and reply.body:
        raise Fault(f"{reply.status} with {len(reply.body)} bytes of body")
    if has_body and reply["content-length"] != str(len(reply.body)):
        raise Fault(f"{reply.status} with content-length {reply['content-length']} and {len(reply.body)} bytes of body")


def check_same(address: Address, site: Site) -> None:
    """The same status, fields and body as over HTTP/1.1, but `date`."""
    with Client(address) as client:
        streams = {}
        for coding, expected in (("identity", site.good), ("br", site.good_brotli), ("gzip", site.good_gzip)):
            streams[client.request(request(PATH, ("accept-encoding", coding)))] = expected
        client.wait(*streams)
        for stream, expected in streams.items():
            reply = client.replies[stream]
            seen = {name: value for name, value in reply.fields if name not in (":status", "date")}
            wanted = {name: value for name, value in expected.fields.items() if name != "date"}
            if not reply.is_complete or reply.status != expected.status or reply.body != expected.body:
                raise Fault(f"{client.outcome(stream)} instead of {expected.status}, or another body")
            if seen != wanted:
                raise Fault(f"other fields: {dict(seen.items() ^ wanted.items())}")
            check_reply(reply)


def cases(good: Answer) -> Iterator[Case]:
    yield from ordinary(good)
    yield from authorities()
    yield from paths()
    yield from malformed()
    yield from bodies()
    yield from limits()


def ordinary(good: Answer) -> Iterator[Case]:
    yield Case("GET", GOOD, 200, answer=(("waymark-outcome", "standard"), ("connection", None)))
    yield Case("GET of an unknown key", request(UNKNOWN), 200, answer=(("waymark-outcome", "unknown"),))
    yield Case("GET of nothing", request("/x"), 404)
    length = (("content-length", good.fields["content-length"]), ("etag", good.fields["etag"]))
    yield Case("HEAD", request(method="HEAD"), 200, answer=length)
    yield Case("HEAD of nothing", request("/x", method="HEAD"), 404)
    for value in ("*", good.fields["etag"], f'"x", W/{good.fields["etag"]}'):
        asked = request(PATH, ("if-none-match", value))
        yield Case(f"If-None-Match {value}", asked, 304, answer=(("etag", good.fields["etag"]), ("content-type", None)))
    yield Case("If-None-Match on two lines", request(PATH, ("if-none-match", '"x"'), ("if-none-match", "*")), 304)
    for target in (PATH, "*"):
        options = request(target, method="OPTIONS")
        yield Case(f"OPTIONS {target}", options, 204, answer=(("access-control-max-age", "7200"),))
    allow = (("allow", "GET, HEAD, OPTIONS"),)
    for method in ("PUT", "FOO", "get", "M-SEARCH", "TRACE"):
        yield Case(f"method {method}", request(method=method), 405, answer=allow)
    yield Case("method POST where only GET is", post(path=PATH), 405, (b"{}",), answer=allow)
    yield Case("method GET on usage", request(USAGE), 405, answer=(("allow", "POST, OPTIONS"),))
    # Section 8.5: it has neither scheme nor path.
    yield Case("method CONNECT", [(":method", "CONNECT"), (":authority", "edge.example:443")], 405)
    yield Case("te: trailers", request(PATH, ("te", "trailers")), 200)
    yield Case("cookies in crumbs", request(PATH, ("cookie", "a=b"), ("cookie", "c=d")), 200)
    yield Case("raw UTF-8 in a value", request(PATH, ("x", "caf\xe9")), 200)
    yield Case("empty value", request(PATH, ("x", "")), 200)
    yield Case("priority as a field", request(PATH, ("priority", "u=1, i")), 200)


def authorities() -> Iterator[Case]:
    yield Case("authority: none, and no host", request(authority=None), 400)
    yield Case("authority: none, but host", request(PATH, ("host", "localhost"), authority=None), 200)
    yield Case("authority: equal to host", request(PATH, ("host", "localhost")), 200)
    yield Case("authority: other than host", request(PATH, ("host", "other.example")), 400)
    yield Case("authority: other port than host", request(PATH, ("host", "localhost:8080")), 400)
    yield Case("authority: two hosts alone", request(PATH, *[("host", "localhost")] * 2, authority=None), 400)
    yield Case("authority: equal to two hosts", request(PATH, *[("host", "localhost")] * 2), 400)
    yield Case("authority: host ill-formed", request(PATH, ("host", "a b"), authority=None), 400)
    yield Case("authority: host empty", request(PATH, ("host", ""), authority=None), 400)
    for name, value in [
        ("empty", ""),
        ("a blank within", "local host"),
        ("with user", "user@localhost"),
        ("with path", "localhost/v1"),
        ("list", "localhost, other.example"),
        ("letter in the port", "localhost:8o"),
        ("only a port", ":443"),
        ("bad escape", "localhost%zz"),
        ("bare IPv6", "::1"),
        ("IPv6 without its end", "[::1"),
        ("IPv6 with two gaps", "[1::2::3]"),
        ("raw UTF-8", "caf\xe9.example"),
    ]:
        # Some are refused by the framing already, as malformed.
        yield Case(f"authority: {name}", request(authority=value), MALFORMED)
    for value in ("localhost:443", "LOCALHOST", "[::1]", "[2001:db8::7]:8443", "127.0.0.1"):
        yield Case(f"authority: good: {value}", request(authority=value), 200)


def paths() -> Iterator[Case]:
    for name, path in [
        ("no slash first", PATH[1:]),
        ("* for GET", "*"),
        ("absolute form", f"https://localhost{PATH}"),
        ("fragment", f"{PATH}#x"),
        ("bad escape", f"{FOLDER}/%zz.js"),
        ("escaped NUL", f"{FOLDER}/%00.js"),
        ("escaped slash", f"{FOLDER}/a%2Fb.js"),
        ("..", f"/v1/../v1/{PARTNER}/loader.js"),
        ("escaped ..", f"/v1/%2e%2e/v1/{PARTNER}/loader.js"),
        ("no UTF-8", f"{FOLDER}/%FF.js"),
        ("empty key", f"{FOLDER}/.js"),
    ]:
        yield Case(f"path: {name}", request(path), 400)
    for name, path in [("blank", f"{PATH}?a b"), ("raw UTF-8", f"{FOLDER}/caf\xe9.js"), ("DEL", f"{PATH}?\x7f")]:
        yield Case(f"path: {name}", request(path), (400, MALFORMED))
    yield Case("path: odd query", request(f"{PATH}?%zz%00/../"), 200)
    yield Case("path: escaped", request(f"{FOLDER}/%{ord(CLIENT[0]):02x}{CLIENT[1:]}.js"), 200)


def malformed() -> Iterator[Case]:
    def without(name: str) -> Fields:
        return [field for field in GOOD if field[0] != name]

    def twice(name: str) -> Fields:
        return [field for field in GOOD if field[0] == name] + GOOD

    for name, fields in [
        ("field name in capitals", request(PATH, ("X-Capital", "a"))),
        ("one capital letter in a name", request(PATH, ("accept-Encoding", "br"))),
        ("connection", request(PATH, ("connection", "keep-alive"))),
        ("connection: close", request(PATH, ("connection", "close"))),
        ("keep-alive", request(PATH, ("keep-alive", "timeout=5"))),
        ("proxy-connection", request(PATH, ("proxy-connection", "keep-alive"))),
        ("upgrade", request(PATH, ("upgrade", "h2c"))),
        ("transfer-encoding", request(PATH, ("transfer-encoding", "chunked"))),
        ("te: gzip", request(PATH, ("te", "gzip"))),
        ("te: trailers, gzip", request(PATH, ("te", "trailers, gzip"))),
        ("no :method", without(":method")),
        ("no :scheme", without(":scheme")),
        ("no :path", without(":path")),
        ("empty :path", request("")),
        ("empty :method", request(method="")),
        ("two :method", twice(":method")),
        ("two :scheme", twice(":scheme")),
        ("two :authority", twice(":authority")),
        ("two :path", twice(":path")),
        ("unknown pseudo-field", [*GOOD, (":x", "y")]),
        (":status", [*GOOD, (":status", "200")]),
        (":protocol unasked for", [*GOOD, (":protocol", "websocket")]),
        ("pseudo-field behind a field", [*GOOD[:3], ("x", "y"), GOOD[3]]),
        ("empty field name", request(PATH, ("", "x"))),
        ("blank in a name", request(PATH, ("x y", "z"))),
        ("colon in a name", request(PATH, ("x:y", "z"))),
        ("control in a name", request(PATH, ("x\x01", "y"))),
        ("raw UTF-8 in a name", request(PATH, ("x\xe9", "y"))),
        ("NUL in a value", request(PATH, ("x", "a\x00b"))),
        ("CR in a value", request(PATH, ("x", "a\rb"))),
        ("LF in a value", request(PATH, ("x", "a\nb"))),
        ("a field within a value", request(PATH, ("x", "a\r\nhost: other.example"))),
        ("LF in the path", request(f"{PATH}?\nx: y")),
        ("a request within the path", request(f"{PATH} HTTP/1.1\r\nhost: a\r\n\r\nGET /x")),
        ("a request within the method", request(method="GET /x HTTP/1.1\r\nhost: a\r\n\r\nGET")),
        ("CR LF in the authority", request(authority="localhost\r\nx: y")),
        ("blank before a value", request(PATH, ("x", " a"))),
        ("tab behind a value", request(PATH, ("x", "a\t"))),
    ]:
        yield Case(f"malformed: {name}", fields, MALFORMED)
    # Section 8.1.1: a length that is not that of all DATA frames together.
    for name, length, pieces in [
        ("more than came", "5", (b"{}",)),
        ("less than came", "1", (b"{}",)),
        ("0, and data", "0", (b"{}",)),
        ("but no data", "2", ()),
        ("less than came, in pieces", "3", (b"{", b"}", b"  ")),
    ]:
        yield Case(f"malformed: content-length {name}", post(("content-length", length)), MALFORMED, pieces)
    for name, lengths in [("two", ("2", "9")), ("two equal", ("2", "2")), ("plus", ("+2",)), ("list", ("2, 2",))]:
        fields = post(*[("content-length", length) for length in lengths])
        yield Case(f"malformed: content-length: {name}", fields, MALFORMED, (b"{}",))
    for name, trailers in [("with a pseudo-field", [(":path", "/x")]), ("in capitals", [("X", "y")])]:
        yield Case(f"malformed: trailers {name}", post(), MALFORMED, (b"{}",), trailers)


def bodies() -> Iterator[Case]:
    yield Case("body: in one piece", post(), 204, (b"{}",), answer=(("cache-control", "no-store"),))
    yield Case("body: with its length", post(("content-length", "2")), 204, (b"{}",))
    yield Case("body: in two pieces", post(), 204, (b"{", b"}"))
    yield Case("body: byte by byte", post(), 204, tuple(bytes([byte]) for byte in b'{"events":[1,2,3]}'))
    yield Case("body: its end in an empty frame", post(), 204, (b"{}", b""))
    yield Case("body: padded", post(), 204, (b"{", b"}"), padding=200)
    yield Case("body: with trailers", post(), 204, (b"{}",), [("x", "y")])
    yield Case("body: expected", post(("expect", "100-continue")), 204, (b"{}",))
    yield Case("body: on GET", request(), 200, (b"hello",))
    yield Case("body: no beacon", post(), 400, (b"[1]",))
    yield Case("body: none", post(), 400)
    yield Case("body: empty", post(), 400, (b"",))


def limits() -> Iterator[Case]:
    long = "x" * 129
    yield Case("limit: System Client ID of 129 bytes", request(f"{FOLDER}/{long}.js"), 414)
    yield Case("limit: system variable of 129 bytes", request(f"/v1/{PARTNER}/snippets/{long}/x.js"), 414)
    yield Case("limit: path of 3,900 bytes", request(PATH + "?" + "x" * (3899 - len(PATH))), 200)
    yield Case("limit: path of 4,097 bytes", request(PATH + "?" + "x" * (4096 - len(PATH))), 414)
    yield Case("limit: path of 12,000 bytes", request(PATH + "?" + "x" * (11_999 - len(PATH))), 414)
    too_large = (431, MALFORMED)
    yield Case("limit: field of 15,000 bytes", request(PATH, ("x", "x" * 15_000)), 200)
    yield Case("limit: field of 17,000 bytes", request(PATH, ("x", "x" * 17_000)), too_large)
    yield Case("limit: field of 60,000 bytes", request(PATH, ("x", "x" * 60_000)), too_large)
    yield Case("limit: field name of 17,000 bytes", request(PATH, ("x" * 17_000, "y")), too_large)
    yield Case("limit: 90 fields", request(PATH, *[(f"x{count}", "y") for count in range(90)]), 200)
    yield Case("limit: 120 fields", request(PATH, *[(f"x{count}", "y") for count in range(120)]), too_large)
    # Few bytes on the wire: the same entry of the dynamic table, again and again.
    yield Case("limit: 90 fields of 3,000 bytes, compressed", request(PATH, *[("x", "y" * 3000)] * 90), too_large)
    half = b'{"x":"' + b"x" * 8000
    yield Case("limit: body of 16 KiB", post(), 204, (half, b"x" * (BODY_MAX - len(half) - 2) + b'"}'))
    yield Case("limit: body of 16 KiB and a byte", post(), 413, (half, b"x" * (BODY_MAX - len(half) - 1) + b'"}'))
    yield Case("limit: body of 60 KiB", post(), 413, (b"x" * 15_000,) * 4)
    length = ("content-length", "20000")
    yield Case("limit: body of 20,000 bytes with its length", post(length), 413, (b"x" * 10_000,) * 2)
    yield Case("limit: chunky padding is no body", post(), 204, (b'{"x":"', b"x" * 200, b'"}'), padding=255)
