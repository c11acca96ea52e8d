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

from geo.errors import Lum1Error
from geo.sirene import WITHHELD_ITSELF, masked_siret, masked_unit, withdrawal, withheld_with

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
    was_told: bool = True  # of a file written before this was kept, as the migration has it


class Unit(msgspec.Struct, frozen=True):
    """A legal unit that is masked by itself."""

    siren: str
    said_at: datetime


class Tied(msgspec.Struct, frozen=True):
    """An establishment that is withheld with another."""

    siret: str
    because_of: str
    was_told: bool


class Journal(msgspec.Struct, frozen=True):
    """Both registers, and whom they take along."""

    masked: list[Masked] = []
    withdrawn: list[Withdrawn] = []
    units: list[Unit] = []
    tied: list[Tied] = []

    @property
    def size(self) -> int:
        return len(self.masked) + len(self.withdrawn) + len(self.units) + len(self.tied)


def write(connection: Connection, home: Path) -> None:
    """The registers as the connection sees them, in place of the file's, whole or not at all."""
    journal = Journal(
        masked=[Masked(**row._mapping) for row in connection.execute(select(masked_siret).order_by("siret"))],
        withdrawn=[Withdrawn(**row._mapping) for row in connection.execute(text(STANDING))],
        units=[Unit(**row._mapping) for row in connection.execute(select(masked_unit).order_by("siren"))],
        tied=[
            Tied(**row._mapping) for row in connection.execute(select(withheld_with).order_by("siret", "because_of"))
        ],
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
    for each in unknown.withdrawn:
        again = msgspec.structs.asdict(each) | {"reason": "reprise du registre tenu à côté"}
        connection.execute(insert(withdrawal).values(again))
    sayings = ((SAY_AGAIN, [each.row for each in journal.masked]), (SAY_UNITS, journal.units), (TIE, journal.tied))
    for statement, kept in sayings:
        connection.execute(text(statement), {"kept": msgspec.json.encode(kept).decode()})
    return unknown.size


def knows_more(connection: Connection, home: Path) -> bool:
    """Whether the file holds somebody whom the database does not withhold."""
    return _unknown(connection, _kept(home)).size > 0


def _kept(home: Path) -> Journal:
    file = home / FOLDER / NAME
    try:
        return msgspec.json.decode(file.read_bytes(), type=Journal) if file.exists() else Journal()
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise Lum1Error(
            f"Le fichier {FOLDER}/{NAME}, qui dit qui ne doit pas être montré, est abîmé : rien n’est changé tant qu’il l’est. "
            "Remettez-en une copie ; si la base de données n’a pas été restaurée depuis, ôtez-le : elle le refera."
        ) from None


def _unknown(connection: Connection, journal: Journal) -> Journal:
    """What the database lacks of it; a withdrawal that it knows and that stands no more was undone: the file is the older one."""
    known = set(connection.execute(select(masked_siret.c.siret)).scalars())
    acts = {tuple(row) for row in connection.execute(text("SELECT siret, withdrawn_at FROM withdrawal"))}
    standing = {row.siret for row in connection.execute(text(STANDING))}
    units = set(connection.execute(select(masked_unit.c.siren)).scalars())
    tied = {tuple(row) for row in connection.execute(select(withheld_with.c.siret, withheld_with.c.because_of))}
    masked = [each for each in journal.masked if each.siret not in known]
    withdrawn = [e for e in journal.withdrawn if e.siret not in standing and (e.siret, e.withdrawn_at) not in acts]
    withheld = known | standing | {each.siret for each in masked} | {each.siret for each in withdrawn}
    return Journal(
        masked,
        withdrawn,
        [each for each in journal.units if each.siren not in units],
        [each for each in journal.tied if each.because_of in withheld and (each.siret, each.because_of) not in tied],
    )


# Each in one statement, whatever the file holds: it is read before every load and act, and says mostly what is known.
# A backup may have been made before the API, or a later file, said it again.
SAY_AGAIN = """
UPDATE masked_siret AS m
SET said_at = greatest(m.said_at, kept.said_at),
    said_by = CASE WHEN kept.said_by = 'api' THEN 'api' ELSE m.said_by END
FROM jsonb_to_recordset(CAST(:kept AS jsonb)) AS kept (siret text, said_at timestamptz, said_by text)
WHERE m.siret = kept.siret AND (m.said_at < kept.said_at OR (kept.said_by = 'api' AND m.said_by <> 'api'))
"""
SAY_UNITS = """
INSERT INTO masked_unit (siren, said_at)
SELECT siren, said_at FROM jsonb_to_recordset(CAST(:kept AS jsonb)) AS kept (siren text, said_at timestamptz)
ON CONFLICT (siren) DO UPDATE SET said_at = excluded.said_at WHERE masked_unit.said_at < excluded.said_at
"""
# Of who is withheld today: who is no more takes nobody along.
TIE = f"""
INSERT INTO withheld_with (siret, because_of, was_told)
SELECT siret, because_of, was_told
FROM jsonb_to_recordset(CAST(:kept AS jsonb)) AS kept (siret text, because_of text, was_told boolean)
WHERE because_of IN (SELECT siret FROM ({WITHHELD_ITSELF}) AS itself)
ON CONFLICT (siret, because_of) DO UPDATE SET was_told = true WHERE excluded.was_told AND NOT withheld_with.was_told
"""
STANDING = "SELECT siret, withdrawn_at, was_told FROM withdrawal WHERE undone_at IS NULL ORDER BY siret"
