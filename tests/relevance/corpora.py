"""A FINESS file published as its pipeline would: the rows that judged questions are asked of, in the test's own transaction."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl
from sqlalchemy import Connection, text

from etl import merge
from etl.finess.content import Json
from etl.finess.extract import in_chunks, read_header
from etl.finess.transform import transform
from geo.publication import served_publication
from search import embedded
from search.engine import SearchEngine
from search.query import SearchQuery
from tests.builders import insert_load, publish


class Flow(msgspec.Struct):
    """The entities, still as text."""

    pmej: list[msgspec.Raw]


def fill(connection: Connection, structures: pl.DataFrame) -> None:
    """As a load would, in the test's own transaction."""
    connection.execute(text("DELETE FROM structure"))
    merge.create_stage(connection)
    merge.write_stage(connection, structures)
    merge.index_stage(connection)
    merge.add_unknown_categories(connection, structures["categorie_no"].unique().to_list())
    connection.execute(text(merge.INSERT_NEW), {"load_id": insert_load(connection, "published")})


class Corpus:
    """Structures published and indexed, and the engine that is asked."""

    def __init__(self, connection: Connection, root: Path, structures: pl.DataFrame) -> None:
        self.structures = structures
        self._connection = connection
        fill(connection, structures)
        embedded.build(connection, root / str(publish(connection)))
        self._engine = SearchEngine(root)

    def answer(self, query: SearchQuery) -> list[str]:
        """The ids of the first page."""
        publication = served_publication(self._connection)
        assert publication is not None
        return [hit.id for hit in self._engine.search(self._connection, query, publication).hits]


def structures_of(file: Path, departement: str = "") -> pl.DataFrame:
    """Every structure of a flow, or of a département; read whole, in a tenth of the time of the pipeline's bounded reading."""
    produced_on = read_header(file).generated_at.date()
    entities = in_chunks(_entities(file, departement))
    every = pl.concat([transform(chunk.establishments, produced_on).structures for chunk in entities])
    return every.filter(pl.col("departement") == departement) if departement else every


def _entities(file: Path, departement: str) -> Iterator[Json]:
    """Those with an address there: the others need not be read."""
    flow = msgspec.json.decode(gzip.decompress(file.read_bytes()), type=Flow)
    there = f'"cogCommune":"{departement}'.encode() if departement else b""
    return (msgspec.json.decode(entity) for entity in flow.pmej if there in bytes(entity))
