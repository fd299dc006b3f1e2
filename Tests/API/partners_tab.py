"""The Partners tab: who is invited, what is told about them, and who may do it."""

from joining import NEW
from suite import check, expect, expect_same, found
from world import Account, World


def one(account: Account, address: str, role: str = "builder", **more) -> dict:
    return {"email": address, "role": role, "systems": [account.system], **more}


def add_system(account: Account, name: str, world: World) -> str:
    body = {"system": "sap-concur", "name": name, "systemClientId": world.client_id()}
    return account.admin.post(f"{account.path}/systems", body).expect(201)["id"]


@check
def self_service(world: World) -> None:
    """F-001 F-002 F-003 F-004 F-012 F-017 F-018 an admin invites several at once, each with an own role and systems"""
    account = world.account()
    second = add_system(account, "Concur, Switzerland", world)
    wanted = {
        world.address("lee"): ("builder", [account.system]),
        world.address("max"): ("analyst", [second]),
        world.address("noa"): ("admin", sorted([account.system, second])),
    }
    rows = [{"email": mail, "role": role, "systems": systems} for mail, (role, systems) in wanted.items()]
    body = {"label": "Brightside", "invitations": rows}
    made = account.admin.post(account.invitations, body).expect(201).items
    expect_same([row["email"] for row in made], list(wanted), "the order of the answer")
    for address in wanted:
        world.accept(address)
        member = world.member(account, address)
        expect_same((member["role"], sorted(member["systems"])), wanted[address], f"what {address} became")


@check
def pending_approval(world: World) -> None:
    """F-011 F-020 F-021 F-022 F-023 F-034 an invited user is listed as pending approval, until joining"""
    account, address = world.account(), world.address("lee")
    body = {"label": "Brightside", "invitations": [one(account, address)]}
    made = account.admin.post(account.invitations, body).expect(201).items[0]
    states = lambda: [(row["email"], row["status"]) for row in account.admin.all(account.invitations)]  # noqa: E731
    expect_same(states(), [(address, "pendingApproval")], "the list")
    link = world.mailbox.next(address).path
    world.mailbox.settle()
    expect_same(states(), [(address, "pendingApproval")], "the list after the mail")
    world.anyone.get(link).expect(200)
    expect_same(states(), [(address, "pendingApproval")], "the list after a look at the link")
    expect_same(account.admin.all(account.accounts), [], "the partner accounts before")
    world.anyone.post(f"{link}/acceptance", NEW).expect(200)
    expect_same(account.admin.all(account.invitations), [], "the invitations after")
    accounts = account.admin.all(account.accounts)
    seen = [(row["name"], row["status"], row["verified"]) for row in accounts]
    expect_same(seen, [("Brightside", "active", False)], "the partner accounts after")
    expect(made["expiresAt"] > made["sentAt"], "no end of the seven days")
    expect(account.name in world.mailbox.next("nora@nordwind.example", address).text, "who joined is not told")


@check
def newest_wins(world: World) -> None:
    """D-8 the newest submission for an address replaces role and systems; one row, and only the newest link works"""
    account, address = world.account(), world.address("lee")
    second = add_system(account, "Concur, Austria", world)
    first = world.invite(account, address, "Brightside")
    old = world.mailbox.next(address).path
    again = world.invite(account, address.upper(), "Darkside", role="analyst", systems=[second])
    expect_same(again["id"], first["id"], "the invitation's id")
    rows = account.admin.all(account.invitations)
    seen = [(row["role"], row["systems"], row["label"]) for row in rows]
    expect_same(seen, [("analyst", [second], "Darkside")], "the list")
    world.anyone.get(old).expect(410)
    world.accept(address)
    member = world.member(account, address)
    expect_same((member["role"], member["systems"], member["account"]["name"]), ("analyst", [second], "Darkside"),
                "what became of it")


@check
def users_tab(world: World) -> None:
    """F-036 F-037 F-038 F-039 who is invited by the Users tab gets another mail, and is a regular user"""
    account, address = world.account(), world.address("kim")
    body = {"email": address, "role": "builder", "systems": [account.system]}
    account.admin.post(f"{account.path}/users", body).expect(201)
    mail = world.mailbox.next(address)
    expect("Accept & Continue" not in mail.text and "partner" not in mail.text.lower(), "it is a partner's mail")
    expect_same(account.admin.all(account.invitations), [], "the Invites tab")
    kim = world.sign_up(mail, address)
    expect_same(account.admin.all(account.accounts), [], "the partner accounts")
    member = found(account.admin.all(f"{account.path}/users"), "the regular users", email=address)
    expect_same(member["partnerAccount"], None, "the partner account")
    hub = kim.get("/me/accounts").expect(200)
    expect_same((hub["partner"], hub["clients"][0]["partnerAccountStatus"]), (None, None), "the Hub")


@check
def partner_user_twice(world: World) -> None:
    """D-13 inviting a partner user of this client again is a conflict"""
    account, address = world.account(), world.address("lee")
    world.partner_user(account, "Brightside", address=address)
    body = {"label": "Brightside", "invitations": [one(account, world.address("kim")), one(account, address)]}
    answer = account.admin.post(account.invitations, body).expect(409, "conflict")
    expect(address in answer["detail"], "it does not say who")
    expect_same(answer["errors"][0]["pointer"], "/invitations/1/email", "where it is")
    # A System Manager does not see partner users, and is not told of them by a refusal.
    body = {"email": address, "role": "builder", "systems": [account.system]}
    account.admin.post(f"{account.path}/users", body).expect(409, "conflict")
    _, manager = world.user(account, "systemManager", [account.system])
    manager.post(f"{account.path}/users", body).expect(201)


@check
def regular_user_refused(world: World) -> None:
    """D-13 a regular user cannot become a partner user too; the admins are told by mail"""
    account = world.account()
    address, kim = world.user(account, "builder", [])
    world.invite(account, address, "Brightside")
    path = world.mailbox.next(address, "partner").path
    answer = kim.post(f"{path}/acceptance", {}).expect(409, "conflict")
    expect("regular user" in answer["detail"], "it does not say why")
    mail = world.mailbox.next("nora@nordwind.example", "could not be accepted")
    expect(address in mail.text and account.name in mail.text, "the mail does not say who and where")
    expect_same(account.admin.all(account.accounts), [], "the partner accounts")


@check
def system_twice(world: World) -> None:
    """F-018 a system that stands twice in an invitation counts once, or the refusal says that it stands twice"""
    account = world.shared
    row = one(account, world.address("lee"), systems=[account.system] * 2)
    answer = account.admin.post(account.invitations, {"label": "Brightside", "invitations": [row]})
    expect("has no system" not in answer.body.decode(), f"it answers {answer.json.get('detail')}")
