"""The demo: started, its addresses, its commands, and what each of its visitors is to be shown."""

import json
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

REPOSITORY = Path(__file__).resolve().parents[2]
PARTNER = "tessera"


@dataclass(frozen=True)
class Item:
    """One item; its file's fields are attributes, texts are by language."""

    id: str
    fields: dict

    def __getattr__(self, name: str):
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(name) from None

    def applies(self, path: str) -> bool:
        return any(fnmatchcase(path, pattern) for pattern in self.target["paths"])


def items_below(folder: Path) -> tuple[Item, ...]:
    """The items of a folder, in the order in which they are shown; their ids are their paths without the suffix."""
    files = sorted(file for file in folder.rglob("*.json") if file.name != "solution.json")
    ids = (str(file.relative_to(folder).with_suffix("")) for file in files)
    return tuple(Item(id, json.loads(file.read_text("utf-8"))) for id, file in zip(ids, files))


OWN = items_below(REPOSITORY / "Sources/waymark/Resources/demo")
STANDARD = items_below(REPOSITORY / "gallery/sap-concur")


@dataclass(frozen=True)
class Visitor:
    """Who is signed in to the partner app, and what the edge answers for it."""

    name: str
    id: str
    outcome: str
    items: tuple[Item, ...]

    def item(self, id: str) -> Item:
        return next(item for item in self.items if item.id == id)


NORDWIND = Visitor("Nordwind Logistik", "f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10", "release", OWN)
BELLERIVE = Visitor("Bellerive Santé", "0b6f8f6e-2f0c-4a7d-8c55-6a1d3f7f9b21", "standard", STANDARD)
HARBOUR = Visitor("Harbour & Pine", "7c9e2b44-9f3d-4d0a-b1ce-3e5b8f0a6c32", "suspended", ())
KESTREL = Visitor("Kestrel Bau", "d25a7e93-84c6-4f1b-a7e0-9b4c2d6f8e43", "standard", STANDARD)
STRANGER = Visitor("A stranger", "5e8d1f70-3b2a-4c96-8d4e-1a7f0c9b5d54", "unknown", ())
VISITORS = (NORDWIND, BELLERIVE, HARBOUR, KESTREL, STRANGER)


class Demo:
    """`waymark demo`, on free ports and on temporary data; what it logs goes to a file."""

    def __init__(self, binary: Path, log: Path):
        self.binary = binary.resolve(strict=True)
        self.log = log

    def __enter__(self) -> Self:
        # The shortest there is: the demo's socket lies below it, and a socket's path has but about 100 bytes.
        self.folder = TemporaryDirectory(prefix="visits-", dir="/tmp")
        addresses = Path(self.folder.name, "addresses.txt")
        listeners = [word for name in ("app", "edge", "control", "ops") for word in (f"--{name}", "127.0.0.1:0")]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "demo", *listeners, "--addresses", addresses],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, "TMPDIR": self.folder.name},
            )
        try:
            until(lambda: addresses.exists() or self.process.poll() is not None, "the demo is ready", seconds=30)
            assert addresses.exists(), f"the demo did not start: {self.log.read_text('utf-8')}"
            lines = dict(line.split(None, 1) for line in addresses.read_text("utf-8").splitlines())
            self.app = lines["app"].split()[0].rstrip("/")
            self.edge = lines["edge"].split("/v1/")[0] + "/v1"
            self.data = lines["data"].strip()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()

    def page(self, visitor: Visitor, path: str, language: str, strict: bool) -> str:
        """The address of a page of the partner app in one state."""
        return f"{self.app}{path}?client={visitor.id}&language={language}" + ("&policy=strict" if strict else "")

    def loader(self) -> str:
        return f"{self.edge}/{PARTNER}/loader.js"

    def snippet(self, visitor: Visitor) -> str:
        return f"{self.edge}/{PARTNER}/snippets/sapUserId/{visitor.id}.js"

    def objects(self, snippet: str) -> dict[str, dict]:
        """The bundle and the player that a snippet names, each with its `url` and its `integrity`."""
        found = {name: re.search(rf"const {name} = ({{.*}});", snippet) for name in ("bundle", "player")}
        named = {name: json.loads(match[1]) for name, match in found.items() if match}
        return {name: {**each, "url": f"{self.edge}/objects/{each['path']}"} for name, each in named.items()}

    def answer(self, visitor: Visitor) -> tuple[str, str]:
        """What the edge answers now: the outcome with the release's number, if there is one; the snippet."""
        with urllib.request.urlopen(self.snippet(visitor), timeout=5) as answer:
            number = (answer.headers["Waymark-Release"] or "").split(";")[0]
            return f"{answer.headers['Waymark-Outcome']} {number}".strip(), answer.read().decode()

    def run(self, command: str, visitor: Visitor, *arguments: str | Path) -> None:
        """Runs a command on the data of the running demo, through its socket."""
        words = [self.binary, command, *arguments, "--data", self.data, "--partner", PARTNER, "--client", visitor.name]
        done = subprocess.run(words, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, f"waymark {command}: {done.stderr.strip()}"

    def folder_of(self, name: str, item: dict) -> Path:
        """A new folder with one item."""
        return self.folder_with(name, {"1-item": item})

    def folder_with(self, name: str, items: dict[str, dict]) -> Path:
        """A new folder with items, by their ids."""
        folder = Path(self.folder.name, name)
        folder.mkdir()
        for id, item in items.items():
            (folder / f"{id}.json").write_text(json.dumps(item, ensure_ascii=False), "utf-8")
        return folder


def until(
    holds: Callable[[], object],
    what: str | Callable[[], str],
    seconds: float = 5,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Waits until something holds; `pause` takes seconds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what if isinstance(what, str) else what()}")
        pause(0.05)
