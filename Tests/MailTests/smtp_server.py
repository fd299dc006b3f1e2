"""A real mail server (aiosmtpd) that refuses by script.

  smtp_server.py DIR [--certificate FILE --key FILE] [--implicit] [--user NAME --password WORD]

Prints its port, then serves 127.0.0.1 until it is ended. Every command and message goes to DIR: `log` has a line for
each MAIL, RCPT, AUTH and DATA, and N.eml the Nth message as it came. With a certificate it offers STARTTLS, and
requires it; with --implicit it speaks TLS from the first byte. What the recipient's name asks for is the answer.
"""

import argparse
import asyncio
import pathlib
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

REPLIES = {
    "later": "451 4.7.1 Try again later",
    "unknown": "550 5.1.1 No such user <secret words of the server>",
    "sign-in-first": "530 5.7.0 Authentication required",
}
DATA_REPLIES = {"full": "452 4.2.2 Mailbox full", "spam": "554 5.7.1 Refused"}


def protection(server):
    return "tls" if server.transport.get_extra_info("ssl_object") else "clear"


class Recorder:
    def __init__(self, directory):
        self.directory = directory
        self.count = 0
        self.log("started")

    def log(self, line):
        with (self.directory / "log").open("a") as file:
            file.write(line + "\n")

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.log(f"MAIL {address} from {session.host_name} {protection(server)}")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.log(f"RCPT {address}")
        name = address.split("@")[0]
        if name == "silent":
            await asyncio.sleep(60)
        if name in REPLIES:
            return REPLIES[name]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.log("DATA")
        reply = DATA_REPLIES.get(envelope.rcpt_tos[0].split("@")[0])
        if reply:
            return reply
        self.count += 1
        (self.directory / f"{self.count}.eml").write_bytes(envelope.original_content)
        return "250 OK"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--implicit", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password")
    arguments = parser.parse_args()

    recorder = Recorder(arguments.directory)
    options, implicit = {}, None
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
        if arguments.implicit:
            implicit = context
        else:
            options.update(tls_context=context, require_starttls=True)
    if arguments.user:

        def authenticator(server, session, envelope, mechanism, data):
            recorder.log(f"AUTH {data.login.decode()} {protection(server)}")
            known = data.login.decode() == arguments.user and data.password.decode() == arguments.password
            # Not handled: the server makes the answer, 235 or 535.
            return AuthResult(success=known, handled=False)

        options.update(authenticator=authenticator, auth_required=True, auth_require_tls=False)

    asyncio.run(serve(recorder, implicit, options))


async def serve(recorder, implicit, options):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(recorder, loop=loop, hostname="mail.test", **options), host="127.0.0.1", port=0, ssl=implicit
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


main()
