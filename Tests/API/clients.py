"""A partner's clients: made, found by the edge, edited, removed."""

from joining import shape
from suite import check, expect, expect_same, until
from world import World

CLIENTS = "/partners/tessera/clients"
KEY = "F947CCBA-6ECA-424A-A097-7114278EFFD4"


def new(world: World, **more) -> dict:
    body = {
        "name": world.unique("Alpina Handel"), "system": "sap-concur", "systemClientId": world.client_id(),
        "admins": [world.address("it")],
    }
    return {**body, **more}


@check
def made(world: World) -> None:
    """F-110 F-111 F-113 F-115 F-118 F-125 D-4 a new client is not activated, and the edge knows its key at once"""
    body = new(world)
    expect_same(world.deployment.outcome(body["systemClientId"]), "unknown", "the edge before")
    answer = world.ada.post(CLIENTS, body).expect(201)
    expect_same((answer["name"], answer["state"], answer["activatedAt"]), (body["name"], "notActivated", None), "it")
    expect_same(answer["systems"][0]["systemClientId"], body["systemClientId"], "its key")
    until(lambda: world.deployment.outcome(body["systemClientId"]) == "empty", "the edge knows it", 2)
    seen = world.ada.get(answer.fields["location"]).expect(200)
    expect_same((seen.json, seen.tag), (answer.json, answer.tag), "the client at its location")


@check
def form(world: World) -> None:
    """F-111 F-113 F-114 each field of the form is checked, and the answer says which one is wrong"""
    faults = {
        "name": ["", " x", "x" * 201, "a\nb", 5], "systemClientId": ["", "a/b", "a\\b", " x", "x" * 129, "a\u0001"],
        "admins": ["a@b.example", ["no address"], ["a@b.example\r\nBcc: x@y.example"], ["a@b@c.example"]],
        "system": ["", None], "sendActivation": ["later"], "reuseKey": ["yes"], "color": ["red"],
    }
    for member, values in faults.items():
        for value in values:
            answer = world.ada.post(CLIENTS, new(world, **{member: value})).expect(422)
            pointers = [error["pointer"] for error in answer.json.get("errors", [])]
            expect(any(member in pointer for pointer in pointers), f"{member} {value!r}: {answer.body!r}")


@check
def supported_systems(world: World) -> None:
    """F-112 F-116 D-16 the system is one of a list; any other is refused by a message that names the supported ones"""
    catalogue = world.anyone.get("/systems").expect(200).items
    expect_same(catalogue, [{"id": "sap-concur", "name": "SAP Concur"}], "the catalogue")
    made = world.new_client([world.address("it")])
    account = world.account()
    for system in ("salesforce", "SAP-CONCUR", "SAP Concur"):
        body = {"system": system, "name": "Other", "systemClientId": world.client_id()}
        for answer in (world.ada.post(CLIENTS, new(world, system=system)),
                       world.ada.patch(f"{CLIENTS}/{made['id']}", {"system": system}),
                       account.admin.post(f"{account.path}/systems", body)):
            answer.expect(422, "unsupported")
            expect("sap-concur" in answer["detail"], f"the message names none: {answer['detail']}")


@check
def an_admin(world: World) -> None:
    """F-117 F-133 at least one admin is assigned, when a client is made and afterwards"""
    world.ada.post(CLIENTS, new(world, admins=[])).expect(422)
    body = new(world)
    del body["admins"]
    world.ada.post(CLIENTS, body).expect(422)
    made = world.ada.post(CLIENTS, new(world)).expect(201)
    admins = f"{CLIENTS}/{made['id']}/admins"
    first = world.ada.get(admins).items[0]
    world.ada.delete(f"{admins}/{first['id']}").expect(409, "conflict")
    address = world.address("it")
    world.ada.post(admins, {"email": address}).expect(201)
    world.ada.delete(f"{admins}/{first['id']}").expect(204)
    seen = [row["email"] for row in world.ada.get(admins).items]
    expect_same(seen, [address], "the admins")


@check
def name_stays(world: World) -> None:
    """F-130 F-131 F-132 every field but the Client Name can be edited; the refusal says so in words"""
    made = world.ada.post(CLIENTS, new(world)).expect(201)
    path = f"{CLIENTS}/{made['id']}"
    answer = world.ada.patch(path, {"name": "Other Name"}).expect(422)
    words = str(answer.json).lower()
    expect("name" in words and ("cannot" in words or "change" in words), f"no word a person understands: {words}")
    world.ada.patch(path, {"systemClientId": world.client_id(), "name": "Other"}).expect(422)
    seen = world.ada.get(path).expect(200)
    expect_same((seen["name"], seen["systems"]), (made["name"], made["systems"]), "the client afterwards")
    edited = world.ada.patch(path, {"system": "sap-concur", "cacheClass": "critical"}).expect(200)
    expect_same(edited["systems"][0]["cacheClass"], "critical", "the cache class")
    world.ada.patch(path, {"cacheClass": None}).expect(200)


@check
def removed(world: World) -> None:
    """F-134 F-135 a client that has not activated is removed: no key, no link, no trace; an activated one is not"""
    address = world.address("it")
    made = world.new_client([address])
    path, key = f"{CLIENTS}/{made['id']}", made["systems"][0]["systemClientId"]
    link = world.mailbox.next(address).path
    world.ada.delete(path).expect(428, "preconditionRequired")
    world.ada.delete(path, match="read").expect(204)
    until(lambda: world.deployment.outcome(key) == "unknown", "the key is unknown", 2)
    world.anyone.get(link).expect(410)
    unknown = world.ada.get(f"{CLIENTS}/0190c7a8-0000-7000-8000-000000000001")
    expect_same(shape(world.ada.get(path)), shape(unknown), "the removed client")
    account = world.account()
    world.ada.delete(f"{CLIENTS}/{account.id}", match="*").expect(409, "conflict")
    account.admin.get(account.path).expect(200)


@check
def found_by_name(world: World) -> None:
    """F-130 clients are found by a part of their name, whatever its case and letters"""
    names = ["Ärzte-Verbund %_Süd", "Łódź Handel", "ÅNGSTRÖM Labs"]
    for name in names:
        world.ada.post(CLIENTS, new(world, name=name)).expect(201)
    parts = (("%_s", 0), ("süd", 0), ("HANDEL", 1), ("Labs", 2), ("łódź", 1), ("Ärzte", 0), ("ÅNGSTRÖM", 2))
    for part, wanted in parts:
        found = world.ada.ask("GET", f"{CLIENTS}?name=" + "".join(f"%{byte:02X}" for byte in part.encode()))
        seen = [row["name"] for row in found.expect(200).items]
        expect(names[wanted] in seen, f"'{part}' finds {seen}")
