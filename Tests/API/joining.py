"""Links in mail: what they lead to, who may use them, and that every dead one looks the same."""

from concurrent.futures import ThreadPoolExecutor

from client import Client
from suite import check, expect, expect_same
from world import PASSWORD, World

NEW = {"firstName": "Lee", "lastName": "Moreau", "password": PASSWORD}
UNKNOWN = "A" * 43


def shape(answer) -> tuple:
    """What may be compared of two answers: everything but the date and the request's id."""
    hidden = ("date", "x-request-id")
    fields = {name: value for name, value in answer.fields.items() if name not in hidden}
    return answer.status, sorted(answer.names), fields, answer.body


@check
def no_access_before(world: World) -> None:
    """F-005 F-006 F-016 an invited person reaches nothing before accepting, and the account after it"""
    account = world.account()
    address, kim = world.person()
    world.invite(account, address, "Brightside")
    unknown = kim.get(f"/clients/{account.id[:-4]}0000")
    expect_same(shape(kim.get(account.path)), shape(unknown), "before accepting")
    expect(account.id not in str(kim.get("/me/accounts").json), "the account is in the Hub before accepting")
    world.accept(address, account.name)
    kim.get(account.path).expect(200)


@check
def others_link(world: World) -> None:
    """F-016 only the invited address accepts; somebody else's try uses nothing up"""
    account = world.account()
    address, kim = world.person()
    _, other = world.person()
    world.invite(account, address, "Brightside")
    mail = world.mailbox.next(address, account.name)
    other.post(f"{mail.path}/acceptance", {}).expect(403, "forbidden")
    world.anyone.post(f"{mail.path}/acceptance", {}).expect(401, "unauthenticated")
    other.get(account.path).expect(404)
    kim.post(f"{mail.path}/acceptance", {}).expect(200)


@check
def keeps_password(world: World) -> None:
    """D-19 a link never sets the password of an address that has an identity"""
    address, _ = world.person()
    world.invite(world.account(), address, "Brightside")
    mail = world.mailbox.next(address, "Ostsee")
    expect_same(world.anyone.get(mail.path)["mode"], "signIn", "the mode")
    other = {**NEW, "firstName": "Mallory", "password": "another long phrase of somebody"}
    world.anyone.post(f"{mail.path}/acceptance", other).expect(409, "conflict")
    world.anyone.post("/sessions", {"email": address, "password": other["password"]}).expect(401)
    answer = world.anyone.post("/sessions", {"email": address, "password": PASSWORD}).expect(201)
    expect_same(answer["firstName"], "Lee", "the first name")


def at_once(count: int, run) -> list[int]:
    """The statuses of so many requests made at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return sorted(answer.status for answer in pool.map(lambda _: run(), range(count)))


@check
def hundred(world: World) -> None:
    """F-006 D-7 a hundred accepts at once make one membership"""
    account = world.account()
    address, kim = world.person()
    world.invite(account, address, "Brightside")
    path = world.mailbox.next(address, account.name).path + "/acceptance"
    statuses = at_once(100, lambda: kim.post(path, {}))
    # Accepting ends the session that it was asked by, so that some of the others come as nobody.
    expect_same((statuses.count(200), statuses.count(410) + statuses.count(401)), (1, 99), "one accepts, no other does")
    accounts = account.admin.all(account.accounts)
    expect_same([one["users"] for one in accounts], [1], "the users of the partner accounts")
    events = account.admin.all(f"{account.path}/audit-events")
    kinds = [one["details"]["kind"] for one in events if one["action"] == "invitation.accepted"]
    expect_same(kinds.count("partner"), 1, "audit rows")


@check
def sign_up_race(world: World) -> None:
    """F-124 eight sign-ups at once by one link make one person"""
    address = world.address("lee")
    world.invite(world.shared, address, "Brightside")
    path = world.mailbox.next(address).path + "/acceptance"
    statuses = at_once(8, lambda: world.anyone.post(path, NEW))
    expect_same(statuses.count(200), 1, f"one joins of {statuses}")
    expect(set(statuses) <= {200, 409, 410}, f"the others are refused: {statuses}")


@check
def weak_passwords(world: World) -> None:
    """F-123 first name, last name and a password of 15 characters that is not easy to guess are needed"""
    address = world.address("lee")
    world.invite(world.shared, address, "Brightside")
    path = world.mailbox.next(address).path + "/acceptance"
    for member in NEW:
        body = {name: value for name, value in NEW.items() if name != member}
        world.anyone.post(path, body).expect(422, "invalid")
    local = address.split("@")[0]
    for password in ("fourteen chars", "password123456789", "aaaaaaaaaaaaaaaa", f"{local} brightside", "m" * 1025,
                     "Nordwind Logistik 12", "Moreau Moreau Moreau", "1234567890123456", "qwertyuiopasdfgh"):
        answer = world.anyone.post(path, {**NEW, "password": password})
        expect(answer.status == 422, f"'{password[:30]}' is taken: {answer.status}")
    for name in (" Lee", "Lee\n", "L\u202eee", "", "x" * 101):
        world.anyone.post(path, {**NEW, "firstName": name}).expect(422)
    world.anyone.post(path, {**NEW, "password": "ü" * 5 + " dusk over lakes"}).expect(200)


@check
def decline(world: World) -> None:
    """F-020 F-026 a declined invitation is listed as declined, and can be sent again"""
    account, address = world.shared, world.address("lee")
    made = world.invite(account, address, "Brightside")
    old = world.mailbox.next(address).path
    world.anyone.post(f"{old}/refusal").expect(204)
    states = {one["id"]: one["status"] for one in account.admin.all(account.invitations)}
    expect_same(states.get(made["id"]), "declined", "the status")
    again = account.admin.post(f"{account.invitations}/{made['id']}/mails").expect(201)
    expect_same(again["status"], "pendingApproval", "the status when sent again")
    world.accept(address)


@check
def new_session(world: World) -> None:
    """F-006 accepting gives a new role, and so a new session (trust.md, Sessions)"""
    account = world.account()
    address, kim = world.person()
    world.invite(account, address, "Brightside")
    path = world.mailbox.next(address, account.name).path
    before = kim.session
    answer = kim.post(f"{path}/acceptance", {}).expect(200)
    expect(answer.session not in ("", before), "the session stays the same")
    Client(kim.control, before).get("/me").expect(401, "unauthenticated")


@check
def demoted_inviter(world: World) -> None:
    """D-15 an invitation of somebody who lost the right to invite is withdrawn: dead to look at, and not pending"""
    account = world.account()
    boss_address, boss = world.user(account, "admin")
    address = world.address("lee")
    one = {"email": address, "role": "builder", "systems": [account.system]}
    made = boss.post(account.invitations, {"label": "Brightside", "invitations": [one]}).expect(201).items[0]
    path = world.mailbox.next(address).path
    demote(account, boss_address)
    world.anyone.post(f"{path}/acceptance", NEW).expect(410, "linkDead")
    states = {row["id"]: row["status"] for row in account.admin.all(account.invitations)}
    expect(states.get(made["id"]) != "pendingApproval", "the list shows it as pending approval")
    world.anyone.get(path).expect(410)


def demote(account, address: str) -> None:
    users = account.admin.all(f"{account.path}/users")
    boss = next(user for user in users if user["email"] == address)
    account.admin.patch(f"{account.path}/users/{boss['id']}", {"role": "analyst"}).expect(200)


@check
def sent_again_by_another(world: World) -> None:
    """F-026 D-15 an invitation that another admin sends again works, whatever became of the first inviter"""
    account = world.account()
    boss_address, boss = world.user(account, "admin")
    address = world.address("lee")
    one = {"email": address, "role": "builder", "systems": [account.system]}
    made = boss.post(account.invitations, {"label": "Brightside", "invitations": [one]}).expect(201).items[0]
    world.mailbox.next(address)
    earlier = world.address("max")
    rows = [{**one, "email": earlier}]
    kept = boss.post(account.invitations, {"label": "Brightside", "invitations": rows}).expect(201).items[0]
    world.mailbox.next(earlier)
    account.admin.post(f"{account.invitations}/{kept['id']}/mails").expect(201)
    demote(account, boss_address)
    again = account.admin.post(f"{account.invitations}/{made['id']}/mails")
    if again.status == 409:  # withdrawn: inviting anew is the way, and must work
        world.invite(account, address, "Brightside")
    for mailed in (address, earlier):
        path = world.mailbox.next(mailed).path
        world.anyone.post(f"{path}/acceptance", NEW).expect(200)


@check
def disabled_inviter(world: World) -> None:
    """D-15 an invitation of somebody who may not sign in any more is withdrawn; activations are the partner's, and stay"""
    account = world.account()
    boss_address, boss = world.user(account, "admin")
    address = world.address("lee")
    one = {"email": address, "role": "builder", "systems": [account.system]}
    boss.post(account.invitations, {"label": "Brightside", "invitations": [one]}).expect(201)
    path = world.mailbox.next(address).path
    world.deployment.command("person", "disable", boss_address)
    world.anyone.get(path).expect(410, "linkDead")
    world.anyone.post(f"{path}/acceptance", NEW).expect(410, "linkDead")
    expect_same(account.admin.all(account.invitations), [], "the invitations")
    for end, confirms in (("disable", False), ("erase", True)):
        address, manager = world.staff("partnerAdmin")
        named, colleague = world.address("boss"), world.address("lee", "tessera.example")
        made = world.new_client([named], partner=manager)
        manager.post("/partners/tessera/staff", {"email": colleague, "role": "partnerViewer"}).expect(201)
        link = world.mailbox.next(colleague).path
        world.deployment.command("person", end, address, *(["--confirm", address] if confirms else []))
        world.anyone.get(link).expect(410, "linkDead")
        world.accept(named, made["name"])


@check
def withdrawn(world: World) -> None:
    """F-027 F-028 an admin withdraws an invitation, declined ones too: it leaves the list, and its link is dead"""
    account = world.account()
    for declines in (False, True):
        address = world.address("lee")
        made = world.invite(account, address, "Brightside")
        link = world.mailbox.next(address).path
        if declines:
            world.anyone.post(f"{link}/refusal").expect(204)
        account.admin.delete(f"{account.invitations}/{made['id']}").expect(204)
        expect_same(account.admin.all(account.invitations), [], "the invitations")
        world.anyone.get(link).expect(410, "linkDead")
        world.anyone.post(f"{link}/acceptance", NEW).expect(410, "linkDead")
        account.admin.post(f"{account.invitations}/{made['id']}/mails").expect(409, "conflict")
