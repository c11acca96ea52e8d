"""A stock of SIRENE as large as one likes, written column by column, and what reading it must find.

Everything follows from a row's rank by arithmetic: the truth is the same arithmetic, counted without reading a file.
"""

from pathlib import Path

import msgspec
import polars as pl

from etl.sirene.layout import POSITIONS, STOCK, UNITS
from geo.naf import NAF2025, REV2
from geo.reference.naf import naf_codes

ROW_GROUP = 1_000_000
FIRST_SIREN = 100_000_000
ESTABLISHMENTS_OF_TWO_UNITS = 3
NAMED_EVERY = 1_000  # FINESS names 90,000 SIRET of forty million
HIDDEN, SECRET = "[ND]", "SECRET"
SECRET_NAME = f"{SECRET} "  # then the rank: on masked rows whose own status hides nothing
ZONES = (
    "epsg",
    "plg_qp24",
    "plg_zus",
    "plg_qp15",
    "plg_qva",
    "qualite_qp24",
    "qualite_iris",
    "qualite_zus",
    "qualite_qp15",
)
REV2_CODES = [each.code for each in naf_codes() if each.nomenclature == REV2]
NAF25_CODES = [each.code for each in naf_codes() if each.nomenclature == NAF2025]


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What etl.sirene.scan.Counts must say."""

    read: int
    in_scope: int
    named_found: int
    closed_dropped: int
    unreadable: int = 0
    repeated: int = 0
    open: int
    masked: int


def write(folder: Path, size: int) -> tuple[Path, Path, Path]:
    """The three published files, sorted by number, in groups of a million rows."""
    folder.mkdir(parents=True, exist_ok=True)
    ranks = pl.LazyFrame({"rank": pl.int_range(size, eager=True)})
    units = pl.LazyFrame({"unit": pl.int_range(_units_of(size), eager=True)})
    placed = ranks.filter(_draw("rank", 7, 100) < 88)
    frames = (
        ranks.select(_filled(STOCK, _establishment())),
        units.select(_filled(UNITS, _unit())),
        placed.select(_filled(POSITIONS, _position())),
    )
    paths = folder / "etablissements.parquet", folder / "unites.parquet", folder / "positions.parquet"
    for frame, path in zip(frames, paths, strict=True):
        partial = path.with_suffix(".partial")
        frame.sink_parquet(partial, row_group_size=ROW_GROUP, maintain_order=True)
        partial.replace(path)
    return paths


def named(size: int) -> list[str]:
    """The SIRET that FINESS names."""
    ranks = pl.DataFrame({"rank": pl.int_range(0, size, NAMED_EVERY, eager=True)})
    return ranks.select(_siret()).to_series().to_list()


def truth(size: int) -> Truth:
    """By the arithmetic of the rows."""
    of_field, is_named, closed = _in_scope(), pl.col("rank") % NAMED_EVERY == 0, _closed() | _ceased()
    kept = is_named | (of_field & ~closed)
    counted = pl.LazyFrame({"rank": pl.int_range(size, eager=True)}).select(
        read=pl.len(),
        in_scope=of_field.sum(),
        named_found=is_named.sum(),
        closed_dropped=(of_field & closed & ~is_named).sum(),
        open=(kept & ~_masked()).sum(),
        masked=(kept & _masked()).sum(),
    )
    return Truth(**counted.collect(engine="streaming").row(0, named=True))


def _units_of(size: int) -> int:
    return (size - 1) * 2 // ESTABLISHMENTS_OF_TWO_UNITS + 1


def _draw(column: str | pl.Expr, seed: int, of: int) -> pl.Expr:
    """From 0 to `of` - 1, by a multiplicative hash (Knuth) the same for every version of polars; each draw has its multiplier."""
    rank = pl.col(column) if isinstance(column, str) else column
    return rank * (2_654_435_761 + seed * 1_000_000_016) % 1_000_003 % of


def _unit_of_rank() -> pl.Expr:
    return pl.col("rank") * 2 // ESTABLISHMENTS_OF_TWO_UNITS


def _in_scope() -> pl.Expr:
    return _draw("rank", 1, 100) < 6


def _closed() -> pl.Expr:
    return _draw("rank", 3, 10) < 6


def _ceased() -> pl.Expr:
    return _draw(_unit_of_rank(), 4, 10) < 1


def _hidden() -> pl.Expr:
    return _draw("rank", 5, 100) < 8


def _hidden_unit(unit: pl.Expr) -> pl.Expr:
    return _draw(unit, 6, 100) < 8


def _hidden_aside() -> pl.Expr:
    """By a column that we do not keep, both statuses being O."""
    return _draw("rank", 19, 200) < 1


def _hidden_unit_aside(unit: pl.Expr) -> pl.Expr:
    return _draw(unit, 20, 200) < 1


def _masked() -> pl.Expr:
    unit = _unit_of_rank()
    return _hidden() | _hidden_unit(unit) | _hidden_aside() | _hidden_unit_aside(unit)


def _siren(unit: pl.Expr) -> pl.Expr:
    return (unit + FIRST_SIREN).cast(pl.String)


def _siret() -> pl.Expr:
    nic = (pl.col("rank") % ESTABLISHMENTS_OF_TWO_UNITS + 1).cast(pl.String).str.zfill(5)
    return _siren(_unit_of_rank()) + nic


def _one_of(values: list[str], seed: int) -> pl.Expr:
    ranks = dict(enumerate(values))
    return _draw("rank", seed, len(values)).replace_strict(ranks, return_dtype=pl.String)


def _establishment() -> dict[str, pl.Expr]:
    rank = pl.col("rank").cast(pl.String)
    created = pl.date(1990, 1, 1) + pl.duration(days=_draw("rank", 8, 13_000))
    open_address = {
        "numeroVoieEtablissement": _draw("rank", 9, 200).cast(pl.String),
        "typeVoieEtablissement": _one_of(["RUE", "AVENUE", "BD", "CHE"], 10),
        "libelleVoieEtablissement": pl.lit("DE LA VOIE ") + _draw("rank", 11, 20_000).cast(pl.String),
        "codePostalEtablissement": pl.lit("33000"),
    }
    sign = (
        pl.when(_hidden()).then(pl.lit(HIDDEN))
        .when(_masked()).then(pl.lit(SECRET_NAME) + rank)
        .when(_draw("rank", 12, 10) < 3).then(pl.lit("CABINET ") + rank)
    )  # fmt: skip
    return {
        "siren": _siren(_unit_of_rank()),
        "siret": _siret(),
        "statutDiffusionEtablissement": pl.when(_hidden()).then(pl.lit("P")).otherwise(pl.lit("O")),
        "dateCreationEtablissement": created,
        "dateDebut": created,
        "dateDernierTraitementEtablissement": (created + pl.duration(days=400)).cast(pl.Datetime("us")),
        "etablissementSiege": pl.col("rank") % ESTABLISHMENTS_OF_TWO_UNITS != 1,
        "libelleCommuneEtablissement": pl.lit("BORDEAUX"),
        "codeCommuneEtablissement": pl.lit("33063"),
        "etatAdministratifEtablissement": pl.when(_closed()).then(pl.lit("F")).otherwise(pl.lit("A")),
        "enseigne1Etablissement": sign,
        "activitePrincipaleEtablissement": pl.when(_in_scope())
        .then(_one_of(REV2_CODES, 13))
        .otherwise(pl.lit("56.10A")),
        "nomenclatureActivitePrincipaleEtablissement": pl.lit("NAFRev2"),
        "activitePrincipaleNAF25Etablissement": pl.when(_in_scope() & ~_closed())
        .then(_one_of(NAF25_CODES, 14))
        .otherwise(pl.lit("56.11G")),
        **{name: pl.when(_hidden()).then(pl.lit(HIDDEN)).otherwise(value) for name, value in open_address.items()},
        **_establishment_aside(),
    }


def _establishment_aside() -> dict[str, pl.Expr]:
    """What we look into and do not keep, filled about as often as Insee fills it."""
    return {
        "nic": _siret().str.slice(9),
        "trancheEffectifsEtablissement": _one_of(["NN", "00", "01", "02"], 21),
        "identifiantAdresseEtablissement": pl.when(_hidden() | _hidden_aside())
        .then(pl.lit(HIDDEN))
        .otherwise(pl.lit("33063") + _draw("rank", 22, 500_000).cast(pl.String) + pl.lit("_B")),
        "dernierNumeroVoieEtablissement": pl.when(_draw("rank", 23, 100) < 2).then(
            _draw("rank", 9, 200).cast(pl.String)
        ),
        "libelleCommune2Etablissement": pl.when(_draw("rank", 24, 1_000) < 1).then(pl.lit("BORDEAUX")),
        "caractereEmployeurEtablissement": _one_of(["N", "O"], 25),
    }


def _unit() -> dict[str, pl.Expr]:
    unit, hidden = pl.col("unit"), _hidden_unit(pl.col("unit"))
    person = _draw(unit, 15, 10) < 6
    name = pl.lit("NOM ") + unit.cast(pl.String)
    return {
        "siren": _siren(unit),
        "statutDiffusionUniteLegale": pl.when(hidden).then(pl.lit("P")).otherwise(pl.lit("O")),
        "etatAdministratifUniteLegale": pl.when(_draw(unit, 4, 10) < 1).then(pl.lit("C")).otherwise(pl.lit("A")),
        "categorieJuridiqueUniteLegale": pl.when(person).then(1000).otherwise(5499),
        "denominationUniteLegale": pl.when(~person).then(name),
        "prenomUsuelUniteLegale": pl.when(person & hidden).then(pl.lit(HIDDEN)).when(person).then(pl.lit("CAMILLE")),
        "nomUniteLegale": pl.when(person & hidden).then(pl.lit(HIDDEN)).when(person).then(name),
        **_unit_aside(unit, person, hidden),
    }


def _unit_aside(unit: pl.Expr, person: pl.Expr, hidden: pl.Expr) -> dict[str, pl.Expr]:
    first_name = pl.lit("PRENOM ") + _draw(unit, 26, 5_000).cast(pl.String)
    return {
        "sexeUniteLegale": pl.when(person & hidden).then(pl.lit(HIDDEN)).when(person).then(pl.lit("F")),
        "prenom2UniteLegale": pl.when((person & hidden) | _hidden_unit_aside(unit))
        .then(pl.lit(HIDDEN))
        .when(person)
        .then(first_name),
        "trancheEffectifsUniteLegale": pl.lit("NN"),
        "categorieEntreprise": pl.when(~person).then(pl.lit("PME")),
        "activitePrincipaleUniteLegale": pl.lit("56.10A"),
        "nomenclatureActivitePrincipaleUniteLegale": pl.lit("NAFRev2"),
        "nicSiegeUniteLegale": pl.lit("00011"),
        "caractereEmployeurUniteLegale": pl.lit("N"),
        "activitePrincipaleNAF25UniteLegale": pl.lit("56.11G"),
    }


def _position() -> dict[str, pl.Expr]:
    return {
        "siret": _siret(),
        "qualite_xy": pl.when(_hidden()).then(pl.lit(HIDDEN)).otherwise(_one_of(["11", "12", "21", "22", "33"], 16)),
        "x_longitude": pl.when(~_hidden()).then(_draw("rank", 17, 1_000) / 10_000 - 0.63),
        "y_latitude": pl.when(~_hidden()).then(_draw("rank", 18, 1_000) / 10_000 + 44.8),
        **{name: pl.when(_hidden()).then(pl.lit(HIDDEN)).otherwise(pl.lit("CSZ")) for name in ZONES},
        "plg_iris": pl.when(_hidden()).then(pl.lit(HIDDEN)).otherwise(_draw("rank", 27, 50_000).cast(pl.String)),
    }


def _filled(schema: pl.Schema, columns: dict[str, pl.Expr]) -> list[pl.Expr]:
    """The published columns in their order; nobody filled the others."""
    return [columns.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in schema.items()]
