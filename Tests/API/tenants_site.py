"""Partners and clients with marks in everything that can be named, made as their people would make them."""

import http.client
import json
import random
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from client import API, COOKIE
from deployment import Deployment
from load import EdgeAnswer, EdgeLine, Trial
from mailbox import Mail, Mailbox
from marks import Tenant, Watch
from suite import Fault
from tenants_content import SYSTEM, fill_client_content, fill_partner_content, item, unpacked
from world import PASSWORD

WORKERS = 6
# What API tokens may do, so that content is asked for by them too.
CONTENT_SCOPES = ["readContent", "editContent", "settings"]
# How many keys of environments that were made or rotated under load pages go on asking for.
FRESH_MAX = 200


def in_days(days: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86_400))


@dataclass
class Asker:
    """Somebody who asks the API, of one tenant; nobody in particular where there is no session."""

    name: str
    tenant: Tenant
    address: str = ""
    session: str = ""
    # An API token's secret.
    token: str = ""
    spare_sessions: list[str] = field(default_factory=list)
    pools: dict[str, list] = field(default_factory=dict)

    @property
    def agent(self) -> str:
        return f"probe {self.tenant.inner}"


@dataclass
class Reply:
    """An answer of the API: everything of it that can be looked through."""

    status: int
    fields: dict[str, str]
    body: str

    @property
    def text(self) -> str:
        lines = [f"{name}: {value}" for name, value in self.fields.items() if name not in ("date", "x-request-id")]
        return "\n".join([*lines, "", self.body])

    @property
    def json(self) -> dict:
        return json.loads(self.body) if self.body else {}

    @property
    def session(self) -> str:
        first = self.fields.get("set-cookie", "").split(";")[0]
        return first.removeprefix(COOKIE + "=") if first.startswith(COOKIE) else ""


class APILine:
    """A connection to the API that is kept, and that one after another asks on, whoever they are."""

    def __init__(self, address: str):
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)

    def ask(self, asker: Asker | None, method: str, path: str, body: object = None, **fields: str) -> Reply:
        """A request. A body of bytes goes as it is; names of fields have `_` for `-`."""
        sent = {"Accept": "application/json"}
        if asker:
            sent["User-Agent"] = asker.agent
            if asker.session:
                sent["Cookie"] = f"{COOKIE}={asker.session}"
            elif asker.token:
                sent["Authorization"] = f"Bearer {asker.token}"
        if body is not None and not isinstance(body, bytes):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        sent |= {name.replace("_", "-"): value for name, value in fields.items()}
        self.connection.request(method, API + path, body, sent)
        answer = self.connection.getresponse()
        data, heads = answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        is_archive = heads.get("content-type") == "application/zip"
        return Reply(answer.status, heads, unpacked(data) if is_archive else data.decode(errors="replace"))


@dataclass
class Key:
    """A path of the edge, and the marks that its answers may hold."""

    path: str
    shown: set[str]
    # What an answer must hold while nobody changes anything; empty for the no-op.
    must: str
    outcome: str
    # Somebody who was told it by the API.
    who: str = "whoever asks"


class Site:
    """The whole deployment, and everything of it by tenant."""

    def __init__(self, trial: Trial, binary: Path, folder: Path, partners: int, clients: int):
        self.trial, self.watch, self.folder = trial, Watch(trial), folder
        self.dice = trial.dice("site")
        self.mailbox = Mailbox()
        self.deployment = Deployment(binary, folder, self.mailbox.port)
        self.control = self.deployment.addresses["control"]
        # Whose a mail address is; mails to it may hold that tenant's marks.
        self.addresses: dict[str, Tenant] = {}
        self.mails_seen = 0
        self.number = 0
        self.fresh: deque[Key] = deque(maxlen=FRESH_MAX)
        self.partners = [self.watch.tenant(f"partner {number + 1}", self.dice) for number in range(partners)]
        for number, partner in enumerate(self.partners):
            self.add_partner(partner)
            for row in range(clients):
                self.watch.tenant(f"client {number * clients + row + 1}", self.dice, partner)
        self.clients = [client for partner in self.partners for client in partner.clients]
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(self.fill_partner, self.partners))
            done = 0
            for _ in pool.map(self.fill_client, self.clients):
                done += 1
                trial.progress(f"{done} of {len(self.clients)} clients are there")
        self.askers = [asker for tenant in self.partners + self.clients for asker in tenant.people]

    def stop(self) -> None:
        self.deployment.stop()

    @property
    def line(self) -> APILine:
        return APILine(self.control)

    def address(self, word: str, tenant: Tenant, mark: str) -> str:
        """A new mail address of a tenant's."""
        with self.trial.lock:
            self.number += 1
            made = f"{word}{self.number}@{mark}.example"
            self.addresses[made] = tenant
        return made

    def ask(
        self, asker: Asker | None, method: str, path: str, body: object = None, wanted: int = 201, **fields: str
    ) -> Reply:
        """A request that must succeed."""
        answer = self.line.ask(asker, method, path, body, **fields)
        if answer.status != wanted:
            raise Fault(f"{method} {path} answers {answer.status} {answer.body[:300]} instead of {wanted}")
        return answer

    def join(self, name: str, tenant: Tenant, address: str, last: str) -> Asker:
        """Somebody accepts the mail to their address, and belongs."""
        mail = self.mailbox.next(address)
        asker = Asker(name, tenant, address)
        new = {"firstName": "Lee", "lastName": f"Moreau {last}", "password": PASSWORD}
        asker.session = self.ask(asker, "POST", f"{mail.path}/acceptance", new, 200).session
        asker.pools["person"] = [self.ask(asker, "GET", "/me", wanted=200).json["id"]]
        tenant.people.append(asker)
        return asker

    # Partners

    def add_partner(self, partner: Tenant) -> None:
        partner.key = f"p-{partner.outer}"
        address = self.address("ada", partner, partner.inner)
        self.deployment.command(
            "partner", "add", f"Partner {partner.outer}", "--system-variable", f"v.{partner.outer}",
            "--key", partner.key, "--admin", address,
        )
        ada = self.join(f"the admin of {partner.name}", partner, address, partner.outer)
        partner.keep("partner", self.ask(ada, "GET", f"/partners/{partner.key}", wanted=200).json["id"], partner.key)

    def fill_partner(self, partner: Tenant) -> None:
        ada, path = partner.people[0], f"/partners/{partner.key}"
        viewer = self.address("vera", partner, partner.inner)
        self.ask(ada, "POST", f"{path}/staff", {"email": viewer, "role": "partnerViewer"})
        self.join(f"a viewer of {partner.name}", partner, viewer, partner.outer)
        sam = self.address("sam", partner, partner.inner)
        row = self.ask(ada, "POST", f"{path}/staff", {"email": sam, "role": "partnerBuilder"}).json
        partner.keep("staffInvitation", row["id"])
        partner.keep("link", self.mailbox.next(sam).path)
        partner.keep("staff", *[person.pools["person"][0] for person in partner.people])
        retiring = [{"systemVariable": f"old.{partner.outer}", "until": in_days(20)}]
        self.ask(ada, "PATCH", f"{path}/settings", {"retiringVariables": retiring}, 200, If_Match="*")
        rows = [{"name": f"Imported {partner.outer}", "system": SYSTEM, "systemClientId": f"imported-{partner.outer}",
                 "admins": [self.address("imp", partner, partner.outer)]}]
        rows.append({**rows[0], "name": f"Again {partner.outer}"})
        data = "\n".join(json.dumps(row) for row in rows).encode()
        made = self.ask(ada, "POST", f"{path}/client-imports", data, Content_Type="application/x-ndjson").json
        partner.keep("import", made["id"])
        self.add_token(ada)
        folder = self.content(partner, "standard")
        solution = {"name": {"en": f"Standard {partner.outer}"}, "system": SYSTEM,
                    "summary": {"en": f"Of {partner.outer}."}, "notes": f"Notes {partner.outer}"}
        (folder / "solution.json").write_text(json.dumps(solution), encoding="utf-8")
        words = ("gallery", "publish", str(folder), "--partner", partner.key, "--standard")
        self.deployment.command(*words)
        partner.keep("testKey", self.environment_key(self.deployment.command(*words, "--environment", "test")))
        fill_partner_content(self, partner)

    def add_token(self, asker: Asker) -> None:
        rights = ["publishTest", "people", "audit"]
        if not asker.tenant.partner:
            rights = ["gallery", "standardContent", "clients", "staff"]
        body = {"name": f"Token {asker.tenant.inner}", "scopes": rights + CONTENT_SCOPES, "expiresAt": in_days(20)}
        made = self.ask(asker, "POST", "/api-tokens", body).json
        asker.token = made["token"]
        asker.tenant.keep("token", made["id"])

    def content(self, tenant: Tenant, word: str) -> Path:
        """A folder with an item that says whose it is."""
        folder = self.folder / f"{tenant.outer}-{word}"
        folder.mkdir(exist_ok=True)
        made = item(self.dice, word.capitalize(), tenant.page)
        (folder / "1-item.json").write_text(json.dumps(made), encoding="utf-8")
        return folder

    @staticmethod
    def environment_key(printed: str) -> str:
        return printed.split("environment key ")[1].split()[0]

    def publish(self, client: Tenant, environment: str) -> str:
        """Publishes a client's own content by command; the environment's key."""
        folder = self.content(client, environment)
        return self.environment_key(self.deployment.command(
            "publish", str(folder), "--partner", client.partner.key, "--client", client.pools["key"][0],
            "--environment", environment,
        ))

    # Clients

    def fill_client(self, client: Tenant) -> None:
        partner = client.partner
        ada, number = partner.people[0], partner.clients.index(client)
        # Each partner has a client of the same System Client ID, as two partners may.
        ids = [f"one-{client.outer}", f"two-{client.outer}", f"shared-{number}"]
        nora = self.address("nora", client, client.outer)
        named = self.address("named", client, client.outer)
        made = self.ask(ada, "POST", f"/partners/{partner.key}/clients", {
            "name": f"Client {client.outer}", "system": SYSTEM, "systemClientId": ids[0], "admins": [nora, named],
        }).json
        path = f"/clients/{made['id']}"
        client.keep("client", made["id"])
        client.keep("system", made["systems"][0]["id"])
        rows = self.ask(ada, "GET", f"/partners/{partner.key}{path}/admins", wanted=200).json["items"]
        client.keep("namedAdmin", next(row["id"] for row in rows if row["email"] == named))
        client.keep("link", self.mailbox.next(named).path)
        admin = self.join(f"the admin of {client.name}", client, nora, client.inner)
        for id in ids[1:]:
            body = {"system": SYSTEM, "name": f"System {id} {client.outer}", "systemClientId": id}
            client.keep("system", self.ask(admin, "POST", f"{path}/systems", body).json["id"])
        client.keep("key", *ids)
        self.fill_people(client, admin, path)
        reason = {"reason": f"Checking {client.outer}"}
        self.ask(ada, "PUT", f"/partners/{partner.key}{path}/suspension", reason, 200)
        self.ask(ada, "DELETE", f"/partners/{partner.key}{path}/suspension", wanted=204)
        self.add_token(admin)
        # Some have content of their own in production, some in test, some in both, some none.
        client.keep("published", *[name for bit, name in ((1, "production"), (2, "test")) if number & bit])
        fill_client_content(self, client, number)

    def fill_people(self, client: Tenant, admin: Asker, path: str) -> None:
        systems = client.pools["system"][:1]
        for word, kind in (("user", "user"), ("waiting", "userInvitation")):
            address = self.address(word, client, client.inner)
            body = {"email": address, "role": "analyst", "systems": systems}
            row = self.ask(admin, "POST", f"{path}/users", body).json
            if kind == "user":
                user = self.join(f"a user of {client.name}", client, address, client.inner)
                client.keep("user", user.pools["person"][0])
            else:
                client.keep(kind, row["id"])
                client.keep("link", self.mailbox.next(address).path)
        for word, label in (("partner", "Label"), ("later", "Another label")):
            address = self.address(word, client, client.inner)
            body = {"label": f"{label} {client.inner}",
                    "invitations": [{"email": address, "role": "builder", "systems": systems}]}
            row = self.ask(admin, "POST", f"{path}/partner-invitations", body).json["items"][0]
            if word == "partner":
                person = self.join(f"a partner user of {client.name}", client, address, client.inner)
                client.keep("partnerUser", person.pools["person"][0])
            else:
                client.keep("partnerInvitation", row["id"])
                client.keep("link", self.mailbox.next(address).path)
        accounts = self.ask(admin, "GET", f"{path}/partner-accounts", wanted=200).json["items"]
        client.keep("account", accounts[0]["id"])

    # The edge

    def keys(self) -> list[Key]:
        """Paths of every tenant's, and of tenants mixed up."""
        made = []
        for client in self.clients:
            partner, published = client.partner, client.pools["published"]
            for number, id in enumerate(client.pools["key"]):
                # What is published is the first system's.
                is_own = not number and "production" in published
                plain = (client.page, "release") if is_own else (partner.outer, "standard")
                for variable in (f"v.{partner.outer}", f"old.{partner.outer}"):
                    made.append(self.key(client, variable, id, *plain))
                if number:
                    continue
                made.append(self.key(client, f"v.{partner.outer}", id, *plain, kind="manifests"))
                for name in ("productionKey", "testKey"):
                    for key in client.pools.get(name, ()):
                        made.append(self.key(client, f"v.{partner.outer}", id, client.page, "release", key))
                        made[-1].shown |= {client.inner} if name == "testKey" else set()
                for key in partner.pools["testKey"]:
                    made.append(self.key(client, f"v.{partner.outer}", id, *plain, key))
                other = self.dice.choice([one for one in self.clients if one is not client])
                for key in (*other.pools["testKey"], *self.other(partner).pools["testKey"]):
                    made.append(self.key(client, f"v.{partner.outer}", id, "", "unknown", key))
                made.append(self.key(client, f"v.{self.other(partner).outer}", id, "", "unknown"))
                made.append(self.key(client, f"v.{partner.outer}", id, "", "unknown", partner=self.other(partner)))
        for partner in self.partners:
            made.append(Key(f"/v1/{partner.key}/loader.js", {partner.outer}, "", "status 200"))
        return made

    def other(self, partner: Tenant) -> Tenant:
        return self.dice.choice([one for one in self.partners if one is not partner])

    @staticmethod
    def key(client: Tenant, variable: str, id: str, must: str, outcome: str, environment: str = "",
            kind: str = "snippets", partner: Tenant | None = None) -> Key:
        place = f"/env/{environment}" if environment else ""
        end = "json" if kind == "manifests" else "js"
        path = f"/v1/{(partner or client.partner).key}{place}/{kind}/{variable}/{quote(id, safe='')}.{end}"
        # A manifest names its content by digest, and holds no mark.
        return Key(path, client.shown if must else set(), "" if kind == "manifests" else must, outcome)

    def open(self, dice: random.Random, tenant: Tenant, environment: str, key: str) -> None:
        """Has pages of a client ask by a new key of an environment; of any client, for a partner's."""
        client = tenant if tenant.partner else dice.choice(tenant.clients)
        made = self.key(client, f"v.{client.partner.outer}", client.pools["key"][0], client.page, "release", key)
        # What a client tests is for whoever it gives the key.
        made.shown |= {client.inner} if tenant.partner and environment != "production" else set()
        self.fresh.append(made)

    def look(self, key: Key, answer: EdgeAnswer) -> bool:
        """Looks an answer of the edge through; whether it holds a mark that belongs there."""
        text = answer.head.decode("latin-1") + "\n" + answer.text.decode(errors="replace")
        return self.watch.scan(key.who, key.shown, f"the edge's {key.path}", text)

    # Mails

    def look_through_mails(self) -> None:
        """Looks through the mails that have come since."""
        mails = self.mailbox.mails[self.mails_seen :]
        self.mails_seen += len(mails)
        for mail in mails:
            self.look_through(mail)

    def look_through(self, mail: Mail) -> None:
        tenant = self.addresses.get(mail.to)
        if not self.trial.expect(tenant, f"a mail to {mail.to}, who was never named"):
            return
        parts = [part.get_content() for part in mail.message.walk() if part.get_content_maintype() == "text"]
        heads = [f"{name}: {value}" for name, value in mail.message.items()]
        text = "\n".join([*heads, *parts, mail.message.as_string()])
        self.watch.scan(mail.to, tenant.allowed, f"the mail '{mail.subject}'", text)
        # A password that is set anew would end the sessions that are asked with.
        if mail.link and not mail.is_taken and "/password-resets/" not in mail.link:
            tenant.spare("link", mail.path)

    def edge(self) -> EdgeLine:
        return EdgeLine(self.deployment.addresses["edge"])
