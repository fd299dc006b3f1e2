"""A real mail server that keeps what it is sent."""

import asyncio
import email
import email.policy
import re
import threading
import time
from dataclasses import dataclass
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP

from suite import Fault, Patience

LINK = re.compile(r"https?://[^\s\"<>]+/(activations|invitations|password-resets)/([A-Za-z0-9_-]+)")


@dataclass
class Mail:
    """A message, with its decoded parts."""

    to: str
    message: EmailMessage
    is_taken: bool = False

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def part(self, kind: str) -> str:
        """The text of the part of that type: `plain` or `html`."""
        body = self.message.get_body((kind,))
        return body.get_content() if body else ""

    @property
    def text(self) -> str:
        return self.part("plain")

    @property
    def link(self) -> str:
        """The whole address of the link in the text; empty where there is none."""
        found = LINK.search(self.text)
        return found[0] if found else ""

    @property
    def path(self) -> str:
        """The link's path below the API: `/activations/TOKEN`."""
        found = LINK.search(self.text)
        if not found:
            raise Fault(f"no link in the mail '{self.subject}'")
        return f"/{found[1]}/{found[2]}"


class Mailbox:
    """Takes mail for every address, on a port of its own."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.refused: set[str] = set()
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.thread = threading.Thread(target=self.serve, args=(started,), daemon=True)
        self.thread.start()
        started.wait()

    def serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        made = self.loop.create_server(
            lambda: SMTP(self, loop=self.loop, hostname="mail.test", enable_SMTPUTF8=True), host="127.0.0.1", port=0
        )
        server = self.loop.run_until_complete(made)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802: aiosmtpd's name
        """Refuses a mailbox that is said not to exist."""
        if address in self.refused:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802: aiosmtpd's name
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.extend(Mail(to, message) for to in envelope.rcpt_tos)
        return "250 OK"

    def find(self, to: str, containing: str = "") -> Mail | None:
        for mail in self.mails:
            if mail.to == to and not mail.is_taken and (containing in mail.text or containing in mail.subject):
                return mail
        return None

    def next(self, to: str, containing: str = "", seconds: float = 0) -> Mail:
        """The first mail to an address, with some text in it, that was not taken before; waits for it."""
        seconds = seconds or Patience.seconds
        end = time.monotonic() + seconds
        while not (mail := self.find(to, containing)):
            if time.monotonic() > end:
                raise Fault(f"no mail to {to} with '{containing}' after {seconds} s")
            time.sleep(0.05)
        mail.is_taken = True
        return mail

    def settle(self) -> None:
        """Waits until mails that were queued before are there: two rounds of the worker."""
        time.sleep(1.5)

    def count(self, to: str) -> int:
        return sum(mail.to == to for mail in self.mails)
