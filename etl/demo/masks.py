"""What INSEE hides of those who asked for a partial diffusion: "[ND]" in their published rows (DATA-FACTS § 2.3)."""

import polars as pl

from etl.demo.sirene_layout import POSITIONS, STOCK, UNITS

MASK = "[ND]"
# Filled or not, the place is hidden; the commune stays.
PLACE = (
    "numeroVoieEtablissement", "typeVoieEtablissement", "libelleVoieEtablissement", "codePostalEtablissement",
    "coordonneeLambertAbscisseEtablissement", "coordonneeLambertOrdonneeEtablissement",
)  # fmt: skip
# Hidden where there was something to hide.
PLACE_DETAILS = (
    "complementAdresseEtablissement", "indiceRepetitionEtablissement", "distributionSpecialeEtablissement",
    "identifiantAdresseEtablissement",
)  # fmt: skip
SIGNS = ("enseigne1Etablissement", "denominationUsuelleEtablissement")
PERSON = (
    "sexeUniteLegale", "prenom1UniteLegale", "prenom2UniteLegale", "prenomUsuelUniteLegale", "nomUniteLegale",
    "nomUsageUniteLegale",
)  # fmt: skip


def mask_stock(rows: pl.DataFrame) -> pl.DataFrame:
    """A natural person's signs are hidden too; a legal person's only the place."""
    hidden = pl.col("statutDiffusionEtablissement") == "P"
    return rows.with_columns(
        *(_hide(name, hidden) for name in PLACE),
        *(_hide(name, hidden & pl.col(name).is_not_null()) for name in PLACE_DETAILS),
        *(_hide(name, hidden & pl.col("natural_person") & pl.col(name).is_not_null()) for name in SIGNS),
    ).select(STOCK.names())


def mask_units(rows: pl.DataFrame) -> pl.DataFrame:
    """A natural person's names; a legal person keeps its own."""
    hidden = (pl.col("statutDiffusionUniteLegale") == "P") & pl.col("natural_person")
    return rows.with_columns(_hide(name, hidden & pl.col(name).is_not_null()) for name in PERSON).select(UNITS.names())


def mask_positions(rows: pl.DataFrame) -> pl.DataFrame:
    """Numbers become null, texts "[ND]"; the SIRET and the commune stay."""
    hidden, kept = pl.col("hidden"), ("siret", "plg_code_commune")
    texts = [name for name, kind in POSITIONS.items() if kind == pl.String and name not in kept]
    numbers = [name for name, kind in POSITIONS.items() if kind == pl.Float32]
    return rows.with_columns(
        *(_hide(name, hidden) for name in texts), *(pl.when(~hidden).then(name).alias(name) for name in numbers)
    ).select(POSITIONS.names())


def _hide(name: str, where: pl.Expr) -> pl.Expr:
    return pl.when(where).then(pl.lit(MASK)).otherwise(name).alias(name)
