"""What a day's file changed for people: opened, closed, moved, renamed… each a row, seen on the producer's day.

Compared are the register's own words of yesterday and today, not what we make of them: a better geocoding, a rollback or an
upgrade of this program changes what is served and is no event of the world. A record that we must refuse is, for people, not
there: it opens nothing, and one that becomes so leaves.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, text

from etl.finess.refusals import is_usable
from geo.history import CHANGE_KINDS, structure_change
from geo.identifiers import structure_id_of_finess
from geo.position import distance_m

Json = dict[str, Any]
MOVED_M = 100.0  # less is a better geocoding of the same door


class Change(NamedTuple):
    """One change of one structure."""

    structure: str
    kind: str
    effective_on: str | None
    before: str | None
    after: str | None


def write_changes(connection: Connection, load_id: int, before: date, today: date) -> dict[str, int]:
    """Record what changed since the file of `before`, in the caller's transaction and before versions move; counts by kind."""
    changes = [*_of_records(connection, before, today), *_of_days(connection, before, today)]
    if changes:
        rows = [change._asdict() | {"seen_on": today, "load_id": load_id} for change in sorted(changes)]
        connection.execute(insert(structure_change), rows)
    return {kind: n for kind in CHANGE_KINDS if (n := sum(change.kind == kind for change in changes))}


def changes_between(
    key: str, old: Json | None, new: Json | None, *, known: bool, before: date, today: date
) -> Iterator[Change]:
    """What distinguishes two versions of an establishment; `known`: whether it was ever served."""
    structure = structure_id_of_finess(key)
    was_open, now_open = is_open(old, before), is_open(new, today)
    if now_open and not was_open:
        kind = "reopened" if known else "opened"
        yield Change(structure, kind, (new or {}).get("ouverture") if kind == "opened" else None, None, "open")
    if was_open and not now_open:
        yield Change(structure, "closed", (new or {}).get("fermeture"), "open", "closed" if new else None)
    if old is None or new is None:
        return
    yield from _differences(structure, old, new)


def _differences(structure: str, old: Json, new: Json) -> Iterator[Change]:
    here, there = old.get("position"), new.get("position")
    if here and there and distance_m(*here, *there) > MOVED_M:
        yield Change(structure, "moved", None, _written(here), _written(there))
    if old.get("nom") != new.get("nom"):
        yield Change(structure, "renamed", None, old.get("nom"), new.get("nom"))
    if old.get("categorie") != new.get("categorie"):
        yield Change(structure, "category_changed", None, old.get("categorie"), new.get("categorie"))
    if set(old.get("telephones", [])) != set(new.get("telephones", [])):
        phones = (";".join(each.get("telephones", [])) or None for each in (old, new))
        yield Change(structure, "phone_changed", None, *phones)


def is_open(record: Json | None, day: date) -> bool:
    """Active, without a closing date that has come by that day."""
    if record is None or record.get("etat") != "A":
        return False
    closing = record.get("fermeture")
    return closing is None or closing > day.isoformat()


def _of_records(connection: Connection, before: date, today: date) -> Iterator[Change]:
    for row in connection.execute(text(PAIRS)):
        old, new = (record if record and is_usable(row.key, record) else None for record in (row.old, row.new))
        yield from changes_between(row.key, old, new, known=row.known, before=before, today=today)


def _of_days(connection: Connection, before: date, today: date) -> Iterator[Change]:
    """Closings announced earlier whose day has come: nothing in the record changed but the calendar."""
    for row in connection.execute(text(DUE), {"before": before.isoformat(), "today": today.isoformat()}):
        if is_usable(row.key, row.record):
            yield Change(structure_id_of_finess(row.key), "closed", row.record["fermeture"], "open", "closed")


def _written(position: list[float]) -> str:
    return ",".join(f"{degrees:.6f}" for degrees in position)


# Asked once a run: yesterday's and today's record of every establishment that changed, appeared or vanished. In proportion
# to the changes: one probe of source_record_current_idx and one of structure's key for each. One that vanished stays in
# `structure`, closed: what returns is known.
PAIRS = """
SELECT c.key, s.record AS old, c.record AS new,
       EXISTS (SELECT FROM structure WHERE id = 'f' || c.key) AS known
FROM changed_record AS c
LEFT JOIN source_record AS s ON (s.kind, s.key) = ('ege', c.key) AND s.valid_to IS NULL
WHERE c.kind = 'ege'
UNION ALL
SELECT s.key, s.record, NULL, true
FROM source_record AS s
WHERE s.kind = 'ege' AND s.valid_to IS NULL
  AND NOT EXISTS (SELECT FROM seen_record AS seen WHERE (seen.kind, seen.key) = ('ege', s.key))
"""
# Asked once a run: a scan of today's establishments, some tenths of a second for the whole country.
DUE = """
SELECT s.key, s.record
FROM source_record AS s
JOIN seen_record AS seen USING (kind, key)
WHERE s.kind = 'ege' AND s.valid_to IS NULL AND s.record ->> 'etat' = 'A'
  AND s.record ->> 'fermeture' > :before AND s.record ->> 'fermeture' <= :today
  AND NOT EXISTS (SELECT FROM changed_record AS c WHERE (c.kind, c.key) = (s.kind, s.key))
"""
