"""Links between FINESS and SIRENE, found anew where something changed, each kept with the days it stood."""

from collections.abc import Mapping, Sequence

import polars as pl
from sqlalchemy import Connection, text

from etl import planner
from etl.copying import copy_rows, create_temporary
from etl.matching.links import links
from etl.registers import compared

NOW = {
    "finess": "text",
    "siret": "text",
    "score": "float8",
    "parts": "text",
    "source": "text",
    "status": "text",
    "reason": "text",
}


def renew(
    connection: Connection, load_id: int, *, whole: bool, standing: Mapping[str, int], also: Sequence[str] = ()
) -> dict[str, int]:
    """Find links again in the communes that this load touched, and in those of the FINESS numbers `also`, or in all.

    `standing`: by pipeline, the load whose records are served. Gives the standing links by status, and how many moved.
    """
    moved = 0
    for part in compared.parts(connection, load_id, whole=whole, standing=standing, also=also):
        found = links(
            part.establishments,
            part.candidates,
            part.masked,
            decisions=part.decisions,
            successions=part.successions,
            duplicates=part.duplicates,
            communes=part.communes,
        )
        moved += _apply(connection, found, load_id)
    return dict(connection.execute(text(COUNT)).all()) | {"moved": moved}


def _apply(connection: Connection, found: pl.DataFrame, load_id: int) -> int:
    """What was found into the history of the establishments in scope; how many links ended or began."""
    create_temporary(connection, "link_now", NOW)
    rows = found.select(NOW.keys()).with_columns(pl.col("parts").struct.json_encode()).iter_rows()
    copy_rows(connection, "link_now", NOW, rows)
    connection.execute(text("CREATE UNIQUE INDEX ON link_now (finess, siret)"))
    ended: int = connection.execute(text(END)).rowcount
    begun: int = connection.execute(text(BEGIN), {"load_id": load_id}).rowcount
    connection.execute(text("DROP TABLE link_now"))
    planner.tell(connection, "link", ended + begun)
    return ended + begun


END = """
UPDATE link AS l
SET valid_to = greatest(now(), l.valid_from + interval '1 microsecond')
FROM scope
WHERE l.finess = scope.finess AND l.valid_to IS NULL
  AND NOT EXISTS (
      SELECT FROM link_now AS n
      WHERE (n.finess, n.siret, n.score, n.parts::jsonb, n.source, n.status, n.reason)
          = (l.finess, l.siret, l.score, l.parts, l.source, l.status, l.reason)
  )
"""
BEGIN = """
INSERT INTO link (finess, siret, valid_from, score, parts, source, status, reason, load_id)
SELECT n.finess, n.siret, greatest(now(), before.ended), n.score, n.parts::jsonb, n.source, n.status, n.reason, :load_id
FROM link_now AS n
LEFT JOIN LATERAL (
    SELECT max(l.valid_to) AS ended FROM link AS l WHERE (l.finess, l.siret) = (n.finess, n.siret)
) AS before ON true
WHERE NOT EXISTS (SELECT FROM link AS l WHERE (l.finess, l.siret) = (n.finess, n.siret) AND l.valid_to IS NULL)
ORDER BY n.finess, n.siret
"""
COUNT = "SELECT status, count(*) FROM link WHERE valid_to IS NULL GROUP BY status ORDER BY status"
