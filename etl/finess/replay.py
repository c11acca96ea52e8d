"""FINESS as it was published at an earlier load, read back from history: for going back, and for deciding anew."""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from etl.finess.content import Json
from etl.finess.extract import Chunk, in_chunks
from geo.history import stood

FETCH_ENTITIES = 500


def chunks_of_load(connection: Connection, load_id: int) -> Iterator[Chunk]:
    """What the file of a load held, in the caller's transaction; an establishment comes with its legal entity."""
    yield from in_chunks(_entities(connection, load_id))


def _entities(connection: Connection, load_id: int) -> Iterator[Json]:
    options = {"yield_per": FETCH_ENTITIES}
    rows: Any = connection.execute(text(ENTITIES).execution_options(**options), {"load_id": load_id})
    for entity, establishments in rows:
        members: Json = msgspec.json.decode(entity) if entity else {}
        yield members | {"ege": [msgspec.json.decode(each) for each in establishments]}


# Asked by a rollback: every record that stood at that load. One pass over the versions of establishments, sorted by legal entity,
# and one probe of the primary key for each entity (no planner knows how many versions stood at a load: it must not matter); an
# establishment whose entity is not published stands alone.
ENTITIES = f"""
WITH establishment AS (
    SELECT record ->> 'ej' AS ej, array_agg(published ORDER BY key) AS published
    FROM source_record AS ege
    WHERE kind = 'ege' AND {stood("ege", ":load_id")}
    GROUP BY record ->> 'ej'
)
SELECT entity.published, establishment.published
FROM establishment
LEFT JOIN source_record AS entity
    ON entity.kind = 'pmej' AND entity.key = establishment.ej
    AND {stood("entity", ":load_id")}
ORDER BY establishment.ej
"""
