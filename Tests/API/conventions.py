"""What holds of every address: problems, methods, preconditions, repetitions, lists."""

import http.client
import json
from urllib.parse import urlsplit

from client import Answer, Client
from clients import CLIENTS
from deployment import Deployment
from suite import check, expect, expect_same
from world import World

OPEN = {"/sessions", "/password-resets", "/password-resets/{token}", "/systems"}
ID = "0190c7a8-0000-7000-8000-000000000001"


def sound(answer: Answer) -> Answer:
    """Checks what every answer of the API has."""
    fields = answer.fields
    expect("x-request-id" in fields, f"{answer.asked}: no X-Request-Id")
    expect(len(set(answer.names)) == len(answer.names), f"{answer.asked}: a field twice: {answer.names}")
    expect("default-src 'none'" in fields.get("content-security-policy", ""), f"{answer.asked}: no CSP")
    if answer.status >= 400 and not answer.asked.startswith("HEAD"):
        problem = answer.json
        expect_same(fields.get("content-type"), "application/problem+json", f"{answer.asked}: Content-Type")
        expect_same(problem["status"], answer.status, f"{answer.asked}: status in the body")
        expect(problem["code"] and problem["title"] and problem["detail"], f"{answer.asked}: {problem}")
        expect_same(fields.get("cache-control"), "no-store", f"{answer.asked}: Cache-Control")
    return answer


def operations(world: World) -> list[tuple[str, str, dict]]:
    paths = world.anyone.get("/openapi.json").expect(200)["paths"]
    return [
        (method.upper(), path.removeprefix("/api/v1"), operation)
        for path, item in paths.items() for method, operation in item.items() if method in
        ("get", "post", "put", "patch", "delete")
    ]


@check
def signed_in_only(world: World) -> None:
    """F-009 every operation that is not open answers 401 to nobody, whatever else is wrong with the request"""
    found = operations(world)
    expect(len(found) > 60, f"only {len(found)} operations")
    for method, path, _ in found:
        if path in OPEN or path.startswith(("/activations/", "/invitations/")):
            continue
        filled = path.replace("{partner}", "tessera")
        for part in ("client", "id", "person", "system", "account", "token"):
            filled = filled.replace("{%s}" % part, ID)
        for fields in ({}, {"Authorization": "Bearer wmk_" + "A" * 43}, {"Cookie": "__Host-waymark=" + "A" * 43}):
            answer = sound(world.anyone.ask(method, filled, b"nonsense", fields)).expect(401, "unauthenticated")
            expect("www-authenticate" in answer.fields, f"{method} {path}: no WWW-Authenticate")


@check
def strangers(world: World) -> None:
    """F-009 somebody signed in who belongs nowhere gets 403, 404, 415 or 422, never data and never a 5xx"""
    _, stranger = world.person()
    account = world.account()
    for method, path, _ in operations(world):
        if not path.startswith(("/clients/", "/partners/")):
            continue
        filled = path.replace("{partner}", "tessera").replace("{client}", account.id)
        for part in ("id", "person", "system", "account"):
            filled = filled.replace("{%s}" % part, ID)
        answer = sound(stranger.ask(method, filled, {} if method != "GET" else None, {"If-Match": "*"}))
        expect(answer.status in (403, 404, 415, 422), f"{method} {filled} answers {answer.status}")


@check
def unknown_paths(world: World) -> None:
    """api.md, Conventions: an unknown path is 404 and a wrong method 405 with Allow, before sign-in is looked at"""
    for path in ("/nothing", "/partners", "/clients", "/me/nothing", "/api/v1", "/api/", "/api/v2/me", "/me/x/y"):
        sound(world.anyone.get(path)).expect(404, "notFound")
    for method, path in (("DELETE", "/me"), ("POST", "/me"), ("GET", "/sessions"), ("PUT", "/systems"),
                         ("POST", "/openapi.json"), ("DELETE", "/partners/tessera"), ("OPTIONS", "/me"),
                         ("PATCH", "/partners/tessera/staff/invitations"), ("TRACE", "/me")):
        answer = sound(world.anyone.ask(method, path)).expect(405, "methodNotAllowed")
        allowed = answer.fields.get("allow", "").split(", ")
        expect(allowed != [""] and method not in allowed, f"{method} {path}: Allow is {allowed}")


@check
def heads(world: World) -> None:
    """api.md, Conventions: HEAD answers like GET without a body, with the same fields (RFC 9110, section 9.3.2)"""
    for path in ("/me", CLIENTS, "/systems", "/openapi.json", "/partners/tessera/settings", f"{CLIENTS}/{ID}"):
        full, head = world.ada.get(path), world.ada.ask("HEAD", path)
        expect_same((head.status, head.body), (full.status, b""), f"HEAD {path}")
        for name in set(full.fields) - {"date", "x-request-id"}:
            expect_same(head.fields.get(name), full.fields[name], f"HEAD {path}: {name}")


@check
def bodies(world: World) -> None:
    """api.md, Conventions: bodies that cannot be read, of other types, too long, or with more members are refused"""
    path = f"{CLIENTS}"
    for body in (b"", b"{", b"nonsense", b'{"a":1}{}', b'\xff\xfe', b'{"name":"\xed\xa0\x80"}', b"[" * 5000):
        answer = sound(world.ada.ask("POST", path, body, {"Content-Type": "application/json"}))
        expect(answer.status in (400, 422), f"{body[:20]!r} answers {answer.status}")
    for body in (b"[]", b"null", b'"x"', b"1e999", b'{"name":"a","name":"b"}', b'{"__proto__":{}}'):
        answer = sound(world.ada.ask("POST", path, body))
        expect(answer.status in (400, 422), f"{body[:20]!r} answers {answer.status}")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json", "json", None):
        sound(world.ada.ask("POST", path, b"{}", {"Content-Type": kind})).expect(415, "unsupportedMediaType")
    sound(world.ada.ask("POST", path, b" " * (512 * 1024 + 1))).expect(413)
    patch = {"If-Match": "*", "Content-Type": "application/merge-patch+json; charset=utf-8"}
    world.ada.ask("PATCH", "/me", {"language": "en"}, patch).expect(200)
    for body in ({"email": "x@y.example"}, {"id": ID}, {"language": "xx"}, {"firstName": None}):
        world.ada.patch("/me", body).expect(422, "invalid")


@check
def queries(world: World) -> None:
    """api.md, Conventions: parameters that are unknown, doubled or out of bounds are refused"""
    for query in ("limit=0", "limit=201", "limit=x", "limit=-1", "limit=1&limit=2", "cursor=x", "cursor=", "nothing=1",
                  "limit=99999999999999999999", "limit=1.5", "name=" + "x" * 201):
        sound(world.ada.get(f"{CLIENTS}?{query}")).expect(422, "invalid")
    for query in ("cursor=-1", "cursor=0", "cursor=x", "limit=500"):
        sound(world.ada.get(f"/partners/tessera/audit-events?{query}")).expect(422, "invalid")


@check
def foreign_sites(world: World) -> None:
    """F-009 another site's page cannot use the session's cookie to change anything"""
    for fields in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"},
                   {"Origin": "https://evil.example"}, {"Origin": world.ada.control.replace("127.0.0.1", "localhost")}):
        world.ada.ask("PATCH", "/me", {"language": "en"}, {"If-Match": "*", **fields}).expect(403, "forbidden")
    for fields in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": world.ada.control}, {}):
        world.ada.ask("PATCH", "/me", {"language": "en"}, {"If-Match": "*", **fields}).expect(200)
    answer = world.ada.get("/me", Origin="https://evil.example").expect(200)
    expect("access-control-allow-origin" not in answer.fields, "another origin may read")


@check
def too_many(world: World) -> None:
    """api.md, Conventions: who asks more than the rate allows gets 429 with Retry-After, and nobody else"""
    folder = world.folder / "rate"
    folder.mkdir()
    deployment = Deployment(world.binary, folder, None, rate=1)
    try:
        anyone = Client(deployment.addresses["control"])
        statuses = [anyone.get("/systems").status for _ in range(10)]
        expect_same(statuses, [200] * 10, "ten at once")
        answer = sound(anyone.get("/systems")).expect(429, "tooMany")
        expect_same(answer.fields.get("retry-after"), "1", "Retry-After")
        elsewhere = http.client.HTTPConnection(
            urlsplit(deployment.addresses["control"]).netloc, timeout=20, source_address=("127.0.0.2", 0)
        )
        elsewhere.request("GET", "/api/v1/systems")
        expect_same(elsewhere.getresponse().status, 200, "from another address")
        elsewhere.close()
    finally:
        deployment.stop()


@check
def docs(world: World) -> None:
    """api.md: a readable page of the API needs no sign-in"""
    expect_same(world.anyone.ask("GET", "/api/docs").status, 200, "/api/docs")


@check
def odd_hosts(world: World) -> None:
    """trust.md, Facts 3: no, two or empty Hosts on the control listener are refused"""
    netloc = urlsplit(world.anyone.control).netloc
    for hosts in ([], ["a.example", "b.example"]):
        connection = http.client.HTTPConnection(netloc, timeout=20)
        connection.putrequest("GET", "/api/v1/systems", skip_host=True)
        for host in hosts:
            connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        expect_same(answer.status, 400, f"Hosts {hosts}: {json.dumps(body[:80].decode())}")


@check
def locations(world: World) -> None:
    """api.md: where an answer of 201 has a Location, it is the address of what was made"""
    made = world.nora.post("/api-tokens", {"name": "t", "scopes": ["audit"], "expiresAt": "2027-01-01T00:00:00Z"})
    expect_same(made.expect(201).fields.get("location"), f"/api/v1/api-tokens/{made['id']}", "a token's Location")
    body = {"email": world.address("kim"), "role": "analyst"}
    answer = world.nora.post(f"{world.shared.path}/users", body).expect(201)
    location = answer.fields.get("location")
    expect(location is None or answer["id"] in location, f"an invitation's Location is {location}")
