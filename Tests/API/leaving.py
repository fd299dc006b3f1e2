"""Suspension, closing, systems that go, and people who leave their partner."""

from datetime import UTC, datetime

from activation import leave
from clients import CLIENTS
from joining import NEW
from suite import check, expect, expect_same, until
from world import World

REASON = "The contract is under review."


@check
def suspended(world: World) -> None:
    """D-23 a suspended client answers the no-op at once; admins get the reason by mail, people still read"""
    present = world.address("boss")
    account = world.account(admin=present)
    path = f"{CLIENTS}/{account.id}/suspension"
    for _ in range(2):
        answer = world.ada.put(path, {"reason": REASON}).expect(200)
        expect_same((answer["state"], answer["suspension"]["reason"]), ("suspended", REASON), "the client")
    until(lambda: world.deployment.outcome(account.client_id) == "suspended", "the edge answers the no-op", 2)
    expect(REASON in world.mailbox.next(present, "suspended").text, "no reason in the mail")
    account.admin.get(f"{account.path}/users").expect(200)
    for _ in range(2):
        world.ada.delete(path).expect(204)
    until(lambda: world.deployment.outcome(account.client_id) == "empty", "the edge serves again", 2)
    expect_same(account.admin.get(account.path)["state"], "activated", "the state")
    world.mailbox.settle()
    subjects = [mail.subject for mail in world.mailbox.mails if mail.to == present and account.name in mail.subject]
    expect_same(len([one for one in subjects if "suspended" in one]), 2, f"mails of suspending and resuming {subjects}")
    for body in ({}, {"reason": ""}, {"reason": "x" * 2001}, {"reason": "a\u001bb"}):
        world.ada.put(path, body).expect(422)


@check
def suspended_unactivated(world: World) -> None:
    """D-23 a client that has not activated can be suspended, and resumes to where it was"""
    made = world.new_client([world.address("it")])
    path, key = f"{CLIENTS}/{made['id']}", made["systems"][0]["systemClientId"]
    world.ada.put(f"{path}/suspension", {"reason": REASON}).expect(200)
    until(lambda: world.deployment.outcome(key) == "suspended", "the no-op", 2)
    world.ada.delete(f"{path}/suspension").expect(204)
    expect_same(world.ada.get(path)["state"], "notActivated", "the state")
    world.ada.put(f"{path}/closing", {"reason": REASON}).expect(409, "conflict")


@check
def operator_suspends(world: World) -> None:
    """D-23 the operator suspends and resumes by command; the audit says that it was the operator"""
    account = world.account()
    words = ("--partner", "tessera", "--client", account.client_id)
    world.deployment.command("suspend", *words, "--reason", REASON)
    until(lambda: world.deployment.outcome(account.client_id) == "suspended", "the no-op", 2)
    events = account.admin.get(f"{account.path}/audit-events?limit=1").items
    expect_same((events[0]["action"], events[0]["actor"]), ("client.suspended", "operator"), "the audit")
    world.deployment.command("resume", *words)
    until(lambda: world.deployment.outcome(account.client_id) == "empty", "served again", 2)


@check
def closed(world: World) -> None:
    """D-23 closing turns the keys off at once and can be cancelled, by the client and by the partner with 30 days"""
    present = world.address("boss")
    account = world.account(admin=present)
    for client, path, days in ((account.admin, f"{account.path}/closing", 7),
                               (world.ada, f"{CLIENTS}/{account.id}/closing", 30)):
        answer = client.put(path, {"reason": REASON}).expect(200)
        expect_same(answer["state"], "closing", "the state")
        notice = datetime.fromisoformat(answer["closing"]["at"]) - datetime.now(UTC)
        expect_same(round(notice.total_seconds() / 86400, 2), days, "days of notice")
        until(lambda: world.deployment.outcome(account.client_id) == "suspended", "the no-op", 2)
        mail = world.mailbox.next(present, "is being closed")
        expect(REASON in mail.text, "the mail does not say why")
        client.put(path, {"reason": "again"}).expect(200)
        if days == 30:
            # What the partner ends, its client cannot keep open.
            account.admin.delete(f"{account.path}/closing").expect(409, "conflict")
        for _ in range(2):
            client.delete(path).expect(204)
        until(lambda: world.deployment.outcome(account.client_id) == "empty", "served again", 2)
        world.mailbox.next(present, "stays open")


@check
def home_tie(world: World) -> None:
    """D-7 F-059 leaving a partner ends every membership held through it at once, and the clients' admins are told"""
    bosses = [world.address("boss"), world.address("boss")]
    accounts = [world.account(admin=boss) for boss in bosses]
    address, person = world.staff("partnerBuilder")
    for account in accounts:
        world.invite(account, address, "Whatever")
        world.accept(address, account.name)
    leave(world, address)
    for boss, account in zip(bosses, accounts, strict=True):
        person.get(account.path).expect(404)
        mail = world.mailbox.next(boss, "no longer has access")
        expect(address in mail.text and account.name in mail.text, "the mail does not say who and where")
        status = account.admin.all(account.accounts)[0]["status"]
        expect_same(status, "noUsersOrSystems", "the partner account's status")
        events = account.admin.get(f"{account.path}/audit-events?limit=1").items
        expect_same(events[0]["action"], "member.removed", "the audit")
    hub = person.get("/me/accounts").expect(200)
    expect_same((hub["partner"], hub["clients"]), (None, []), "the Hub")
    person.get("/partners/tessera").expect(404)


@check
def last_partner_admin(world: World) -> None:
    """D-7 a partner keeps an admin; one person has one home partner"""
    staff = world.lena.all("/partners/lumen/staff")
    path = f"/partners/lumen/staff/{staff[0]['id']}"
    world.lena.delete(path, match="read").expect(409, "conflict")
    world.lena.patch(path, {"role": "partnerViewer"}).expect(409, "conflict")
    address, person = world.staff("partnerViewer")
    world.lena.post("/partners/lumen/staff", {"email": address, "role": "partnerViewer"}).expect(201)
    mail = world.mailbox.next(address, "Lumen")
    person.post(f"{mail.path}/acceptance", {}).expect(409, "conflict")
    expect_same(person.get("/me/accounts")["partner"]["key"], "tessera", "the home partner")


@check
def system_deleted(world: World) -> None:
    """D-11 a deleted system leaves memberships and pending invitations; statuses follow; its key stops"""
    account, address = world.account(), world.address("lee")
    key = world.client_id()
    body = {"system": "sap-concur", "name": "Second", "systemClientId": key}
    second = account.admin.post(f"{account.path}/systems", body).expect(201)["id"]
    member_address, both = world.address("max"), world.address("noa")
    world.invite(account, member_address, "Brightside", systems=[second])
    world.accept(member_address)
    world.invite(account, address, "Brightside", systems=[second])
    world.invite(account, both, "Brightside", systems=[second, account.system])
    link = world.mailbox.next(address).path
    account.admin.delete(f"{account.path}/systems/{second}", match="read").expect(204)
    until(lambda: world.deployment.outcome(key) == "unknown", "the key is unknown", 2)
    expect_same(world.member(account, member_address)["systems"], [], "the member's systems")
    expect_same(account.admin.all(account.accounts)[0]["status"], "noUsersOrSystems", "the status")
    world.anyone.post(f"{link}/acceptance", NEW).expect(410, "linkDead")
    world.accept(both)
    expect_same(world.member(account, both)["systems"], [account.system], "what the other invitation gives")
    account.admin.delete(f"{account.path}/systems/{account.system}", match="*").expect(409, "conflict")


@check
def withdrawn_without_systems(world: World) -> None:
    """D-11 D-12 an invitation whose systems are all gone is withdrawn: not pending, and not sent again in vain"""
    account, address = world.account(), world.address("lee")
    body = {"system": "sap-concur", "name": "Second", "systemClientId": world.client_id()}
    second = account.admin.post(f"{account.path}/systems", body).expect(201)["id"]
    made = world.invite(account, address, "Brightside", systems=[second])
    account.admin.delete(f"{account.path}/systems/{second}", match="*").expect(204)
    states = {row["id"]: row["status"] for row in account.admin.all(account.invitations)}
    answer = account.admin.post(f"{account.invitations}/{made['id']}/mails")
    expect(states.get(made["id"]) != "pendingApproval", f"listed as pending; sent again: {answer.status}")
    expect_same(answer.status, 409, "sending it again")
