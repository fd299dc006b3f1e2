"""Activation: the first admin signs up; what becomes of the other admins named, and of further ones."""

from clients import CLIENTS, new
from joining import NEW
from suite import check, expect, expect_same
from world import World


@check
def activated(world: World) -> None:
    """F-120 F-121 F-122 F-123 F-124 F-125 the mail goes to the admins named; signing up activates the client"""
    address = world.address("it")
    made = world.new_client([address])
    mail = world.mailbox.next(address)
    expect("/activations/" in mail.path and made["name"] in mail.text, f"the mail: {mail.text}")
    world.mailbox.settle()
    told = {other.to for other in world.mailbox.mails if f"“{made['name']}”" in other.text}
    expect_same(told, {address}, "whom the client was mailed about")
    link = world.anyone.get(mail.path).expect(200)
    expect_same((link["kind"], link["mode"], link["organisation"]), ("activation", "signUp", made["name"]), "the link")
    answer = world.anyone.post(f"{mail.path}/acceptance", NEW).expect(200)
    cookie = answer.fields["set-cookie"]
    for word in ("__Host-waymark=", "; Secure", "; HttpOnly", "; Path=/", "; SameSite="):
        expect(word in cookie, f"no {word} in the cookie")
    admin = type(world.anyone)(world.anyone.control, answer.session)
    seen = admin.get(f"/clients/{made['id']}").expect(200)
    expect_same(seen["state"], "activated", "the state")
    expect(seen["activatedAt"], "no time of activation")
    users = admin.all(f"/clients/{made['id']}/users")
    expect_same([(row["email"], row["role"]) for row in users], [(address, "admin")], "the users")
    expect_same(world.ada.get(f"{CLIENTS}/{made['id']}")["state"], "activated", "the state that the partner sees")


@check
def every_admin(world: World) -> None:
    """D-5 every admin gets a mail; the first activates; the others stay pending where that admin sees them"""
    addresses = [world.address("it") for _ in range(3)]
    made = world.new_client(addresses)
    mails = [world.mailbox.next(address) for address in addresses]
    first = world.sign_up(mails[0], addresses[0])
    pending = f"/clients/{made['id']}/users/invitations"
    rows = {row["email"]: row for row in first.all(pending)}
    expect_same(sorted(rows), sorted(addresses[1:]), "the pending ones that the active admin sees")
    expect_same({row["status"] for row in rows.values()}, {"pending"}, "their status")
    first.post(f"{pending}/{rows[addresses[1]]['id']}/mails").expect(201)
    first.delete(f"{pending}/{rows[addresses[2]]['id']}").expect(204)
    world.anyone.get(mails[1].path).expect(410)
    world.anyone.get(mails[2].path).expect(410)
    world.sign_up(world.mailbox.next(addresses[1]), addresses[1])
    world.mailbox.next(addresses[0], "has joined")


@check
def dropped(world: World) -> None:
    """D-5 an admin who is dropped before activation finds a dead link"""
    addresses = [world.address("it") for _ in range(2)]
    made = world.new_client(addresses)
    paths = [world.mailbox.next(address).path for address in addresses]
    admins = f"{CLIENTS}/{made['id']}/admins"
    row = next(row for row in world.ada.get(admins).items if row["email"] == addresses[0])
    world.ada.delete(f"{admins}/{row['id']}").expect(204)
    world.anyone.get(paths[0]).expect(410, "linkDead")
    world.anyone.post(f"{paths[1]}/acceptance", NEW).expect(200)


@check
def sent_again(world: World) -> None:
    """F-136 the activation is sent again: the old link is dead, the new one works; not for who has joined"""
    address = world.address("it")
    made = world.new_client([address])
    old = world.mailbox.next(address).path
    admins = f"{CLIENTS}/{made['id']}/admins"
    row = world.ada.get(admins).items[0]
    world.ada.post(f"{admins}/{row['id']}/mails").expect(201)
    fresh = world.mailbox.next(address)
    world.anyone.get(old).expect(410)
    world.sign_up(fresh, address)
    answer = world.ada.post(f"{admins}/{row['id']}/mails")
    expect(answer.status in (404, 409), f"sent again after joining: {answer.status}")


@check
def when_mailed(world: World) -> None:
    """F-120 with sendActivation "no" nothing is mailed until it is asked for"""
    address = world.address("it")
    made = world.new_client([address], sendActivation="no")
    world.mailbox.settle()
    expect_same(world.mailbox.count(address), 0, "mails")
    admins = f"{CLIENTS}/{made['id']}/admins"
    row = world.ada.get(admins).items[0]
    expect_same((row["status"], row["sentAt"], row["expiresAt"]), ("pending", None, None), "the admin")
    world.ada.post(f"{admins}/{row['id']}/mails").expect(201)
    world.accept(address, "/activations/")


@check
def sent_again_by_colleague(world: World) -> None:
    """F-136 an activation that a colleague sends again works, though whoever made the client left the staff"""
    staff_address, maker = world.staff("clientManager")
    address = world.address("it")
    made = world.new_client([address], maker)
    world.mailbox.next(address)
    leave(world, staff_address)
    admins = f"{CLIENTS}/{made['id']}/admins"
    rows = world.ada.get(admins).items
    expect(rows, "the client has no admin named any more (F-133)")
    world.ada.post(f"{admins}/{rows[0]['id']}/mails").expect(201)
    world.anyone.post(f"{world.mailbox.next(address).path}/acceptance", NEW).expect(200)


def leave(world: World, address: str) -> None:
    staff = world.ada.all("/partners/tessera/staff?limit=200")
    person = next(row["id"] for row in staff if row["email"] == address)
    world.ada.delete(f"/partners/tessera/staff/{person}", match="*").expect(204)


@check
def added_later(world: World) -> None:
    """D-18 after activation, an admin whom the partner adds is an invitation that all present admins are told of"""
    present = world.address("boss")
    account = world.account(admin=present)
    further = world.address("it")
    world.ada.post(f"{CLIENTS}/{account.id}/admins", {"email": further}).expect(201)
    world.mailbox.next(further)
    mail = world.mailbox.next(present, further, seconds=5)
    expect(account.name in mail.text, "the mail does not name the client")


@check
def partner_sees_no_people(world: World) -> None:
    """D-18 partner staff without a membership see nobody whom the client itself invited, and do not end their links"""
    account, address = world.account(), world.address("it")
    account.admin.post(f"{account.path}/users", {"email": address, "role": "admin"}).expect(201)
    path = world.mailbox.next(address).path
    rows = world.ada.get(f"{CLIENTS}/{account.id}/admins").expect(200).items
    expect_same([row["email"] for row in rows], [], "the admins that the partner sees")
    world.anyone.get(path).expect(200)


@check
def partner_probes_no_people(world: World) -> None:
    """D-18 partner staff cannot find out who is a user of an activated client by naming admins"""
    account = world.account()
    user, _ = world.user(account, "analyst")
    admins = f"{CLIENTS}/{account.id}/admins"
    wanted = world.ada.post(admins, {"email": world.address("kim")})
    seen = world.ada.post(admins, {"email": user})
    expect_same(seen.status, wanted.status, f"a user of the client ({seen.json.get('detail')})")


@check
def partner_sees_no_account(world: World) -> None:
    """D-18 partner staff without a membership reach nothing of a client's own"""
    account = world.account()
    for path in ("", "/users", "/partner-invitations", "/partner-accounts", "/audit-events", "/systems"):
        world.ada.get(account.path + path).expect(404, "notFound")
    users = account.admin.all(f"{account.path}/users")
    world.ada.delete(f"{CLIENTS}/{account.id}/admins/{users[0]['id']}").expect(404)


@check
def same_admin_twice(world: World) -> None:
    """F-114 an admin named twice in a form is one admin, with one mail"""
    address = world.address("it")
    made = world.ada.post(CLIENTS, new(world, admins=[address, address.upper()])).expect(201)
    rows = world.ada.get(f"{CLIENTS}/{made['id']}/admins").items
    expect_same([row["email"] for row in rows], [address], "the admins")
    world.mailbox.next(address)
    world.mailbox.settle()
    expect_same(world.mailbox.count(address), 1, "mails")


@check
def declined(world: World) -> None:
    """F-133 F-136 a named admin who declines stays listed as declined, and can be sent the activation again"""
    address = world.address("it")
    made = world.new_client([address])
    world.anyone.post(f"{world.mailbox.next(address).path}/refusal").expect(204)
    admins = f"{CLIENTS}/{made['id']}/admins"
    rows = world.ada.get(admins).items
    expect_same([(row["email"], row["status"]) for row in rows], [(address, "declined")], "the admins")
    world.ada.post(f"{admins}/{rows[0]['id']}/mails").expect(201)
    world.accept(address, "/activations/")
