"""Submissions of invitations: what is told of the addresses in them, and what is refused."""

import statistics
import time

from client import Answer
from joining import shape
from partners_tab import one
from suite import check, expect, expect_same, found, until
from world import Account, World


@check
def nothing_told(world: World) -> None:
    """F-013 F-014 F-015 D-13 known, unknown and non-existent addresses, and regular users, get the same answer"""
    account = world.account()
    known, _ = world.person()
    partner_elsewhere = world.address("lee")
    world.partner_user(world.shared, "Brightside", address=partner_elsewhere)
    regular, _ = world.user(account, "analyst")
    unknown, missing = world.address("kim"), world.address("gone")
    world.mailbox.refused.add(missing)
    staff = "ada@tessera.example"
    wanted = shape(invited_as(world, account, unknown)[0])
    for what, address in {"a known person": known, "another client's partner user": partner_elsewhere, "staff": staff,
                          "a regular user of this client": regular, "no mailbox": missing}.items():
        expect_same(shape(invited_as(world, account, address)[0]), wanted, f"the answer for {what}")
    for address in (known, regular, unknown, partner_elsewhere, staff):
        until(lambda address=address: world.mailbox.find(address, account.name), f"a mail to {address}")
    statuses = {row["status"] for row in account.admin.all(account.invitations)}
    expect_same(statuses, {"pendingApproval"}, "the statuses, also of the mailbox that refused")


@check
def same_time(world: World) -> None:
    """F-014 inviting a known person takes as long as inviting an unknown one"""
    account = world.account()
    people = [world.person()[0] for _ in range(9)]
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for known in people:
        for is_known, address in ((True, known), (False, world.address("kim"))):
            start = time.perf_counter()
            invited_as(world, account, address)
            seconds[is_known].append(time.perf_counter() - start)
    medians = {is_known: statistics.median(values) for is_known, values in seconds.items()}
    ratio = medians[True] / medians[False]
    expect(0.4 < ratio < 2.5, f"a known person takes {ratio:.2f} times as long")


@check
def all_or_none(world: World) -> None:
    """F-019 a submission with one fault sends nothing at all"""
    account = world.shared
    good, foreign = world.address("lee"), world.account().system
    faults = (
        one(account, "no address"), one(account, world.address("max"), role="owner"),
        one(account, world.address("max"), systems=[]), one(account, world.address("max"), systems=[foreign]),
        one(account, good), one(account, good.upper()), {"email": world.address("max"), "role": "builder"},
    )
    before = account.admin.all(account.invitations)
    for fault in faults:
        body = {"label": "Brightside", "invitations": [one(account, good), fault]}
        account.admin.post(account.invitations, body).expect(422)
    world.mailbox.settle()
    expect_same(world.mailbox.count(good), 0, f"mails to {good}")
    expect_same(account.admin.all(account.invitations), before, "the invitations")


@check
def one_account_named(world: World) -> None:
    """D-6 a submission names either one partner account of this client, or one label"""
    account = world.account()
    other = world.partner_user(world.shared, "Brightside")["account"]["id"]
    rows = [one(account, world.address("lee"))]
    unknown = "0190c7a8-0000-7000-8000-000000000001"
    account.admin.post(account.invitations, {"invitations": rows}).expect(422, "invalid")
    both = {"label": "Brightside", "partnerAccount": unknown, "invitations": rows}
    account.admin.post(account.invitations, both).expect(422, "invalid")
    answers = [
        account.admin.post(account.invitations, {"partnerAccount": id, "invitations": rows}).expect(404)
        for id in (unknown, other)
    ]
    expect_same(shape(answers[1]), shape(answers[0]), "another client's partner account")


@check
def at_most_a_hundred(world: World) -> None:
    """F-012 one submission invites 1 to 100 people"""
    account, admin = world.account(admin="many@nordwind.example"), None
    rows = [one(account, world.address("crowd")) for _ in range(101)]
    admin = account.admin
    admin.post(account.invitations, {"label": "Brightside", "invitations": []}).expect(422)
    admin.post(account.invitations, {"label": "Brightside", "invitations": rows}).expect(422)
    admin.post(account.invitations, {"label": "Brightside", "invitations": rows[:100]}).expect(201)
    expect_same(len(admin.all(account.invitations + "?limit=7")), 100, "the invitations")


@check
def quotas(world: World) -> None:
    """F-015 an admin sends at most 500 invitations an hour, one invitation ten mails a day (trust.md, Links in mail)"""
    account = world.account(admin="eager@nordwind.example")
    made = world.invite(account, world.address("lee"), "Brightside")
    for _ in range(9):
        account.admin.post(f"{account.invitations}/{made['id']}/mails").expect(201)
    answer = account.admin.post(f"{account.invitations}/{made['id']}/mails").expect(429, "tooMany")
    expect(int(answer.fields.get("retry-after", 0)) > 0, "no Retry-After")
    for _ in range(4):
        rows = [one(account, world.address("crowd")) for _ in range(100)]
        account.admin.post(account.invitations, {"label": "Brightside", "invitations": rows}).expect(201)
    last = rows[-1]["email"]
    rows = [one(account, world.address("crowd")) for _ in range(100)]
    account.admin.post(account.invitations, {"label": "Brightside", "invitations": rows}).expect(429, "tooMany")
    until(lambda: world.mailbox.count(last), "the mails, which would hold those of other checks up", 300)


def invited_as(world: World, account: Account, address: str) -> tuple[Answer, dict]:
    """The answer to an invitation, and its row in the list; what must differ, replaced."""
    body = {"label": "Brightside", "invitations": [one(account, address)]}
    answer = account.admin.post(account.invitations, body).expect(201)
    made = answer.items[0]
    row = found(account.admin.all(account.invitations), "the list", id=made["id"])
    expect_same(row, made, "the row and the answer")
    for text, name in ((address, "ADDRESS"), (made["id"], "ID"), (made["createdAt"], "TIME"), (made["sentAt"], "TIME"),
                       (made["expiresAt"], "END"), (answer.fields["etag"], "TAG")):
        answer.body = answer.body.replace(text.encode(), name.encode())
        answer.fields = {field: value.replace(text, name) for field, value in answer.fields.items()}
    answer.fields.pop("content-length")
    return answer, row
