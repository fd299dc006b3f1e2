"""What holds of changes and lists: preconditions, repetitions, parts of lists."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from clients import CLIENTS, new
from suite import check, expect, expect_same
from world import World


@check
def preconditions(world: World) -> None:
    """api.md, Conventions: changes need If-Match; stale and weak tags never match, a list and * do"""
    path = f"{CLIENTS}/{world.new_client([world.address('it')])['id']}"
    body = lambda: {"systemClientId": str(uuid.uuid4())}  # noqa: E731
    world.ada.patch(path, body(), match=None).expect(428, "preconditionRequired")
    first = world.ada.get(path).tag
    second = world.ada.patch(path, body(), match=first).expect(200).tag
    expect(first != second, "the tag stays the same")
    expect_same(world.ada.get(path).tag, second, "the tag of the change and of reading")
    for match in (first, f"W/{second}", '"other"', f'"a", {first}', f'{first}, W/{second}'):
        world.ada.patch(path, body(), match=match).expect(412, "stale")
    third = world.ada.patch(path, body(), match=f'"a,b", {first}, {second}').expect(200).tag
    world.ada.patch(path, body(), match="*").expect(200)
    current = world.ada.get(path).tag
    expect(third != current, "the tag stays the same")
    world.ada.get(path, If_None_Match=f"W/{current}").expect(304)
    world.ada.get(path, If_None_Match=f'"x", {current}').expect(304)
    world.ada.get(path, If_None_Match=first).expect(200)
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(answer.status for answer in
                          pool.map(lambda _: world.ada.patch(path, body(), match=current), range(8)))
    expect_same(statuses, [200] + [412] * 7, "eight changes at once of one state")


@check
def repeated(world: World) -> None:
    """api.md, Conventions: an Idempotency-Key gives the same answer again, 422 for another body"""
    key, body = str(uuid.uuid4()), new(world)
    first = world.ada.post(CLIENTS, body, key).expect(201)
    again = world.ada.post(CLIENTS, body, key).expect(201)
    expect_same((again.body, again.fields["location"]), (first.body, first.fields["location"]), "the answer again")
    world.ada.post(CLIENTS, new(world), key).expect(422, "invalid")
    world.lena.post("/partners/lumen/clients", new(world), key).expect(201)
    world.mailbox.next(body["admins"][0])
    world.mailbox.settle()
    expect_same(world.mailbox.count(body["admins"][0]), 1, "mails")
    for wrong in ("", "x" * 256, "a b", "a\tb"):
        answer = world.ada.ask("POST", CLIENTS, new(world), {"Idempotency-Key": wrong})
        expect(answer.status == 422 or (not wrong and answer.status == 201), f"the key {wrong!r}: {answer.status}")
    busy, same = str(uuid.uuid4()), new(world)
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(answer.status for answer in pool.map(lambda _: world.ada.post(CLIENTS, same, busy), range(8)))
    expect(set(statuses) <= {201, 409} and 201 in statuses, f"eight at once: {statuses}")
    world.ada.post(CLIENTS, same, busy).expect(201)


@check
def repeated_joining(world: World) -> None:
    """api.md, Conventions: POST honours Idempotency-Key, accepting an invitation too"""
    account = world.account()
    address, kim = world.person()
    world.invite(account, address, "Brightside")
    path = world.mailbox.next(address, account.name).path
    key = str(uuid.uuid4())
    first = kim.post(f"{path}/acceptance", {}, key).expect(200)
    again = kim.post(f"{path}/acceptance", {}, key)
    expect_same((again.status, again.body), (first.status, first.body), "the answer again")


@check
def repeated_after_loss(world: World) -> None:
    """F-009 an answer that was kept is not given to somebody who has lost the role since (trust.md, Sessions)"""
    account = world.account()
    address, boss = world.user(account, "admin")
    key = str(uuid.uuid4())
    row = {"email": world.address("lee"), "role": "builder", "systems": [account.system]}
    body = {"label": "Brightside", "invitations": [row]}
    boss.post(account.invitations, body, key).expect(201)
    user = next(user for user in account.admin.all(f"{account.path}/users") if user["email"] == address)
    account.admin.delete(f"{account.path}/users/{user['id']}", match="*").expect(204)
    boss.post(account.invitations, body, key).expect(404)


@check
def pages_are_stable(world: World) -> None:
    """api.md, Conventions: walking through a list finds everything once, while more is added; Link and next agree"""
    word = world.unique("Seiten")
    made = [world.ada.post(CLIENTS, new(world, name=f"{word} & {n}")).expect(201)["id"] for n in range(7)]
    path, found = f"{CLIENTS}?limit=3&name={word.replace(' ', '%20')}%20%26", []
    answer = world.ada.get(path).expect(200)
    while True:
        found += [row["id"] for row in answer.items]
        expect(len(answer.items) <= 3, "more than was asked for")
        expect_same(answer["next"] is not None, "link" in answer.fields, "next and Link")
        if not answer["next"]:
            break
        expect(answer["next"] in answer.fields["link"] and 'rel="next"' in answer.fields["link"], "another cursor")
        made.append(world.ada.post(CLIENTS, new(world, name=f"{word} & more")).expect(201)["id"])
        if len(made) > 9:
            made.pop()
            break
        answer = world.ada.get(answer.fields["link"].split(">")[0].lstrip("<")).expect(200)
    expect_same(found, made[: len(found)], "what the pages held")
    expect(len(found) >= 7, f"only {len(found)}")
