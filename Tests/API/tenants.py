#!/usr/bin/env python3
"""No tenant ever sees another one's marks: 50 clients of 5 partners under mixed load, over the API, the edge and mail.

Everything that can be named has a mark of its tenant's in it: names, System Client IDs, system variables, addresses,
invitations, labels, tokens, reasons, drafts, folders, notes, environments, solutions, published content; what only a
client's own people may see has another one than what its partner may see too, or its pages. First everybody asks every
reading operation of the description about own things, each to be answered with own marks, and about others'. Then
threads ask everything of everybody: about own things, others' and none, with others' cursors, entity tags and
Idempotency-Keys, on connections that many share; edge requests, pipelined too; publishes, by command and by API. Every
answer, head and body, unpacked where it is an archive, and every mail is looked through for marks that are not the
receiver's, and ids that were told to tenants who have nothing to do with each other; so is what the edge gives for the
digests and the environments' keys that an answer names. The exit code is 1 for any.
"""

import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from smtplib import SMTP
from urllib.parse import quote

from load import Crew, EdgeAnswer, EdgeLine, Trial, parser
from marks import KEY, Tenant
from tenants_content import SYSTEM, content_path
from tenants_content import publish as publish_content
from tenants_requests import Operation, Request, Requests
from tenants_site import APILine, Asker, Key, Reply, Site

EXAMPLE = """  pip install -r Tests/MailTests/requirements.txt
  Tests/API/tenants.py --waymark .build/release/waymark
  Tests/API/tenants.py --waymark .build/release/waymark --seconds 600 --seed 7
  Tests/API/tenants.py --waymark .build/release/waymark --self-test
"""
API_THREADS, EDGE_THREADS = 6, 2
FOREIGN, UNKNOWN = 0.3, 0.05
# How many edge requests are sent at once at most.
PIPELINE = 16
# The catalogue of system types is everybody's, and names nobody.
# A generation's answer holds numbers and the names of edges, which are the deployment's.
MARKLESS = {"GET /systems", "GET /generations/{number}"}
# Fewer would leave little to look at.
SUCCESS_SHARE = 0.4
# What an answer names that the edge gives to everybody who names it.
DIGEST = re.compile(r'"(?:snippet|bundle)":"([0-9a-f]{64})"')


class Load:
    """Asks, and judges what comes back."""

    def __init__(self, trial: Trial, site: Site):
        self.trial, self.site, self.requests = trial, site, Requests(site)
        self.keys = site.keys()
        # What pages have asked the edge for, which lists of unknown ids repeat.
        self.asked = tuple({word for key in self.keys for word in key.path.removesuffix(".js").split("/")})
        self.lock = threading.Lock()
        self.counts: dict[str, Counter] = {operation.name: Counter() for operation in self.requests.operations}
        self.foreign = Counter()
        self.marked: set[str] = set()
        self.edge = Counter()
        self.publishes = Counter()
        self.pages = set().union(*(client.shown for client in site.clients))
        self.followed: set[tuple[str, str]] = set()
        self.local = threading.local()

    # The API

    def send(self, line: APILine, request: Request) -> Reply:
        asker = request.asker
        if request.session is not None:
            asker = Asker(asker.name, asker.tenant, session=request.session)
        elif request.by_token:
            asker = Asker(asker.name, asker.tenant, token=asker.token)
        return line.ask(asker, request.operation.method, request.path, request.body, **request.fields)

    def judge(self, request: Request, answer: Reply) -> None:
        operation, tenant = request.operation, request.asker.tenant
        with self.lock:
            self.counts[operation.name][answer.status] += 1
            self.foreign[request.is_foreign] += 1
        what = f"{operation.name} ({answer.status}, {request.path})"
        self.trial.expect(answer.status < 500, f"{what} for {request.asker.name}: {answer.body[:200]}")
        if request.is_foreign:
            self.trial.expect(answer.status >= 300, f"{what} does another tenant's for {request.asker.name}")
        elif not operation.suits(request.asker):
            is_refused = answer.status >= 300
            self.trial.expect(is_refused, f"{what} does for {request.asker.name} what is not theirs to do")
        if operation.path.endswith("/unknown-ids"):
            request.repeated = self.asked
        has_mark = self.site.watch.scan(request.asker.name, tenant.allowed, what, answer.text, request.sent)
        self.site.watch.note_ids(tenant, answer.text, request.text)
        if has_mark and answer.status == 200:
            self.marked.add(operation.name)
        self.requests.learn(request, answer)
        self.follow(request, answer)

    def follow(self, request: Request, answer: Reply) -> None:
        """Asks the edge for what the answer leads to: objects by digest, what is tested by an environment's key. Nobody
        gets by that what they may not see, but for what is for pages anyway."""
        tenant, target = request.asker.tenant, request.target or request.asker.tenant
        new = {f"/v1/objects/{digest}.js" for digest in DIGEST.findall(answer.body)}
        for key in KEY.findall(answer.body):
            client = target if target.partner else target.clients[0]
            new.add(self.site.key(client, f"v.{client.partner.outer}", client.pools["key"][0], "", "", key).path)
        with self.lock:
            new = {path for path in new if (tenant.name, path) not in self.followed}
            self.followed |= {(tenant.name, path) for path in new}
        for path in sorted(new):
            key = Key(path, tenant.allowed | self.pages, "", "", request.asker.name)
            self.judge_edge(key, self.line_to_edge.ask(path))
            if "/env/" in path and not tenant.partner:
                # It may be looked at later, too.
                self.site.fresh.append(key)

    @property
    def line_to_edge(self) -> EdgeLine:
        if not hasattr(self.local, "line"):
            self.local.line = self.site.edge()
        return self.local.line

    def tour(self, foreign: float) -> None:
        """Every admin asks every reading operation; about own things, each is answered."""
        line, dice = self.site.line, self.trial.dice(f"tour {foreign}")
        for tenant in self.site.partners + self.site.clients:
            self.trial.progress(f"{'others' if foreign else 'own'}: {tenant.name}")
            for operation in self.requests.operations:
                asker = tenant.people[0]
                if operation.method != "GET" or not (foreign or operation.suits(asker)):
                    continue
                request = self.requests.make(dice, operation, asker, foreign, 0)
                if not foreign:
                    query = f"?{request.required}" if request.required else ""
                    request.path, request.fields, request.by_token = request.path.split("?")[0] + query, {}, False
                answer = self.send(line, request)
                self.judge(request, answer)
                if not foreign:
                    answered = f"{operation.name} answers {answer.status} for {asker.name}"
                    self.trial.expect(answer.status == 200, answered)

    def ask_api(self, crew: Crew, number: int) -> None:
        line, dice = self.site.line, self.trial.dice(f"api {number}")
        suiting: dict[str, list[Operation]] = {}
        while crew.goes_on:
            asker = dice.choice(dice.choice(self.site.partners if dice.random() < 0.3 else self.site.clients).people)
            if asker.name not in suiting:
                suiting[asker.name] = [one for one in self.requests.operations if one.suits(asker)]
            operations = suiting[asker.name] if dice.random() < 0.85 else self.requests.operations
            # An admin has most to ask.
            asker = asker if dice.random() < 0.3 else asker.tenant.people[0]
            operation = dice.choices(operations, [one.weight for one in operations])[0]
            request = self.requests.make(dice, operation, asker, FOREIGN, UNKNOWN)
            self.judge(request, self.send(line, request))

    # The edge

    def tour_edge(self) -> None:
        """Each key is answered as it must be while nobody changes anything."""
        line = self.site.edge()
        for partner in self.site.partners:
            for _ in range(3):
                line.ask(f"/v1/{partner.key}/snippets/v.{partner.outer}/lost-{partner.inner}.js")
        for key in self.keys:
            for coding in ("identity", "gzip", "br"):
                answer = line.ask(key.path, f"Accept-Encoding: {coding}")
                self.judge_edge(key, answer)
                self.trial.expect(answer.outcome == key.outcome, f"{key.path}: {answer.outcome}, not {key.outcome}")
                self.trial.expect(key.must in answer.text.decode(), f"{key.path} shows nothing of {key.must}")

    def judge_edge(self, key: Key, answer: EdgeAnswer) -> None:
        with self.lock:
            self.edge[answer.outcome] += 1
        self.trial.expect(answer.status in (200, 304, 404), f"the edge's {key.path} answers {answer.status}")
        if self.site.look(key, answer):
            with self.lock:
                self.edge["with an own mark"] += 1

    def ask_edge(self, crew: Crew, number: int) -> None:
        line, dice = self.site.edge(), self.trial.dice(f"edge {number}")
        tag = '"x"'
        while crew.goes_on:
            # Now and then by the key of an environment that was made, or published into, meanwhile.
            keys = [dice.choice(self.site.fresh) if self.site.fresh and dice.random() < 0.2 else dice.choice(self.keys)
                    for _ in range(dice.randint(1, PIPELINE))]
            lines = [(f"Accept-Encoding: {dice.choice(('br', 'gzip', 'identity', 'gzip, br;q=0.5'))}",
                      *([f"If-None-Match: {tag}"] if dice.random() < 0.1 else [])) for _ in keys]
            answers = line.ask_all([("GET", key.path, fields) for key, fields in zip(keys, lines, strict=True)])
            for key, answer in zip(keys, answers, strict=True):
                self.judge_edge(key, answer)
            tag = answers[0].fields.get("etag", tag)

    def publish(self, crew: Crew) -> None:
        """Clients' own content and standard content, by command and by API, so that pages always get another one."""
        dice, line = self.trial.dice("publish"), self.site.line
        publishing = [client for client in self.site.clients if client.pools["published"]]
        by_api = [one for one in self.requests.operations if one.method == "POST" and one.path.endswith("/releases")]
        while crew.goes_on:
            if dice.random() < 0.5:
                operation = dice.choice(by_api)
                tenants = [one for one in self.site.partners + self.site.clients if operation.suits(one.people[0])]
                request = self.requests.make(dice, operation, dice.choice(tenants).people[0], 0, 0)
                answer = self.send(line, request)
                self.judge(request, answer)
                self.publishes["by API"] += answer.status == 200
            else:
                self.publish_by_command(dice, dice.choice(publishing))
            crew.stopping.wait(0.25)

    def publish_by_command(self, dice: random.Random, client: Tenant) -> None:
        folder = self.site.content(client, "later")
        words = ("--partner", client.partner.key, "--client", client.pools["key"][0])
        # The operator may, whatever state the client is in (domain.md, D-23).
        environment = dice.choice(client.pools["published"])
        self.site.deployment.command("publish", str(folder), *words, "--environment", environment)
        self.publishes["by command"] += 1

    def read_mails(self, crew: Crew) -> None:
        while crew.goes_on:
            self.site.look_through_mails()
            crew.stopping.wait(0.2)

    # The whole

    def run(self, seconds: float) -> None:
        crew = Crew(self.trial)
        for number in range(API_THREADS):
            crew.add(self.ask_api, crew, number)
        for number in range(EDGE_THREADS):
            crew.add(self.ask_edge, crew, number)
        crew.add(self.publish, crew)
        crew.add(self.read_mails, crew)
        end = time.monotonic() + seconds
        while time.monotonic() < end and crew.goes_on:
            asked = sum(counter.total() for counter in self.counts.values())
            self.trial.progress(f"load: {asked} requests to the API, {self.site.watch.scanned} things looked through")
            time.sleep(0.5)
        crew.stop()

    def finish(self) -> None:
        dice, line = self.trial.dice("finish"), self.site.line
        # What chance has left out.
        for operation in self.requests.operations:
            if not self.counts[operation.name]:
                asker = next(asker for asker in self.site.askers if operation.suits(asker))
                request = self.requests.make(dice, operation, asker, 0, 0)
                self.judge(request, self.send(line, request))
        self.site.mailbox.settle()
        self.site.look_through_mails()
        self.check_ids()

    def check_ids(self) -> None:
        known = {}
        for partner in self.site.partners:
            ids = {row["id"] for row in self.rows(partner, "staff")}
            # Who did something, and by which token, its clients' audit says.
            ids |= {*partner.pools["partner"], *partner.pools["token"], *partner.spares.get("staff", ())}
            for row in self.rows(partner, "solutions"):
                path = f"solutions/{row['id']}/versions"
                made = self.rows(partner, path) if row["lastVersion"] else []
                ids |= {row["id"]} if made else set()
                ids |= {version["id"] for version in made}
                for version in made:
                    about = self.ask(partner, f"{path}/{version['number']}/advisories")
                    ids |= {one["id"] for one in about["advisories"]}
            known[partner.name] = ids
            for row in self.ask(partner, f"standard-content/{SYSTEM}/environments")["items"]:
                self.site.watch.keep_private(partner, row["key"])
        self.ids = self.site.watch.check_ids(self.site.partners, known)

    def ask(self, partner: Tenant, path: str) -> dict:
        return self.site.ask(partner.people[0], "GET", f"/partners/{partner.key}/{path}", wanted=200).json

    def rows(self, partner: Tenant, path: str) -> list[dict]:
        """A list of a partner's, all of it."""
        part = self.ask(partner, f"{path}?limit=200")
        rows = part["items"]
        while part["next"]:
            part = self.ask(partner, f"{path}?limit=200&cursor={part['next']}")
            rows += part["items"]
        return rows

    def report(self) -> None:
        trial, watch = self.trial, self.site.watch
        total = sum((counter for counter in self.counts.values()), Counter())
        good = sum(count for status, count in total.items() if status < 300)
        trial.clear()
        for name, counter in sorted(self.counts.items(), key=lambda row: row[0].split()[::-1]):
            statuses = ", ".join(f"{count} × {status}" for status, count in sorted(counter.items()))
            print(f"{name:75} {counter.total():6}  {statuses}")
            trial.expect(counter, f"{name} was never asked")
            is_read = name.startswith("GET ") and name not in MARKLESS
            trial.expect(not is_read or name in self.marked, f"{name} was never answered with an own mark")
        edge = ", ".join(f"{count} {what}" for what, count in sorted(self.edge.items()) if count)
        print(f"\nAPI: {total.total()} requests, {good} answered 2xx, {self.foreign[True]} about other tenants' things")
        print(f"edge: {edge}")
        publishes = ", ".join(f"{count} {how}" for how, count in sorted(self.publishes.items()))
        print(f"publishes: {publishes}; mails: {self.site.mails_seen}")
        print(f"{len(self.site.clients)} clients of {len(self.site.partners)} partners; {watch.scanned} answers and "
              f"mails ({watch.bytes / 1e6:.0f} MB) looked through, {watch.own} with own marks; {self.ids} ids")
        trial.expect(good >= SUCCESS_SHARE * total.total(), f"only {good} requests were answered 2xx")
        trial.expect(self.site.mails_seen, "no mail has come")


def self_test(load: Load) -> int:
    """Hands things to the wrong tenants, each of which must be found."""
    site, trial = load.site, load.trial
    one, other = site.clients[0], site.clients[1]
    far = site.partners[1].clients[0]
    dice, line = trial.dice("self-test"), site.line
    operation = next(item for item in load.requests.operations if item.name == "GET /clients/{client}")
    anything = next(item for item in load.requests.operations if item.name == "GET /me")

    def told(asker: Asker, path: str, other: Asker) -> None:
        """Tells somebody what another has asked for."""
        request = load.requests.make(dice, anything, other, 0, 0)
        load.judge(request, line.ask(asker, "GET", path))

    def an_id(id: str, *tenants: Tenant) -> None:
        """Tells tenants an id, and nobody anything else."""
        before, site.watch.ids = site.watch.ids, {}
        for tenant in tenants:
            site.watch.note_ids(tenant, id, "")
        load.check_ids()
        site.watch.ids = before

    def with_the_wrong_session() -> None:
        request = load.requests.make(dice, operation, one.people[0], 0, 0)
        request.asker = other.people[0]
        load.judge(request, line.ask(one.people[0], "GET", request.path))

    def anothers_snippet() -> None:
        key = next(key for key in load.keys if far.partner.outer in key.path and key.must)
        path, key.path = key.path, load.keys[0].path
        load.judge_edge(Key(key.path, one.partner.shown - {one.partner.outer}, "", ""), site.edge().ask(path))
        key.path = path

    def anothers_mail() -> None:
        with SMTP("127.0.0.1", site.mailbox.port) as smtp:
            text = f"Subject: A word\r\nTo: {other.people[0].address}\r\n\r\nFrom the people of {one.inner}."
            smtp.sendmail("x@y.example", other.people[0].address, text)
        site.look_through_mails()

    def what_partners_may_not_see() -> None:
        told(one.people[0], f"/clients/{one.pools['client'][0]}/users", one.partner.people[0])

    def what_is_a_clients_alone() -> None:
        request = load.requests.make(dice, operation, one.people[0], 0, 0)
        request.asker = one.partner.people[0]
        load.judge(request, Reply(200, {}, "{}"))

    def anothers_thing() -> None:
        request = load.requests.make(dice, operation, other.people[0], 0, 0)
        request.is_foreign = True
        load.judge(request, line.ask(other.people[0], "GET", request.path))

    def an_id_for_two() -> None:
        an_id(one.pools["system"][0], one, far)

    def anothers_item() -> None:
        told(one.people[0], f"{content_path(one)}/items/{one.pools['draft'][0]}", other.people[0])

    def a_clients_draft_for_its_partner() -> None:
        told(one.people[0], f"{content_path(one)}/items/{one.pools['draft'][0]}/history", one.partner.people[0])

    def a_partners_draft_for_its_client() -> None:
        draft = one.partner.pools["draft"][0]
        told(one.partner.people[0], f"/partners/{one.partner.key}/items/{draft}", one.people[0])

    def a_solution_that_is_not_offered() -> None:
        hidden = one.partner.pools["hidden"][0]
        told(one.partner.people[0], f"/partners/{one.partner.key}/solutions/{hidden}", one.people[0])

    def a_guests_gallery_for_a_sibling() -> None:
        host = next(client for client in site.clients if client.guests)
        sibling = next(client for client in host.partner.clients if client is not host)
        told(host.people[0], f"/clients/{host.pools['client'][0]}/gallery", sibling.people[0])

    def anothers_archive() -> None:
        told(one.people[0], f"{content_path(one)}/archive", other.people[0])

    def a_draft_on_a_page() -> None:
        publish_content(site, one, content_path(one), "production", {"items": one.pools["draft"]})
        key = next(key for key in load.keys if quote(one.pools["key"][0]) in key.path and "/env/" not in key.path)
        load.judge_edge(key, site.edge().ask(key.path))

    def what_a_client_tests_for_its_partner() -> None:
        key = publish_content(site, one, content_path(one), "test", {"items": one.pools["draft"]})
        request = load.requests.make(dice, operation, one.partner.people[0], 0, 0)
        request.target = one
        load.follow(request, Reply(200, {}, f'{{"environmentKey":"{key}"}}'))

    def a_digest_of_it_for_its_partner() -> None:
        rows = line.ask(one.people[0], "GET", f"{content_path(one)}/releases").json["items"]
        digest = next(row["snippet"] for row in rows if row["environment"] == "test")
        request = load.requests.make(dice, anything, one.partner.people[0], 0, 0)
        load.follow(request, Reply(200, {}, f'{{"snippet":"{digest}"}}'))

    def a_drafts_id_for_its_partner() -> None:
        an_id(one.pools["draft"][0], one, one.partner)

    site.look_through_mails()
    steps = (with_the_wrong_session, anothers_snippet, anothers_mail, what_partners_may_not_see,
             what_is_a_clients_alone, anothers_thing, anothers_item, a_clients_draft_for_its_partner,
             a_partners_draft_for_its_client, a_solution_that_is_not_offered, a_guests_gallery_for_a_sibling,
             anothers_archive, a_draft_on_a_page, what_a_client_tests_for_its_partner, a_digest_of_it_for_its_partner,
             a_drafts_id_for_its_partner, an_id_for_two)
    missed = sum(not trial.found(step.__name__.replace("_", " "), step) for step in steps)
    missed += not trial.expect(not trial.faults, "there are faults before anything was handed to the wrong tenant")
    print(f"{missed} were missed" if missed else "every fault was found")
    return 1 if missed else 0


def main() -> int:
    arguments = parser(__doc__, EXAMPLE)
    arguments.add_argument("--seconds", type=float, default=60, help="of mixed load (default: 60)")
    arguments.add_argument("--partners", type=int, default=5, help="(default: 5)")
    arguments.add_argument("--clients", type=int, default=10, help="of each partner (default: 10)")
    arguments.add_argument("--self-test", action="store_true",
                           help="hand things to the wrong tenants: all must be found")
    options = arguments.parse_args()
    if options.partners < 2 or options.clients < 4:
        arguments.error("there must be 2 partners and 4 clients of each at least")
    trial = Trial(options.seed)
    with tempfile.TemporaryDirectory(prefix="waymark-tenants-") as folder:
        site = Site(trial, options.waymark, Path(folder), options.partners, options.clients)
        try:
            load = Load(trial, site)
            load.tour_edge()
            if options.self_test:
                return self_test(load)
            load.tour(foreign=0)
            load.tour(foreign=1)
            load.run(options.seconds)
            load.finish()
        finally:
            site.stop()
        load.report()
    return trial.end()


if __name__ == "__main__":
    sys.exit(main())
