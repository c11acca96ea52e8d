"""Versions of what a register publishes: compared by hash while the file is read, written once the gates are passed.

Only records whose content changed travel to the database; the others are a number and a hash, so that a run writes in
proportion to what changed and needs the same memory for any size of file.
"""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
from sqlalchemy import Connection, text

Json = dict[str, Any]


class Published(msgspec.Struct, frozen=True, gc=False):
    """One record of a file: its number, the hash of its content, and how to write it down should it have changed."""

    kind: str
    key: str
    row_hash: bytes
    record: Callable[[], Json]
    published: Json


def open_comparison(connection: Connection) -> None:
    """Tables of this transaction's own: what was seen, what changed."""
    connection.execute(text(CREATE))


def compare(connection: Connection, records: Iterable[Published]) -> None:
    """Note these records as seen, and keep those that are new or not as before; a number met again counts once."""
    by_kind: dict[str, dict[str, Published]] = {}
    for each in records:
        by_kind.setdefault(each.kind, {}).setdefault(each.key, each)
    for kind, batch in by_kind.items():
        hashes = [each.row_hash for each in batch.values()]
        changed = connection.execute(text(COMPARE), {"kind": kind, "keys": list(batch), "hashes": hashes}).scalars()
        _write(connection, [batch[key] for key in changed])


def mark_seen(connection: Connection, kind: str, keys: Collection[str]) -> None:
    """Note these as published still, without looking at what the file says of them."""
    connection.execute(text(MARK_SEEN), {"kind": kind, "keys": list(keys)})


def apply(
    connection: Connection, kinds: Collection[str], produced_at: datetime, load_id: int, *, whole: bool = True
) -> dict[str, dict[str, int]]:
    """Begin and end versions as the file says, in the caller's transaction; how many of each kind were new, changed, vanished.

    `whole`: the file holds every record of these kinds, so that one which is absent is published no more.
    """
    counts = connection.execute(text(COUNT), {"kinds": list(kinds)}).mappings().all()
    values = {"kinds": list(kinds), "at": _instant(connection, kinds, produced_at), "load_id": load_id}
    for statement in (*([END_VANISHED] if whole else []), END_CHANGED, BEGIN):
        connection.execute(text(statement), values)
    told = ("new", "changed", *(["vanished"] if whole else []), "unchanged")
    return {row["kind"]: {name: row[name] for name in told} for row in counts}


def newest(connection: Connection, kinds: Collection[str]) -> datetime | None:
    """When the newest file that this history knows was produced, None before the first."""
    found: datetime | None = connection.execute(text(NEWEST), {"kinds": list(kinds)}).scalar_one()
    return found


def forget(connection: Connection) -> None:
    """From invented to real data: nothing of the other world stays."""
    connection.execute(text("DELETE FROM source_record"))


def _write(connection: Connection, changed: list[Published]) -> None:
    if not changed:
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor, cursor.copy(COPY_CHANGED) as copy:
        for each in changed:
            written = (msgspec.json.encode(each.record()).decode(), msgspec.json.encode(each.published).decode())
            copy.write_row((each.kind, each.key, each.row_hash, *map(_storable_json, written)))


def storable(text: str) -> str:
    """PostgreSQL's text and jsonb cannot hold U+0000; a register has no use for it."""
    return text.replace("\0", "")


def _storable_json(encoded: str) -> str:
    """The same for JSON, where it is written \\u0000, and \\\\u0000 is a backslash and five characters."""
    return ESCAPED.sub(lambda found: found[1] or "", encoded) if "\\u0000" in encoded else encoded


ESCAPED = re.compile(r"(\\\\)|\\u0000")


def _instant(connection: Connection, kinds: Collection[str], produced_at: datetime) -> datetime:
    """When these versions begin: when the file was made, or just after the last ones if the producer made two at one moment."""
    last = connection.execute(
        text(
            "SELECT max(greatest(valid_from, coalesce(valid_to, valid_from))) FROM source_record WHERE kind = ANY (:kinds)"
        ),
        {"kinds": list(kinds)},
    ).scalar_one()
    return max(produced_at, last + timedelta(microseconds=1)) if last else produced_at


CREATE = """
CREATE TEMPORARY TABLE seen_record (kind text, key text, PRIMARY KEY (kind, key)) ON COMMIT DROP;
CREATE TEMPORARY TABLE changed_record (kind text, key text, row_hash bytea, record jsonb, published text) ON COMMIT DROP
"""
COPY_CHANGED = "COPY changed_record (kind, key, row_hash, record, published) FROM STDIN"

# A run that changed nothing began no version: the ledger knows it.
NEWEST = """
SELECT max(produced_at)
FROM load
WHERE state = 'published'
  AND pipeline IN (SELECT pipeline FROM load WHERE id = (SELECT max(load_id) FROM source_record WHERE kind = ANY (:kinds)))
  AND id >= (SELECT min(load_id) FROM source_record WHERE kind = ANY (:kinds))
"""
# Asked for each batch: which of these are met for the first time in this file and are not what is published today. Answered
# by source_record_current_idx alone, one probe a record.
COMPARE = """
WITH given AS (
    SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:hashes AS bytea[])) AS g (key, row_hash)
), fresh AS (
    INSERT INTO seen_record (kind, key) SELECT :kind, key FROM given ON CONFLICT DO NOTHING RETURNING key
)
SELECT given.key
FROM fresh
JOIN given USING (key)
LEFT JOIN source_record AS s ON s.kind = :kind AND s.key = given.key AND s.valid_to IS NULL
WHERE s.row_hash IS DISTINCT FROM given.row_hash
"""
MARK_SEEN = "INSERT INTO seen_record (kind, key) SELECT :kind, unnest(CAST(:keys AS text[])) ON CONFLICT DO NOTHING"
# Asked once a run, before versions move.
COUNT = """
WITH today AS (
    SELECT kind, key FROM source_record WHERE valid_to IS NULL AND kind = ANY (:kinds)
)
SELECT
    kind,
    count(*) FILTER (WHERE changed.key IS NOT NULL AND today.key IS NULL) AS new,
    count(*) FILTER (WHERE changed.key IS NOT NULL AND today.key IS NOT NULL) AS changed,
    count(*) FILTER (WHERE today.key IS NOT NULL AND seen.key IS NULL) AS vanished,
    count(*) FILTER (WHERE seen.key IS NOT NULL AND changed.key IS NULL) AS unchanged
FROM today
FULL JOIN seen_record AS seen USING (kind, key)
LEFT JOIN changed_record AS changed USING (kind, key)
GROUP BY kind
ORDER BY kind
"""
END_VANISHED = """
UPDATE source_record AS s
SET valid_to = :at, ended_by = :load_id
WHERE s.valid_to IS NULL AND s.kind = ANY (:kinds)
  AND NOT EXISTS (SELECT FROM seen_record AS seen WHERE (seen.kind, seen.key) = (s.kind, s.key))
"""
END_CHANGED = """
UPDATE source_record AS s
SET valid_to = :at, ended_by = :load_id
FROM changed_record AS c
WHERE (s.kind, s.key) = (c.kind, c.key) AND s.valid_to IS NULL
"""
BEGIN = """
INSERT INTO source_record (kind, key, valid_from, load_id, row_hash, record, published)
SELECT kind, key, :at, :load_id, row_hash, record, published
FROM changed_record
WHERE kind = ANY (:kinds)
ORDER BY kind, key
"""
