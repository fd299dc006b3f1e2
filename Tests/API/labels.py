"""To which partner account those belong who join: labels, verified partners, renaming, merging."""

from joining import NEW
from partner_accounts import only_account
from suite import check, expect, expect_same
from world import World


@check
def into_existing(world: World) -> None:
    """F-040 D-6 an invitation to an existing partner account leads into it"""
    account = world.account()
    first = world.partner_user(account, "Brightside")["account"]["id"]
    address = world.address("max")
    row = {"email": address, "role": "builder", "systems": [account.system]}
    account.admin.post(account.invitations, {"partnerAccount": first, "invitations": [row]}).expect(201)
    world.accept(address)
    expect_same((only_account(account)["id"], only_account(account)["users"]), (first, 2), "the account")


@check
def verified_home(world: World) -> None:
    """F-040 D-6 D-14 a verified home partner wins over the label, without skipping the approval"""
    account = world.account()
    for _ in range(2):
        address, person = world.staff("partnerBuilder")
        world.invite(account, address, "Whatever Label")
        person.get(account.path).expect(404)
        world.accept(address, account.name)
    row = only_account(account)
    expect_same((row["name"], row["verified"], row["users"]), ("Tessera Software", True, 2), "the account")
    expect_same(person.get("/me/accounts")["partner"]["key"], "tessera", "the home partner in the Hub")


@check
def look_alikes(world: World) -> None:
    """D-6 a label that passes for a verified partner's name is refused, also as a new name of an account"""
    account = world.account()
    member = world.partner_user(account, "Brightside")
    path = f"{account.accounts}/{member['account']['id']}"
    labels = (
        "Tessera Software", "tessera software", "TesseraSoftware", "Tessera  Software", "Tessera\u00a0Software",
        "Tessera-Software", "T\u0435ssera S\u043eftware", "\uff34essera Software", "Te\u200bssera Software",
        "Lumen Pil\u03bft", "Tessera S0ftware", "Lumen Pi1ot",
    )
    for label in labels:
        row = {"email": world.address("lee"), "role": "builder", "systems": [account.system]}
        answer = account.admin.post(account.invitations, {"label": label, "invitations": [row]})
        expect(answer.status == 409, f"the label {label!a} is taken: {answer.status}")
        answer = account.admin.patch(path, {"name": label})
        expect(answer.status == 409, f"the name {label!a} is taken: {answer.status}")


@check
def capital_i(world: World) -> None:
    """D-6 a capital I passes for a small l, and rn for m, in a label"""
    account = world.account()
    for label in ("Lumen PiIot", "Lurnen Pilot", "Te\u00dfera Software", "Tess\u00e9ra Software"):
        row = {"email": world.address("lee"), "role": "builder", "systems": [account.system]}
        answer = account.admin.post(account.invitations, {"label": label, "invitations": [row]})
        expect(answer.status == 409, f"the label {label!a} is taken: {answer.status}")


@check
def label_at_acceptance(world: World) -> None:
    """D-6 a label that has become a verified partner's name since is refused when it is accepted"""
    account, address = world.account(), world.address("lee")
    name = world.unique("Kestrel Partners")
    world.invite(account, address, name)
    path = world.mailbox.next(address).path
    key = f"kestrel-{world.number}"
    world.deployment.command("partner", "add", name, "--system-variable", "sapUserId", "--key", key)
    answer = world.anyone.post(f"{path}/acceptance", NEW)
    accounts = [(row["name"], row["verified"]) for row in account.admin.all(account.accounts)]
    expect(answer.status >= 400, f"it is accepted; partner accounts: {accounts}")


@check
def never_verified_by_name(world: World) -> None:
    """D-6 people who were never verified do not become users of a verified partner's account"""
    account = world.account()
    name = world.unique("Harrier Partners")
    stranger = world.partner_user(account, name)
    admin = world.address("head", "harrier.example")
    words = ("--system-variable", "sapUserId", "--key", f"harrier-{world.number}", "--admin", admin)
    world.deployment.command("partner", "add", name, *words)
    world.accept(admin)
    world.invite(account, admin, "Something else")
    world.accept(admin, account.name)
    mine = world.member(account, admin)
    expect(mine["account"]["verified"], "the admin's account is not verified")
    users = account.admin.all(f"{account.accounts}/{mine['account']['id']}/users")
    expect(stranger["id"] not in [user["id"] for user in users], "a stranger is listed under the verified partner")


@check
def renamed(world: World) -> None:
    """F-040 a renamed partner account still takes in those who were invited to it by its first label"""
    account, address = world.account(), world.address("max")
    member = world.partner_user(account, "Brightside")
    world.invite(account, address, "Brightside")
    path = f"{account.accounts}/{member['account']['id']}"
    answer = account.admin.patch(path, {"name": "Brightside Consulting", "galleryOn": True}).expect(200)
    expect_same((answer["name"], answer["galleryOn"]), ("Brightside Consulting", True), "the account")
    world.accept(address)
    expect_same(only_account(account)["users"], 2, "users of the one account")


@check
def merged(world: World) -> None:
    """D-6 F-040 two partner accounts are merged: users and invitations move, the first one is gone"""
    account, address = world.account(), world.address("max")
    source = world.partner_user(account, "Brightside")["account"]["id"]
    target = world.partner_user(account, "Darkside")["account"]["id"]
    row = {"email": address, "role": "builder", "systems": [account.system]}
    account.admin.post(account.invitations, {"partnerAccount": source, "invitations": [row]}).expect(201)
    for into in (source, "0190c7a8-0000-7000-8000-000000000001"):
        answer = account.admin.post(f"{account.accounts}/{source}/merge", {"into": into})
        expect(answer.status in (404, 422), f"merging into {into} answers {answer.status}")
    answer = account.admin.post(f"{account.accounts}/{source}/merge", {"into": target}).expect(200)
    expect_same((answer["id"], answer["users"]), (target, 2), "the merged account")
    world.accept(address)
    expect_same((only_account(account)["id"], only_account(account)["users"]), (target, 3), "the one account")


@check
def merge_keeps_labels(world: World) -> None:
    """F-040 after a merge, who was invited by the first account's label joins the account that it went into"""
    account, address = world.account(), world.address("max")
    source = world.partner_user(account, "Brightside")["account"]["id"]
    target = world.partner_user(account, "Darkside")["account"]["id"]
    world.invite(account, address, "Brightside")
    account.admin.post(f"{account.accounts}/{source}/merge", {"into": target}).expect(200)
    world.accept(address)
    expect_same(only_account(account)["users"], 3, "users of the one account")


@check
def verified_not_merged(world: World) -> None:
    """D-6 a verified partner's account is not merged into a labelled one"""
    account = world.account()
    labelled = world.partner_user(account, "Brightside")["account"]["id"]
    address, _ = world.staff("partnerViewer")
    world.invite(account, address, "Brightside")
    world.accept(address, account.name)
    verified = world.member(account, address)["account"]["id"]
    account.admin.post(f"{account.accounts}/{verified}/merge", {"into": labelled}).expect(409, "conflict")
