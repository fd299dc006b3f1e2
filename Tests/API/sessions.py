"""Signing in and out, passwords, sessions, API tokens."""

import statistics
import time
from datetime import UTC, datetime, timedelta

from client import Client
from joining import shape
from suite import check, expect, expect_same
from world import PASSWORD, World

OTHER = "nine copper kettles by noon"


def sign_in(world: World, address: str, password: str = PASSWORD) -> Client:
    answer = world.anyone.post("/sessions", {"email": address, "password": password}).expect(201)
    return Client(world.anyone.control, answer.session)


def end(days: float) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


@check
def wrong(world: World) -> None:
    """F-007 F-014 an unknown address and a wrong password get the same answer, in about the same time"""
    known, _ = world.person()
    seconds: dict[str, list[float]] = {known: [], "nobody@brightside.example": []}
    shapes = set()
    for _ in range(5):
        for address, times in seconds.items():
            start = time.perf_counter()
            answer = world.anyone.post("/sessions", {"email": address, "password": OTHER}).expect(401)
            times.append(time.perf_counter() - start)
            shapes.add(str(shape(answer)))
    expect_same(len(shapes), 1, "different answers")
    medians = [statistics.median(times) for times in seconds.values()]
    expect(0.4 < medians[0] / medians[1] < 2.5, f"known: {medians[0]:.2f} s, unknown: {medians[1]:.2f} s")


@check
def too_many(world: World) -> None:
    """F-007 after ten wrong tries for an address, known or not, 429 with Retry-After; others are not held up"""
    for address in (world.person()[0], world.address("nobody")):
        statuses = [world.anyone.post("/sessions", {"email": address, "password": OTHER}).status for _ in range(10)]
        expect(set(statuses) == {401}, f"the tries: {statuses}")
        answer = world.anyone.post("/sessions", {"email": address.upper(), "password": PASSWORD})
        answer.expect(429, "tooMany")
        expect(int(answer.fields.get("retry-after", 0)) > 0, "no Retry-After")
    sign_in(world, "nora@nordwind.example")


@check
def own_sessions(world: World) -> None:
    """F-007 people see and end their own sessions, and nobody else's"""
    address, _ = world.person()
    first, second = sign_in(world, address), sign_in(world, address)
    rows = first.all("/me/sessions")
    expect_same(len(rows), 3, "the sessions")
    expect_same([row["current"] for row in rows].count(True), 1, "current ones")
    theirs = next(row["id"] for row in second.all("/me/sessions") if row["current"])
    unknown = world.nora.delete("/me/sessions/0190c7a8-0000-7000-8000-000000000001")
    expect_same(shape(world.nora.delete(f"/me/sessions/{theirs}").expect(404)), shape(unknown), "somebody else's")
    first.delete(f"/me/sessions/{theirs}").expect(204)
    second.get("/me").expect(401)
    answer = first.delete("/sessions/current").expect(204)
    expect("Max-Age=0" in answer.fields["set-cookie"], "the cookie stays")
    first.get("/me").expect(401)


@check
def password_changed(world: World) -> None:
    """F-007 changing the password ends the other sessions, and is told by mail"""
    address, old = world.person()
    here = sign_in(world, address)
    here.put("/me/password", {"currentPassword": OTHER, "password": OTHER}).expect(422, "invalid")
    here.put("/me/password", {"currentPassword": PASSWORD, "password": "short"}).expect(422, "invalid")
    here.put("/me/password", {"currentPassword": PASSWORD, "password": OTHER}).expect(204)
    old.get("/me").expect(401)
    here.get("/me").expect(200)
    world.mailbox.next(address, "password was changed")
    world.anyone.post("/sessions", {"email": address, "password": PASSWORD}).expect(401)
    sign_in(world, address, OTHER)


@check
def reset(world: World) -> None:
    """F-014 D-19 a reset gives one answer for every address; its link works once, and ends all sessions"""
    address, person = world.staff("partnerAdmin")
    token = person.post("/api-tokens", {"name": "t", "scopes": ["insights"], "expiresAt": end(1)}).expect(201)["token"]
    world.mailbox.settle()
    before = world.mailbox.count(address)
    shapes = {str(shape(world.anyone.post("/password-resets", {"email": mail}).expect(202)))
              for mail in (address, world.address("nobody"))}
    expect_same(len(shapes), 1, "different answers")
    path = world.mailbox.next(address, "/password-resets/").path
    expect_same(world.mailbox.count(address), before + 1, "mails")
    world.anyone.post(path, {"password": "too short"}).expect(422, "invalid")
    world.anyone.post(path, {"password": OTHER}).expect(204)
    dead = shape(world.anyone.post(path, {"password": PASSWORD}).expect(410, "linkDead"))
    unknown = world.anyone.post(f"/password-resets/{'A' * 43}", {"password": PASSWORD})
    expect_same(shape(unknown), dead, "an unknown link")
    person.get("/me").expect(401)
    sign_in(world, address, OTHER)
    expect(token.startswith("wmk_"), "the token's beginning")


@check
def tokens(world: World) -> None:
    """D-15 a token reaches its scopes and its owner's rights now; it makes no tokens and touches no credentials"""
    address, owner = world.staff("partnerAdmin")
    made = owner.post("/api-tokens", {"name": "t", "scopes": ["clients"], "expiresAt": end(30)}, "k1").expect(201)
    token = Client(world.anyone.control, token=made["token"])
    token.get("/partners/tessera/clients").expect(200)
    for path in ("staff", "audit-events"):
        token.get(f"/partners/tessera/{path}").expect(403, "forbidden")
    session = owner.all("/me/sessions")[0]["id"]
    for answer in (token.post("/api-tokens", {"name": "u", "scopes": ["clients"], "expiresAt": end(1)}),
                   token.get("/api-tokens"), token.delete(f"/api-tokens/{made['id']}"), token.get("/me/sessions"),
                   token.put("/me/password", {"currentPassword": PASSWORD, "password": OTHER}),
                   token.delete(f"/me/sessions/{session}"), token.delete("/sessions/current"),
                   token.patch("/me", {"language": "fr"}, match="*")):
        answer.expect(403, "forbidden")
    again = owner.post("/api-tokens", {"name": "t", "scopes": ["clients"], "expiresAt": end(30)}, "k1")
    expect(again.status in (409, 422), f"the secret again: {again.status}")
    expect(made["token"] not in str(owner.all("/api-tokens")), "the list tells the secret")
    staff = world.ada.all("/partners/tessera/staff?limit=200")
    path = "/partners/tessera/staff/" + next(row["id"] for row in staff if row["email"] == address)
    world.ada.patch(path, {"role": "partnerViewer"}).expect(200)
    token.post("/partners/tessera/client-imports?dryRun=true", {}).expect(415)
    token.delete(f"/partners/tessera/clients/{world.account().id}/suspension").expect(403, "forbidden")
    world.ada.delete(path, match="*").expect(204)
    token.get("/partners/tessera/clients").expect(404)
    owner.delete(f"/api-tokens/{made['id']}").expect(204)
    token.get("/me").expect(401)


@check
def token_secret_once(world: World) -> None:
    """api.md, Conventions: a repeated POST whose answer held a secret is 409 with the id"""
    _, owner = world.staff("partnerAdmin")
    body = {"name": "t", "scopes": ["insights"], "expiresAt": end(30)}
    made = owner.post("/api-tokens", body, "k1").expect(201)
    answer = owner.post("/api-tokens", body, "k1").expect(409, "conflict")
    expect(made["id"] in answer.body.decode(), "no id")
    expect_same(len(owner.all("/api-tokens")), 1, "tokens")


@check
def token_limits(world: World) -> None:
    """F-007 a token has a scope, and ends within a year"""
    _, owner = world.staff("partnerAdmin")
    for body in ({"scopes": []}, {"scopes": ["everything"]}, {"expiresAt": end(-1)},
                 {"expiresAt": end(800)}, {"expiresAt": "soon"}, {"name": ""}):
        whole = {"name": "t", "scopes": ["insights"], "expiresAt": end(30), **body}
        answer = owner.post("/api-tokens", whole)
        expect(answer.status == 422, f"{body} answers {answer.status}")


@check
def token_year(world: World) -> None:
    """domain.md, State machines: an API token ends within a year, which has 365 days in 2026"""
    _, owner = world.staff("partnerAdmin")
    owner.post("/api-tokens", {"name": "t", "scopes": ["insights"], "expiresAt": end(365.9)}).expect(422)


@check
def me(world: World) -> None:
    """F-123 people change their own names and language, nothing else"""
    address, person = world.person()
    seen = person.patch("/me", {"firstName": "Zoë", "language": "de"}).expect(200)
    members = [seen[name] for name in ("firstName", "lastName", "language", "email")]
    expect_same(members, ["Zoë", "Moreau", "de", address], "the person")
    person.patch("/me", {"firstName": "Zo\u2028"}).expect(422)
