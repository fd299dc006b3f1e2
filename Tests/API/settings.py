"""A partner's settings: the system variable, the ones that retire, the cache class; and the partner's state."""

from datetime import UTC, datetime, timedelta

from suite import check, expect, expect_same, until
from world import World


def partner(world: World) -> tuple[str, str]:
    """A partner of its own with one client: its key, and the client's."""
    key, admin = f"falcon-{world.number}", world.address("head", "falcon.example")
    world.people[key] = world.partner(world.unique("Falcon Partners"), key, admin)
    made = world.new_client([world.address("it")], world.people[key], key)
    return key, made["systems"][0]["systemClientId"]


def later(days: float) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


@check
def variable(world: World) -> None:
    """F-100 F-101 F-103 F-104 the system variable is the partner's one setting, in force as soon as it is saved"""
    key, client_id = partner(world)
    admin, path = world.people[key], f"/partners/{key}/settings"
    expect_same(admin.get(path).expect(200)["systemVariable"], "sapUserId", "the variable")
    until(lambda: world.deployment.outcome(client_id, "sapUserId", key) == "empty", "known by the first name", 2)
    saved = admin.patch(path, {"systemVariable": "concur.companyId"}).expect(200)["systemVariable"]
    expect_same((saved, admin.get(path)["systemVariable"]), ("concur.companyId",) * 2, "the saved variable")
    until(lambda: world.deployment.outcome(client_id, "concur.companyId", key) == "empty", "known by the new name", 2)
    expect_same(world.deployment.outcome(client_id, "sapUserId", key), "unknown", "the edge by the old name")


@check
def names(world: World) -> None:
    """F-102 a system variable is a JavaScript name or a dotted path of such"""
    path = "/partners/tessera/settings"
    for name in ("1st", "a b", "a-b", "a..b", ".a", "a.", "", "ü", "a" * 129, "a/b", "a[0]", "a\n"):
        world.ada.patch(path, {"systemVariable": name}).expect(422)
    for body in ({"name": "x"}, {"systemVariable": None}, {"cacheClass": "fast"}, {"retiringVariables": "x"}):
        world.ada.patch(path, body).expect(422)
    expect_same(world.ada.get(path)["systemVariable"], "sapUserId", "the variable afterwards")


@check
def retiring(world: World) -> None:
    """D-21 retiring names work beside the current one for up to 90 days, and end by hand"""
    key, client_id = partner(world)
    admin, path = world.people[key], f"/partners/{key}/settings"
    for days in (-1, 91):
        body = {"retiringVariables": [{"systemVariable": "oldId", "until": later(days)}]}
        admin.patch(path, body).expect(422, "invalid")
    old = [{"systemVariable": "sapUserId", "until": later(89)}]
    answer = admin.patch(path, {"systemVariable": "companyId", "retiringVariables": old}).expect(200)
    expect_same((answer["systemVariable"], answer["retiringVariables"]), ("companyId", old), "the settings")
    for name in ("companyId", "sapUserId"):
        until(lambda name=name: world.deployment.outcome(client_id, name, key) == "empty", f"known by {name}", 2)
    admin.patch(path, {"retiringVariables": []}).expect(200)
    until(lambda: world.deployment.outcome(client_id, "sapUserId", key) == "unknown", "the retired name stops", 2)
    expect_same(world.deployment.outcome(client_id, "companyId", key), "empty", "the current name")


@check
def odd_times(world: World) -> None:
    """D-21 a retiring name whose time cannot be taken is refused, never dropped in silence"""
    path = "/partners/lumen/settings"
    for until_text in ("2026-12-24T12:00:00+01:00", "2026-12-24T12:00:60Z", "2026-12-24t12:00:00z", "soon"):
        old = [{"systemVariable": "oldId", "until": until_text}]
        answer = world.lena.patch(path, {"retiringVariables": old})
        expect(answer.status == 422 or answer.json.get("retiringVariables"), f"{until_text} is dropped")


@check
def state(world: World) -> None:
    """F-100 D-23 a partner is pending until an admin has joined; its keys answer already"""
    key = f"heron-{world.number}"
    admin = world.address("head", "heron.example")
    words = ("--system-variable", "sapUserId", "--key", key, "--admin", admin)
    world.deployment.command("partner", "add", world.unique("Heron Partners"), *words)
    mail = world.mailbox.next(admin)
    person = world.sign_up(mail, admin)
    seen = person.get(f"/partners/{key}").expect(200)
    expect_same((seen["state"], seen["key"]), ("active", key), "the partner")
    expect_same(person.get(f"/partners/{seen['id']}").expect(200).json, seen.json, "the same by its id")
    hub = person.get("/me/accounts").expect(200)["partner"]
    expect_same((hub["key"], hub["role"]), (key, "partnerAdmin"), "the Hub")
