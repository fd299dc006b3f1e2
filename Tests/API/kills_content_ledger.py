"""What the writers of kills_content.py asked, what was acknowledged, and what of items must be there therefore."""

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from client import Answer

# What of an answer goes into the ledger.
KEPT = ("id", "revision", "content", "release", "generation", "snippet", "version", "folder", "versions")
# What makes another state of an item.
ITEM_DEEDS = {"add", "edit", "delete", "restore", "take", "download"}
NEVER = 1 << 62


@dataclass
class Deed:
    """One request: what it is to do, and what became of it. Times are nanoseconds of one clock."""

    writer: int
    number: int
    what: str
    place: str
    details: dict
    asked: int
    answered: int = NEVER
    answer: dict = field(default_factory=dict)
    # Whether it has had its effect; not known while it is in flight.
    done: bool | None = None

    @property
    def token(self) -> str:
        """Names it in notes and titles."""
        return f"{self.writer}-{self.number}"

    @property
    def key(self) -> str:
        return f"content-{self.token}"

    def __str__(self) -> str:
        return f"{self.what} {self.token} in {self.place}"


class Book:
    """The ledger of one writer: a file, synced before each request is sent and after each answer."""

    def __init__(self, file: Path, writer: int):
        self.file, self.writer, self.number = file, writer, 0
        self.stream = file.open("a", encoding="utf-8")

    def ask(self, what: str, place: str, details: dict) -> Deed:
        self.number += 1
        deed = Deed(self.writer, self.number, what, place, details, time.monotonic_ns())
        self.note(number=deed.number, what=what, place=place, details=details, asked=deed.asked)
        return deed

    def ask_again(self, deed: Deed) -> None:
        deed.asked, deed.answered, deed.done = time.monotonic_ns(), NEVER, None
        self.note(number=deed.number, asked=deed.asked, answered=NEVER, done=None)

    def keep(self, deed: Deed, answer: Answer) -> None:
        """What was answered: an acknowledgement, or a refusal."""
        done = answer.status < 300
        body = answer.json if done else {}
        if deed.what == "download" and done:
            (body,) = body["items"]
        self.settle(deed, done, **{name: body[name] for name in KEPT if name in body})

    def settle(self, deed: Deed, done: bool, **answer: object) -> None:
        deed.answered, deed.done = min(deed.answered, time.monotonic_ns()), done
        deed.answer |= answer
        self.note(number=deed.number, answered=deed.answered, done=done, answer=deed.answer)

    def note(self, **line: object) -> None:
        self.stream.write(json.dumps(line) + "\n")
        self.stream.flush()
        os.fsync(self.stream.fileno())

    def read(self) -> list[Deed]:
        """Everything that the file says, in order."""
        deeds: dict[int, Deed] = {}
        for line in self.file.read_text(encoding="utf-8").splitlines():
            noted = json.loads(line)
            number = noted.pop("number")
            if number in deeds:
                for name, value in noted.items():
                    setattr(deeds[number], name, value)
            else:
                deeds[number] = Deed(self.writer, number, **noted)
        return list(deeds.values())


@dataclass
class State:
    """One revision of an item."""

    change: str
    content: dict


@dataclass
class Item:
    """An item as its one writer's ledger has it."""

    id: str
    place: str
    folder: str | None
    states: list[State]
    # The download that it is a copy from, and the item of the version.
    download: int | None = None
    origin: str | None = None

    @property
    def content(self) -> dict:
        return self.states[-1].content

    @property
    def is_deleted(self) -> bool:
        return self.states[-1].change == "deleted"

    @property
    def published(self) -> dict:
        return published(self.content, self.id)


class Shelf:
    """The items of one writer, as its deeds have left them."""

    def __init__(self, deeds: list[Deed]):
        self.items: dict[str, Item] = {}
        for deed in deeds:
            if deed.done and deed.what in ITEM_DEEDS:
                self.apply(deed)

    def apply(self, deed: Deed) -> None:
        details, answer = deed.details, deed.answer
        if deed.what == "add":
            made = Item(answer["id"], deed.place, details["folder"], [State("created", details["content"])])
            self.items[made.id] = made
        elif deed.what == "download":
            for copy in answer.get("copies", ()):
                self.items[copy["id"]] = Item(
                    copy["id"], deed.place, answer["folder"], [State("downloaded", copy["content"])], deed.number,
                    copy["item"],
                )
        else:
            item = self.items[details["item"]]
            change = {"edit": "edited", "delete": "deleted", "restore": "restored", "take": "taken"}[deed.what]
            content = answer["content"] if deed.what == "take" else details.get("content", item.content)
            item.states.append(State(change, content))

    def at(self, place: str) -> list[Item]:
        return [item for item in self.items.values() if item.place == place]

    def live(self, place: str) -> list[Item]:
        return [item for item in self.at(place) if not item.is_deleted]


class Timeline:
    """Every state that one writer's items in a place were in, one after the other: what a snapshot can hold of them."""

    def __init__(self, deeds: list[Deed], place: str):
        self.deeds = [deed for deed in deeds if deed.done and deed.place == place and deed.what in ITEM_DEEDS]
        shelf = Shelf([])
        self.states: list[dict[str, str]] = [{}]
        for deed in self.deeds:
            shelf.apply(deed)
            self.states.append({item.id: digest(item.published) for item in shelf.live(place)})
        self.ids = set(shelf.items)
        self.names = {item.id: item.content["name"] for item in shelf.items.values()}

    def possible(self, deed: Deed, writer: int) -> list[dict[str, str]]:
        """The states that a release may hold: what was acknowledged before it was asked for, and nothing that was asked
        for after it was acknowledged."""
        if deed.writer == writer:
            count = sum(one.number < deed.number for one in self.deeds)
            return [self.states[count]]
        first = sum(one.answered < deed.asked for one in self.deeds)
        last = sum(one.asked < deed.answered for one in self.deeds)
        return self.states[first : last + 1]


def published(content: dict, id: str) -> dict:
    """An item as a release has it."""
    return {**{name: value for name, value in content.items() if name != "name"}, "id": id}


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value: object) -> str:
    """SHA-256 of bytes, or of canonical JSON."""
    return hashlib.sha256(value if isinstance(value, bytes) else canonical(value)).hexdigest()
