"""Rows of any exported table as CSV, GeoJSON or Parquet."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import msgspec
import polars as pl
from sqlalchemy import Row

from etl.export.tables import Table
from geo.publication import Publication

Writer = Callable[[Iterator[Row[Any]], Table, Publication, BinaryIO], int]


def sources_json(publication: Publication, *, indented: bool = False) -> bytes:
    """Which data these are, credited to whom."""
    encoded = msgspec.json.encode(
        {"fictitious": publication.fictitious, "version": publication.version, "sources": publication.sources}
    )
    return msgspec.json.format(encoded) if indented else encoded


def _write_csv(rows: Iterator[Row[Any]], table: Table, publication: Publication, out: BinaryIO) -> int:
    written, width = 0, len(table.columns)
    stream = io.TextIOWrapper(out, encoding="utf-8", newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row[:width]])
        written += 1
    stream.detach()  # flushed; the file is its owner's to close
    return written


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(value)
    return value


def _write_geojson(rows: Iterator[Row[Any]], table: Table, publication: Publication, out: BinaryIO) -> int:
    written = 0
    out.write(b'{"type":"FeatureCollection","data":' + sources_json(publication) + b',"features":[\n')
    for written, row in enumerate(rows, start=1):
        out.write((b",\n" if written > 1 else b"") + msgspec.json.encode(_feature(row, table)))
    out.write(b"\n]}\n")
    return written


def _feature(row: Row[Any], table: Table) -> dict[str, Any]:
    geometry = None if row.lon is None else {"type": "Point", "coordinates": [row.lon, row.lat]}
    properties = dict(zip(table.columns, row, strict=False))
    return {"type": "Feature", "id": row.id, "geometry": geometry, "properties": properties}


def _write_parquet(rows: Iterator[Row[Any]], table: Table, publication: Publication, out: BinaryIO) -> int:
    width = len(table.columns)
    frame = pl.DataFrame([tuple(row[:width]) for row in rows], schema=dict(table.columns), orient="row")
    packed = io.BytesIO()  # some megabytes for the country; written by us, so that a full disk is an OSError
    frame.write_parquet(packed, compression="zstd", metadata={"lum1.sources": sources_json(publication).decode()})
    out.write(packed.getbuffer())
    return len(frame)


WRITERS: dict[str, Writer] = {"csv": _write_csv, "geojson": _write_geojson, "parquet": _write_parquet}
FORMATS = tuple(WRITERS)
