"""What Schemathesis does beyond its own: signs the requests, and aims them at things that exist.

Loaded by Schemathesis in its own process; `WAYMARK_SCHEMA_SITE` names the file that tells what there is.
"""

import hashlib
import io
import json
import os
import re
import zipfile
from collections import Counter
from pathlib import Path

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.wfc.escalation import EscalatingAuthProvider

from schema_rules import SESSION_ONLY
from schema_site import COOKIE, PASSWORD, Person, Site

SITE = Site.load(Path(os.environ["WAYMARK_SCHEMA_SITE"]))
# One request in so many keeps its made-up ids, and finds nothing.
ASTRAY = 8


class Credentials:
    """Signs requests as a person: by API token, and by session where only that will do, or there is no token."""

    def __init__(self, person: Person):
        self.person = person

    def get(self, _case, context) -> tuple[str, str]:
        if context.operation.method.upper() + context.operation.path == "DELETE/sessions/current":
            return COOKIE, sign_in(self.person) or self.person.session
        if not self.person.token or context.operation.definition.raw.get("security") == SESSION_ONLY:
            return COOKIE, self.person.session
        return "Authorization", f"Bearer {self.person.token}"

    def set(self, case, data, _context) -> None:
        name, secret = data
        if name == COOKIE:
            case.cookies[COOKIE] = secret
        else:
            case.headers[name] = secret


def sign_in(person: Person) -> str | None:
    """A further session's secret; none where there were too many tries."""
    body = {"email": person.email, "password": person.password}
    return requests.post(SITE.base + "/sessions", json=body, timeout=20).cookies.get(COOKIE)


def further_sessions() -> list[dict[str, str]]:
    """Sessions of the owner that may end, one of them made now: a change of the password ends them all."""
    sign_in(SITE.owner)
    listed = requests.get(SITE.base + "/me/sessions", headers=SITE.owner.fields, timeout=20).json()["items"]
    return [{"id": session["id"]} for session in listed if not session["current"]]


@schemathesis.deserializer("application/zip")
def read_zip(_context, response) -> str:
    """As with tables: the description says no more of an archive than that it is one."""
    return repr(response.content)


@schemathesis.serializer("application/zip")
def write_zip(_context, value) -> bytes:
    """A character for each byte: to the description a body is a string, and bytes would be no valid one."""
    return str(value).encode("latin-1", errors="replace")


@schemathesis.deserializer("text/csv")
def read_csv(_context, response) -> str:
    """The text: the description says no more of a table."""
    return response.text


@schemathesis.hook
def after_load_schema(_context, schema) -> None:
    """Two people who must not see each other's things: for `object_level_authorization`, requests of the one are
    repeated as the other. This is what `[auth.wfc]` with `peers` registers, with credentials chosen by operation."""
    people = [Credentials(SITE.owner), Credentials(SITE.stranger)]
    names = ["owner", "stranger"]
    schema.auth.providers.append(EscalatingAuthProvider(people, names, peers=tuple(names), pinned="owner"))


TURNS: Counter[str] = Counter()
# The ids of what requests have made, and where: links lead on to it, so below there they are left as they are.
MADE: dict[str, str] = {}


@schemathesis.hook
def before_call(_context, case, _kwargs) -> None:
    """Aims a request: ids that nobody gave become those of things that exist, in the path, in If-Match, in the body."""
    if case.meta is None:
        return
    label = f"{case.method} {case.operation.path}"
    turn = TURNS[label]
    TURNS[label] += 1
    if turn % ASTRAY != ASTRAY - 1:
        if not case.meta.is_negative_at(ParameterLocation.PATH):
            aim_path(case, label, turn)
        if not case.meta.is_negative_at(ParameterLocation.HEADER):
            aim_match(case, turn)
        if not case.meta.is_negative_at(ParameterLocation.BODY):
            if isinstance(case.body, dict):
                aim_body(case, label, turn)
            elif case.media_type == "application/zip" and turn % 2 == 0:
                case.body = archive(turn)
            elif isinstance(case.body, str) and turn % 2 == 0:
                case.body = clients_file(case.media_type, turn)
        if case.operation.path == "/explanations" and not case.meta.is_negative_at(ParameterLocation.QUERY) and turn % 2:
            case.query.update(partner="tessera", systemVariable="sapUserId", systemClientId="x")
            for name in ("environment", "at"):
                case.query.pop(name, None)
    if not case.meta.is_negative_at(ParameterLocation.HEADER):
        part_keys(case)
        if case.operation.path.endswith("/audit-events") and turn % 3 == 1:
            case.headers["Accept"] = "text/csv"


def aim_path(case, label: str, turn: int) -> None:
    targets = SITE.targets.get(label) or SITE.targets.get(case.operation.path)
    if label == "DELETE /me/sessions/{id}" and turn < 2:
        targets = further_sessions()
    if not targets or not case.path_parameters:
        return
    path = case.operation.path
    made = {name for name, id in case.path_parameters.items() if path.startswith(MADE.get(str(id), path) + "/")}
    if re.findall(r"\{(\w+)\}", path)[-1] not in made:
        # What there is below one thing is not below another.
        made = set()
    for name, value in targets[turn % len(targets)].items():
        if name not in made:
            case.path_parameters[name] = value
    if made:
        protect(case, targets)


def protect(case, targets: list[dict[str, str]]) -> None:
    """What the requests themselves are signed by does not end, nor the client that all is tried on."""
    if case.operation.path.endswith(("/closing", "/suspension")):
        case.path_parameters.update(targets[0])
    if case.path_parameters.get("id") in (SITE.owner.session_id, SITE.owner.token_id):
        case.path_parameters["id"] = targets[0]["id"]


def aim_match(case, turn: int) -> None:
    """`*`, or the tag of the present state."""
    if "If-Match" not in case.headers:
        return
    tag = "*"
    if turn % 2:
        path = case.operation.path
        for name, value in (case.path_parameters or {}).items():
            path = path.replace(f"{{{name}}}", str(value))
        tag = requests.get(SITE.base + path, headers=SITE.owner.fields, timeout=20).headers.get("ETag", "*")
    case.headers["If-Match"] = tag


def part_keys(case) -> None:
    """Different requests have different idempotency keys, however alike the keys were that were made up; a request that
    comes again has the same one."""
    if key := case.headers.get("Idempotency-Key"):
        request = repr((case.method, case.path, sorted((case.path_parameters or {}).items()), case.body))
        case.headers["Idempotency-Key"] = key[:200] + hashlib.sha256(request.encode(errors="replace")).hexdigest()[:16]


def aim_body(case, label: str, turn: int) -> None:
    body, path = case.body, case.operation.path
    if (bodies := SITE.bodies.get(label)) and turn % 2 == 0:
        # One of those that are right in every other request; the others go as they were made up.
        body.clear()
        body.update(json.loads(json.dumps(bodies[turn // 2 % len(bodies)]).replace("{turn}", str(turn))))
    if path == "/me/password" and turn % 4 == 0:
        body["currentPassword"] = SITE.owner.password
    if "password" in body and turn % 2 == 0:
        body["password"] = f"{PASSWORD} {turn}"
    if path == "/sessions" and turn % 2 == 0:
        body.update(email=SITE.owner.email, password=SITE.owner.password)
    account = str((case.path_parameters or {}).get("account"))
    if "confirmName" in body:
        body["confirmName"] = SITE.account_names.get(account, body["confirmName"])
    staying = list(SITE.account_names)[:2]
    for name in ("into", "partnerAccount"):
        if name in body:
            body[name] = staying[turn % len(staying)]
    for part in [body, *(body.get("invitations") or [])]:
        aim_systems(part, turn)


def archive(turn: int) -> str:
    """A ZIP archive of one item, as `write_zip` takes it."""
    item = {"kind": "shoutOut", "name": f"Packed {turn}", "title": {"en": "Packed"}, "text": {"en": "Packed"}}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("item.json", json.dumps(item))
    return packed.getvalue().decode("latin-1")


def clients_file(media_type: str, turn: int) -> str:
    """Two clients to add, the second of them bad."""
    good = {"name": f"Imported {turn}", "system": "sap-concur", "systemClientId": f"import-{turn}"}
    rows = [
        {**good, "admins": ["im@port.example"]},
        {"name": "", "system": "sap-concur", "systemClientId": "x", "admins": []},
    ]
    if media_type == "text/csv":
        lines = [",".join([*list(row.values())[:3], " ".join(row["admins"])]) for row in rows]
        return "\r\n".join(["name,system,systemClientId,admins", *lines]) + "\r\n"
    return "".join(json.dumps(row) + "\n" for row in rows)


def aim_systems(body: dict, turn: int) -> None:
    if isinstance(body.get("systems"), list):
        count = min(len(body["systems"]), len(SITE.systems))
        body["systems"] = [SITE.systems[(turn + number) % len(SITE.systems)] for number in range(count)]


@schemathesis.hook
def filter_failure(_context, failure, case, response) -> bool:
    """U+0000 is refused in any text of any body with 400, though JSON Schema's strings have it: the description would
    need a pattern at each of them. So is a number with a fraction or an exponent, though to JSON Schema 1.0 is a whole
    one. Both are still sent, and every other check sees the answer."""
    is_rejected = isinstance(failure, RejectedPositiveData) and response.status_code == 400
    has_null = "\\u0000" in json.dumps(case.body, default=str) and "U+0000" in response.text
    is_number = "without fraction or exponent" in response.text
    return not (is_rejected and (has_null or is_number))


@schemathesis.hook
def after_call(_context, case, response) -> None:
    """Notes what was answered, and the ids of what was made."""
    with open(SITE.seen, "a", encoding="utf-8") as file:
        file.write(f"{response.status_code} {response.elapsed:.3f} {case.method} {case.operation.path}\n")
    if response.status_code == 204 and case.operation.path == "/me/password":
        SITE.owner.password = case.body["password"]
    if response.status_code == 201 and isinstance(made := response.json(), dict):
        several = made.get("items")
        for one in several if isinstance(several, list) else [made]:
            MADE[one.get("id", "")] = case.operation.path
