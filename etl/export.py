"""The public layer as files: CSV, GeoJSON or Parquet, closed structures included, sources beside."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import Connection, Row, text

from geo.errors import NotReady
from geo.publication import Publication, served_publication

COLUMNS = (
    "id",
    "name",
    "categorie",
    "finess",
    "siret",
    "siren",
    "commune",
    "lon",
    "lat",
    "precision",
    "position_source",
    "open",
    "closed_on",
)
# Asked by `export structures`; a primary-key scan, so that two exports of the same data are the same bytes.
STRUCTURES = """
SELECT s.id, s.name, c.code AS categorie, s.finess, s.siret, s.siren, s.commune, s.lon, s.lat, s.precision,
       s.position_source, s.open, s.closed_on
FROM structure AS s
JOIN categorie AS c ON c.no = s.categorie_no
ORDER BY s.id
"""
SCHEMA: dict[str, pl.DataType] = {
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
}


def export_structures(connection: Connection, format_: str, out: Path) -> int:
    """Write the served structures to `out` (replaced only once complete); how many."""
    publication = served_publication(connection)
    if publication is None:
        raise NotReady("Rien n’est encore publié : lancez d’abord ./lum1 start.")
    partial = out.with_name(out.name + ".partial")
    rows = connection.execute(text(STRUCTURES).execution_options(yield_per=10_000))
    written = _WRITERS[format_](iter(rows), publication, partial)
    partial.replace(out)
    if format_ == "csv":
        out.with_name(out.name + ".sources.json").write_bytes(msgspec.json.format(_sources_json(publication)))
    return written


def _write_csv(rows: Iterator[Row[Any]], publication: Publication, out: Path) -> int:
    written = 0
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([_cell(value) for value in row])
            written += 1
    return written


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(value)
    return value


def _write_geojson(rows: Iterator[Row[Any]], publication: Publication, out: Path) -> int:
    written = 0
    with out.open("wb") as stream:
        stream.write(b'{"type":"FeatureCollection","data":' + _sources_json(publication) + b',"features":[\n')
        for written, row in enumerate(rows, start=1):
            stream.write((b",\n" if written > 1 else b"") + msgspec.json.encode(_feature(row)))
        stream.write(b"\n]}\n")
    return written


def _feature(row: Row[Any]) -> dict[str, Any]:
    geometry = None if row.lon is None else {"type": "Point", "coordinates": [row.lon, row.lat]}
    return {"type": "Feature", "id": row.id, "geometry": geometry, "properties": dict(row._mapping)}


def _write_parquet(rows: Iterator[Row[Any]], publication: Publication, out: Path) -> int:
    frame = pl.DataFrame([tuple(row) for row in rows], schema=SCHEMA, orient="row")
    frame.write_parquet(out, compression="zstd", metadata={"lum1.sources": _sources_json(publication).decode()})
    return len(frame)


def _sources_json(publication: Publication) -> bytes:
    return msgspec.json.encode(
        {"fictitious": publication.fictitious, "version": publication.version, "sources": publication.sources}
    )


_WRITERS = {"csv": _write_csv, "geojson": _write_geojson, "parquet": _write_parquet}
FORMATS = tuple(_WRITERS)
