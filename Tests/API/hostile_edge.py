#!/usr/bin/env python3
"""`waymark verify edge` against an edge that lies: it has every answer of a real one, but not the signing key.

Starts `waymark serve` with a partner, two clients with own releases (one so large that it has a bundle) and standard
content, and in front of it a proxy that changes what it passes on. Unchanged answers must pass; each lie must be found.
The exit code is 1 where one is not.
"""

import argparse
import base64
import http.client
import json
import os
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import subprocess

from deployment import Deployment

EXAMPLE = """
Example:
  Tests/API/hostile_edge.py --waymark .build/debug/waymark
"""
Lie = Callable[[str, bytes], bytes]


class Proxy(ThreadingHTTPServer):
    """An edge that asks another one, and lies."""

    daemon_threads = True

    def __init__(self, edge: str):
        self.edge, self.lie = edge, unchanged
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        connection = http.client.HTTPConnection(urlsplit(self.server.edge).netloc, timeout=20)
        connection.request("GET", self.path)
        answer = connection.getresponse()
        body = self.server.lie(self.path, answer.read())
        connection.close()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


def unchanged(path: str, body: bytes) -> bytes:
    return body


def manifest(change: Callable[[dict], object]) -> Lie:
    """Changes manifests."""
    def lie(path: str, body: bytes) -> bytes:
        if "/manifests/" not in path:
            return body
        told = json.loads(body)
        change(told)
        return json.dumps(told).encode()
    return lie


def script(word: str) -> Lie:
    """Adds to scripts whose path has a word."""
    return lambda path, body: body + b"\n// more" if word in path and path.endswith(".js") else body


def point(told: dict, member: str, at: dict) -> None:
    told[member] = at


def lies(site: "Site") -> dict[str, Lie]:
    """Every lie, by what it is."""
    other = json.loads(site.get(f"/v1/tessera/manifests/sapUserId/{site.small}.json"))
    signature = base64.urlsafe_b64encode(os.urandom(64)).rstrip(b"=").decode()
    evil = {"url": "../../../objects/" + "0" * 64 + ".js", "integrity": "sha256-" + "A" * 43 + "="}
    return {
        "a snippet with more in it": script("/snippets/"),
        "a player with more in it": lambda path, body: body + b"//" if site.player in path else body,
        "a bundle with more in it": lambda path, body: body + b"//" if site.bundle in path else body,
        "another release's bundle": manifest(lambda told: point(told, "bundle", other["player"])),
        "no bundle": manifest(lambda told: told.pop("bundle", None)),
        "a player of one's own": manifest(lambda told: point(told, "player", evil)),
        "a snippet of one's own": manifest(lambda told: point(told, "snippet", evil)),
        "an integrity of one's own": manifest(lambda told: told["player"].update(integrity=evil["integrity"])),
        "a signature of one's own": manifest(lambda told: told["signed"].update(signature=signature)),
        "no signature": manifest(lambda told: told.pop("signed")),
        "another client's signature": manifest(lambda told: point(told, "signed", other["signed"])),
        "another owner": manifest(lambda told: told["signed"].update(owner=other["signed"]["owner"])),
        "another environment": manifest(lambda told: told["signed"].update(environment="test")),
        "no JSON": lambda path, body: body[:-1] if "/manifests/" in path else body,
        "a script where nothing is said to be served": lambda path, body: (
            b'{"outcome":"empty"}' if "/manifests/" in path else body),
        "an outcome of one's own": manifest(lambda told: told.update(outcome="standard")),
        "a release of another environment": lambda path, body: (
            site.get(path.replace("/v1/tessera/", f"/v1/tessera/env/{site.test}/"))
            if "/snippets/" in path else site.tested),
        "another snippet than the manifest's": lambda path, body: (
            site.get(path.replace(site.large, site.small)) if "/snippets/" in path else body),
    }


def exchanged(site: "Site") -> dict[str, Lie]:
    """What is signed, but not what is to be served: only who has control's list can tell."""
    def in_place_of(other: str) -> Lie:
        return lambda path, body: site.get(path.replace(site.large, other)) if site.large in path else body
    return {
        "another client's release": in_place_of(site.small),
        "standard content in place of the client's own": in_place_of("STANDARD"),
        "nothing in place of the client's own": in_place_of("NOBODY"),
        "an earlier release": lambda path, body: (
            site.earlier["manifest" if "/manifests/" in path else "snippet"] if site.large in path else body),
        "another loader": lambda path, body: body + b"//" if path.endswith("loader.js") else body,
    }


class Site:
    """A real deployment with something to lie about."""

    large, small = "LARGE", "SMALL"

    def __init__(self, binary: Path, folder: Path):
        self.deployment = Deployment(binary, folder, None)
        command = self.deployment.command
        command("partner", "add", "Tessera", "--key", "tessera", "--system-variable", "sapUserId")
        rows = [{"partner": "tessera", "name": name, "system": "sap-concur", "systemClientId": name, "admins": ["a@a.example"]}
                for name in (self.large, self.small, "STANDARD")]
        clients = folder / "clients.ndjson"
        clients.write_text("\n".join(json.dumps(row) for row in rows))
        command("import", str(clients))
        for name, count in ((self.large, 300), (self.small, 1)):
            items = folder / name
            items.mkdir()
            for number in range(count):
                words = base64.b64encode(os.urandom(60)).decode()
                (items / f"item-{number}.json").write_text(json.dumps(
                    {"kind": "shoutOut", "name": "n", "title": {"en": words}, "text": {"en": words}}))
            command("publish", str(items), "--partner", "tessera", "--client", name)
        solution = folder / "gallery" / "hello"
        solution.mkdir(parents=True)
        (solution / "solution.json").write_text(json.dumps(
            {"name": {"en": "Hello"}, "system": "sap-concur", "summary": {"en": "Hello"}}))
        (solution / "one.json").write_text(json.dumps(
            {"kind": "shoutOut", "name": "n", "title": {"en": "Hello"}, "text": {"en": "Hello"}}))
        command("gallery", "publish", str(folder / "gallery"), "--partner", "tessera", "--standard")
        self.key = command("verify", "key").strip()
        # What is live is the second release; the first one is kept, as an edge could keep it.
        kept = {"manifest": "manifests/sapUserId/LARGE.json", "snippet": "snippets/sapUserId/LARGE.js"}
        self.earlier = {name: self.get(f"/v1/tessera/{path}") for name, path in kept.items()}
        command("publish", str(folder / self.large), "--partner", "tessera", "--client", self.large)
        items = folder / self.small
        said = command("publish", str(items), "--partner", "tessera", "--client", self.large, "--environment", "test")
        self.test = said.split("environment key ")[1].split()[0]
        self.tested = self.manifest_of_test()
        told = json.loads(self.get(f"/v1/tessera/manifests/sapUserId/{self.large}.json"))
        self.player, self.bundle = (told[name]["url"].split("/")[-1] for name in ("player", "bundle"))

    def manifest_of_test(self) -> bytes:
        """What a manifest would say of the release in `test`: its signature is in the database."""
        database = sqlite3.connect(f"file:{self.deployment.data}/waymark.sqlite?mode=ro", uri=True)
        try:
            id, number, signature, snippet, player, system = database.execute(
                """SELECT release.id, number, signature, snippet, player, workspace.system_id FROM release
                JOIN environment ON environment.id = release.environment_id
                JOIN workspace ON workspace.id = release.workspace_id WHERE environment.name = 'test'"""
            ).fetchone()
        finally:
            database.close()

        def reference(digest: bytes) -> dict:
            return {"url": f"../../../objects/{digest.hex()}.js",
                    "integrity": "sha256-" + base64.b64encode(digest).decode()}

        signed = {"id": id, "owner": f"system/{system}", "environment": "test",
                  "signature": base64.urlsafe_b64encode(signature).rstrip(b"=").decode()}
        return json.dumps({"outcome": "release", "release": number, "generation": 1, "snippet": reference(snippet),
                           "player": reference(player), "signed": signed}).encode()

    def get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.deployment.addresses["edge"]).netloc, timeout=20)
        connection.request("GET", path)
        body = connection.getresponse().read()
        connection.close()
        return body


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waymark", type=Path, required=True, metavar="BINARY", help="the waymark to test")
    options = parser.parse_args()
    binary = options.waymark.resolve()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="waymark-lies-") as name:
        site = Site(binary, Path(name))
        try:
            proxy = Proxy(site.deployment.addresses["edge"])

            expected = Path(name) / "expected.ndjson"
            expected.write_text(site.deployment.command("verify", "expected", "--partner", "tessera"))

            def verify(*ids: str, key: str = site.key) -> tuple[int, str]:
                words = ["verify", "edge", proxy.address, *ids, "--key", key, "--partner", "tessera"]
                words += [] if ids else ["--expected", str(expected)]
                done = subprocess.run(
                    [binary, *words, "--variable", "sapUserId"], capture_output=True, text=True, check=False, timeout=60
                )
                return done.returncode, done.stdout + done.stderr

            def tell(what: str, isRight: bool, seen: tuple[int, str]) -> None:
                nonlocal failed
                failed += not isRight
                print(f"{'ok    ' if isRight else 'FAILED'} {what}" + ("" if isRight else f": {seen}"), flush=True)

            seen = verify(site.large, site.small, "STANDARD", "NOBODY")
            tell("an honest edge passes", seen[0] == 0 and seen[1].count("signed") == 3, seen)
            seen = verify(site.large, key=base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode())
            tell("another deployment's key vouches for nothing", seen[0] != 0, seen)
            for what, lie in lies(site).items():
                proxy.lie = lie
                seen = verify(site.large)
                tell(f"found: {what}", seen[0] == 2, seen)
            proxy.lie = unchanged
            seen = verify()
            tell("an honest edge is as expected", seen[0] == 0 and "4 checked, 0 not as published" in seen[1], seen)
            for what, lie in exchanged(site).items():
                proxy.lie = lie
                seen = verify()
                tell(f"found by what is expected: {what}", seen[0] == 2, seen)
            words = site.deployment.command("verify", "store")
            tell("the store is sound", " 0 not signed" in words, (0, words))
        finally:
            site.deployment.stop()
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
