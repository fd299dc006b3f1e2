"""Another tenant's ids answer exactly as unknown ones; and what was done stands in the audit."""

import csv
import io

from joining import shape
from suite import check, expect, expect_same
from world import World

UNKNOWN = "0190c7a8-0000-7000-8000-000000000001"


def compare(client, method: str, path: str, foreign: str, body: object = None) -> None:
    """Asks with a foreign id and with an unknown one; `ID` in path and body stands for it."""
    seen = []
    for id in (foreign, UNKNOWN):
        text = None if body is None else eval(repr(body).replace("ID", id))  # noqa: S307: our own literals
        answer = client.ask(method, path.replace("ID", id), text, {"If-Match": "*"})
        answer.body = answer.body.replace(id.encode(), b"ID")
        answer.fields.pop("content-length", None)
        expect(answer.status >= 400, f"{method} {path} answers {answer.status}")
        seen.append(shape(answer))
    expect_same(seen[0], seen[1], f"{method} {path} with a foreign id")


@check
def foreign_clients(world: World) -> None:
    """F-009 D-18 another tenant's client answers as an unknown one, at every address below it"""
    other = world.account("Geheim Werke", admin="otto@geheim.example")
    id = other.id
    _, stranger = world.person()
    row = {"email": "x@y.example", "role": "builder", "systems": [world.shared.system]}
    for client in (stranger, world.nora, world.lena):
        for method, path, body in (
            ("GET", "", None), ("GET", "/systems", None), ("GET", "/users", None), ("GET", "/users/invitations", None),
            ("GET", "/partner-invitations", None), ("GET", "/partner-accounts", None), ("GET", "/audit-events", None),
            ("POST", "/partner-invitations", {"label": "Brightside", "invitations": [row]}),
            ("POST", "/users", {"email": "x@y.example", "role": "builder"}), ("PUT", "/closing", {"reason": "x"}),
            ("DELETE", "/closing", None), ("GET", f"/systems/{other.system}", None),
            ("PATCH", f"/systems/{other.system}", {"name": "X"}), ("DELETE", f"/systems/{other.system}", None),
        ):
            compare(client, method, f"/clients/ID{path}", id, body)
    for method, path, body in (
        ("GET", "", None), ("PATCH", "", {"system": "sap-concur"}), ("DELETE", "", None), ("GET", "/admins", None),
        ("POST", "/admins", {"email": "x@y.example"}), ("PUT", "/suspension", {"reason": "x"}),
        ("DELETE", "/suspension", None), ("PUT", "/closing", {"reason": "x"}), ("DELETE", "/closing", None),
    ):
        compare(world.lena, method, f"/partners/lumen/clients/ID{path}", id, body)
    expect_same(other.admin.get(other.path).expect(200)["state"], "activated", "the client afterwards")


@check
def foreign_partners(world: World) -> None:
    """F-009 another partner answers as an unknown one, by id and by key"""
    id = world.ada.get("/partners/tessera").expect(200)["id"]
    for path in ("", "/settings", "/staff", "/clients", "/audit-events", "/staff/invitations"):
        compare(world.lena, "GET", f"/partners/ID{path}", id)
        by_key = world.lena.get(f"/partners/tessera{path}").expect(404)
        expect_same(shape(by_key), shape(world.lena.get(f"/partners/tessere{path}")), f"{path} by key")
    compare(world.lena, "PATCH", "/partners/ID/settings", id, {"systemVariable": "x"})
    compare(world.lena, "POST", "/partners/ID/staff", id, {"email": "x@y.example", "role": "partnerAdmin"})


@check
def foreign_parts(world: World) -> None:
    """F-004 F-009 people, systems, invitations and accounts of another client answer as unknown ones in one's own"""
    other = world.account("Geheim Werke", admin="otto@geheim.example")
    member = world.partner_user(other, "Brightside")
    pending = world.invite(other, world.address("max"), "Brightside")["id"]
    person, account = member["id"], member["account"]["id"]
    own = world.account()
    mine = world.partner_user(own, "Brightside")
    users = f"{own.accounts}/{mine['account']['id']}/users"
    row = {"email": "new@brightside.example", "role": "builder", "systems": ["ID"]}
    for method, path, id, body in (
        ("GET", f"{own.path}/systems/ID", other.system, None),
        ("PATCH", f"{own.path}/systems/ID", other.system, {"name": "X"}),
        ("DELETE", f"{own.path}/systems/ID", other.system, None),
        ("GET", f"{own.path}/users/ID", person, None), ("DELETE", f"{own.path}/users/ID", person, None),
        ("DELETE", f"{own.path}/users/invitations/ID", pending, None),
        ("POST", f"{own.path}/users/invitations/ID/mails", pending, None),
        ("DELETE", f"{own.invitations}/ID", pending, None), ("POST", f"{own.invitations}/ID/mails", pending, None),
        ("POST", own.invitations, other.system, {"label": "Brightside", "invitations": [row]}),
        ("POST", f"{own.path}/users", other.system, row),
        ("GET", f"{own.accounts}/ID", account, None), ("PATCH", f"{own.accounts}/ID", account, {"galleryOn": True}),
        ("POST", f"{own.accounts}/ID/deletion", account, {"confirmName": "Brightside"}),
        ("POST", f"{own.accounts}/{mine['account']['id']}/merge", account, {"into": "ID"}),
        ("POST", f"{own.accounts}/ID/merge", account, {"into": mine["account"]["id"]}),
        ("GET", f"{own.accounts}/ID/users", account, None), ("GET", f"{users}/ID", person, None),
        ("PATCH", f"{users}/ID", person, {"role": "admin"}),
        ("PATCH", f"{users}/{mine['id']}", other.system, {"systems": ["ID"]}),
    ):
        compare(own.admin, method, path, id, body)
    expect_same(world.member(other, member["email"])["role"], "builder", "the other client's user afterwards")


@check
def audited(world: World) -> None:
    """D-17 each action on a client account has its row in the audit: who, what, on whom, from where; the chain holds"""
    account, address = world.account(), world.address("lee")
    made = world.invite(account, address, "Brightside")
    world.mailbox.next(address)
    account.admin.post(f"{account.invitations}/{made['id']}/mails").expect(201)
    world.accept(address)
    member = world.member(account, address)
    account.admin.patch(member["path"], {"role": "analyst"}).expect(200)
    path = f"{account.accounts}/{member['account']['id']}"
    account.admin.patch(path, {"name": "Brightside 2"}).expect(200)
    account.admin.post(f"{path}/deletion", {"confirmName": "Brightside 2"}).expect(204)
    gone = world.invite(account, world.address("max"), "Brightside")
    account.admin.delete(f"{account.invitations}/{gone['id']}").expect(204)
    events = list(reversed(account.admin.all(f"{account.path}/audit-events?limit=3")))
    wanted = ["invitation.sent", "invitation.sentAgain", "invitation.accepted", "member.changed",
              "partnerAccount.changed", "member.removed", "partnerAccount.deleted", "invitation.sent",
              "invitation.withdrawn"]
    expect_same([event["action"] for event in events][-len(wanted):], wanted, "the actions")
    me = account.admin.get("/me")["id"]
    last = events[-1]
    expect_same((me in last["actor"], last["address"]), (True, "127.0.0.1"), f"who and from where: {last}")
    expect(last["requestId"] and address not in str(events), "no request id, or an address in the chain")
    expect("0 broken" in world.deployment.command("audit", "verify"), "the chain is broken")


@check
def partner_audit(world: World) -> None:
    """D-4 D-7 a partner's audit has clients made, changed, suspended and removed, staff and settings"""
    address, _ = world.staff("partnerViewer")
    made = world.new_client([world.address("it")])
    path = f"/partners/tessera/clients/{made['id']}"
    world.ada.patch(path, {"cacheClass": "critical"}).expect(200)
    world.ada.put(f"{path}/suspension", {"reason": "x"}).expect(200)
    world.ada.delete(f"{path}/suspension").expect(204)
    row = world.ada.get(f"{path}/admins").items[0]
    world.ada.post(f"{path}/admins", {"email": world.address("it")}).expect(201)
    world.ada.delete(f"{path}/admins/{row['id']}").expect(204)
    world.ada.delete(path, match="*").expect(204)
    settings = world.ada.get("/partners/tessera/settings")["cacheClass"]
    for value in ("relaxed", settings):
        world.ada.patch("/partners/tessera/settings", {"cacheClass": value}).expect(200)
    staff = world.ada.all("/partners/tessera/staff?limit=200")
    person = next(one["id"] for one in staff if one["email"] == address)
    world.ada.patch(f"/partners/tessera/staff/{person}", {"role": "partnerBuilder"}).expect(200)
    world.ada.delete(f"/partners/tessera/staff/{person}", match="*").expect(204)
    events = {event["action"] for event in world.ada.get("/partners/tessera/audit-events?limit=60").items}
    wanted = {"client.created", "client.suspended", "client.resumed", "client.removed", "system.changed",
              "staff.changed", "staff.removed", "invitation.sent", "invitation.accepted"}
    expect(wanted <= events, f"no rows for {wanted - events}")
    expect([event for event in events if event.startswith(("settings", "partner"))], f"no row for settings: {events}")


@check
def audit_table(world: World) -> None:
    """api.md, Conventions: the audit as CSV is RFC 4180, and no cell is run as a formula"""
    account = world.account()
    member = world.partner_user(account, "=cmd()")
    path = f"{account.accounts}/{member['account']['id']}"
    account.admin.patch(path, {"name": '+1,"2"'}).expect(200)
    answer = account.admin.get(f"{account.path}/audit-events?limit=4", Accept="text/csv").expect(200)
    expect(answer.fields["content-type"].startswith("text/csv"), "the type")
    expect(answer.body.endswith(b"\r\n"), "the last line's end")
    rows = list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
    expect_same(len({len(row) for row in rows}), 1, "columns")
    listed = account.admin.get(f"{account.path}/audit-events?limit=4").items
    expect_same([row[0] for row in rows[1:]], [str(event["sequence"]) for event in listed], "the events")
    cells = [cell for row in rows for cell in row]
    expect(not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell], "a formula")
    expect("link" in answer.fields, "no link to what follows")
