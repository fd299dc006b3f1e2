"""People who change one item and publish, again and again, and look at the edge for what they have published."""

import base64
import json
import os
import random
import socket
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from . import servers, trial, wire
from .accounts import API, COOKIE, Fault

ENVIRONMENT = "production"
# A publish is to be seen long before.
VISIBLE_SECONDS = 10
WAIT = "?wait=5s"
WORDS = """
account accepted advance after airfare allowance amount another answer approve approval attach before between booking
budget business calendar cancel card carry cash category center change charge check choose claim client close code
colleague comment company complete confirm correct cost country credit currency customer daily date day deadline decide
department detail different distance document driver each early employee enter estimate every exchange expense explain
export fare field file final first follow foreign form friday fuel guest hotel hour image import include invoice journey
keep later leave legal letter limit line list lodging manager meal mileage missing monday month name need night note
number once open order other owner page paid parking partner passenger people person photo place plan please policy
portal private project proof purpose question quick rail rate read reason receipt record reject remind rental report
request return review room route rule save scan second select send share short sign single split stay step submit
supplier system table tax taxi team ticket total train travel trip type until upload vendor visit week write year
""".split()


def contents(number):
    """The three items of one content; no two numbers have the same texts."""
    dice = random.Random(number)
    line = lambda count: " ".join(dice.choices(WORDS, k=count)).capitalize()
    text = lambda count: {"en": " ".join(f"{line(9)}." for _ in range(count))}
    steps = [{"title": {"en": line(3)}, "text": text(2), "selector": f"#{'-'.join(dice.choices(WORDS, k=2))}"}
             for _ in range(3)]
    return [
        {"kind": "shoutOut", "name": line(3), "title": {"en": line(4)}, "text": text(3)},
        {"kind": "walkThru", "name": line(3), "title": {"en": line(4)}, "steps": steps},
        {"kind": "resource", "name": line(3), "title": {"en": line(4)}, "action": {"kind": "article", "text": text(6)}},
    ]


def snippet(client):
    """The path of a client's script at the edge."""
    return f"/v1/{servers.PARTNER}/snippets/{servers.VARIABLE}/{client}.js"


def publish_all(folder, clients, threads):
    """Publishes content of its own for each of some clients, through the socket that commands use; when each was done,
    in seconds from the beginning."""
    numbers, lock, ended = iter(enumerate(clients)), threading.Lock(), threading.Event()
    began, times = time.monotonic(), []

    def work():
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(os.path.join(folder, "waymark.sock"))
            replies = control.makefile("rb")
            while not ended.is_set():
                with lock:
                    number, client = next(numbers, (0, None))
                if client is None:
                    return
                files = [{"path": f"items/{place}.json", "bytes": base64.b64encode(json.dumps(item).encode()).decode()}
                         for place, item in enumerate(contents(number))]
                request = {"operation": "PublishItems", "input": {
                    "files": files, "partner": servers.PARTNER, "client": client, "environment": ENVIRONMENT}}
                control.sendall(json.dumps(request).encode() + b"\n")
                reply = json.loads(replies.readline() or b"{}")
                if "answer" not in reply:
                    raise Fault(f"publishing for {client} was refused: {reply}")
                times.append(time.monotonic() - began)

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(work) for _ in range(threads)]
        try:
            while wait(running, 0.2, FIRST_EXCEPTION).not_done:
                trial.bar("own releases", len(times), len(clients), began)
                if any(one.done() and one.exception() for one in running):
                    break
        finally:
            ended.set()
    for one in running:
        one.result()
    return sorted(times)


class Publisher:
    """Somebody who is signed in, with a kept connection to the management API and one to the edge."""

    def __init__(self, server, session, client):
        self.server, self.session, self.path = server, session, snippet(client)
        self.edited = 0

    def __enter__(self):
        self.control = wire.Connection(self.server.control_port, timeout=60)
        self.edge = wire.Connection(self.server.port)
        return self

    def __exit__(self, *_):
        self.control.close()
        self.edge.close()

    def ask(self, method, path, status, body):
        """One request, which must be answered with a status; its milliseconds, and the answer."""
        fields = [f"Cookie: {COOKIE}={self.session}", "Content-Type: application/json"]
        fields += ["If-Match: *"] if method == "PATCH" else []
        data = wire.request(API + path, *fields, method=method, body=json.dumps(body).encode())
        began = time.perf_counter()
        answer = self.control.ask(data)
        took = 1000 * (time.perf_counter() - began)
        if answer.status != status:
            raise Fault(f"{method} {path} answers {answer.status} {answer.body[:300].decode(errors='replace')}")
        return took, json.loads(answer.body)

    def make(self, path, number, **more):
        """Writes the items of a content in an Editor; the path of the one that is changed from then on."""
        ids = [self.ask("POST", path, 201, {"content": item, **more})[1]["id"] for item in contents(number)]
        self.item, self.texts = f"{path}/{ids[0]}", random.Random(number)

    def edit(self):
        """Changes the first item, so that nothing like it was ever published."""
        self.edited += 1
        self.mark = f"edition {self.edited} of {self.path.rsplit('/', 1)[1]}"
        text = f"{self.mark}: {' '.join(self.texts.choices(WORDS, k=24))}."
        return self.ask("PATCH", self.item, 200, {"content": {"text": {"en": text}}})[0]

    def shows(self, path):
        """Whether the edge answers a path with what was published last."""
        return self.mark.encode() in self.edge.ask(wire.request(path)).body

    def look(self):
        """Asks the edge without pause until it answers with what was published: milliseconds, and how often it was
        asked."""
        began, asked = time.perf_counter(), 1
        while not self.shows(self.path):
            if time.perf_counter() - began > VISIBLE_SECONDS:
                raise Fault(f"'{self.mark}' is not to be seen at the edge after {VISIBLE_SECONDS} s")
            asked += 1
        return 1000 * (time.perf_counter() - began), asked


class Owner(Publisher):
    """An admin of a client, who publishes its own content."""

    def __init__(self, server, account, client, number):
        super().__init__(server, account.admin.session, client)
        self.root = f"{account.path}/systems/{account.system}"
        with self:
            self.make(f"{self.root}/items", number)
            self.edit()
            self.publish("")
            self.look()

    def publish(self, query):
        return self.ask("POST", f"{self.root}/releases{query}", 200, {"environment": ENVIRONMENT})[0]


class Partner(Publisher):
    """An admin of a partner, who publishes its standard content: one solution, in another version each time."""

    FOLDER = "first-steps"

    def __init__(self, server, admin, client):
        super().__init__(server, admin.session, client)
        self.root = f"/partners/{servers.PARTNER}"
        about = {"slug": self.FOLDER, "name": {"en": "First steps"}, "summary": {"en": "What everybody needs."}}
        with self:
            self.solution = self.ask("POST", f"{self.root}/solutions", 201, about)[1]["id"]
            self.make(f"{self.root}/items", 0, folder=self.FOLDER)

    def version(self):
        """Makes a version of what stands in the Editor."""
        took, made = self.ask("POST", f"{self.root}/solutions/{self.solution}/versions", 201, {})
        self.number = made["number"]
        return took

    def publish(self, query, **more):
        body = {"environment": ENVIRONMENT, "confirm": servers.PARTNER,
                "solutions": [{"solution": self.solution, "version": self.number}], **more}
        return self.ask("POST", f"{self.root}/standard-content/sap-concur/releases{query}", 200, body)[0]
