"""The registers of those who must not be told, kept beside the database: a backup brought back must not bring them back.

A file of the home, read before each load, act and rollback, rewritten whole just before they are committed, and read when an
instance starts: what it holds that the database lacks was noted after the backup was made.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, text

from geo.sirene import masked_siret, withdrawal

FOLDER = "registres"
NAME = "tenus_a_l_ecart.json"


class Masked(msgspec.Struct, frozen=True):
    """One row of the register of partial diffusion."""

    siret: str
    siren: str
    diffusion: str
    naf: str | None
    nomenclature: str | None
    commune: str | None
    said_by: str
    since: datetime
    was_told: bool
    said_at: datetime | None = None  # of a file written before this was kept: `since`

    @property
    def row(self) -> dict[str, Any]:
        """For the database."""
        return msgspec.structs.asdict(self) | {"said_at": self.said_at or self.since}


class Withdrawn(msgspec.Struct, frozen=True):
    """A standing withdrawal; its reason stays in the database alone."""

    siret: str
    withdrawn_at: datetime


class Journal(msgspec.Struct, frozen=True):
    """Both registers."""

    masked: list[Masked]
    withdrawn: list[Withdrawn]


def write(connection: Connection, home: Path) -> None:
    """The registers as the connection sees them, in place of the file's, whole or not at all."""
    journal = Journal(
        masked=[Masked(**row._mapping) for row in connection.execute(select(masked_siret).order_by("siret"))],
        withdrawn=[Withdrawn(row.siret, row.withdrawn_at) for row in connection.execute(text(STANDING))],
    )
    keep(home, NAME, msgspec.json.encode(journal))


def keep(home: Path, name: str, content: bytes) -> None:
    """A file beside the database, whole or not at all, there even if the power is cut just after."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f"{name}.partial"
    with open(partial, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / name)
    entries = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entries)
    finally:
        os.close(entries)


def read(connection: Connection, home: Path) -> int:
    """Note in the database what only the file knows; how many numbers that was."""
    journal = _kept(home)
    unknown = _unknown(connection, journal)
    if unknown.masked:
        connection.execute(insert(masked_siret), [each.row for each in unknown.masked])
    if journal.masked:
        connection.execute(text(SAY_AGAIN), [each.row for each in journal.masked])
    for each in unknown.withdrawn:
        again = {"siret": each.siret, "withdrawn_at": each.withdrawn_at, "reason": "reprise du registre tenu à côté"}
        connection.execute(insert(withdrawal).values(again))
    return len(unknown.masked) + len(unknown.withdrawn)


def knows_more(connection: Connection, home: Path) -> bool:
    """Whether the file holds somebody whom the database does not withhold."""
    unknown = _unknown(connection, _kept(home))
    return bool(unknown.masked or unknown.withdrawn)


def _kept(home: Path) -> Journal:
    file = home / FOLDER / NAME
    return msgspec.json.decode(file.read_bytes(), type=Journal) if file.exists() else Journal([], [])


def _unknown(connection: Connection, journal: Journal) -> Journal:
    """What the database lacks of it; a withdrawal that it knows and that stands no more was undone: the file is the older one."""
    known = set(connection.execute(select(masked_siret.c.siret)).scalars())
    acts = {tuple(row) for row in connection.execute(text("SELECT siret, withdrawn_at FROM withdrawal"))}
    standing = {row.siret for row in connection.execute(text(STANDING))}
    return Journal(
        [each for each in journal.masked if each.siret not in known],
        [e for e in journal.withdrawn if e.siret not in standing and (e.siret, e.withdrawn_at) not in acts],
    )


# A backup may have been made before the API, or a later file, said it again.
SAY_AGAIN = """
UPDATE masked_siret
SET said_at = greatest(said_at, :said_at),
    said_by = CASE WHEN :said_by = 'api' THEN 'api' ELSE said_by END
WHERE siret = :siret AND (said_at < :said_at OR (:said_by = 'api' AND said_by <> 'api'))
"""
STANDING = "SELECT siret, withdrawn_at FROM withdrawal WHERE undone_at IS NULL ORDER BY siret"
