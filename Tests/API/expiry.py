"""What ends by itself: invitations, codes, sessions, tokens, reservations, clients that close."""

import sqlite3
from datetime import timedelta

from clock import LaterWorld
from editing import add, shout
from joining import NEW, shape
from suite import check, expect, expect_same, until
from world import PASSWORD

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


def code_for(world: LaterWorld, path: str, address: str) -> str:
    """Asks for a mailbox code and reads it from the mail."""
    world.anyone.post(f"{path}/codes").expect(204)
    words = world.mailbox.next(address).text.split()
    return next(word.strip(".") for word in words if len(word.strip(".")) == 8 and word.strip(".").isdigit())


def invited(world: LaterWorld) -> tuple[str, str, str]:
    """A fresh invitation: its id, its address and its link's path, sent at this very second."""
    world.renew()
    address = world.address("lee")
    made = world.invite(world.shared, address, "Brightside")
    return made["id"], address, world.mailbox.next(address).path


@check
def ends_after_seven_days(world: LaterWorld) -> None:
    """F-024 F-025 F-026 an invitation works for 7 days less a second, not at 7 days, and again when sent again"""
    first = invited(world)
    second = invited(world)
    start = world.clock.now
    world.clock.set(start + 7 * DAY - SECOND)
    early = {**NEW, "code": code_for(world, first[2], first[1])}
    world.anyone.post(f"{first[2]}/acceptance", early).expect(200)
    late = {**NEW, "code": code_for(world, second[2], second[1])}
    world.clock.set(start + 7 * DAY)
    world.renew()
    unknown = shape(world.anyone.get(f"/invitations/{'A' * 43}"))
    expect_same(shape(world.anyone.get(second[2])), unknown, "the expired link")
    world.anyone.post(f"{second[2]}/acceptance", late).expect(410, "linkDead")
    rows = {row["id"]: row["status"] for row in world.nora.all(world.shared.invitations)}
    expect_same(rows.get(second[0]), "expired", "the status")
    world.nora.post(f"{world.shared.invitations}/{second[0]}/mails").expect(201)
    fresh = world.mailbox.next(second[1]).path
    world.anyone.get(second[2]).expect(410)
    world.anyone.post(f"{fresh}/acceptance", NEW).expect(200)


@check
def withdrawn_when_expired(world: LaterWorld) -> None:
    """F-027 an expired invitation is withdrawn too, and leaves the list"""
    id, _, _ = invited(world)
    world.clock.move(7 * DAY)
    world.renew()
    world.nora.delete(f"{world.shared.invitations}/{id}").expect(204)
    expect(id not in [row["id"] for row in world.nora.all(world.shared.invitations)], "it is still listed")


@check
def activation_ends(world: LaterWorld) -> None:
    """F-024 F-136 an activation ends after 7 days too, and can be sent again"""
    world.renew()
    address = world.address("it")
    made = world.new_client([address])
    admins = f"/partners/tessera/clients/{made['id']}/admins"
    path = world.mailbox.next(address).path
    world.clock.move(7 * DAY)
    world.renew()
    world.anyone.get(path).expect(410, "linkDead")
    row = world.ada.get(admins).expect(200).items[0]
    expect_same(row["status"], "expired", "the status")
    world.ada.post(f"{admins}/{row['id']}/mails").expect(201)
    world.anyone.post(f"{world.mailbox.next(address).path}/acceptance", NEW).expect(200)


@check
def code_for_old_links(world: LaterWorld) -> None:
    """D-19 a new person needs a mailed code where the link is older than a day, and only then"""
    _, fresh_address, fresh = invited(world)
    _, address, old = invited(world)
    start = world.clock.now
    world.clock.set(start + DAY - SECOND)
    expect_same(world.anyone.get(fresh)["needsCode"], False, f"needsCode of {fresh_address}")
    world.anyone.post(f"{fresh}/acceptance", NEW).expect(200)
    world.clock.set(start + DAY)
    if not world.anyone.get(old)["needsCode"]:
        world.clock.move(SECOND)
    expect_same(world.anyone.get(old)["needsCode"], True, "needsCode")
    answer = world.anyone.post(f"{old}/acceptance", NEW).expect(422, "invalid")
    expect_same(answer["errors"][0]["pointer"], "/code", "the field")
    code = code_for(world, old, address)
    world.anyone.post(f"{old}/acceptance", {**NEW, "code": code}).expect(200)


@check
def code_tries(world: LaterWorld) -> None:
    """D-19 five tries at a code, counted first; a code lasts ten minutes, and a newer one replaces it"""
    _, address, path = invited(world)
    world.clock.move(DAY + SECOND)
    code = code_for(world, path, address)
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for _ in range(5):
        world.anyone.post(f"{path}/acceptance", {**NEW, "code": wrong}).expect(422, "invalid")
    world.anyone.post(f"{path}/acceptance", {**NEW, "code": code}).expect(422, "invalid")
    older = code_for(world, path, address)
    newer = code_for(world, path, address)
    expect(older != newer, "both codes are the same")
    world.anyone.post(f"{path}/acceptance", {**NEW, "code": older}).expect(422, "invalid")
    world.clock.move(10 * MINUTE)
    world.anyone.post(f"{path}/acceptance", {**NEW, "code": newer}).expect(422, "invalid")
    fresh = code_for(world, path, address)
    world.clock.move(10 * MINUTE - SECOND)
    world.anyone.post(f"{path}/acceptance", {**NEW, "code": fresh}).expect(200)


@check
def existing_needs_no_code(world: LaterWorld) -> None:
    """D-19 who has an identity signs in, and needs no code however old the link is"""
    world.renew()
    address, kim = world.person()
    world.invite(world.shared, address.replace("kim", "kim.other"), "Brightside")
    account = world.account()
    world.invite(account, address, "Brightside")
    path = world.mailbox.next(address, account.name).path
    world.clock.move(3 * DAY)
    kim.session = world.anyone.post("/sessions", {"email": address, "password": PASSWORD}).expect(201).session
    expect_same(world.anyone.get(path)["needsCode"], False, "needsCode")
    kim.post(f"{path}/acceptance", {}).expect(200)


@check
def sessions_end(world: LaterWorld) -> None:
    """F-007 a session ends after an hour without use, and after a day however much it is used (trust.md, Sessions)"""
    world.renew()
    world.clock.move(HOUR - SECOND)
    world.nora.get("/me").expect(200)
    world.clock.move(HOUR)
    world.nora.get("/me").expect(401, "unauthenticated")
    world.renew()
    for _ in range(47):
        world.clock.move(30 * MINUTE)
        world.nora.get("/me").expect(200)
    world.clock.move(30 * MINUTE)
    world.nora.get("/me").expect(401)


@check
def reset_ends(world: LaterWorld) -> None:
    """D-19 a password reset's link works for an hour"""
    world.renew()
    address, _ = world.person()
    world.anyone.post("/password-resets", {"email": address}).expect(202)
    path = world.mailbox.next(address, "/password-resets/").path
    world.clock.move(HOUR)
    world.anyone.post(path, {"password": "nine copper kettles by noon"}).expect(410, "linkDead")


@check
def reservation_ends(world: LaterWorld) -> None:
    """D-4 a System Client ID that was given up is reserved for 30 days, and free then"""
    world.renew()
    made = world.new_client([world.address("it")])
    key = made["systems"][0]["systemClientId"]
    world.ada.delete(f"/partners/tessera/clients/{made['id']}", match="*").expect(204)
    body = {"name": world.unique("Later"), "system": "sap-concur", "systemClientId": key, "admins": ["a@b.example"]}
    world.clock.move(30 * DAY - SECOND)
    world.renew()
    world.ada.post("/partners/tessera/clients", body).expect(409, "conflict")
    world.clock.move(SECOND)
    world.ada.post("/partners/tessera/clients", body).expect(201)


@check
def token_ends(world: LaterWorld) -> None:
    """F-007 an API token ends at the time it was made for"""
    world.renew()
    end = world.clock.now + HOUR
    body = {"name": "nightly", "scopes": ["clients"], "expiresAt": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    token = world.ada.post("/api-tokens", body).expect(201)["token"]
    holder = type(world.ada)(world.ada.control, token=token)
    world.clock.move(HOUR - SECOND)
    holder.get("/partners/tessera/clients").expect(200)
    world.clock.move(SECOND)
    holder.get("/partners/tessera/clients").expect(401)


@check
def closing_happens(world: LaterWorld) -> None:
    """D-4 a client that is closing is closed when its time has come: unknown at the edge, gone for its people"""
    world.renew()
    account = world.account()
    secret = "A secret of the client's"
    path = f"{account.path}/systems/{account.system}"
    add(account.admin, f"{path}/items", shout(secret))
    made = account.admin.post(f"{path}/releases", {"environment": "production", "notes": secret}).expect(200)
    script = f"/v1/objects/{made['snippet']}.js"
    expect(b"A secret of" in world.deployment.get(script), "the script by its digest before")
    add(account.admin, f"{path}/items", shout("Draft"))
    world.nora.put(f"{account.path}/closing", {"reason": "We move."}).expect(200)
    until(lambda: world.deployment.outcome(account.client_id) == "suspended", "the edge answers the no-op")
    expect(any(secret in row for row in held(world)), "the content is in the database before")
    world.clock.move(7 * DAY + HOUR)
    world.renew()
    until(lambda: world.deployment.outcome(account.client_id) == "unknown", "the key is unknown", 10)
    world.nora.get(account.path).expect(404)
    expect(not any(secret in row for row in held(world)), "items, their history, releases and scripts are erased")
    expect(b"A secret of" not in world.deployment.get(script), "the script by its digest afterwards")
    shown = world.deployment.command("verify", "store")
    expect(shown.rstrip().endswith("0 not signed"), f"the store afterwards: {shown}")


def held(world: LaterWorld) -> list[str]:
    """Everything that the database holds of items, releases and scripts."""
    database = sqlite3.connect(f"file:{world.deployment.data}/waymark.sqlite?mode=ro", uri=True)
    try:
        query = """SELECT CAST(content AS TEXT) || name || words FROM item UNION ALL SELECT CAST(content AS TEXT) FROM item_revision
            UNION ALL SELECT CAST(content AS TEXT) || coalesce(notes, '') FROM release
            UNION ALL SELECT CAST(body AS TEXT) FROM object"""
        return [row if isinstance(row, str) else row.decode() for row, in database.execute(query)]
    finally:
        database.close()
