"""Who may do what: the roles table, and that losing a role counts at once."""

from client import Client
from suite import check, expect, expect_same, found
from world import Account, World

PRODUCTS = {
    "admin": ["adminCenter", "editor", "insights"],
    "systemManager": ["adminCenter", "editor", "insights"],
    "contentManager": ["adminCenter", "editor", "insights"],
    "publisher": ["editor"],
    "builder": ["editor"],
    "contentCreator": ["editor"],
    "contentViewer": ["editor", "insights"],
    "analyst": ["insights"],
    "translator": ["editor"],
}
STAFF = {
    # Clients are seen by all staff (D-18), and so are the settings, which every page shows.
    "clientManager": {"clients", "settings"},
    "partnerBuilder": {"clients", "settings"},
    "partnerPublisher": {"clients", "settings"},
    "partnerViewer": {"clients", "settings"},
    "partnerAdmin": {"clients", "staff", "settings", "audit-events"},
}


@check
def products(world: World) -> None:
    """F-031 F-032 F-033 D-2 the Hub names each account's role, systems, status, and the products that the role opens"""
    account, address = world.account(), world.address("lee")
    member = world.partner_user(account, "Brightside", address=address)
    for role, wanted in PRODUCTS.items():
        account.admin.patch(member["path"], {"role": role}).expect(200)
        hub = world.people[address].get("/me/accounts").expect(200)["clients"]
        row = found(hub, "the Hub", id=account.id)
        expect_same((row["role"], sorted(row["products"])), (role, wanted), "the Hub's row")
        expect_same((row["partnerAccountStatus"], row["name"]), ("active", account.name), "status and name")
        expect_same([system["id"] for system in row["systems"]], [account.system], "systems")
    account.admin.patch(member["path"], {"systems": []}).expect(200)
    row = world.people[address].get("/me/accounts")["clients"][0]
    expect_same(row["partnerAccountStatus"], "noUsersOrSystems", "the status without systems")


def partners_tab(account: Account, client: Client) -> dict[str, int]:
    """Tries everything on the Partners tab; the statuses."""
    row = {"email": "x@brightside.example", "role": "analyst", "systems": [account.system]}
    id = "0190c7a8-0000-7000-8000-000000000001"
    user = f"{account.accounts}/{id}/users/{id}"
    answers = (
        client.get(account.invitations),
        client.post(account.invitations, {"label": "Brightside", "invitations": [row]}),
        client.delete(f"{account.invitations}/{id}"),
        client.post(f"{account.invitations}/{id}/mails"),
        client.get(account.accounts),
        client.get(f"{account.accounts}/{id}"),
        client.patch(f"{account.accounts}/{id}", {"galleryOn": True}, match="*"),
        client.post(f"{account.accounts}/{id}/deletion", {"confirmName": "Brightside"}),
        client.post(f"{account.accounts}/{id}/merge", {"into": id}),
        client.get(f"{account.accounts}/{id}/users"),
        client.get(user),
        client.patch(user, {"role": "admin"}, match="*"),
        client.put(f"{account.path}/closing", {"reason": "no"}),
        client.delete(f"{account.path}/closing"),
    )
    return {answer.asked: answer.status for answer in answers}


@check
def only_admins(world: World) -> None:
    """F-009 D-15 only admins act on the Partners tab: other roles are forbidden it, who is no member finds nothing"""
    account = world.account()
    address, person = world.user(account, "systemManager", [account.system])
    users = account.admin.all(f"{account.path}/users")
    path = f"{account.path}/users/" + next(user["id"] for user in users if user["email"] == address)
    for role in PRODUCTS:
        if role == "admin":
            continue
        account.admin.patch(path, {"role": role}).expect(200)
        for asked, status in partners_tab(account, person).items():
            expect(status == 403, f"{role}: {asked} answers {status}")
    _, stranger = world.person()
    for who, client, wanted in (("a stranger", stranger, 404), ("nobody", world.anyone, 401)):
        for asked, status in partners_tab(account, client).items():
            expect(status == wanted, f"{who}: {asked} answers {status}")


@check
def only_admins_delete(world: World) -> None:
    """F-009 F-058 a partner user is deleted by admins only; to others it is forbidden, or there is nothing"""
    account = world.account()
    member = world.partner_user(account, "Brightside")
    world.people[member["email"]].delete(member["path"], match="*").expect(403)
    world.lena.delete(member["path"], match="*").expect(404)
    account.admin.get(member["path"]).expect(200)


@check
def staff_rights(world: World) -> None:
    """D-15 each role of partner staff reaches what the table gives it, and nothing else"""
    address, person = world.staff("partnerViewer")
    staff = world.ada.all("/partners/tessera/staff?limit=200")
    path = "/partners/tessera/staff/" + next(one["id"] for one in staff if one["email"] == address)
    for role, reach in STAFF.items():
        world.ada.patch(path, {"role": role}).expect(200)
        person.get("/partners/tessera").expect(200)
        for part in ("clients", "staff", "settings", "audit-events"):
            answer = person.get(f"/partners/tessera/{part}")
            expect_same(answer.status, 200 if part in reach else 403, f"{role} reads {part}")


@check
def grants(world: World) -> None:
    """D-15 F-009 a System Manager manages regular users of own systems only, in roles up to Builder"""
    account = world.account()
    address, manager = world.user(account, "systemManager", [account.system])
    users = f"{account.path}/users"
    body = {"system": "sap-concur", "name": "Other", "systemClientId": world.client_id()}
    other = account.admin.post(f"{account.path}/systems", body).expect(201)["id"]
    for role in PRODUCTS:
        may = role in ("builder", "contentCreator", "contentViewer", "analyst", "translator")
        new = {"email": world.address("kim"), "role": role, "systems": [account.system]}
        manager.post(users, new).expect(201 if may else 403)
    for systems in ([other], [], [account.system, other]):
        new = {"email": world.address("kim"), "role": "analyst", "systems": systems}
        manager.post(users, new).expect(403)
    own = next(user for user in account.admin.all(users) if user["email"] == address)
    manager.patch(f"{users}/{own['id']}", {"role": "admin"}, match="*").expect(403)


def user_of(world: World, account: Account, role: str, systems: list[str]) -> str:
    address, _ = world.user(account, role, systems)
    users = account.admin.all(f"{account.path}/users")
    return f"{account.path}/users/" + next(user["id"] for user in users if user["email"] == address)


@check
def manager_changes_role(world: World) -> None:
    """D-15 a System Manager changes just the role of a user of own systems"""
    account = world.account()
    _, manager = world.user(account, "systemManager", [account.system])
    path = user_of(world, account, "analyst", [account.system])
    manager.patch(path, {"role": "builder"}).expect(200)


@check
def manager_sees_own(world: World) -> None:
    """D-15 a System Manager sees regular users of own systems only"""
    account = world.account()
    body = {"system": "sap-concur", "name": "Other", "systemClientId": world.client_id()}
    other = account.admin.post(f"{account.path}/systems", body).expect(201)["id"]
    _, manager = world.user(account, "systemManager", [account.system])
    path = user_of(world, account, "analyst", [other])
    own = user_of(world, account, "analyst", [account.system])
    manager.get(own).expect(200)
    manager.patch(path, {"role": "builder", "systems": [account.system]}, match="*").expect(403)
    manager.delete(path, match="*").expect(403)
    seen = [user["id"] for user in manager.all(f"{account.path}/users")]
    expect(path.split("/")[-1] not in seen, "the list shows a user of another system")


@check
def regular_admins_stay(world: World) -> None:
    """D-15 only regular admins remove regular admins, or take their role; the last regular admin stays"""
    account, address = world.account(), world.address("lee")
    world.partner_user(account, "Brightside", role="admin", address=address)
    partner_admin = world.people[address]
    nora = account.admin.all(f"{account.path}/users")[0]
    path = f"{account.path}/users/{nora['id']}"
    partner_admin.delete(path, match="*").expect(403, "forbidden")
    partner_admin.patch(path, {"role": "analyst"}, match="*").expect(403, "forbidden")
    account.admin.delete(path, match="*").expect(409, "conflict")
    account.admin.patch(path, {"role": "analyst"}).expect(409, "conflict")
    _, second = world.user(account, "admin")
    second.delete(path, match="*").expect(204)
    account.admin.get(account.path).expect(404)


@check
def at_once(world: World) -> None:
    """F-009 D-15 losing a role counts on the very next request (trust.md, Sessions)"""
    account = world.account()
    address, boss = world.user(account, "admin")
    path = next(user["id"] for user in account.admin.all(f"{account.path}/users") if user["email"] == address)
    boss.get(account.invitations).expect(200)
    account.admin.patch(f"{account.path}/users/{path}", {"role": "builder"}).expect(200)
    boss.get(account.invitations).expect(403)
    account.admin.delete(f"{account.path}/users/{path}", match="*").expect(204)
    boss.get(account.path).expect(404)
    expect_same(boss.get("/me/accounts").expect(200)["clients"], [], "the Hub")
