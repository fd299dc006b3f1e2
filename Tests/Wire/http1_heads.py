"""Cases of heads: request lines, `Host`, field lines, line ends, limits (RFC 9112, sections 2, 3 and 5)."""

from collections.abc import Iterator

from support.servers import PARTNER, PATH, VARIABLE

from http1 import CLOSES, OPEN, Case, Site, request

GOOD_LINE = f"GET {PATH} HTTP/1.1"


def cases(_: Site) -> Iterator[Case]:
    yield from request_lines()
    yield from versions()
    yield from hosts()
    yield from field_lines()
    yield from line_ends()
    yield from limits()


def raw(*lines: str, end: str = "\r\n") -> bytes:
    """A head of these lines and the empty one."""
    return (end.join(lines) + end + end).encode("latin-1")


def request_lines() -> Iterator[Case]:
    for name, line in [
        ("two blanks behind the method", f"GET  {PATH} HTTP/1.1"),
        ("two blanks before the version", f"GET {PATH}  HTTP/1.1"),
        ("no target", "GET  HTTP/1.1"),
        ("tab behind the method", f"GET\t{PATH} HTTP/1.1"),
        ("tab before the version", f"GET {PATH}\tHTTP/1.1"),
        ("vertical tab before the version", f"GET {PATH}\x0bHTTP/1.1"),
        ("form feed before the version", f"GET {PATH}\x0cHTTP/1.1"),
        ("blank first", f" GET {PATH} HTTP/1.1"),
        ("tab first", f"\tGET {PATH} HTTP/1.1"),
        ("blank last", f"GET {PATH} HTTP/1.1 "),
        ("tab last", f"GET {PATH} HTTP/1.1\t"),
        ("a fourth word", f"GET {PATH} HTTP/1.1 x"),
        ("blank within the target", f"GET {PATH}?a b HTTP/1.1"),
        ("no method", f" {PATH} HTTP/1.1"),
        ("one word", "GET"),
        ("a field in its place", "Host: localhost"),
        ("method with @", f"G@T {PATH} HTTP/1.1"),
        ("method with (", f"GET( {PATH} HTTP/1.1"),
        ("method with :", f"GET: {PATH} HTTP/1.1"),
        ("method with a control", f"GE\x01T {PATH} HTTP/1.1"),
        ("method with NUL", f"GE\x00T {PATH} HTTP/1.1"),
        ("method of raw UTF-8", f"G\xc3\x89T {PATH} HTTP/1.1"),
        ("NUL in the target", f"GET {PATH}?\x00 HTTP/1.1"),
        ("control in the target", f"GET {PATH}?\x01 HTTP/1.1"),
        ("escape in the target", f"GET {PATH}?\x1b HTTP/1.1"),
        ("DEL in the target", f"GET {PATH}?\x7f HTTP/1.1"),
        ("raw UTF-8 in the path", f"GET /v1/{PARTNER}/snippets/{VARIABLE}/caf\xc3\xa9.js HTTP/1.1"),
        ("raw Latin-1 in the path", f"GET /v1/{PARTNER}/snippets/{VARIABLE}/caf\xe9.js HTTP/1.1"),
        ("raw UTF-8 in the query", f"GET {PATH}?\xc3\xa9 HTTP/1.1"),
    ]:
        yield Case(f"request line: {name}", raw(line, "Host: localhost"), 400, CLOSES)
    # RFC 9112, section 2.2: at least one empty line before the request line is passed over.
    yield Case("request line: behind one empty line", b"\r\n" + request(), 200)
    yield Case("request line: behind two empty lines", b"\r\n\r\n" + request(), 400, CLOSES)
    yield Case("request line: behind a bare LF", b"\n" + request(), 400, CLOSES)
    yield Case("request line: behind a bare CR", b"\r" + request(), 400, CLOSES)
    # What other protocols say first.
    yield Case("preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 400, CLOSES)
    yield Case("TLS to the plain port", bytes.fromhex("160301004a0100004603030000"), 400, CLOSES)


def versions() -> Iterator[Case]:
    # RFC 9110, section 2.5, would let 1.2 pass as 1.1; the contract takes 1.0 and 1.1 alone, and no 1.2 will ever be.
    for version in ["http/1.1", "Http/1.1", "HTTP/1.2", "HTTP/1.10", "HTTP/01.1", "HTTP/1.1.1", "HTTP/1", "HTTP/1,1"]:
        yield Case(f"version {version}", request(version=version), 400, CLOSES)
    for version in ["HTTP/2.0", "HTTP/2", "HTTP/3.0", "HTTP/0.9", "HTTPS/1.1", "HTTP-1.1", "1.1", "HTTP/"]:
        yield Case(f"version {version}", request(version=version), 400, CLOSES)
    yield Case("version missing", raw(f"GET {PATH}", "Host: localhost"), 400, CLOSES)
    yield Case("version missing, blank last", raw(f"GET {PATH} ", "Host: localhost"), 400, CLOSES)
    yield Case("version missing, no field", raw(f"GET {PATH}"), 400, CLOSES)


def hosts() -> Iterator[Case]:
    yield Case("Host: none", request(host=None), 400, CLOSES)
    yield Case("Host: twice the same", request(PATH, "Host: localhost"), 400, CLOSES)
    yield Case("Host: two", request(PATH, "Host: other.example"), 400, CLOSES)
    yield Case("Host: two, far apart", request(PATH, "X: y", "hOST: other.example"), 400, CLOSES)
    for name, value in [
        ("empty", ""),
        ("only blanks", "  \t"),
        ("a blank within", "local host"),
        ("a tab within", "local\thost"),
        ("with user", "user@localhost"),
        ("with user and password", "user:word@localhost"),
        ("with path", "localhost/v1"),
        ("with scheme", "http://localhost"),
        ("with query", "localhost?x"),
        ("with fragment", "localhost#x"),
        ("with \\", "local\\host"),
        ("list", "localhost, other.example"),
        ("raw UTF-8", "caf\xc3\xa9.example"),
        ("bad escape", "localhost%zz"),
        ("half an escape", "localhost%4"),
        ("letter in the port", "localhost:8o"),
        ("negative port", "localhost:-1"),
        ("port with plus", "localhost:+80"),
        ("two ports", "localhost:80:80"),
        ("only a port", ":80"),
        ("blank before the port", "localhost :80"),
        ("blank in the port", "localhost: 80"),
        ("bare IPv6", "::1"),
        ("IPv6 without its end", "[::1"),
        ("IPv6 without its start", "::1]"),
        ("IPv6 empty", "[]"),
        ("IPv6 with a bar", "[|]"),
        ("IPv6 with bad digits", "[::g]"),
        ("IPv6 with a short group only", "[1]"),
        ("IPv6 of seven groups", "[1:2:3:4:5:6:7]"),
        ("IPv6 of nine groups", "[1:2:3:4:5:6:7:8:9]"),
        ("IPv6 with two gaps", "[1::2::3]"),
        ("IPv6 with a long group", "[12345::1]"),
        ("IPv6 with a bad IPv4 tail", "[::ffff:127.0.0.256]"),
        ("IPv6 with more behind", "[::1]x"),
        ("IPv6 with a bad port", "[::1]:8o"),
    ]:
        yield Case(f"Host: {name}", request(host=f"Host: {value}"), 400, CLOSES)
    for name, value in [
        ("no blank", "localhost"),
        ("many blanks around", " \t localhost \t "),
        ("capitals", " LOCALHOST"),
        ("port", " localhost:8080"),
        ("empty port", " localhost:"),
        ("dot last", " localhost."),
        ("IPv4 and port", " 127.0.0.1:80"),
        ("IPv6", " [::1]"),
        ("IPv6 and port", " [2001:db8::7]:8080"),
        ("IPv6 in full", " [1:2:3:4:5:6:7:8]"),
        ("IPv6 with IPv4 tail", " [::ffff:127.0.0.1]"),
        ("escape", " caf%C3%A9.example"),
        ("underscore", " my_host.example"),
    ]:
        yield Case(f"Host: good: {name}", request(host=f"Host:{value}"), 200)
    yield Case("Host: good: name in capitals", request(host="HOST: localhost"), 200)


def field_lines() -> Iterator[Case]:
    for name, line in [
        ("obs-fold with a blank", "X: a\r\n b"),
        ("obs-fold with a tab", "X: a\r\n\tb"),
        ("obs-fold with nothing", "X: a\r\n "),
        ("obs-fold of a length", "Content-Length: 1\r\n 0"),
        ("blank before the colon", "X : a"),
        ("tab before the colon", "X\t: a"),
        ("empty name", ": a"),
        ("blank name", " : a"),
        ("no colon", "X"),
        ("blank in the name", "X Y: a"),
        ("@ in the name", "X@: a"),
        ("( in the name", "X(: a"),
        ('" in the name', '"X": a'),
        ("raw UTF-8 in the name", "X\xc3\xa9: a"),
        ("control in the name", "X\x01: a"),
        ("NUL in the name", "X\x00: a"),
        ("DEL in the name", "X\x7f: a"),
        ("bare CR in the name", "X\rY: a"),
        ("NUL in the value", "X: a\x00b"),
        ("NUL as the value", "X: \x00"),
        ("bare CR in the value", "X: a\rb"),
        ("bare CR ends the value", "X: a\r"),
        ("bare LF in the value", "X: a\nb: c"),
        ("control in the value", "X: a\x01b"),
        ("backspace in the value", "X: a\x08b"),
        ("vertical tab in the value", "X: a\x0bb"),
        ("form feed in the value", "X: a\x0cb"),
        ("escape in the value", "X: \x1b[0m"),
        ("unit separator in the value", "X: a\x1fb"),
        ("DEL in the value", "X: a\x7fb"),
    ]:
        yield Case(f"field: {name}", request(PATH, line), 400, CLOSES)
    yield Case("field: fold before any", raw(GOOD_LINE, " Host: localhost"), 400, CLOSES)
    yield Case("field: fold behind the request line", raw(GOOD_LINE, " x", "Host: localhost"), 400, CLOSES)
    yield Case("field: blank before the colon of Host", request(host="Host : localhost"), 400, CLOSES)
    for name, line in [
        ("empty value", "X:"),
        ("blank value", "X: \t "),
        ("tab in the value", "X: a\tb"),
        ("raw UTF-8 in the value", "X: caf\xc3\xa9"),
        ("every mark of a name", "!#$%&'*+-.^_`|~09azAZ: x"),
        ("colons in the value", "X:::"),
        ("the same twice", "X: a\r\nX: b"),
    ]:
        yield Case(f"field: good: {name}", request(PATH, line), 200)


def line_ends() -> Iterator[Case]:
    for name, head in [
        ("bare LF behind the request line", f"{GOOD_LINE}\nHost: localhost\r\n\r\n"),
        ("bare LF behind a field", f"{GOOD_LINE}\r\nHost: localhost\nX: y\r\n\r\n"),
        ("bare LF behind the last field", f"{GOOD_LINE}\r\nHost: localhost\n\r\n"),
        ("bare LF as the empty line", f"{GOOD_LINE}\r\nHost: localhost\r\n\n"),
        ("bare LF everywhere", f"{GOOD_LINE}\nHost: localhost\n\n"),
        ("bare CR behind the request line", f"{GOOD_LINE}\rHost: localhost\r\n\r\n"),
        ("bare CR behind a field", f"{GOOD_LINE}\r\nHost: localhost\rX: y\r\n\r\n"),
        ("bare CR everywhere", f"{GOOD_LINE}\rHost: localhost\r\r"),
        ("CR CR LF behind the request line", f"{GOOD_LINE}\r\r\nHost: localhost\r\n\r\n"),
        ("CR CR LF behind a field", f"{GOOD_LINE}\r\nHost: localhost\r\r\n\r\n"),
        ("CR CR LF as the empty line", f"{GOOD_LINE}\r\nHost: localhost\r\n\r\r\n"),
        ("LF CR behind a field", f"{GOOD_LINE}\r\nHost: localhost\n\r\n\r"),
        ("bare CR in the target", f"GET {PATH}?\r HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("bare LF in the target", f"GET {PATH}?\n HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("bare CR in the method", f"GE\rT {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ]:
        yield Case(f"line end: {name}", head.encode(), 400, CLOSES)


def limits() -> Iterator[Case]:
    def line_of(count: int) -> bytes:
        """A good request whose line has so many bytes, its line end too."""
        return request(PATH + "?" + "x" * (count - len(GOOD_LINE) - 3))

    def head_of(count: int) -> bytes:
        """A good request whose head has so many bytes, its empty line too."""
        return request(PATH, "X: " + "x" * (count - len(request(PATH, "X: "))))

    def fields_of(count: int, line: str = "X: y") -> bytes:
        return request(PATH, *[line] * (count - 1))

    yield Case("limit: request line of 4 KiB", line_of(4096), 200)
    # The limit is of the line; the empty line that may precede it is none of it.
    yield Case("limit: request line of 4 KiB behind an empty line", b"\r\n" + line_of(4096), 200)
    yield Case("limit: request line of 4 KiB and a byte", line_of(4097), 414, CLOSES)
    yield Case("limit: request line of 12 KiB", line_of(12_288), 414, CLOSES)
    yield Case("limit: request line without end", b"GET /" + b"x" * 5000, 414, CLOSES)
    yield Case("limit: head of 16 KiB", head_of(16_384), 200)
    yield Case("limit: head of 16 KiB and a byte", head_of(16_385), 431, CLOSES)
    yield Case("limit: head of 20 KiB", head_of(20_480), 431, CLOSES)
    yield Case("limit: field without end", request(PATH, "X: " + "x" * 17_000)[:-4], 431, CLOSES)
    yield Case("limit: field name without end", request(PATH, "X" * 17_000)[:-4], 431, CLOSES)
    yield Case("limit: 100 fields", fields_of(100), 200)
    yield Case("limit: 101 fields", fields_of(101), 431, CLOSES)
    yield Case("limit: 1,000 fields", fields_of(1000), 431, CLOSES)
    long = "x" * 129
    for name, target in [
        ("System Client ID of 129 bytes", f"/v1/{PARTNER}/snippets/{VARIABLE}/{long}.js"),
        ("System Client ID of 130 decoded bytes", f"/v1/{PARTNER}/snippets/{VARIABLE}/{'%C3%A9' * 65}.js"),
        ("system variable of 129 bytes", f"/v1/{PARTNER}/snippets/{long}/x.js"),
        ("partner key of 33 bytes", f"/v1/{'k' * 33}/loader.js"),
        ("environment key of 23 bytes", f"/v1/{PARTNER}/env/{'e' * 23}/snippets/{VARIABLE}/x.js"),
        ("System Client ID of 129 bytes in a manifest", f"/v1/{PARTNER}/manifests/{VARIABLE}/{long}.json"),
    ]:
        yield Case(f"limit: {name}", request(target), 414, OPEN)
    for name, target in [
        ("System Client ID of 128 bytes", f"/v1/{PARTNER}/snippets/{VARIABLE}/{long[1:]}.js"),
        ("System Client ID of 128 decoded bytes", f"/v1/{PARTNER}/snippets/{VARIABLE}/{'%C3%A9' * 64}.js"),
        ("system variable of 128 bytes", f"/v1/{PARTNER}/snippets/{long[1:]}/x.js"),
        ("partner key of 32 bytes", f"/v1/{'k' * 32}/loader.js"),
    ]:
        yield Case(f"limit: {name}", request(target), 200)
