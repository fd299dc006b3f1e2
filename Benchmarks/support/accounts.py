"""People of a server under measurement, who join by the mails that it sends, as people do.

Without an SMTP server, mails lie in the data directory; their links are read there.
"""

import email
import email.policy
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "API"))
from client import API, COOKIE, Client  # noqa: E402
from suite import Fault  # noqa: E402

__all__ = ["ADMIN", "API", "COOKIE", "MANY", "PASSWORD", "Account", "Accounts", "Client", "Fault"]

ADMIN = "ada@bench.example"
PASSWORD = "seven green lanterns at dusk"
LINK = re.compile(r"https?://[^\s\"<>/]+(/(?:activations|invitations)/[A-Za-z0-9_-]+)")
# One machine asks for many: how many requests a person or a network address may send in a second is a setting.
MANY = {"WAYMARK_API_RATE": "1000000"}
MAIL_SECONDS = 60
# Hashing takes as many threads as a machine has cores, and 64 that wait.
AT_ONCE = 8


@dataclass
class Account:
    """An activated client: its id, its first system's, and its admin."""
    id: str
    system: str
    admin: Client

    @property
    def path(self):
        return f"/clients/{self.id}"


class Accounts:
    """What a server's management API is asked for before a measurement begins."""

    def __init__(self, deployment, server):
        self.folder = os.path.join(deployment.data, "mail", "new")
        self.anyone = Client(f"http://127.0.0.1:{server.control_port}")
        self.read = set()
        self.links = {}

    def join(self, address, show=None):
        """Somebody who accepts the link that was mailed to them, as a new person."""
        return self.join_all([address], show)[address]

    def join_all(self, addresses, show=None):
        """Several people at once; `show` is told how many have joined."""
        people = {}
        paths = {address: self.link(address) for address in addresses}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for address, session in pool.map(lambda item: (item[0], self.sign_up(item[1])), paths.items()):
                people[address] = Client(self.anyone.control, session)
                if show:
                    show(len(people))
        return people

    def link(self, address):
        """The path of the newest link that was mailed to an address; waits for the first."""
        end = time.monotonic() + MAIL_SECONDS
        while address not in self.links:
            if time.monotonic() > end:
                raise Fault(f"no mail to {address} after {MAIL_SECONDS} s")
            time.sleep(0.05)
            self.look()
        return self.links[address]

    def look(self):
        names = sorted(set(os.listdir(self.folder)) - self.read) if os.path.isdir(self.folder) else []
        for name in names:
            with open(os.path.join(self.folder, name), "rb") as file:
                mail = email.message_from_binary_file(file, policy=email.policy.default)
            found = LINK.search(mail.get_body(("plain",)).get_content())
            if found:
                self.links[str(mail["To"])] = found[1]
            self.read.add(name)

    def sign_up(self, path):
        new = {"firstName": "Lee", "lastName": "Moreau", "password": PASSWORD}
        return self.anyone.post(f"{path}/acceptance", new).expect(200).session

    def account(self, partner_admin, partner, name, admin):
        """A client that its admin has activated."""
        key = name.lower().replace(" ", "-")
        new = {"name": name, "system": "sap-concur", "systemClientId": key, "admins": [admin]}
        made = partner_admin.post(f"/partners/{partner}/clients", new).expect(201)
        return Account(made["id"], made["systems"][0]["id"], self.join(admin))
