"""The writes of kills.py: what one thread does to its accounts, by chance."""

import json
import random
import uuid

from client import Client
from kills_ledger import STAFF_PATH, SYSTEM, Account, Books, Joining, Write
from mailbox import Mail
from world import PASSWORD

# Beyond this many a thread makes no more accounts in a round.
ACCOUNTS_MAX = 60
INVITEES = 3
MAILS_MAX = 8
ROLES = ("analyst", "builder", "translator")


class Writer:
    """Chooses the next write."""

    def __init__(self, books: Books, dice: random.Random):
        self.books, self.dice = books, dice
        self.number = 0

    def word(self, start: str) -> str:
        self.number += 1
        return f"{start}{self.books.number}x{self.number}x{self.dice.getrandbits(24):06x}"

    def key(self) -> str:
        return f"kill-{self.dice.getrandbits(96):x}"

    def next(self) -> Write | None:
        """A write that makes sense for some account; nothing where chance finds none."""
        accounts = [account for account in self.books.accounts if account.state == "there"]
        if not accounts or (len(accounts) < ACCOUNTS_MAX and self.dice.random() < 0.15):
            return self.create()
        account = self.dice.choice(accounts[-12:] if self.dice.random() < 0.7 else accounts)
        choices = [self.rekey, self.cache, self.suspend, self.suspend, self.name_admin, self.name_admin,
                   self.send_again, self.send_again, self.withdraw]
        if not account.activated:
            choices += [self.remove, self.accept, self.accept]
        else:
            choices += [self.close, self.invite_users, self.invite_users, self.invite_partners, self.invite_partners,
                        self.accept, self.change_member, self.remove_member]
        return self.dice.choice(choices)(account)

    # A partner's staff

    def create(self) -> Write:
        account = Account(self.word("Alpina "), str(uuid.UUID(int=self.dice.getrandbits(128), version=4)))
        admins = [f"{self.word('it')}@alpina.example" for _ in range(self.dice.randint(1, 2))]
        self.books.accounts.append(account)
        body = {"name": account.name, "system": SYSTEM, "systemClientId": account.client_id, "admins": admins}
        key = self.key()

        def apply(account: Account) -> None:
            account.state = "there"
            account.joinings |= {admin: Joining("admin") for admin in admins}
            account.partner_chain.append("client.created")

        return Write("create a client", account, lambda: self.books.staff.post(STAFF_PATH, body, key), apply)

    def rekey(self, account: Account) -> Write:
        new = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

        def apply(account: Account) -> None:
            account.old_ids.append(account.client_id)
            account.client_id = new
            account.audit("system.changed", both=True)

        return self.patch("change a System Client ID", account, {"systemClientId": new}, apply)

    def cache(self, account: Account) -> Write:
        new = self.dice.choice([value for value in ("critical", "relaxed", None) if value != account.cache])

        def apply(account: Account) -> None:
            account.cache = new
            account.audit("system.changed", both=True)

        return self.patch("change a cache class", account, {"cacheClass": new}, apply)

    def patch(self, what: str, account: Account, body: dict, apply) -> Write:
        path = self.books.path(account)
        return Write(what, account, lambda: self.books.staff.patch(path, body, "*"), apply, has_key=False)

    def suspend(self, account: Account) -> Write:
        return self.state(account, "suspension", "suspended", "suspended", "resumed")

    def close(self, account: Account) -> Write:
        return self.state(account, "closing", "closing", "closing", "closingCancelled")

    def state(self, account: Account, end: str, name: str, action: str, undone: str) -> Write:
        path = f"{self.books.path(account)}/{end}"
        if getattr(account, name):
            def apply(account: Account) -> None:
                setattr(account, name, False)
                account.audit(f"client.{undone}", both=True)

            return Write(f"end a {end}", account, lambda: self.books.staff.delete(path), apply, False, True)
        reason = self.word("reason")

        def apply(account: Account) -> None:
            setattr(account, name, True)
            account.audit(f"client.{action}", both=True)
            # The mail about a closing names no reason.
            account.notices[reason if end == "suspension" else f"{account.name}” is being closed"] = account.admins

        body = {"reason": reason}
        return Write(f"begin a {end}", account, lambda: self.books.staff.put(path, body), apply, False, True)

    def remove(self, account: Account) -> Write | None:
        if self.dice.random() < 0.6:
            return None
        path = self.books.path(account)

        def apply(account: Account) -> None:
            account.state = "removed"
            account.audit("client.removed", both=True)
            for joining in account.joinings.values():
                joining.status = "withdrawn"

        return Write("remove a client", account, lambda: self.books.staff.delete(path, "*"), apply, has_key=False)

    def name_admin(self, account: Account) -> Write | None:
        if len(account.pending["admin"]) > 3:
            return None
        address, path, key = f"{self.word('adm')}@alpina.example", f"{self.books.path(account)}/admins", self.key()

        def apply(account: Account) -> None:
            account.joinings[address] = Joining("admin")
            account.audit("invitation.sent")

        return Write("name an admin", account, lambda: self.books.staff.post(path, {"email": address}, key), apply)

    # A client's own people

    def invite_users(self, account: Account) -> Write:
        address, key = f"{self.word('user')}@alpina.example", self.key()
        admin, path = self.books.admin(account), f"{self.books.own(account)}/users"
        body = {"email": address, "role": "analyst"}

        def apply(account: Account) -> None:
            account.joinings[address] = Joining("user")
            account.audit("invitation.sent")

        return Write("invite a user", account, lambda: admin.post(path, body, key), apply)

    def invite_partners(self, account: Account) -> Write:
        addresses, key = [f"{self.word('lee')}@brightside.example" for _ in range(INVITEES)], self.key()
        admin, own = self.books.admin(account), self.books.own(account)
        systems = [admin.get(f"{own}/systems").expect(200).items[0]["id"]]
        rows = [{"email": address, "role": "builder", "systems": systems} for address in addresses]
        body = {"label": "Brightside", "invitations": rows}

        def apply(account: Account) -> None:
            for address in addresses:
                account.joinings[address] = Joining("partner")
                account.audit("invitation.sent")

        return Write(f"invite {INVITEES} partner users", account,
                     lambda: admin.post(f"{own}/partner-invitations", body, key), apply)

    def joining(self, account: Account) -> tuple[str, Client, str] | None:
        """A pending invitation: the address, who deals with it, and its path."""
        waiting = [address for address, joining in account.joinings.items() if joining.status == "pending"]
        if not waiting:
            return None
        address = self.dice.choice(waiting)
        id, kind = self.books.joining(account, address), account.joinings[address].kind
        if kind == "admin":
            return address, self.books.staff, f"{self.books.path(account)}/admins/{id}"
        end = "users/invitations" if kind == "user" else "partner-invitations"
        return address, self.books.admin(account), f"{self.books.own(account)}/{end}/{id}"

    def send_again(self, account: Account) -> Write | None:
        if not (found := self.joining(account)):
            return None
        (address, who, path), key = found, self.key()
        if account.joinings[address].mails >= MAILS_MAX:
            return None

        def apply(account: Account) -> None:
            account.joinings[address].mails += 1
            account.audit("invitation.sentAgain")

        return Write("send an invitation again", account, lambda: who.post(f"{path}/mails", None, key), apply)

    def withdraw(self, account: Account) -> Write | None:
        if not (found := self.joining(account)) or self.dice.random() < 0.5:
            return None
        address, who, path = found
        # The last named admin of a client that nobody has joined stays.
        if account.joinings[address].kind == "admin" and len(account.pending["admin"]) + len(account.admins) < 2:
            return None

        def apply(account: Account) -> None:
            account.joinings[address].status = "withdrawn"
            account.audit("invitation.withdrawn")

        return Write("withdraw an invitation", account, lambda: who.delete(path), apply, has_key=False)

    def accept(self, account: Account, chance: float = 0.6) -> Write | None:
        """Signs somebody up by the newest mail; a hash of a password each."""
        waiting = [address for kind in ("admin", "user") for address in account.pending[kind]]
        mails = {mail.to: mail for mail in self.books.world.mailbox.mails if mail.to in waiting and mail.link}
        if not mails or self.dice.random() > chance or len(account.members) > 4:
            return None
        address, mail = self.dice.choice(sorted(mails.items()))
        role = "admin" if account.joinings[address].kind == "admin" else "analyst"

        def apply(account: Account) -> None:
            account.joinings[address].status = "accepted"
            account.members[address] = role
            if role == "admin" and not account.activated:
                account.activated = True
                account.audit("client.activated")
            account.audit("invitation.accepted")

        def send():
            new = {"firstName": "Lee", "lastName": "Moreau", "password": PASSWORD}
            answer = self.books.anyone.post(f"{newest(self.books, address, mail).path}/acceptance", new)
            if answer.status == 200:
                self.books.sessions[address] = Client(self.books.anyone.control, answer.session)
            return answer

        return Write("accept an invitation", account, send, apply, has_key=False)

    def change_member(self, account: Account) -> Write | None:
        found = [address for address, role in account.members.items() if role != "admin"]
        if not found:
            return None
        address = self.dice.choice(found)
        role = self.dice.choice([role for role in ROLES if role != account.members[address]])
        admin = self.books.admin(account)
        path = f"{self.books.own(account)}/users/{self.books.member(account, address)}"

        def apply(account: Account) -> None:
            account.members[address] = role
            account.audit("member.changed")

        return Write("change a member", account, lambda: admin.patch(path, {"role": role}, "*"), apply, has_key=False)

    def remove_member(self, account: Account) -> Write | None:
        found = [address for address, role in account.members.items() if role != "admin"]
        if not found:
            return None
        address = self.dice.choice(found)
        admin = self.books.admin(account)
        path = f"{self.books.own(account)}/users/{self.books.member(account, address)}"

        def apply(account: Account) -> None:
            del account.members[address]
            account.audit("member.removed")

        return Write("remove a member", account, lambda: admin.delete(path, "*"), apply, has_key=False)

    # Beside accounts

    def rows(self) -> tuple[str, bytes]:
        """A file to import: the start of its clients' names, and its bytes."""
        start = self.word("Import ")
        rows = [{"name": f"{start} {row}", "system": SYSTEM, "systemClientId": f"{start}-{row}".replace(" ", "-"),
                 "admins": [f"{start}-{row}@import.example".replace(" ", "-").lower()]} for row in range(20)]
        return start, "\n".join(json.dumps(row) for row in rows).encode()


def newest(books: Books, address: str, known: Mail) -> Mail:
    """The last mail to an address."""
    mails = [mail for mail in books.world.mailbox.mails if mail.to == address and mail.link]
    return mails[-1] if mails else known
