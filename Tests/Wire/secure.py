"""TLS as the edge speaks it, HTTP/1.1 on it, and all of HTTP/2. Written for a server with a certificate."""

import ssl
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from support.servers import Server

import http1
import http2_floods
import http2_frames
import http2_requests
from connection import SECONDS, Address, Connection, Fault
from http1 import GOOD, Site
from http2_peer import PREFACE

if TYPE_CHECKING:
    from corpus import Report

TABLE = "tls: the whole table of HTTP/1.1"


def check(
    report: "Report",
    server: Server,
    certificate: str,
    http1_cases: Callable[[Site], Iterable[http1.Case]],
) -> None:
    address = Address(server.port, is_tls=True)
    site = http1.survey(address)
    for name, attempt in tls_checks(site, certificate).items():
        report.run(f"tls: {name}", ("", attempt))
    already = {name.removeprefix("http/1.1 ") for name in report.failed}
    report.run(TABLE, ("", lambda: whole_table(site, [case for case in http1_cases(site) if case.name not in already])))
    report.run("http/2 the same as HTTP/1.1", ("", lambda: http2_requests.check_same(address, site)))
    for case in http2_requests.cases(site.good):
        report.run(f"http/2 {case.name}", ("", lambda case=case: http2_requests.run(case, address, site.good)))
    for name, one in (*http2_frames.checks(), *http2_floods.checks(server)):
        report.run(f"http/2 {name}", ("", lambda one=one: one(address, site.good)))


def whole_table(site: Site, cases: list[http1.Case]) -> str:
    """Each case in one send; what failed without TLS is not told again."""
    faults = []
    for case in cases:
        try:
            http1.run(case, site, "whole")
        except (Fault, OSError) as error:
            faults.append(f"{case.name}: {error}")
    if faults:
        raise Fault(f"{len(faults)} of {len(cases)}: {'; '.join(faults[:10])}")
    return f"{len(cases)} cases"


def tls_checks(site: Site, certificate: str) -> dict[str, Callable[[], str | None]]:
    address = site.address

    def accepts(version: ssl.TLSVersion, name: str) -> Callable[[], None]:
        def attempt() -> None:
            for protocols, chosen in ((("h2",), "h2"), (("http/1.1",), "http/1.1")):
                with address.tls(protocols, version) as channel:
                    if (channel.version(), channel.selected_alpn_protocol()) != (name, chosen):
                        raise Fault(f"{channel.version()} with ALPN {channel.selected_alpn_protocol()}")

        return attempt

    def refuses(version: ssl.TLSVersion) -> Callable[[], str]:
        def attempt() -> str:
            try:
                with address.tls((), version) as channel:
                    raise Fault(f"{channel.version()} is accepted")
            except ssl.SSLError as error:
                # This side must have offered it, or nothing is shown.
                if error.reason in ("NO_PROTOCOLS_AVAILABLE", "UNSUPPORTED_PROTOCOL", "NO_CIPHERS_AVAILABLE"):
                    raise Fault(f"this machine's OpenSSL does not offer it: {error.reason}") from error
                return str(error.reason)
            except ConnectionResetError:
                return "reset"

        return attempt

    def chooses(offered: tuple[str, ...], expected: str | None) -> Callable[[], None]:
        def attempt() -> None:
            with address.tls(offered) as channel:
                if channel.selected_alpn_protocol() != expected:
                    raise Fault(f"ALPN chose {channel.selected_alpn_protocol()} of {offered}")

        return attempt

    def speaks_http1(offered: tuple[str, ...]) -> Callable[[], None]:
        def attempt() -> None:
            with Connection(address.tls(offered)) as connection:
                connection.send(GOOD * 2)
                site.check_good(connection.answer())
                site.check_good(connection.answer())
                connection.send(http1.request("/x", "Connection: close"))
                connection.answer()
                connection.expect_end()

        return attempt

    def refuses_preface(offered: tuple[str, ...]) -> Callable[[], None]:
        def attempt() -> None:
            with Connection(address.tls(offered)) as connection:
                connection.send(PREFACE)
                if (status := connection.answer().status) != 400:
                    raise Fault(f"{status} instead of 400")
                connection.expect_end()

        return attempt

    def shows_certificate() -> None:
        with open(certificate, encoding="ascii") as file:
            expected = ssl.PEM_cert_to_DER_cert(file.read())
        with address.tls() as channel:
            if channel.getpeercert(binary_form=True) != expected:
                raise Fault("another certificate than the configured one")

    def refuses_plain() -> str:
        """No TLS, no answer: not even one of HTTP."""
        with address.tcp() as channel:
            channel.settimeout(SECONDS)
            channel.sendall(GOOD)
            seen = b""
            try:
                while piece := channel.recv(4096):
                    seen += piece
            except ConnectionResetError:
                return "reset"
            except TimeoutError as error:
                raise Fault(f"not closed in {SECONDS} s") from error
            if b"HTTP/1.1 2" in seen:
                raise Fault(f"answered with {seen[:60]!r}")
            return "alert" if seen[:1] == b"\x15" else f"{len(seen)} bytes"

    return {
        "1.3 accepted": accepts(ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        "1.2 accepted": accepts(ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        "1.1 refused": refuses(ssl.TLSVersion.TLSv1_1),
        "1.0 refused": refuses(ssl.TLSVersion.TLSv1),
        "the configured certificate": shows_certificate,
        "ALPN h2": chooses(("h2",), "h2"),
        "ALPN http/1.1": chooses(("http/1.1",), "http/1.1"),
        "ALPN of both, h2 first": chooses(("h2", "http/1.1"), "h2"),
        "ALPN of both, h2 last": chooses(("http/1.1", "h2"), "h2"),
        "ALPN of an unknown one and h2": chooses(("h3-29", "h2"), "h2"),
        "ALPN not offered": chooses((), None),
        "HTTP/1.1 by ALPN": speaks_http1(("http/1.1",)),
        "HTTP/1.1 without ALPN": speaks_http1(()),
        "preface of HTTP/2 where HTTP/1.1 was chosen": refuses_preface(("http/1.1",)),
        "preface of HTTP/2 without ALPN": refuses_preface(()),
        "HTTP without TLS": refuses_plain,
    }
