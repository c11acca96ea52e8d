"""Which establishment went on after which, and legal units with two numbers: Insee's two small stock files."""

from pathlib import Path

import polars as pl
from sqlalchemy import Connection, text

from etl.copying import copy_rows
from etl.sirene.archive import parquet_of
from etl.sirene.layout import Source, check, scan, undamaged
from etl.sirene.rows import Columns

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
# Of ten million links, those that touch what we know or what FINESS names.
KEPT = """
SELECT siret FROM sirene_establishment
UNION SELECT siret FROM establishment_stage
UNION SELECT unnest(siret) FROM structure WHERE register = 'finess'
"""


def load_successions(connection: Connection, file: Path, work: Path) -> int:
    """The file in place of what was known, in the caller's transaction; how many links were kept."""
    path = parquet_of(file, SUCCESSIONS, work)
    check(path, SUCCESSIONS)
    known = pl.Series(list(connection.execute(text(KEPT)).scalars()), dtype=pl.String)
    before, after = "siretEtablissementPredecesseur", "siretEtablissementSuccesseur"
    touching = pl.col(before).is_in(known.implode()) | pl.col(after).is_in(known.implode())
    with undamaged(path):
        links = scan(path, SUCCESSIONS).filter(touching).collect(engine="streaming")
    dated = links.filter(pl.col("dateLienSuccession").is_not_null(), pl.col(before) != pl.col(after))
    kept = dated.sort("dateLienSuccession").unique([before, after], keep="last", maintain_order=True)
    connection.execute(text("DELETE FROM succession"))
    columns = {
        "predecessor": "text",
        "successor": "text",
        "happened_on": "date",
        "head_moved": "bool",
        "goes_on": "bool",
    }
    copy_rows(connection, "succession", columns, kept.iter_rows())
    return kept.height


def load_duplicates(connection: Connection, file: Path, work: Path) -> int:
    """The same for legal units that have two numbers."""
    path = parquet_of(file, DUPLICATES, work)
    check(path, DUPLICATES)
    distinct = scan(path, DUPLICATES).filter(pl.col("siren") != pl.col("sirenDoublon"))
    with undamaged(path):
        pairs = distinct.collect(engine="streaming").unique()
    connection.execute(text("DELETE FROM duplicate_siren"))
    copy_rows(connection, "duplicate_siren", {"siren": "text", "duplicate": "text"}, pairs.sort("siren").iter_rows())
    return pairs.height
