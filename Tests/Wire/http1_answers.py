"""Cases of what is asked for: methods, targets, persistence, conditions, codings (`edge-contract.md`)."""

import zlib
from collections.abc import Iterator

from support.servers import CLIENT, PARTNER, PATH, UNKNOWN, VARIABLE

from connection import Answer
from http1 import CLOSES, GOOD, OPEN, Case, Site, request
from http1_bodies import USAGE, counted, post

FOLDER = f"/v1/{PARTNER}/snippets/{VARIABLE}"
ALLOWED = "GET, HEAD, OPTIONS"
HEAD = frozenset({0})


def cases(site: Site) -> Iterator[Case]:
    yield from methods(site)
    yield from targets()
    yield from absolute_targets()
    yield from persistence()
    yield from pipelines()
    yield from conditions(site)
    yield from codings(site)
    yield from indifference(site)


def same_as(site: Site, *, but: tuple[str, ...] = ()) -> dict[str, str | None]:
    """The fields of the good answer, as another answer must have them."""
    return {name: value for name, value in site.good.fields.items() if name not in ("date", *but)}


def methods(site: Site) -> Iterator[Case]:
    # Unlike RFC 9110, section 9.1, the contract has one answer for all other methods, known or not.
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "FOO", "M-SEARCH", "get", "Get", "GETS", "GE", "!#$%&'*+-.^_`|~"]:
        yield Case(f"method {method}", request(method=method), 405, fields={"allow": ALLOWED})
    yield Case("method of 200 letters", request(method="G" * 200), 405, fields={"allow": ALLOWED})
    yield Case("method POST where only GET is", counted("{}", target=PATH), 405, fields={"allow": ALLOWED})
    yield Case("method POST on the loader", counted("{}", target="/v1/loader.js"), 405, fields={"allow": ALLOWED})
    yield Case("method GET on usage", request(USAGE), 405, fields={"allow": "POST, OPTIONS"})
    yield Case("method PUT on usage", request(USAGE, method="PUT"), 405, fields={"allow": "POST, OPTIONS"})
    yield Case("method HEAD", request(method="HEAD"), 200, heads=HEAD, fields=same_as(site))
    yield Case("method HEAD of an unknown key", request(UNKNOWN, method="HEAD"), 200, heads=HEAD)
    yield Case("method HEAD of nothing", request("/x", method="HEAD"), 404, heads=HEAD)
    yield Case("method HEAD of a malformed key", request(f"{FOLDER}/%zz.js", method="HEAD"), 400, heads=HEAD)
    yield Case("method HEAD of an over-long key", request(f"{FOLDER}/{'x' * 129}.js", method="HEAD"), 414, heads=HEAD)
    not_allowed = {"allow": "POST, OPTIONS"}
    yield Case("method HEAD on usage", request(USAGE, method="HEAD"), 405, heads=HEAD, fields=not_allowed)
    preflight = {
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "7200",
        "content-type": None,
    }

    def allows_all(answers: list[Answer]) -> str | None:
        allowed = set(answers[-1].fields.get("access-control-allow-methods", "").split(", "))
        missing = {"GET", "HEAD", "POST"} - allowed
        return f"{missing} missing in Access-Control-Allow-Methods" if missing else None

    for target in [PATH, UNKNOWN, USAGE, "/v1/loader.js", "*"]:
        options = request(target, "Origin: https://a.example", "Access-Control-Request-Method: POST", method="OPTIONS")
        yield Case(f"method OPTIONS on {target}", options, 204, fields=preflight, check=allows_all)
    # The authority is the right form for CONNECT, which is one of the other methods (RFC 9112, section 3.2.3).
    for target in ["edge.example:443", "[::1]:443"]:
        yield Case(f"method CONNECT to {target}", request(target, method="CONNECT"), 405)


def targets() -> Iterator[Case]:
    for name, target in [
        ("no slash first", PATH[1:]),
        ("authority form", "edge.example:443"),
        ("authority alone", "edge.example"),
        ("* for GET", "*"),
        ("* with a query", "*?x"),
        ("two stars", "**"),
        ("query alone", "?x"),
        ("backslash first", "\\v1\\loader.js"),
        ("fragment", f"{PATH}#x"),
        ("fragment behind the query", f"{PATH}?x#y"),
        ("fragment empty", f"{PATH}#"),
        ("escape of nothing", f"{FOLDER}/%.js"),
        ("escape at the end", f"{PATH}%"),
        ("half an escape at the end", f"{PATH}%4"),
        ("escape of one digit", f"{FOLDER}/%4.js"),
        ("escape of zz", f"{FOLDER}/%zz.js"),
        ("escape of a sign", f"{FOLDER}/%+4.js"),
        ("escape with 0x", f"{FOLDER}/%0x41.js"),
        ("escape as of old scripts", f"{FOLDER}/%u0041.js"),
        ("escaped NUL", f"{FOLDER}/%00.js"),
        ("escaped NUL before the suffix", f"{FOLDER}/x.js%00.js"),
        ("escaped slash", f"{FOLDER}/a%2Fb.js"),
        ("escaped slash in small letters", f"{FOLDER}/a%2fb.js"),
        ("escaped slash between segments", f"/v1/{PARTNER}%2Fsnippets/{VARIABLE}/{CLIENT}.js"),
        ("escaped backslash", f"{FOLDER}/a%5Cb.js"),
        ("escaped CR LF", f"{FOLDER}/a%0D%0Ab.js"),
        ("escaped tab", f"{FOLDER}/a%09b.js"),
        ("escaped DEL", f"{FOLDER}/a%7Fb.js"),
        ("escaped C1 control", f"{FOLDER}/a%C2%85b.js"),
        ("blank first in a key", f"{FOLDER}/%20a.js"),
        ("blank last in a key", f"{FOLDER}/a%20.js"),
        ("no UTF-8", f"{FOLDER}/%FF.js"),
        ("UTF-8 cut off", f"{FOLDER}/%C3.js"),
        ("over-long UTF-8", f"{FOLDER}/%C0%AF.js"),
        ("surrogate in UTF-8", f"{FOLDER}/%ED%A0%80.js"),
        (".", f"/v1/./{PARTNER}/loader.js"),
        ("..", f"/v1/x/../{PARTNER}/loader.js"),
        (".. past the root", "/../v1/loader.js"),
        (".. last", f"{FOLDER}/.."),
        ("escaped .", f"/v1/%2e/{PARTNER}/loader.js"),
        ("escaped ..", f"/v1/x/%2e%2E/{PARTNER}/loader.js"),
        ("half escaped ..", f"/v1/x/.%2e/{PARTNER}/loader.js"),
        ("empty key", f"{FOLDER}/.js"),
        ("empty variable", f"/v1/{PARTNER}/snippets//{CLIENT}.js"),
        ("empty partner", f"/v1//snippets/{VARIABLE}/{CLIENT}.js"),
        ("partner in capitals", f"/v1/BENCH/snippets/{VARIABLE}/{CLIENT}.js"),
        ("partner of two letters", f"/v1/ab/snippets/{VARIABLE}/{CLIENT}.js"),
        ("variable with a digit first", f"/v1/{PARTNER}/snippets/1a/{CLIENT}.js"),
        ("variable with a dot last", f"/v1/{PARTNER}/snippets/a./{CLIENT}.js"),
        ("environment too short", f"/v1/{PARTNER}/env/short/snippets/{VARIABLE}/{CLIENT}.js"),
    ]:
        yield Case(f"target: {name}", request(target), 400, OPEN)
    for name, target in [
        ("root", "/"),
        ("slash last", f"{PATH}/"),
        ("two slashes first", f"/{PATH}"),
        ("two slashes before the key", f"{FOLDER}//{CLIENT}.js"),
        ("no version", f"/{PARTNER}/loader.js"),
        ("version in capitals", f"/V1/{PARTNER}/loader.js"),
        ("no suffix", PATH.removesuffix(".js")),
        ("suffix in capitals", PATH.removesuffix(".js") + ".JS"),
        ("unknown object", f"/v1/objects/{'0' * 64}.js"),
        ("unknown manifest", UNKNOWN.replace("snippets", "manifests").replace(".js", ".json")),
    ]:
        yield Case(f"target: absent: {name}", request(target), 404)
    escaped = f"%{ord(CLIENT[0]):02x}{CLIENT[1:]}"
    for name, target, outcome in [
        ("query", f"{PATH}?x=y", "standard"),
        ("empty query", f"{PATH}?", "standard"),
        ("odd query", f"{PATH}?%zz%00%2F/../?%", "standard"),
        ("key in capitals", f"{FOLDER}/{CLIENT.upper()}.js", "standard"),
        ("escaped key", f"{FOLDER}/{escaped}.js", "standard"),
        ("escaped suffix", f"{FOLDER}/{CLIENT}%2Ejs", "standard"),
        ("escaped version", f"/%76%31/{PARTNER}/snippets/{VARIABLE}/{CLIENT}.js", "standard"),
        ("default partner", f"/v1/snippets/{VARIABLE}/{CLIENT}.js", "standard"),
        ("key escaped twice", f"{FOLDER}/{escaped.replace('%', '%25')}.js", "unknown"),
        (".. escaped twice", f"{FOLDER}/%252e%252e.js", "unknown"),
        ("slash escaped twice", f"{FOLDER}/a%252Fb.js", "unknown"),
        ("three dots", f"{FOLDER}/....js", "unknown"),
        ("blank within a key", f"{FOLDER}/a%20b.js", "unknown"),
        ("UTF-8 in a key", f"{FOLDER}/caf%C3%A9.js", "unknown"),
        ("plus in a key", f"{FOLDER}/a+b.js", "unknown"),
        ("unknown environment", f"/v1/{PARTNER}/env/{'A' * 22}/snippets/{VARIABLE}/{CLIENT}.js", "unknown"),
    ]:
        yield Case(f"target: good: {name}", request(target), 200, fields={"waymark-outcome": outcome})


def absolute_targets() -> Iterator[Case]:
    """RFC 9112, section 3.2.2: accepted, and `Host` is not looked at, though it must be there and be right."""
    for name, start in [
        ("http", "http://localhost"),
        ("https", "https://localhost"),
        ("in capitals", "HTTP://LOCALHOST"),
        ("with port", "http://localhost:8080"),
        ("with empty port", "http://localhost:"),
        ("IPv6", "http://[::1]:80"),
        ("another host", "http://other.example"),
    ]:
        yield Case(f"absolute: {name}", request(start + PATH), 200, fields={"waymark-outcome": "standard"})
    yield Case("absolute: with query", request(f"http://localhost{PATH}?x"), 200)
    old = request(f"http://localhost{PATH}", version="HTTP/1.0")
    yield Case("absolute: in HTTP/1.0", old, 200, CLOSES, is_old=True)
    yield Case("absolute: no path", request("http://localhost"), 404)
    yield Case("absolute: no path but a query", request("http://localhost?/v1/loader.js"), 404)
    yield Case("absolute: without Host", request(f"http://localhost{PATH}", host=None), 400, CLOSES)
    yield Case("absolute: with an ill-formed Host", request(f"http://localhost{PATH}", host="Host: a b"), 400, CLOSES)
    for name, target in [
        ("no authority", f"http://{PATH}"),
        ("no slashes", f"http:{PATH}"),
        ("one slash", f"http:/localhost{PATH}"),
        ("with user", f"http://user@localhost{PATH}"),
        ("with a bad port", f"http://localhost:8o{PATH}"),
        ("with only a port", f"http://:80{PATH}"),
        ("with bad IPv6", f"http://[::1{PATH}"),
        ("with a bad escape", f"http://local%zzhost{PATH}"),
        ("another scheme", f"ftp://localhost{PATH}"),
        ("no known scheme", f"httpx://localhost{PATH}"),
        ("with a fragment", f"http://localhost{PATH}#x"),
    ]:
        yield Case(f"absolute: {name}", request(target), 400, OPEN)


def persistence() -> Iterator[Case]:
    for name, lines in [
        ("close", ["Connection: close"]),
        ("close in odd case", ["cOnNeCtIoN: ClOsE"]),
        ("close last in a list", ["Connection: keep-alive, close"]),
        ("close first in a list", ["Connection: close,TE"]),
        ("close within empty elements", ["Connection: , ,close ,"]),
        ("close on a second line", ["Connection: x", "Connection: close"]),
    ]:
        yield Case(f"connection: {name}", request(PATH, *lines), 200, CLOSES)
    body = counted("{}").replace(b"Content-Type", b"Connection: close\r\nContent-Type")
    yield Case("connection: close with a body", body, 204, CLOSES)
    yield Case("connection: close, and an error", request("/x", "Connection: close"), 404, CLOSES)
    head = request(PATH, "Connection: close", method="HEAD")
    yield Case("connection: close, and HEAD", head, 200, CLOSES, heads=HEAD)
    for name, lines in [
        ("keep-alive", ["Connection: keep-alive"]),
        ("a word that starts with close", ["Connection: closed"]),
        ("a word that ends in close", ["Connection: x-close"]),
        ("empty", ["Connection:"]),
        ("Proxy-Connection: close", ["Proxy-Connection: close"]),
        ("Upgrade to HTTP/2", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]),
        ("Upgrade to WebSocket", ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]),
    ]:
        yield Case(f"connection: stays: {name}", request(PATH, *lines), 200, fields={"upgrade": None})
    for name, lines, host, closes in [
        ("alone", [], "Host: localhost", CLOSES),
        ("without Host", [], None, CLOSES),
        ("with keep-alive", ["Connection: keep-alive"], "Host: localhost", OPEN),
        ("with keep-alive, without Host", ["Connection: keep-alive"], None, OPEN),
        ("with keep-alive in odd case", ["Connection: Keep-ALIVE"], "Host: localhost", OPEN),
        ("with keep-alive in a list", ["Connection: x, keep-alive"], "Host: localhost", OPEN),
        ("with keep-alive and close", ["Connection: keep-alive, close"], "Host: localhost", CLOSES),
        ("with Keep-Alive alone", ["Keep-Alive: timeout=5"], "Host: localhost", CLOSES),
    ]:
        old = request(PATH, *lines, version="HTTP/1.0", host=host)
        yield Case(f"HTTP/1.0 {name}", old, 200, closes, is_old=True)
    for name, host in [("two Hosts", "Host: a\r\nHost: a"), ("an ill-formed Host", "Host: a b")]:
        old = request(version="HTTP/1.0", host=host)
        yield Case(f"HTTP/1.0 with {name}", old, 400, CLOSES, is_old=True)
    old = request(version="HTTP/1.0", method="HEAD")
    yield Case("HTTP/1.0 HEAD", old, 200, CLOSES, is_old=True, heads=HEAD)
    yield Case("HTTP/1.0 POST", post("Content-Length: 2", body="{}", version="HTTP/1.0"), 204, CLOSES, is_old=True)
    old = post("Content-Length: 2", "Connection: keep-alive", body="{}", version="HTTP/1.0")
    yield Case("HTTP/1.0 POST with keep-alive", old, 204, is_old=True)


def pipelines() -> Iterator[Case]:
    kinds = [
        (GOOD, 200, "standard"),
        (request("/x"), 404, None),
        (request(UNKNOWN), 200, "unknown"),
        (counted("{}"), 204, None),
        (request(method="HEAD"), 200, "standard"),
        (request(f"{FOLDER}/%zz.js"), 400, None),
        (request(USAGE), 405, None),
    ]
    hundred = [kinds[number % len(kinds)] for number in range(100)]

    def in_order(answers: list[Answer]) -> str | None:
        for position, (answer, (_, _, outcome)) in enumerate(zip(answers, hundred, strict=True)):
            if answer.fields.get("waymark-outcome") != outcome:
                return f"answer {position + 1} is {answer.fields.get('waymark-outcome')} instead of {outcome}"
        return None

    yield Case(
        "pipeline of 100",
        b"".join(kind[0] for kind in hundred),
        tuple(kind[1] for kind in hundred),
        heads=frozenset(position for position, kind in enumerate(hundred) if kind is kinds[4]),
        check=in_order,
    )
    yield Case("pipeline of 100 alike", GOOD * 100, (200,) * 100)
    yield Case("pipeline with empty lines between", (b"\r\n" + counted("{}")) * 5, (204,) * 5)
    last = request("/x", "Connection: close")
    yield Case("pipeline: nothing behind close", GOOD + last + GOOD * 3, (200, 404), CLOSES)
    old = GOOD + request(version="HTTP/1.0") + GOOD
    yield Case("pipeline: nothing behind HTTP/1.0", old, (200, 200), CLOSES, is_old=True)
    yield Case("pipeline: nothing behind a malformed one", GOOD + request(host=None) + GOOD * 3, (200, 400), CLOSES)
    yield Case("pipeline: nothing behind an over-long one", GOOD + request("/" + "x" * 5000) + GOOD, (200, 414), CLOSES)


def conditions(site: Site) -> Iterator[Case]:
    tag, other = site.good.fields["etag"], site.good_brotli.fields["etag"]
    not_modified = same_as(site, but=("content-length", "content-type", "x-content-type-options", "accept-ranges"))
    for name, lines in [
        ("*", ["If-None-Match: *"]),
        ("the tag", [f"If-None-Match: {tag}"]),
        ("the tag, weak", [f"If-None-Match: W/{tag}"]),
        ("last in a list", [f'If-None-Match: "x", W/"y",{tag}']),
        ("first in a list", [f'If-None-Match: {tag} , "x"']),
        ("behind a tag with a comma", [f'If-None-Match: "x,y", {tag}']),
        ("on a second line", ['If-None-Match: "x"', f"If-None-Match: {tag}"]),
        # RFC 9110, section 13.1.3: the date is not looked at beside it.
        ("with a date beside it", [f"If-None-Match: {tag}", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"]),
    ]:
        yield Case(f"If-None-Match: {name}", request(PATH, *lines), 304, fields=not_modified)
    head = request(PATH, "If-None-Match: *", method="HEAD")
    yield Case("If-None-Match: HEAD", head, 304, heads=HEAD, fields=not_modified)
    yield Case("If-None-Match: unknown key", request(UNKNOWN, "If-None-Match: *"), 304)
    yield Case("If-None-Match: nothing there", request("/x", "If-None-Match: *"), 404)
    for name, value in [
        ("another tag", '"x"'),
        ("another coding's tag", other),
        ("the tag without quotes", tag.strip('"')),
        ("the tag in a comma's tag", f'"x,{tag[1:]}'),
        ("small w", f"w/{tag}"),
        ("empty", ""),
    ]:
        asked = request(PATH, f"If-None-Match: {value}")
        yield Case(f"If-None-Match: no match: {name}", asked, 200, fields=same_as(site))


def codings(site: Site) -> Iterator[Case]:
    def is_body(expected: Answer) -> object:
        def check(answers: list[Answer]) -> str | None:
            return None if answers[-1].body == expected.body else "another body than the good answer of this coding"

        return check

    plain, brotli, gzip = site.good, site.good_brotli, site.good_gzip
    smallest = min(brotli, gzip, key=lambda answer: len(answer.body))
    for value, expected in [
        ("br", brotli),
        ("gzip", gzip),
        ("GZip", gzip),
        ("gzip, deflate, br, zstd", smallest),
        ("br;q=0.1, gzip;q=1", smallest),
        ("*", smallest),
        ("identity;q=0, *", smallest),
        ("br;q=0, gzip", gzip),
        ("br ; q=0 , gzip ; q=0.001", gzip),
        ("br;Q=0.000, gzip;q=1.000", gzip),
        ("gzip;q=0, *", brotli),
        ("gzip, identity;q=0", gzip),
        ("br;q=0", plain),
        ("br;q=0.0, gzip;q=0.00", plain),
        ("*;q=0", plain),
        ("*;q=0, identity", plain),
        ("identity;q=0", plain),
        ("deflate, zstd", plain),
        ("identity", plain),
        ("", plain),
    ]:
        fields = {name: expected.fields.get(name) for name in ("content-encoding", "etag", "content-length", "vary")}
        asked = request(PATH, f"Accept-Encoding: {value}")
        yield Case(f"Accept-Encoding: '{value}'", asked, 200, fields=fields, check=is_body(expected))
    two = request(PATH, "Accept-Encoding: gzip;q=0", "Accept-Encoding: br")
    yield Case("Accept-Encoding: on two lines", two, 200, fields={"content-encoding": "br"})
    fields = {"content-encoding": "br", "content-length": brotli.fields["content-length"]}
    head = request(PATH, "Accept-Encoding: br", method="HEAD")
    yield Case("Accept-Encoding: HEAD", head, 200, heads=HEAD, fields=fields)

    def unpacks(answers: list[Answer]) -> str | None:
        body = zlib.decompress(answers[-1].body, wbits=31)
        return None if body == plain.body else "gzip of another body"

    yield Case("Accept-Encoding: gzip unpacks to the same", request(PATH, "Accept-Encoding: gzip"), 200, check=unpacks)


def indifference(site: Site) -> Iterator[Case]:
    """A body depends on URL and `Accept-Encoding` alone, and nothing of the request comes back."""

    def says_nothing(answers: list[Answer]) -> str | None:
        seen = [name for name, value in answers[-1].fields.items() if "evil" in value]
        if b"evil" in answers[-1].body:
            seen.append("the body")
        return f"the request comes back in {seen}" if seen else None

    for name, lines in [
        ("Range", ["Range: bytes=0-1"]),
        ("If-Modified-Since", ["If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"]),
        ("Cookie", ["Cookie: a=evil"]),
        ("Origin", ["Origin: https://evil.example"]),
        ("forwarded fields", ["X-Forwarded-Host: evil.example", "X-Forwarded-Proto: evil", "Forwarded: host=evil"]),
        ("rewrites", ["X-Original-URL: /evil", "X-HTTP-Method-Override: PUT"]),
        ("Authorization", ["Authorization: Basic ZXZpbA=="]),
    ]:
        yield Case(f"indifferent to {name}", request(PATH, *lines), 200, fields=same_as(site), check=says_nothing)
    host = request(host="Host: evil.example")
    yield Case("indifferent to Host", host, 200, fields=same_as(site), check=says_nothing)
    yield Case("nothing comes back of a bad path", request("/evil"), 404, check=says_nothing)
    yield Case("nothing comes back of a bad method", request(method="evil"), 405, check=says_nothing)
    yield Case("nothing comes back of a bad key", request("/v1/loader.js/evil%zz"), 400, check=says_nothing)
