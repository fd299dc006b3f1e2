"""What time does: a server whose time of day is the test's, by libfaketime (Debian package `faketime`)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deployment import FAKETIME
from suite import Skipped, preparing
from world import PASSWORD, World


class Clock:
    """A clock that stands still until it is moved; it only goes forward, as one server lives through all checks."""

    def __init__(self, file: Path):
        self.file = file
        self.set(datetime.now(UTC).replace(microsecond=0))

    def set(self, now: datetime) -> None:
        self.now = now
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{now:%Y-%m-%d %H:%M:%S}\n", encoding="ascii")
        fresh.replace(self.file)

    def move(self, by: timedelta) -> None:
        self.set(self.now + by)


class LaterWorld(World):
    """A world under a clock of its own."""

    def __init__(self, binary: Path, folder: Path):
        if not FAKETIME.is_file():
            raise Skipped("libfaketime is not installed: apt-get install faketime")
        folder.mkdir(parents=True)
        self.clock = Clock(folder / "clock")
        super().__init__(binary, folder, self.clock.file)

    @preparing
    def renew(self) -> None:
        """Signs the people in anew whose sessions have ended meanwhile."""
        for address in ("nora@nordwind.example", "ada@tessera.example"):
            body = {"email": address, "password": PASSWORD}
            self.people[address].session = self.anyone.post("/sessions", body).expect(201).session
