"""Which establishment went on after which, and legal units with two numbers: Insee's two small stock files."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import polars as pl
from sqlalchemy import Connection, text

from etl.copying import copy_rows, create_temporary
from etl.gates import spaced
from etl.matching.survivors import STEPS
from etl.sirene.archive import parquet_of
from etl.sirene.layout import Source, check, scan, typed, undamaged
from etl.sirene.rows import Columns
from geo.errors import Refused

_SUCCESSIONS = pl.Schema(
    Columns(
        {
            "siretEtablissementPredecesseur": pl.String,
            "siretEtablissementSuccesseur": pl.String,
            "dateLienSuccession": pl.Date,
            "transfertSiege": pl.Boolean,
            "continuiteEconomique": pl.Boolean,
            "dateDernierTraitementLienSuccession": pl.Datetime("us"),
        }
    )
)
_DUPLICATES = pl.Schema(
    Columns({"siren": pl.String, "sirenDoublon": pl.String, "dateDernierTraitementDoublon": pl.Datetime("us")})
)
SUCCESSIONS = Source("StockEtablissementLiensSuccession", _SUCCESSIONS, pl.Schema(list(_SUCCESSIONS.items())[:-1]))
DUPLICATES = Source("StockDoublons", _DUPLICATES, pl.Schema(list(_DUPLICATES.items())[:-1]))
# Where links are followed from, and to: what we know, what FINESS names.
KNOWN = """
SELECT siret FROM sirene_establishment
UNION SELECT siret FROM establishment_stage
UNION SELECT unnest(siret) FROM structure WHERE register = 'finess'
"""
BEFORE, AFTER = "siretEtablissementPredecesseur", "siretEtablissementSuccesseur"


def load_successions(connection: Connection, file: Path, work: Path, load_id: int) -> int:
    """What the file says in place of what was known, in the caller's transaction; how many links were kept."""
    path = parquet_of(file, SUCCESSIONS, work)
    check(path, SUCCESSIONS)
    known = pl.Series(list(connection.execute(text(KNOWN)).scalars()), dtype=pl.String)
    with undamaged(path):
        links = typed(_followed(scan(path, SUCCESSIONS), known), SUCCESSIONS)
    last = links.sort("dateLienSuccession", "continuiteEconomique").unique([BEFORE, AFTER], keep="last")
    rows = last.select(BEFORE, AFTER, "dateLienSuccession", "continuiteEconomique").sort(BEFORE, AFTER)
    _replace(connection, file, SUCCESSION, rows, load_id)
    return rows.height


def load_duplicates(connection: Connection, file: Path, work: Path, load_id: int) -> int:
    """The same for legal units that have two numbers."""
    path = parquet_of(file, DUPLICATES, work)
    check(path, DUPLICATES)
    distinct = scan(path, DUPLICATES).filter(pl.col("siren") != pl.col("sirenDoublon"))
    with undamaged(path):
        pairs = distinct.collect(engine="streaming").unique()
    _replace(connection, file, DOUBLE, pairs.sort("siren", "sirenDoublon"), load_id)
    return pairs.height


def _followed(links: pl.LazyFrame, known: pl.Series) -> pl.DataFrame:
    """Of ten million links, those that touch what we know, and those that go on from there through numbers that we do not.

    A scan a step, of which what is found stays in memory and nothing else.
    """
    proper = links.filter(pl.col("dateLienSuccession").is_not_null(), pl.col(BEFORE) != pl.col(AFTER))
    touching = pl.col(BEFORE).is_in(known.implode()) | pl.col(AFTER).is_in(known.implode())
    found = [proper.filter(touching).collect(engine="streaming")]
    walked = known
    for _ in range(STEPS - 1):
        onwards = found[-1].filter(pl.col(BEFORE).is_in(walked.implode()))[AFTER].unique()
        edge = onwards.filter(~onwards.is_in(walked.implode()))
        if edge.is_empty():
            break
        found.append(proper.filter(pl.col(BEFORE).is_in(edge.implode())).collect(engine="streaming"))
        walked = pl.concat([walked, edge])
    return pl.concat(found).unique()


class _Versions(msgspec.Struct, frozen=True):
    """A table of pairs, the newest version of each being the one that nothing ended."""

    table: str
    key: tuple[str, str]
    columns: Mapping[str, str]
    what: str  # in French

    @property
    def same(self) -> str:
        """Equal keys, by which PostgreSQL hashes, then the rest, which may be null: that alone it compares row by row."""
        rest = [name for name in self.columns if name not in self.key]
        alike = [f"known.{name} IS NOT DISTINCT FROM said.{name}" for name in rest]
        return " AND ".join([*(f"known.{name} = said.{name}" for name in self.key), *alike])


SUCCESSION = _Versions(
    "succession",
    ("predecessor", "successor"),
    {"predecessor": "text", "successor": "text", "happened_on": "date", "goes_on": "bool"},
    "lien de succession entre établissements que nous connaissons",
)
DOUBLE = _Versions(
    "duplicate_siren", ("siren", "duplicate"), {"siren": "text", "duplicate": "text"}, "doublon d’unités légales"
)


def _replace(connection: Connection, file: Path, versions: _Versions, rows: pl.DataFrame, load_id: int) -> None:
    if rows.is_empty() and (known := connection.execute(text(COUNT.format(of=versions))).scalar_one()):
        raise Refused(
            f"{file.name} ne dit aucun {versions.what}, alors que {spaced(known)} sont connus : est-ce bien le fichier"
            " entier ? Sans ce fichier, ce qui est connu reste."
        )
    create_temporary(connection, "said", versions.columns)
    copy_rows(connection, "said", versions.columns, rows.iter_rows())
    connection.execute(text("ANALYZE said"))
    names = ", ".join(versions.columns)
    for statement in (END, BEGIN):
        connection.execute(text(statement.format(of=versions, names=names)), {"load_id": load_id})
    connection.execute(text("DROP TABLE said"))
    connection.execute(text(f"ANALYZE {versions.table}"))


COUNT = "SELECT count(*) FROM {of.table} WHERE ended_by IS NULL"
# Hash joins of what is said with what stands, once a month.
END = """
UPDATE {of.table} AS known SET ended_by = :load_id
WHERE ended_by IS NULL AND NOT EXISTS (SELECT FROM said WHERE {of.same})
"""
BEGIN = """
INSERT INTO {of.table} ({names}, load_id)
SELECT {names}, :load_id FROM said
WHERE NOT EXISTS (SELECT FROM {of.table} AS known WHERE known.ended_by IS NULL AND {of.same})
"""
