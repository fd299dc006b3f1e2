#!/usr/bin/env python3
"""No tenant ever sees another one's marks: 50 clients of 5 partners under mixed load, over the API, the edge and mail.

Everything that can be named has a mark of its tenant's in it: names, System Client IDs, system variables, addresses,
invitations, labels, tokens, reasons, published content; what only a client's own people may see has another one than
what its partner may see too. First everybody asks every reading operation of the description about own things, each to
be answered with own marks, and about others'. Then threads ask everything of everybody: about own things, others' and
none, with others' cursors, entity tags and Idempotency-Keys, on connections that many share; edge requests, pipelined
too; publishes. Every answer, head and body, and every mail is looked through for marks that are not the receiver's, and
ids that were told to tenants who have nothing to do with each other. The exit code is 1 for any.
"""

import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from smtplib import SMTP

from load import Crew, EdgeAnswer, Trial, parser
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
MARKLESS = {"GET /systems"}
# Fewer would leave little to look at.
SUCCESS_SHARE = 0.4


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
        self.publishes = 0

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
        if operation.path.endswith("/unknown-ids"):
            request.repeated = self.asked
        has_mark = self.site.watch.scan(request.asker.name, tenant.allowed, what, answer.text, request.sent)
        self.site.watch.note_ids(tenant, answer.text, request.text)
        if has_mark and answer.status == 200:
            self.marked.add(operation.name)
        self.requests.learn(request, answer)

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
                    request.path, request.fields, request.by_token = request.path.split("?")[0], {}, False
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

    def judge_edge(self, key: Key, answer: EdgeAnswer, who: str = "") -> None:
        with self.lock:
            self.edge[answer.outcome] += 1
        self.trial.expect(answer.status in (200, 304, 404), f"the edge's {key.path} answers {answer.status}")
        if self.site.look(key, answer, who):
            with self.lock:
                self.edge["with an own mark"] += 1

    def ask_edge(self, crew: Crew, number: int) -> None:
        line, dice = self.site.edge(), self.trial.dice(f"edge {number}")
        tag = '"x"'
        while crew.goes_on:
            keys = dice.choices(self.keys, k=dice.randint(1, PIPELINE))
            lines = [(f"Accept-Encoding: {dice.choice(('br', 'gzip', 'identity', 'gzip, br;q=0.5'))}",
                      *([f"If-None-Match: {tag}"] if dice.random() < 0.1 else [])) for _ in keys]
            answers = line.ask_all([("GET", key.path, fields) for key, fields in zip(keys, lines, strict=True)])
            for key, answer in zip(keys, answers, strict=True):
                self.judge_edge(key, answer)
            tag = answers[0].fields.get("etag", tag)

    def publish(self, crew: Crew) -> None:
        dice = self.trial.dice("publish")
        publishing = [client for client in self.site.clients if client.pools["published"]]
        while crew.goes_on:
            client = dice.choice(publishing)
            folder = self.site.content(client, "later")
            words = ("--partner", client.partner.key, "--client", client.pools["key"][0])
            # The operator may, whatever state the client is in (domain.md, D-23).
            environment = dice.choice(client.pools["published"])
            self.site.deployment.command("publish", str(folder), *words, "--environment", environment)
            self.publishes += 1
            crew.stopping.wait(0.5)

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
        known = {}
        for partner in self.site.partners:
            path = f"/partners/{partner.key}/staff?limit=200"
            staff = self.site.line.ask(partner.people[0], "GET", path).json["items"]
            ids = {row["id"] for row in staff}
            # Who did something, and by which token, its clients' audit says.
            ids |= {*partner.pools["partner"], *partner.pools["token"], *partner.spares.get("staff", ())}
            known[partner.name] = ids
        self.ids = self.site.watch.check_ids(self.site.partners, known)

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
        print(f"publishes: {self.publishes}; mails: {self.site.mails_seen}")
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
        request = load.requests.make(dice, operation, one.people[0], 0, 0)
        request.asker = one.partner.people[0]
        load.judge(request, line.ask(one.people[0], "GET", f"/clients/{one.pools['client'][0]}/users"))

    def anothers_thing() -> None:
        request = load.requests.make(dice, operation, other.people[0], 0, 0)
        request.is_foreign = True
        load.judge(request, line.ask(other.people[0], "GET", request.path))

    def an_id_for_two() -> None:
        id = one.pools["system"][0]
        for tenant in (one, far):
            site.watch.note_ids(tenant, id, "")
        load.finish()

    site.look_through_mails()
    steps = (with_the_wrong_session, anothers_snippet, anothers_mail, what_partners_may_not_see, anothers_thing,
             an_id_for_two)
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
