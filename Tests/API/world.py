"""What checks start from: two partners with an admin each, people, and client accounts."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from client import Client
from deployment import Deployment
from mailbox import Mail, Mailbox
from suite import Fault, preparing

PASSWORD = "seven green lanterns at dusk"


@dataclass
class Account:
    """A client account: its id, its first system, that system's id in pages, and somebody who runs it."""

    id: str
    name: str
    system: str
    client_id: str
    admin: Client

    @property
    def path(self) -> str:
        return f"/clients/{self.id}"

    @property
    def invitations(self) -> str:
        return f"{self.path}/partner-invitations"

    @property
    def accounts(self) -> str:
        return f"{self.path}/partner-accounts"


class World:
    """A deployment with the partners Tessera (admin Ada) and Lumen (admin Lena), and Nora, who runs clients."""

    def __init__(self, binary: Path, folder: Path, clock: Path | None = None):
        self.binary, self.folder, self.number = binary, folder, 0
        folder.mkdir(parents=True, exist_ok=True)
        self.mailbox = Mailbox()
        self.deployment = Deployment(binary, folder, self.mailbox.port, clock)
        self.anyone = Client(self.deployment.addresses["control"])
        self.people: dict[str, Client] = {}
        try:
            self.ada = self.partner("Tessera Software", "tessera", "ada@tessera.example")
            self.lena = self.partner("Lumen Pilot", "lumen", "lena@lumen.example")
            self.shared = self.account("Nordwind Logistik")
        except Exception:
            self.stop()
            raise
        self.nora = self.people["nora@nordwind.example"]

    def stop(self) -> None:
        self.deployment.stop()

    @preparing
    def partner(self, name: str, key: str, admin: str) -> Client:
        words = ("--system-variable", "sapUserId", "--key", key, "--admin", admin)
        self.deployment.command("partner", "add", name, *words)
        return self.sign_up(self.mailbox.next(admin, "/invitations/"), admin)

    def unique(self, word: str) -> str:
        """A name that no other check uses."""
        self.number += 1
        return f"{word} {self.number}"

    def address(self, word: str, domain: str = "brightside.example") -> str:
        """A mailbox that no other check uses, and that nobody has an identity for."""
        self.number += 1
        return f"{word}{self.number}@{domain}"

    def sign_up(self, mail: Mail, address: str) -> Client:
        """Accepts a mailed link as a new person."""
        new = {"firstName": "Lee", "lastName": "Moreau", "password": PASSWORD}
        answer = self.anyone.post(f"{mail.path}/acceptance", new).expect(200)
        if not answer.session:
            raise Fault(f"no session after accepting as {address}")
        self.people[address] = Client(self.anyone.control, answer.session)
        return self.people[address]

    def accept(self, address: str, containing: str = "/invitations/") -> Client:
        """Accepts the next invitation to an address, as whoever they are by now."""
        mail = self.mailbox.next(address, containing)
        person = self.people.get(address)
        if not person:
            return self.sign_up(mail, address)
        person.post(f"{mail.path}/acceptance", {}).expect(200)
        return person

    def client_id(self) -> str:
        return str(uuid.uuid4())

    @preparing
    def new_client(self, admins: list[str], partner: Client | None = None, key: str = "tessera", **more) -> dict:
        """A client that nobody has joined, as its partner's answer has it."""
        body = {
            "name": self.unique("Alpina Handel"), "system": "sap-concur", "systemClientId": self.client_id(),
            "admins": admins, **more,
        }
        return (partner or self.ada).post(f"/partners/{key}/clients", body).expect(201).json

    @preparing
    def account(self, word: str = "Ostsee Werft", admin: str = "nora@nordwind.example", **more) -> Account:
        """An activated client account."""
        made = self.new_client([admin], name=self.unique(word), **more)
        person = self.accept(admin, made["name"])
        system = made["systems"][0]
        return Account(made["id"], made["name"], system["id"], system["systemClientId"], person)

    @preparing
    def person(self, word: str = "kim", domain: str = "brightside.example") -> tuple[str, Client]:
        """Somebody with an identity who has nothing to do with any account but one that is there for that."""
        address = self.address(word, domain)
        self.shared.admin.post(f"{self.shared.path}/users", {"email": address, "role": "translator"}).expect(201)
        return address, self.accept(address)

    @preparing
    def user(self, account: Account, role: str, systems: list[str] | None = None) -> tuple[str, Client]:
        """A new regular user of an account."""
        address = self.address(role.lower())
        body = {"email": address, "role": role, "systems": systems or []}
        account.admin.post(f"{account.path}/users", body).expect(201)
        return address, self.accept(address)

    def invite(self, account: Account, address: str, label: str = "", role: str = "builder", **more) -> dict:
        """Invites a partner user; the invitation."""
        one = {"email": address, "role": role, "systems": [account.system], **more}
        body = {"invitations": [one], **({"label": label} if label else {})}
        return account.admin.post(account.invitations, body).expect(201).items[0]

    def partner_user(self, account: Account, label: str, role: str = "builder", address: str = "") -> dict:
        """Somebody who has joined as a partner user, as the account's list has them."""
        address = address or self.address("lee")
        self.invite(account, address, label, role)
        self.accept(address, account.name)
        return self.member(account, address)

    def member(self, account: Account, address: str) -> dict:
        """A partner user, with `path` to them."""
        for partner in account.admin.all(account.accounts):
            users = f"{account.accounts}/{partner['id']}/users"
            for user in account.admin.all(users):
                if user["email"] == address:
                    return {**user, "path": f"{users}/{user['id']}", "account": partner}
        raise Fault(f"{address} is no partner user of {account.name}")

    @preparing
    def staff(self, role: str) -> tuple[str, Client]:
        """A new member of Tessera's staff."""
        address = self.address(role.lower(), "tessera.example")
        self.ada.post("/partners/tessera/staff", {"email": address, "role": role}).expect(201)
        return address, self.accept(address)
