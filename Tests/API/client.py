"""A small client of the management API."""

import http.client
import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from suite import expect

API = "/api/v1"
COOKIE = "__Host-waymark"
READ = "read"


@dataclass
class Answer:
    """What came back; names of fields are in lower case."""

    asked: str
    status: int
    fields: dict[str, str]
    body: bytes
    names: list[str] = field(default_factory=list)

    @property
    def json(self) -> dict:
        return json.loads(self.body) if self.body else {}

    def __getitem__(self, member: str):
        return self.json[member]

    @property
    def items(self) -> list[dict]:
        return self["items"]

    @property
    def tag(self) -> str:
        return self.fields["etag"]

    @property
    def session(self) -> str:
        """The secret in the session's cookie; empty where none is set."""
        first = self.fields.get("set-cookie", "").split(";")[0]
        return first.removeprefix(COOKIE + "=") if first.startswith(COOKIE) else ""

    def expect(self, status: int, code: str = "") -> "Answer":
        """Throws where the status, or a problem's code, is another."""
        seen = f"{self.asked} answers {self.status} {self.body[:300].decode(errors='replace')}"
        expect(self.status == status, f"{seen} instead of {status}")
        if status >= 400:
            expect(self.fields.get("content-type") == "application/problem+json", f"{self.asked}: no problem+json")
        if code:
            expect(self.json.get("code") == code, f"{seen} instead of code {code}")
        return self


class Client:
    """Asks as somebody: with a session's cookie, an API token, or as nobody."""

    def __init__(self, control: str, session: str = "", token: str = ""):
        self.control, self.session, self.token = control, session, token

    def ask(self, method: str, path: str, body: object = None, fields: dict[str, str] | None = None) -> Answer:
        """One request over a connection of its own; a body of bytes goes as it is, anything else as JSON."""
        sent = {"Accept": "application/json"}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        if self.session:
            sent["Cookie"] = f"{COOKIE}={self.session}"
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        sent = {name: value for name, value in {**sent, **(fields or {})}.items() if value is not None}
        connection = http.client.HTTPConnection(urlsplit(self.control).netloc, timeout=120)
        try:
            connection.request(method, path if path.startswith("/api/") else API + path, data, sent)
            answer = connection.getresponse()
            pairs = [(name.lower(), value) for name, value in answer.getheaders()]
            names = [name for name, _ in pairs]
            answered = Answer(f"{method} {path}", answer.status, dict(pairs), answer.read(), names)
            # As a browser does: whoever accepts an invitation goes on with another session.
            if self.session and answered.session:
                self.session = answered.session
            return answered
        finally:
            connection.close()

    def get(self, path: str, **fields: str) -> Answer:
        return self.ask("GET", path, None, {name.replace("_", "-"): value for name, value in fields.items()})

    def post(self, path: str, body: object = None, key: str = "") -> Answer:
        return self.ask("POST", path, body, {"Idempotency-Key": key} if key else {})

    def put(self, path: str, body: object) -> Answer:
        return self.ask("PUT", path, body)

    def patch(self, path: str, body: object, match: str | None = READ) -> Answer:
        """Changes what was just read, or what `match` names."""
        return self.ask("PATCH", path, body, self.matching(path, match))

    def delete(self, path: str, match: str | None = None, body: object = None) -> Answer:
        return self.ask("DELETE", path, body, self.matching(path.split("?")[0], match))

    def matching(self, path: str, match: str | None) -> dict[str, str]:
        if match == READ:
            match = self.get(path).expect(200).tag
        return {"If-Match": match} if match is not None else {}

    def all(self, path: str) -> list[dict]:
        """Everything in a list, by its links."""
        found, answer = [], self.get(path).expect(200)
        while True:
            found += answer.items
            if "link" not in answer.fields:
                return found
            answer = self.get(answer.fields["link"].split(">")[0].lstrip("<")).expect(200)
