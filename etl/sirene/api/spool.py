"""Pages on their way to the database: on disk as they arrive, whole or not at all, for their owner only, until forgotten.

They hold names and addresses of persons, some of whom oppose their diffusion tomorrow: nothing of them outlives the load.
"""

import os
import shutil
from datetime import date, datetime
from pathlib import Path

from etl.sirene.api.members import Collection
from etl.sirene.api.pages import START, Page, page_of

BEGUN = "begun"  # which of Insee's mornings the pages are of
COMPLETE = "complete"


class DayList:
    """What has been received of one day's list; the last page kept is where to go on from, so the two never disagree."""

    def __init__(self, folder: Path, collection: Collection) -> None:
        self.folder = folder
        self._collection = collection

    @property
    def begun(self) -> datetime | None:
        """When Insee had put these data online; None before the first page is asked for."""
        try:
            return datetime.fromisoformat((self.folder / BEGUN).read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to ask."""
        return (self.folder / COMPLETE).exists()

    @property
    def files(self) -> list[Path]:
        """The pages, in their order."""
        return sorted(self.folder.glob("*.json"))

    @property
    def last(self) -> Page | None:
        """The last page received."""
        files = self.files
        return page_of(files[-1].read_bytes(), self._collection) if files else None

    @property
    def cursor(self) -> str | None:
        """What to ask for next; None after the last page."""
        last = self.last
        if last is None:
            return START
        return None if last.is_last else last.following

    def begin(self, made_available: datetime) -> None:
        """Start from nothing; what says that a list is begun goes first, so that no half of one is gone on with."""
        for mark in (BEGUN, COMPLETE):
            (self.folder / mark).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        _private(self.folder.parent)
        _private(self.folder)
        _write(self.folder / BEGUN, made_available.isoformat().encode("ascii"))

    def save(self, page: Page) -> None:
        """Keep a page, durably, before the next is asked for."""
        _write(self.folder / f"{len(self.files) + 1:05}.json", page.body)

    def finish(self) -> None:
        """Nothing is left to ask."""
        _write(self.folder / COMPLETE, b"")


class Spool:
    """One folder; in it, one for each list of each day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, day: date, collection: Collection) -> DayList:
        """What there is of a day's list."""
        return DayList(self.folder / f"{day:%Y-%m-%d}-{collection.endpoint}", collection)

    def forget(self, day: date) -> None:
        """Remove a day that is loaded."""
        for folder in self.folder.glob(f"{day:%Y-%m-%d}-*"):
            shutil.rmtree(folder)

    def forget_all(self) -> None:
        """Remove everything, half received or not."""
        if self.folder.exists():
            shutil.rmtree(self.folder)


def _private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _write(file: Path, content: bytes) -> None:
    """In one step that a power cut leaves done or not done."""
    draft = file.with_suffix(".draft")
    with open(draft, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    os.replace(draft, file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
