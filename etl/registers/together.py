"""After any load, decision or withdrawal: the structures that the registers make together."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from etl import publish
from etl.registers import absorbed, alone, links, withheld
from etl.registers.given import give
from etl.registers.withheld import Purged
from geo.publication import served_publication

NO_LOAD = 0  # what is no load's: rows that it rewrites carry none


class Together(msgspec.Struct, frozen=True):
    """What was made of the registers."""

    changed: int  # rows of `structure`
    purged: Purged
    counts: dict[str, Any]


class Agreed(msgspec.Struct, frozen=True):
    """What of it is no purge."""

    changed: int = 0
    counts: dict[str, Any] = {}


def bring_together(
    connection: Connection,
    load_id: int,
    *,
    whole: bool,
    also: Sequence[str] = (),
    told_on: date | None = None,
    at: int | None = None,
) -> Together:
    """Forget who must not be told, find links, make SIRENE's structures and give FINESS's theirs; in the caller's transaction.

    `whole`: look for links everywhere, not only where this load changed something and around the FINESS numbers `also`.
    `told_on`: the day of the events that this load of SIRENE makes; none at a first load, nor for a load of another register.
    `at`: the load that this one goes back to.
    """
    purged = withheld.purge(connection)
    # whose last establishment just left still has to be taken from FINESS's structures
    if _someone_left(purged) or connection.execute(text(HAS_SIRENE)).scalar_one():
        made = agree(connection, load_id, whole=whole, also=(*also, *purged.partners), told_on=told_on, at=at)
    else:
        given = give(connection, load_id)
        made = Agreed(given.structures, {"positions": given.positions})
    return _together(purged, made)


def keep_apart(connection: Connection) -> Together:
    """Of a load that says nothing of who belongs together: who must not be told leaves, and only then is the rest looked at."""
    purged = withheld.purge(connection)
    made = agree(connection, NO_LOAD, whole=False, also=purged.partners) if _someone_left(purged) else Agreed()
    return _together(purged, made)


def _together(purged: Purged, made: Agreed) -> Together:
    counts = ({"purged": purged.counts} if _someone_left(purged) else {}) | made.counts
    return Together(purged.structures + made.changed, purged, counts)


def _someone_left(purged: Purged) -> bool:
    return bool(purged.records or purged.structures)


def serve_together(
    connection: Connection, search_root: Path, *, also: Sequence[str] = (), step: publish.Step
) -> Together:
    """The same of what is no load, an act or the masks of a refused one, then served in the caller's transaction."""
    together = bring_together(connection, NO_LOAD, whole=False, also=also)
    served = served_publication(connection)
    if served is not None and together.changed:
        fictitious, changed = served.fictitious, together.changed
        publish.publish(connection, search_root, {}, fictitious=fictitious, changed=changed, step=step)
    return together


def agree(
    connection: Connection,
    load_id: int,
    *,
    whole: bool,
    also: Sequence[str] = (),
    told_on: date | None = None,
    at: int | None = None,
) -> Agreed:
    """The same once nobody is to be forgotten."""
    standing = _standing(connection, load_id, at)
    found = links.renew(connection, load_id, whole=whole, also=also, standing=standing)
    replayed = at if at is not None and at == standing[SIRENE] else None
    absorbed.absorb(connection, standing[SIRENE], replayed=replayed is not None)
    changes = alone.write_changes(connection, load_id, told_on) if told_on else {}
    rows = alone.apply(connection, load_id) if replayed is None else alone.go_back(connection, load_id, replayed)
    given = give(connection, load_id)
    counts: dict[str, Any] = {
        "links": found,
        "alone": {name: n for name, n in rows.items() if n},
        "given": given.structures,
        "positions": given.positions,
    }
    if told_on:
        counts["changes"] = changes
    return Agreed(sum(rows.values()) + given.structures, counts)


def _standing(connection: Connection, load_id: int, at: int | None) -> dict[str, int]:
    """By pipeline, the load whose records are what is served: the newest, unless it went back or serves an older file."""
    of_loads = connection.execute(text(STANDING), {"load_id": load_id, "at": at, "newest": NEWEST}).all()
    return {FINESS: NEWEST, SIRENE: NEWEST} | dict(map(tuple, of_loads))


def forget_sirene(connection: Connection) -> None:
    """From invented to real data: nothing of the other world stays but who must not be told."""
    for table in FORGOTTEN:
        connection.execute(text(f"DELETE FROM {table}"))


FINESS, SIRENE = "finess", "sirene"
NEWEST = 2_147_483_647  # after every load there will be
# The load under way stands in place of the one of its pipeline that is served. An older file of FINESS begins no version: its
# records are those of the load that first read it, if any did (etl/rollback.py, `_remembered`).
STANDING = """
WITH stands AS (
    SELECT DISTINCT ON (pipeline) id, pipeline, sha1, fictitious, produced_at, counts
    FROM load
    WHERE pipeline IN ('finess', 'sirene') AND (
        id = :load_id
        OR id = ANY (SELECT unnest(loads) FROM publication JOIN current_publication USING (version))
    )
    ORDER BY pipeline, id = :load_id DESC
)
SELECT pipeline, CASE
    WHEN id = :load_id AND CAST(:at AS integer) IS NOT NULL THEN :at
    WHEN counts ? 'went_back_to' THEN CAST(counts ->> 'went_back_to' AS integer)
    WHEN pipeline = 'finess' AND NOT counts ? 'records' AND EXISTS (
        SELECT FROM load AS newer
        WHERE newer.pipeline = stands.pipeline AND newer.fictitious = stands.fictitious AND newer.state = 'published'
          AND newer.produced_at > stands.produced_at AND newer.counts ? 'records'
          AND newer.id >= (SELECT min(load_id) FROM source_record WHERE kind = 'ege')
    ) THEN coalesce((
        SELECT min(first.id) FROM load AS first
        WHERE first.pipeline = stands.pipeline AND first.sha1 = stands.sha1 AND first.state = 'published'
          AND first.counts ? 'records'
    ), 0)
    ELSE :newest
END
FROM stands
"""
FORGOTTEN = (
    "structure_own", "sirene_establishment", "link", "succession", "duplicate_siren", "absorbed_siret",
    "geocoded_answer", "geocoded_structure", "pin", "refused_point", "position_conflict",
    "intervention_zone",
)  # fmt: skip
HAS_SIRENE = "SELECT EXISTS (SELECT FROM sirene_establishment) OR EXISTS (SELECT FROM link WHERE valid_to IS NULL)"
