"""What a case of HTTP/1.1 is, the three ways in which each is run, and what every answer must be like."""

import email.utils
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from support.servers import PATH

from connection import SECONDS, Address, Answer, Fault

OPEN, CLOSES = False, True
ANY_4XX = range(400, 500)
NOT_KEPT = (400, 413, 414, 431)


def request(
    target: str = PATH,
    *fields: str,
    method: str = "GET",
    version: str = "HTTP/1.1",
    host: str | None = "Host: localhost",
    body: str = "",
) -> bytes:
    """The bytes of a request. Characters up to U+00FF stand for the byte of that number."""
    lines = [f"{method} {target} {version}", *([host] if host is not None else []), *fields, "", body]
    return "\r\n".join(lines).encode("latin-1")


GOOD = request()


@dataclass(frozen=True)
class Case:
    """Bytes to send, and the one right answer to them, or answers."""

    name: str
    request: bytes
    # The status, or one for each answer; a range where RFC 9112 leaves the choice.
    status: int | range | tuple[int, ...]
    closes: bool = OPEN
    # The last request is of HTTP/1.0: the connection's end goes without saying, its staying does not.
    is_old: bool = False
    # The body, where it is only sent when `100 Continue` has come.
    held_body: bytes = b""
    # `100 Continue` may come before the answer, as the server may find the body already there, or not.
    may_continue: bool = False
    # Positions among the answers of those to `HEAD`.
    heads: frozenset[int] = frozenset()
    # Fields that the last answer must have with this value, or must not have (None).
    fields: dict[str, str | None] = field(default_factory=dict)
    # What else must hold: returns what is wrong, or nothing.
    check: Callable[[list[Answer]], str | None] | None = None

    @property
    def statuses(self) -> tuple[int | range, ...]:
        return self.status if isinstance(self.status, tuple) else (self.status,)


@dataclass
class Site:
    """A running edge, and its right answer to the good request."""

    address: Address
    good: Answer
    good_brotli: Answer
    good_gzip: Answer

    def check_good(self, answer: Answer) -> None:
        check_form(answer, closes=OPEN)
        if answer.status != 200 or answer.body != self.good.body:
            raise Fault(f"a good request beside it got {answer.status}, {len(answer.body)} bytes")
        if answer.fields.keys() != self.good.fields.keys():
            raise Fault(f"a good request beside it got other fields: {answer.fields.keys() ^ self.good.fields.keys()}")


def survey(address: Address) -> Site:
    """Asks for the good answers that others are compared with."""
    answers = []
    for fields in ((), ("Accept-Encoding: br",), ("Accept-Encoding: gzip",)):
        with address.connect() as connection:
            connection.send(request(PATH, *fields))
            answers.append(connection.answer())
    site = Site(address, *answers)
    if site.good.status != 200 or site.good.fields.get("waymark-outcome") != "standard":
        raise SystemExit(f"the good request gets {site.good}")
    return site


def check_form(answer: Answer, *, closes: bool, is_old: bool = False, is_head: bool = False) -> None:
    """What holds for every answer of whatever status (`edge-contract.md`, A 200 and Connections)."""
    fields = answer.fields

    def demand(holds: bool, what: str) -> None:
        if not holds:
            raise Fault(f"{answer.status} {what}")

    date = email.utils.parsedate_to_datetime(fields.get("date", "Thu, 01 Jan 1970 00:00:00 GMT"))
    is_fixdate = fields.get("date") == email.utils.format_datetime(date, usegmt=True)
    demand(is_fixdate and abs(date.timestamp() - time.time()) < 10, f"with Date {fields.get('date')}")
    origin = fields.get("access-control-allow-origin")
    demand(origin == "*", f"with Access-Control-Allow-Origin {origin}")
    demand("transfer-encoding" not in fields, "with Transfer-Encoding")
    connection = fields.get("connection")
    if is_old:
        demand(closes or connection == "keep-alive", f"to HTTP/1.0 stays with Connection {connection}")
        demand(not closes or connection in (None, "close"), f"to HTTP/1.0 closes with Connection {connection}")
    else:
        demand(connection == ("close" if closes else None), f"with Connection {connection}")
    # RFC 9110, section 8.6: none in 204. A 304 carries no representation, so it describes none (section 15.4.5).
    if answer.status == 204:
        demand("content-length" not in fields, "with Content-Length")
    elif answer.status == 304:
        demand(not fields.keys() & {"content-type", "content-encoding"}, "with representation metadata")
    else:
        demand("content-length" in fields, "without Content-Length")
        demand("content-type" in fields, "without Content-Type")
        demand(is_head or len(answer.body) > 0, "with an empty body")
    if answer.status in NOT_KEPT:
        demand(fields.get("cache-control") == "no-store", f"with Cache-Control {fields.get('cache-control')}")
    if answer.status == 405:
        demand("allow" in fields, "without Allow")


WAYS = ("whole", "bytewise", "pipelined")


def run(case: Case, site: Site, way: str) -> None:
    """Runs a case in one of the ways; raises `Fault` with what was seen."""
    with site.address.connect() as connection:
        is_bytewise = way == "bytewise"
        before = GOOD if way == "pipelined" else b""
        # Behind a request that closes, a good one must get no answer; behind another, its own.
        after = GOOD if way == "pipelined" else b""
        connection.send(before + case.request + (b"" if case.held_body else after), bytewise=is_bytewise)
        if before:
            site.check_good(connection.answer())
        if case.held_body:
            interim = connection.answer()
            if interim.status != 100 or interim.fields:
                raise Fault(f"{interim.status} {interim.fields} instead of 100")
            connection.send(case.held_body + after, bytewise=is_bytewise)
        answers = []
        for position, status in enumerate(case.statuses):
            is_head = position in case.heads
            answer = connection.answer(is_head=is_head)
            if answer.status == 100 and case.may_continue:
                answer = connection.answer(is_head=is_head)
            if answer.status != status and (isinstance(status, int) or answer.status not in status):
                raise Fault(f"{answer.status} instead of {status}" + of_many(position, case))
            is_last = position + 1 == len(case.statuses)
            check_form(answer, closes=case.closes and is_last, is_old=case.is_old and is_last, is_head=is_head)
            answers.append(answer)
        check_fields(case, answers)
        if case.closes:
            connection.expect_end()
            return
        if after:
            site.check_good(connection.answer())
        connection.send(GOOD)
        site.check_good(connection.answer())
        if connection.buffer:
            raise Fault(f"more behind the last answer: {connection.buffer[:60]!r}")


def of_many(position: int, case: Case) -> str:
    return f" as answer {position + 1}" if len(case.statuses) > 1 else ""


def check_fields(case: Case, answers: list[Answer]) -> None:
    for name, value in case.fields.items():
        seen = answers[-1].fields.get(name)
        if seen != value:
            raise Fault(f"{answers[-1].status} with {name} {seen!r} instead of {value!r}")
    if case.check and (wrong := case.check(answers)):
        raise Fault(wrong)


def half_close(site: Site) -> None:
    """A client that ends its sending side after its last request still gets all answers (RFC 9112, section 9.6)."""
    with site.address.connect() as connection:
        connection.send(GOOD * 3)
        connection.end_sending()
        for _ in range(3):
            site.check_good(connection.answer())
        connection.expect_end()


def more_behind_close(start: bytes) -> Callable[[Site], None]:
    """What comes behind a last request must not be met by a reset, which may cost its answer (RFC 9112, section 9.6).

    Linux hands out what came before a reset, other systems throw it away; so it is looked for by sending once more.
    """

    def check(site: Site) -> None:
        with site.address.connect() as connection:
            connection.send(start)
            # The answer is here, but not read; by now an edge in haste has closed.
            select.select([connection.channel], [], [], SECONDS)
            time.sleep(0.05)
            for byte in (b"\r", b"\n"):
                connection.send(byte)
                time.sleep(0.05)
            check_form(connection.answer(), closes=CLOSES)
            connection.expect_end()

    return check


def cut_off(data: bytes) -> Callable[[Site], None]:
    """A request that ends before its end is never carried out (RFC 9112, section 8): no answer, or 400."""

    def check(site: Site) -> None:
        with site.address.connect() as connection:
            connection.send(GOOD + data)
            connection.end_sending()
            site.check_good(connection.answer())
            while connection.more():
                pass
            if connection.buffer and not connection.buffer.startswith(b"HTTP/1.1 400 "):
                raise Fault(f"half a request got {connection.buffer[:60]!r}")

    return check


ENDINGS = {
    "end: of sending behind the last request": half_close,
    "end: an empty line behind close": more_behind_close(request(PATH, "Connection: close")),
    "end: an empty line behind a malformed request": more_behind_close(request(host=None)),
    "end: within a request line": cut_off(GOOD[:20]),
    "end: within a head": cut_off(GOOD[:-2]),
    "end: within a body": cut_off(request("/v1/usage", "Content-Length: 3", method="POST", body="{}")),
    "end: within a chunk": cut_off(request("/v1/usage", "Transfer-Encoding: chunked", method="POST", body="3\r\n{}")),
    "end: before the last chunk": cut_off(
        request("/v1/usage", "Transfer-Encoding: chunked", method="POST", body="2\r\n{}\r\n")
    ),
}
