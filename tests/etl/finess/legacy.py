"""Legacy CSV files for tests, in the published form, with only what the test is about."""

import gzip
from pathlib import Path
from typing import Any

from pyproj import Transformer

from etl.finess.legacy_csv import LegacyFile, read_legacy
from etl.finess.legacy_layout import STRUCTUREET
from tests.places import LILLE, Place

LAMBERT_93 = "1,ATLASANTE,96,BAN,EPSG:2154 RGF93 / Lambert-93 (Métropole)"
RECORD_LINE = "finess;etalab;98;2026-05-04"


def a_row(finess: str = "590000001", at: Place | None = LILLE, **fields: str) -> str:
    """A `structureet` line: a pharmacy in Lille unless told otherwise, quoted where a value needs it."""
    values = dict.fromkeys(STRUCTUREET, "") | {
        "nofinesset": finess,
        "nofinessej": "590999999",
        "rs": "PHARMACIE DES LILAS",
        "categetab": "620",
        "libcategetab": "Pharmacie d'Officine",
        "categagretab": "3201",
        "libcategagretab": "Pharmacies",
        "codemft": "01",
        "libmft": "Etablissement Tarif Libre",
        "dateouv": "1990-01-01",
        "dateautor": "1900-01-01",
        "datemaj": "2020-05-01",
    }
    if at is not None:
        values |= {"departement": at.commune[:2], "commune": at.commune[2:], "libdepartement": "NORD"}
    values |= fields
    return ";".join(["structureet", *(_quoted(value) for value in values.values())])


def a_point(finess: str = "590000001", at: Place = LILLE, *, epsg: int = 2154, source: str = LAMBERT_93) -> str:
    """A `geolocalisation` line: where the place is, in this projection."""
    east, north = Transformer.from_crs(4326, epsg, always_xy=True).transform(at.lon, at.lat)
    return f"geolocalisation;{finess};{east:.1f};{north:.1f};{source};2026-05-04"


def a_legacy_file(
    folder: Path, *lines: str | bytes, first: str = RECORD_LINE, name: str = "etalab-cs1100507.csv", end: bytes = b"\n"
) -> Path:
    """The record line and these lines; gzip when the name says so."""
    written = [line if isinstance(line, bytes) else line.encode() for line in (first, *lines)]
    content = end.join(written) + end
    path = folder / name
    path.write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    return path


def read(folder: Path, *lines: str | bytes, **how: Any) -> LegacyFile:
    return read_legacy(a_legacy_file(folder, *lines, **how))


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if ";" in value or '"' in value else value
