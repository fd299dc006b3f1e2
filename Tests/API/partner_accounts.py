"""Partner accounts inside a client: who is attached to which, their status, merging, deleting."""

from joining import NEW
from suite import check, expect, expect_same
from world import PASSWORD, Account, World


def only_account(account: Account) -> dict:
    accounts = account.admin.all(account.accounts)
    expect_same(len(accounts), 1, f"partner accounts ({[row['name'] for row in accounts]})")
    return accounts[0]


@check
def attached(world: World) -> None:
    """F-034 F-040 F-041 users of one label make one partner account, however case and blanks are written"""
    account = world.account()
    for label in ("Brightside", "BRIGHT side", "Bright-Side"):
        world.partner_user(account, label)
    row = only_account(account)
    expect_same((row["name"], row["users"], row["verified"]), ("Brightside", 3, False), "the account")
    users = account.admin.all(f"{account.accounts}/{row['id']}/users?limit=2")
    expect_same(len(users), 3, "the users when it is opened")


@check
def status(world: World) -> None:
    """F-035 F-057 F-061 F-063 D-12 the status follows from users and systems, each way"""
    account, address = world.account(), world.address("lee")
    member = world.partner_user(account, "Brightside", address=address)
    states = lambda: (only_account(account)["status"], only_account(account)["users"])  # noqa: E731
    expect_same(states(), ("active", 1), "with a user and a system")
    account.admin.patch(member["path"], {"systems": []}).expect(200)
    expect_same(states(), ("noUsersOrSystems", 1), "with a user without systems")
    world.people[address].get(account.path).expect(200)
    account.admin.patch(member["path"], {"systems": [account.system]}).expect(200)
    expect_same(states(), ("active", 1), "with a system again")


@check
def without_users(world: World) -> None:
    """F-060 F-062 F-063 an account whose last user is deleted stays, without users, and takes new ones in"""
    account = world.account()
    member = world.partner_user(account, "Brightside")
    account.admin.delete(member["path"], match="*").expect(204)
    row = only_account(account)
    expect_same((row["status"], row["users"]), ("noUsersOrSystems", 0), "without users")
    world.partner_user(account, "Brightside")
    again = only_account(account)
    expect_same((again["id"], again["status"], again["users"]), (row["id"], "active", 1), "with a new user")


@check
def edited(world: World) -> None:
    """F-054 F-055 F-056 F-057 role and systems of a partner user are edited, and nothing else"""
    account = world.account()
    member = world.partner_user(account, "Brightside")
    body = {"system": "sap-concur", "name": "Second", "systemClientId": world.client_id()}
    second = account.admin.post(f"{account.path}/systems", body).expect(201)["id"]
    both = sorted([account.system, second])
    answer = account.admin.patch(member["path"], {"role": "publisher", "systems": both}).expect(200)
    expect_same((answer["role"], sorted(answer["systems"])), ("publisher", both), "the user")
    account.admin.patch(member["path"], {"systems": [world.shared.system]}).expect(422, "invalid")
    for body in ({"email": "x@y.example"}, {"firstName": "X"}, {"role": "owner"}, {"systems": None}, {"role": None}):
        account.admin.patch(member["path"], body).expect(422, "invalid")
    expect_same(account.admin.get(member["path"]).expect(200)["role"], "publisher", "the role afterwards")


@check
def deleted_user(world: World) -> None:
    """F-058 F-059 deleting a partner user ends the access to this client only; other admins are told"""
    first, second, address = world.account(), world.account(), world.address("lee")
    member = world.partner_user(first, "Brightside", address=address)
    world.partner_user(second, "Brightside", address=address)
    first.admin.delete(member["path"], match="*").expect(204)
    person = world.people[address]
    person.get(first.path).expect(404)
    person.get(second.path).expect(200)
    expect_same([row["id"] for row in person.get("/me/accounts")["clients"]], [second.id], "the Hub")
    world.mailbox.next("nora@nordwind.example", f"no longer has access to “{first.name}”")
    world.partner_user(first, "Brightside", address=address)


@check
def deleted_account(world: World) -> None:
    """F-050 F-051 F-052 F-053 D-17 an account is deleted by repeating its name; all its users lose access for good"""
    account, address = world.account(), world.address("lee")
    member = world.partner_user(account, "Brightside", address=address)
    path = f"{account.accounts}/{member['account']['id']}"
    for name in ("brightside", "Brightside ", "", "Bright\u200bside"):
        account.admin.post(f"{path}/deletion", {"confirmName": name}).expect(422)
    account.admin.post(f"{path}/deletion", {}).expect(422)
    account.admin.delete(path, match="*").expect(405)
    world.people[address].get(account.path).expect(200)
    account.admin.post(f"{path}/deletion", {"confirmName": "Brightside"}).expect(204)
    world.people[address].get(account.path).expect(404)
    account.admin.get(path).expect(404)
    world.invite(account, address, "Brightside")
    world.people[address].get(account.path).expect(404)
    world.accept(address, account.name)
    expect(only_account(account)["id"] != member["account"]["id"], "the deleted account is back")


@check
def deletion_withdraws(world: World) -> None:
    """F-051 D-17 deleting an account withdraws the pending invitations to it, those by its label too"""
    account, address, into = world.account(), world.address("max"), world.address("noa")
    member = world.partner_user(account, "Brightside")
    world.invite(account, address, "Brightside")
    row = {"email": into, "role": "builder", "systems": [account.system]}
    body = {"partnerAccount": member["account"]["id"], "invitations": [row]}
    account.admin.post(account.invitations, body).expect(201)
    paths = [world.mailbox.next(mail).path for mail in (into, address)]
    path = f"{account.accounts}/{member['account']['id']}/deletion"
    account.admin.post(path, {"confirmName": "Brightside"}).expect(204)
    for link in paths:
        world.anyone.get(link).expect(410, "linkDead")
        world.anyone.post(f"{link}/acceptance", NEW).expect(410, "linkDead")
    expect_same(account.admin.all(account.invitations), [], "the invitations")


@check
def one_membership(world: World) -> None:
    """D-7 F-007 one person has one membership per client, and many clients by one login"""
    account, address = world.account(), world.address("lee")
    world.invite(account, address, "Brightside")
    path = world.mailbox.next(address).path
    body = {"email": address, "role": "analyst", "systems": []}
    account.admin.post(f"{account.path}/users", body).expect(201)
    world.sign_up(world.mailbox.next(address), address)
    person = world.people[address]
    person.post(f"{path}/acceptance", {}).expect(409)
    for other in (world.account(), world.account()):
        world.invite(other, address, "Brightside")
        world.accept(address, other.name)
    fresh = world.anyone.post("/sessions", {"email": address, "password": PASSWORD}).expect(201).session
    hub = type(person)(person.control, fresh).get("/me/accounts").expect(200)["clients"]
    expect_same(len(hub), 3, "the accounts in the Hub")
