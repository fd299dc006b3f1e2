"""System Client IDs: whose they are, what the edge makes of them, and giving them up."""

import threading

from clients import CLIENTS, new
from suite import check, expect, expect_same, until
from world import World


@check
def twice(world: World) -> None:
    """F-119 one System Client ID is one client's within a partner; another partner may hold it, and is told nothing"""
    first = world.ada.post(CLIENTS, new(world)).expect(201)
    key = first["systems"][0]["systemClientId"]
    for same in (key, key.upper()):
        answer = world.ada.post(CLIENTS, new(world, systemClientId=same)).expect(409, "conflict")
        expect(first["name"] in answer["detail"], "it does not say which client has it")
    wanted = world.lena.post("/partners/lumen/clients", new(world)).expect(201)
    answer = world.lena.post("/partners/lumen/clients", new(world, systemClientId=key)).expect(201)
    expect_same((answer.names, sorted(answer.json)), (wanted.names, sorted(wanted.json)), "the other partner's answer")
    until(lambda: world.deployment.outcome(key, partner="lumen") == "empty", "the edge knows both", 2)
    expect(first["name"] not in answer.body.decode(), "the other partner's client is told")
    second = world.ada.post(CLIENTS, new(world)).expect(201)
    world.ada.patch(f"{CLIENTS}/{second['id']}", {"systemClientId": key}).expect(409, "conflict")


@check
def no_names_to_clients(world: World) -> None:
    """F-119 a client's admin who takes another client's key is refused without that client's name"""
    mine, other = world.account(), world.account("Geheim Werke", admin="otto@geheim.example")
    body = {"system": "sap-concur", "name": "Other", "systemClientId": other.client_id}
    answer = mine.admin.post(f"{mine.path}/systems", body).expect(409, "conflict")
    expect(other.name not in answer.body.decode(), f"another tenant's name: {answer['detail']}")


@check
def rekeyed(world: World) -> None:
    """F-137 D-10 another System Client ID works at once, the old one stops, and never are both seen"""
    made = world.ada.post(CLIENTS, new(world)).expect(201)
    path, keys = f"{CLIENTS}/{made['id']}", [made["systems"][0]["systemClientId"], world.client_id()]
    until(lambda: world.deployment.outcome(keys[0]) == "empty", "the edge knows the first key")
    faults, is_over = [], threading.Event()

    def watch() -> None:
        """Whoever sees a key's new state first must not see the other key's old one after it."""
        while not is_over.is_set():
            held = current[0]
            new_first = [world.deployment.outcome(key) for key in (keys[1 - held], keys[held])]
            if new_first == ["empty", "empty"] and current[0] == held:
                faults.append(f"both keys answer: {new_first}")

    current = [0]
    watchers = [threading.Thread(target=watch, daemon=True) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(10):
            then = current[0]
            world.ada.patch(path, {"systemClientId": keys[1 - then], "reuseKey": True}).expect(200)
            until(lambda then=then: world.deployment.outcome(keys[1 - then]) == "empty", "the new key works", 2)
            expect_same(world.deployment.outcome(keys[then]), "unknown", "the old key")
            current[0] = 1 - then
    finally:
        is_over.set()
        for watcher in watchers:
            watcher.join()
    expect_same(faults, [], "moments with both keys")


@check
def reserved(world: World) -> None:
    """D-4 a key given up is reserved; its partner takes it back by saying so, and that is audited"""
    made = world.ada.post(CLIENTS, new(world)).expect(201)
    old = made["systems"][0]["systemClientId"]
    world.ada.patch(f"{CLIENTS}/{made['id']}", {"systemClientId": world.client_id()}).expect(200)
    answer = world.ada.post(CLIENTS, new(world, systemClientId=old)).expect(409, "conflict")
    expect("reuseKey" in answer["detail"] and "20" in answer["detail"], f"until when, and what to do: {answer.body!r}")
    other = world.ada.post(CLIENTS, new(world)).expect(201)
    path = f"{CLIENTS}/{other['id']}"
    world.ada.patch(path, {"systemClientId": old}).expect(409, "conflict")
    world.ada.patch(path, {"systemClientId": old, "reuseKey": True}).expect(200)
    events = world.ada.get("/partners/tessera/audit-events?limit=5").items
    expect(any(event["details"].get("reuseKey") is True for event in events), "taking it back is not audited")


@check
def reuse_is_audited(world: World) -> None:
    """D-4 a new client that takes a reserved key back has that in the audit too"""
    made = world.ada.post(CLIENTS, new(world)).expect(201)
    old = made["systems"][0]["systemClientId"]
    world.ada.delete(f"{CLIENTS}/{made['id']}", match="*").expect(204)
    again = world.ada.post(CLIENTS, new(world, systemClientId=old, reuseKey=True)).expect(201)
    events = world.ada.get("/partners/tessera/audit-events?limit=5").items
    rows = [event for event in events if event["subject"] == f"client/{again['id']}"]
    expect(any(event["details"].get("reuseKey") is True for event in rows), f"not audited: {rows}")
