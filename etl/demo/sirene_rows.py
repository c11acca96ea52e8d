"""StockEtablissement and the geolocation file, as they are before masks."""

from datetime import date

import numpy as np
import polars as pl

from etl.demo.sirene_layout import STOCK, with_nulls
from etl.demo.sirene_units import EMPLOYER, STAFF_YEAR, staff_range, treated_on

WITHOUT_LAMBERT, WITHOUT_ADDRESS_ID = 0.13, 0.35
NOT_ZONED = "CSZ"
Draw = np.random.Generator


def stock_rows(units: pl.DataFrame, draw: Draw, today: date) -> pl.DataFrame:
    """StockEtablissement before masks; columns that nobody fills are null."""
    chance = {
        name: pl.Series(draw.random(len(units))) for name in ("lambert", "address", "staff", "periods", "treated")
    }
    located, identified = chance["lambert"] >= WITHOUT_LAMBERT, chance["address"] >= WITHOUT_ADDRESS_ID
    employer = pl.Series(chance["staff"] > EMPLOYER)
    filled = units.select(
        "siren", "nic", "siret",
        "natural_person",
        statutDiffusionEtablissement="diffusion",
        dateCreationEtablissement="created",
        trancheEffectifsEtablissement=staff_range(chance["staff"]),
        anneeEffectifsEtablissement=pl.when(employer).then(STAFF_YEAR),
        dateDernierTraitementEtablissement=treated_on(chance["treated"], today),
        etablissementSiege="head",
        nombrePeriodesEtablissement=(chance["periods"] ** 2 * 4 + 1).cast(pl.Int64),
        complementAdresseEtablissement="inside",
        numeroVoieEtablissement="number",
        indiceRepetitionEtablissement="repetition",
        typeVoieEtablissement="street_kind",
        libelleVoieEtablissement="street_name",
        codePostalEtablissement="postcode",
        libelleCommuneEtablissement="town",
        distributionSpecialeEtablissement="box",
        codeCommuneEtablissement="commune",
        identifiantAdresseEtablissement=pl.when(identified).then(pl.col("address_id")),
        coordonneeLambertAbscisseEtablissement=pl.when(located).then(pl.col("east").cast(pl.String)),
        coordonneeLambertOrdonneeEtablissement=pl.when(located).then(pl.col("north").cast(pl.String)),
        dateDebut="since",
        etatAdministratifEtablissement=pl.when("open").then(pl.lit("A")).otherwise(pl.lit("F")),
        enseigne1Etablissement="sign",
        denominationUsuelleEtablissement="usual_name",
        activitePrincipaleEtablissement="naf",
        nomenclatureActivitePrincipaleEtablissement=pl.lit("NAFRev2"),
        caractereEmployeurEtablissement=pl.when(employer).then(pl.lit("O")).otherwise(pl.lit("N")),
        activitePrincipaleNAF25Etablissement=pl.when("open").then("naf25"),
    )  # fmt: skip
    return with_nulls(filled, STOCK)


def position_rows(units: pl.DataFrame) -> pl.DataFrame:
    """The geolocation file before masks; its zonings are placeholders."""
    sure = pl.when(pl.col("quality") == "11").then(pl.lit("1")).when(pl.col("quality") == "33").then(pl.lit("3"))
    zonings = ("qp24", "zus", "qp15", "qva")
    return units.select(
        "siret",
        hidden=pl.col("diffusion") == "P",
        x="east", y="north", qualite_xy="quality", epsg="epsg", plg_iris=pl.col("commune") + "0000",
        plg_code_commune="commune", distance_precision="distance", y_latitude="insee_lat", x_longitude="insee_lon",
        qualite_iris=sure.otherwise(pl.lit("2")),
    ).with_columns(
        *(pl.lit(NOT_ZONED).alias(f"plg_{zoning}") for zoning in zonings),
        *(pl.col("qualite_iris").alias(f"qualite_{zoning}") for zoning in zonings),
    )  # fmt: skip
