"""Where words that must not be told are still kept or told: every table, statistic, file, index, tile, answer and export."""

import gzip
import io
import logging
import re
import unicodedata
import zipfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, unquote

import msgspec
import numpy as np
import polars as pl
from litestar.testing import TestClient
from sqlalchemy import text

from api.app import create_app
from api.loads.queries import loads_before
from etl.export import FORMATS, TABLES, export
from geo.cells import units
from geo.filters import Filters
from geo.settings import Settings
from search.embedded.index import WordIndex
from tests.etl.instance import Instance
from tiles.grid import TileAddress
from tiles.points import POINT_MAX_ZOOM
from tiles.render import tile

# Built from the repository, before any register: outlines of the country hold any coordinate.
REFERENCE = ("commune", "area", "world", "base_shape", "categorie")
MOST_ASKED = 30  # of many words, as many are asked of the application; every word is looked for in all the rest
Point = tuple[float, float]


def places(instance: Instance, secrets: Collection[str], near: Sequence[Point] = ()) -> list[str]:
    """Every place where one of these is found, said so that a failing test tells which; empty when nothing is told."""
    words = sorted({folded(secret) for secret in secrets})
    found = [*_tables(instance, words), *_files(instance, words), *_indexes(instance, words)]
    found += [
        *_tiles(instance, words, near),
        *_exports(instance, words),
        *_loads(instance, words),
        *_answers(instance, words),
    ]
    return found + list(_said("journal", "\n".join(LOGGED), words))


def folded(words: str) -> str:
    """Without accents or capitals: as an index, a slug or a shout may write it."""
    return NOT_ASCII.sub(_without_accents, unicodedata.normalize("NFKD", words)).casefold()


def _without_accents(found: re.Match[str]) -> str:
    return "".join(c for c in found[0] if not unicodedata.combining(c))


def holds(content: bytes | str, words: Sequence[str]) -> list[str]:
    """Which of these a content holds, in UTF-8, Latin-1 or the escapes of JSON."""
    readings = _read_as_text(content)
    if any("\\u" in each for each in readings):
        readings.append(ESCAPED.sub(lambda found: chr(int(found[1], 16)), readings[0]))
    texts = [folded(each) for each in readings]
    return [word for word in words if any(word in each for each in texts)]


ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def _read_as_text(content: bytes | str) -> list[str]:
    if isinstance(content, str):
        return [content]
    if content.isascii():  # both say the same
        return [content.decode("ascii")]
    return [content.decode("utf-8", "replace"), content.decode("latin-1")]


def _tables(instance: Instance, words: Sequence[str]) -> Iterator[str]:
    with instance.engine.connect() as connection:
        for schema, table in connection.execute(text(TABLES_OF_OURS)).all():
            if table not in REFERENCE:
                rows = connection.execute(text(f'SELECT t::text FROM "{schema}"."{table}" AS t')).scalars()
                yield from _said(f"table {table}", "\n".join(rows), words)
        # What ANALYZE keeps of the commonest values and of the bounds between them is a copy of rows.
        for row in connection.execute(text("SELECT tablename, attname, s::text FROM pg_stats AS s")).all():
            if row.tablename not in REFERENCE:
                yield from _said(f"statistiques de {row.tablename}.{row.attname}", row[2], words)
        indexes = connection.execute(text("SELECT indexdef FROM pg_indexes")).scalars()
        yield from _said("définitions d’index", "\n".join(indexes), words)


def _files(instance: Instance, words: Sequence[str]) -> Iterator[str]:
    home = instance.home
    for file in sorted(path for path in home.rglob("*") if path.is_file()):
        for content in _readings(file):
            yield from _said(f"fichier {file.relative_to(home)}", content, words)
        yield from _said("nom de fichier", file.name, words)


def _readings(file: Path) -> Iterator[bytes]:
    content = file.read_bytes()
    yield content
    if content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    if content[:4] == b"PAR1":
        yield pl.read_parquet(io.BytesIO(content)).write_json().encode()
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def _indexes(instance: Instance, words: Sequence[str]) -> Iterator[str]:
    """Words are kept compressed too, so the index is asked: of every version that is still there."""
    for folder in sorted(instance.search.glob("*")):
        index = WordIndex(folder)
        for word in words:
            forms = (word, word.upper())
            if any(index.words.frequency(form) or index.beginnings.whole(form) for form in forms):
                yield f"index {folder.name} : {word}"


def _tiles(instance: Instance, words: Sequence[str], near: Sequence[Point]) -> Iterator[str]:
    with instance.engine.connect() as connection:
        for address in sorted({each for point in near for each in _addresses(*point)}, key=str):
            yield from _said(f"tuile {address}", tile(connection, address, Filters()), words)


def _addresses(lon: float, lat: float) -> Iterator[TileAddress]:
    x, y = (float(each[0]) for each in units(np.array([lon]), np.array([lat])))
    side = (1 << 13) * 4096  # units of zoom 13
    for z in range(POINT_MAX_ZOOM + 1):
        yield TileAddress(z, int(x / side * (1 << z)), int(y / side * (1 << z)))


def _exports(instance: Instance, words: Sequence[str]) -> Iterator[str]:
    with TemporaryDirectory() as folder, instance.engine.connect() as connection:
        for what in TABLES:
            for format_ in FORMATS:
                out = Path(folder) / f"{what}.{format_}"
                export(connection, what, format_, out)
                for content in _readings(out):
                    yield from _said(f"export {what} {format_}", content, words)


def _answers(instance: Instance, words: Sequence[str]) -> Iterator[str]:
    """Whatever the status: who must not be told is in no refusal either."""
    settings = Settings(home=instance.home, database_url=instance.url)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        for address in (*_standing(instance), *_asked(words[:: 1 + len(words) // MOST_ASKED])):
            answer = client.get(address, headers={"accept": "text/html, application/json"})
            not_asked = [
                each for each in words if each not in folded(unquote(address))
            ]  # a page writes the question again
            yield from _said(f"réponse {address.partition('?')[0]}", answer.content, not_asked)


def _standing(instance: Instance) -> Iterator[str]:
    """Pages that are there whatever one looks for: the ledger, and FINESS's structures that carry a SIRET."""
    yield from (
        "/donnees",
        "/donnees/chargements",
        "/donnees/positions",
        "/metrics",
        "/readyz",
        "/tiles/structures.json",
    )
    for row in instance.rows("SELECT id FROM load ORDER BY id"):
        yield f"/donnees/chargements/{row.id}"
    carriers = "SELECT id FROM structure WHERE register = 'finess' AND siret <> '{}' ORDER BY id"
    for row in instance.rows(f"{carriers} LIMIT {MOST_ASKED}"):
        yield from (f"/structures/{row.id}", f"/api/v1/structures/{row.id}")


def _asked(words: Sequence[str]) -> Iterator[str]:
    """For the beginning of each word, so that an answer which holds the whole knows it."""
    for word in words:
        begun = quote(word[:-2])
        yield from (f"/api/v1/suggest?q={begun}", f"/api/v1/search?q={begun}", f"/?q={begun}")
        if word[0] == "s" and word[1:].isdigit():
            yield from (f"/api/v1/structures/{word}", f"/structures/{word}")


def _loads(instance: Instance, words: Sequence[str]) -> Iterator[str]:
    """As `./lum1 loads --json` tells them."""
    with instance.engine.connect() as connection:
        yield from _said("chargements en JSON", msgspec.json.encode(loads_before(connection, None)), words)


class Listening(logging.Handler):
    """Keeps every line of the logs, tracebacks included (`conftest.py` sets it)."""

    def emit(self, record: logging.LogRecord) -> None:
        LOGGED.append(self.format(record))


LOGGED: list[str] = []  # since the test began


def _said(where: str, content: bytes | str, words: Sequence[str]) -> Iterator[str]:
    for word in holds(content, words):
        yield f"{where} : {word}"


TABLES_OF_OURS = """
SELECT table_schema, table_name
FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') AND table_name <> 'spatial_ref_sys'
ORDER BY 1, 2
"""
