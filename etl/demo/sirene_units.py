"""True units in one flat form, whoever they are, and the legal units among them."""

from datetime import date

import numpy as np
import polars as pl

from etl.demo.sirene_layout import UNITS, with_nulls

NATURAL_PERSON = 1000  # categorieJuridiqueUniteLegale
EMPLOYER, STAFF_UNKNOWN, STAFF_YEAR = 0.85, 0.18, 2023

UNIT = pl.Schema(
    {
        "siren": pl.String,
        "siret": pl.String,
        "head": pl.Boolean,
        "head_nic": pl.String,
        "diffusion": pl.String,
        "unit_diffusion": pl.String,
        "created": pl.Date,
        "since": pl.Date,  # of the current period: when it closed
        "open": pl.Boolean,
        "unit_open": pl.Boolean,
        "commune": pl.String,
        "place": pl.Int64,  # index in country.places
        "town": pl.String,
        "postcode": pl.String,
        "number": pl.String,
        "repetition": pl.String,
        "street_kind": pl.String,
        "street_name": pl.String,
        "inside": pl.String,
        "box": pl.String,
        "lon": pl.Float64,
        "lat": pl.Float64,
        "sign": pl.String,
        "usual_name": pl.String,
        "denomination": pl.String,
        "categorie_juridique": pl.Int64,
        "naf": pl.String,
        "naf25": pl.String,
        "sex": pl.String,
        "first_name": pl.String,
        "surname": pl.String,
        "married_name": pl.String,
        "successor": pl.String,  # the SIRET that went on after this one
        "duplicate_of": pl.String,  # the SIRET of the same establishment under its first SIREN
        "event": pl.String,  # of etl.demo.events
    }
)


def completed(units: pl.DataFrame) -> pl.DataFrame:
    """Adds what follows from the rest."""
    return units.with_columns(
        nic=pl.col("siret").str.slice(9),
        natural_person=pl.col("categorie_juridique") == NATURAL_PERSON,
        address_id=pl.concat_str("commune", pl.col("siret").str.slice(4, 4), pl.lit("_B")),
    )


def unit_rows(units: pl.DataFrame, draw: np.random.Generator, today: date) -> pl.DataFrame:
    """StockUniteLegale before masks, one row per SIREN."""
    heads = units.unique("siren", keep="first", maintain_order=True)
    chance = {name: pl.Series(draw.random(len(heads))) for name in ("staff", "periods", "treated", "acronym", "middle")}
    person, employer = pl.col("natural_person"), pl.Series(chance["staff"] > EMPLOYER)
    charitable = pl.col("categorie_juridique").is_between(9200, 9399)
    filled = heads.select(
        "siren",
        "natural_person",
        statutDiffusionUniteLegale="unit_diffusion",
        dateCreationUniteLegale="created",
        sigleUniteLegale=pl.when(chance["acronym"] < 0.05).then(_acronym("denomination")),
        sexeUniteLegale="sex",
        prenom1UniteLegale="first_name",
        prenom2UniteLegale=pl.when(chance["middle"] < 0.5).then(pl.col("first_name").shift(1)),
        prenomUsuelUniteLegale="first_name",
        identifiantAssociationUniteLegale=pl.when(charitable).then(_association_number()),
        trancheEffectifsUniteLegale=staff_range(chance["staff"]),
        anneeEffectifsUniteLegale=pl.when(employer).then(STAFF_YEAR),
        dateDernierTraitementUniteLegale=treated_on(chance["treated"], today),
        nombrePeriodesUniteLegale=(chance["periods"] ** 2 * 5 + 1).cast(pl.Int64),
        categorieEntreprise=pl.when(~person).then(pl.lit("PME")),
        anneeCategorieEntreprise=pl.when(~person).then(STAFF_YEAR),
        dateDebut="created",
        etatAdministratifUniteLegale=pl.when("unit_open").then(pl.lit("A")).otherwise(pl.lit("C")),
        nomUniteLegale="surname",
        nomUsageUniteLegale="married_name",
        denominationUniteLegale="denomination",
        categorieJuridiqueUniteLegale="categorie_juridique",
        activitePrincipaleUniteLegale="naf",
        nomenclatureActivitePrincipaleUniteLegale=pl.lit("NAFRev2"),
        nicSiegeUniteLegale="head_nic",
        economieSocialeSolidaireUniteLegale=pl.when(~person).then(
            pl.when(charitable).then(pl.lit("O")).otherwise(pl.lit("N"))
        ),
        caractereEmployeurUniteLegale=pl.when(employer).then(pl.lit("O")).otherwise(pl.lit("N")),
        activitePrincipaleNAF25UniteLegale=pl.when("unit_open").then("naf25"),
    )
    return with_nulls(filled, UNITS)


def staff_range(chance: pl.Series) -> pl.Expr:
    """Ten to nineteen people, no known staff, or nothing said."""
    return pl.when(chance > EMPLOYER).then(pl.lit("12")).when(chance > STAFF_UNKNOWN).then(pl.lit("NN"))


def treated_on(chance: pl.Series, today: date) -> pl.Expr:
    """Instants of the last five years up to the first of the month: when a stock is made."""
    first = pl.lit(today.replace(day=1)).cast(pl.Datetime("us"))
    return first - pl.duration(seconds=pl.lit((chance * 5 * 365 * 86_400).cast(pl.Int64)))


def _acronym(name: str) -> pl.Expr:
    return pl.col(name).str.extract_all(r"\b[A-Z]").list.join("")


def _association_number() -> pl.Expr:
    """The RNA's form in a département that does not exist."""
    return pl.lit("W000") + pl.col("siren").str.slice(2, 6)
