"""What can be exported: its columns (DESIGN.md § 7), and the question that reads them."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from geo.history import TOLD_BEFORE


@dataclass(frozen=True)
class Table:
    """Columns by name, first in the query in this order; it also gives `id`, `lon` and `lat`, a GeoJSON feature's frame."""

    columns: Mapping[str, pl.DataType]
    query: str


STRUCTURES = Table(
    columns={
        "id": pl.String(),
        "name": pl.String(),
        "categorie": pl.String(),
        "finess": pl.List(pl.String()),
        "siret": pl.List(pl.String()),
        "siren": pl.String(),
        "commune": pl.String(),
        "lon": pl.Float64(),
        "lat": pl.Float64(),
        "precision": pl.String(),
        "position_source": pl.String(),
        "open": pl.Boolean(),
        "closed_on": pl.Date(),
    },
    # Asked by `export structures`; a primary-key scan, so that two exports of the same data are the same bytes.
    query="""
SELECT s.id, s.name, c.code AS categorie, s.finess, s.siret, s.siren, s.commune, s.lon, s.lat, s.precision,
       s.position_source, s.open, s.closed_on
FROM structure AS s
JOIN categorie AS c ON c.no = s.categorie_no
ORDER BY s.id
""",
)
CHANGES = Table(
    columns={
        "seen_on": pl.Date(),
        "effective_on": pl.Date(),
        "structure": pl.String(),
        "kind": pl.String(),
        "before": pl.String(),
        "after": pl.String(),
    },
    # Asked by `export changes`, in the order of the feed: a scan of its primary key; one that left the register has no place.
    query=f"""
SELECT c.seen_on, c.effective_on, c.structure, c.kind, {TOLD_BEFORE} AS before, c.after, c.id, s.lon, s.lat
FROM structure_change AS c
LEFT JOIN structure AS s ON s.id = c.structure
ORDER BY c.id
""",
)
LINKS = Table(
    columns={
        "finess": pl.String(),
        "siret": pl.String(),
        "score": pl.Float64(),
        "source": pl.String(),
        "status": pl.String(),
        "valid_from": pl.Date(),
        "valid_to": pl.Date(),
    },
    # Asked by `export links`: every version, in the order of the primary key; where the FINESS structure stands. Of a number
    # that must not be told, none: its score alone would tell that it is masked.
    query="""
SELECT l.finess, l.siret, l.score, l.source, l.status,
       (l.valid_from AT TIME ZONE 'Europe/Paris')::date AS valid_from,
       (l.valid_to AT TIME ZONE 'Europe/Paris')::date AS valid_to,
       l.finess || '-' || l.siret AS id, s.lon, s.lat
FROM link AS l
LEFT JOIN structure AS s ON s.id = 'f' || l.finess
WHERE NOT EXISTS (SELECT FROM masked_siret AS m WHERE m.siret = l.siret)
  AND NOT EXISTS (SELECT FROM withdrawal AS w WHERE w.siret = l.siret AND w.undone_at IS NULL)
ORDER BY l.finess, l.siret, l.valid_from
""",
)
TABLES = {"structures": STRUCTURES, "changes": CHANGES, "links": LINKS}
