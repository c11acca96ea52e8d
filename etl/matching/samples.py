"""Files in the official formats read into what matching is given: for its evaluation and its tests only."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl

from etl.finess.extract import chunks, read_header
from etl.finess.fallback import NO_POSITIONS, fall_back_on_ancien
from etl.finess.transform import decide_open, fall_back_on_commune_centre, find_communes, read_coordinates
from etl.matching.shapes import EGE
from etl.sirene.rows import ESTABLISHMENT, JOINED, MASKED, OPEN, POSITION, UNIT

ND = "[ND]"


def ege_of(flow: Path) -> pl.DataFrame:
    """The establishments of a FINESS flow."""
    produced_on = read_header(flow).generated_at.date()
    return pl.concat(list(_ege_of(flow, produced_on)))


def sirene_of(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Open and masked rows of a stock: masked is status P at either level, or [ND] anywhere."""
    stock = pl.scan_parquet(folder / "StockEtablissement_utf8.parquet").select(ESTABLISHMENT.names())
    units = pl.scan_parquet(folder / "StockUniteLegale_utf8.parquet").select(UNIT.names())
    positions = pl.scan_parquet(next(folder.glob("Geolocalisation*.parquet"))).select(POSITION.names())
    joined = stock.join(units, on="siren").join(positions, on="siret", how="left").collect()
    texts = [name for name, kind in JOINED.items() if kind == pl.String]
    hidden = pl.any_horizontal(pl.col(texts) == ND).fill_null(False)
    for status in ("statutDiffusionEtablissement", "statutDiffusionUniteLegale"):
        hidden = hidden | (pl.col(status) != "O")
    return _open(joined.filter(~hidden)), _masked(joined.filter(hidden))


def _ege_of(flow: Path, produced_on: date) -> Iterator[pl.DataFrame]:
    for chunk in chunks(flow):
        placed = chunk.establishments.pipe(find_communes).pipe(read_coordinates)
        placed = placed.pipe(fall_back_on_ancien, NO_POSITIONS).pipe(fall_back_on_commune_centre)
        yield placed.pipe(decide_open, produced_on).select(
            "finess",
            declared="siret",
            names=pl.concat_list("nom_long", "nom_court", "complement_nom").list.drop_nulls().list.unique(maintain_order=True),
            ej_name="ej_nom",
            ej_siren="ej_siren",
            ej_finess="ej_finess",
            number="numero_voie",
            street=pl.concat_str("type_voie", "libelle_voie", separator=" ", ignore_nulls=True),
            commune=pl.coalesce("commune", "cog_commune"),
            postcode="code_postal",
            lon="lon",
            lat="lat",
            precision="precision",
            categorie="categorie",
            open="open",
        ).filter(pl.col("finess").is_not_null()).cast(EGE)  # fmt: skip


def _masked(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "siret",
        "siren",
        diffusion=pl.lit("P"),
        naf="activitePrincipaleEtablissement",
        nomenclature="nomenclatureActivitePrincipaleEtablissement",
        commune="codeCommuneEtablissement",
    ).cast(MASKED)


def _open(rows: pl.DataFrame) -> pl.DataFrame:
    both_active = (pl.col("etatAdministratifEtablissement") == "A") & (pl.col("etatAdministratifUniteLegale") == "A")
    juridique = pl.col("categorieJuridiqueUniteLegale")
    return rows.select(
        "siret",
        "siren",
        created_on="dateCreationEtablissement",
        since="dateDebut",
        treated_at="dateDernierTraitementEtablissement",
        head="etablissementSiege",
        active=both_active.fill_null(False),
        natural_person=(juridique == 1000).fill_null(False),
        categorie_juridique=juridique.cast(pl.String),
        naf="activitePrincipaleEtablissement",
        nomenclature="nomenclatureActivitePrincipaleEtablissement",
        naf25="activitePrincipaleNAF25Etablissement",
        signs=pl.concat_list([f"enseigne{n}Etablissement" for n in (1, 2, 3)]).list.drop_nulls(),
        usual_name="denominationUsuelleEtablissement",
        denomination="denominationUniteLegale",
        usual_names=pl.concat_list([f"denominationUsuelle{n}UniteLegale" for n in (1, 2, 3)]).list.drop_nulls(),
        sigle="sigleUniteLegale",
        first_name=pl.coalesce("prenomUsuelUniteLegale", "prenom1UniteLegale"),
        surname="nomUniteLegale",
        married_name="nomUsageUniteLegale",
        pseudonym="pseudonymeUniteLegale",
        complement="complementAdresseEtablissement",
        number="numeroVoieEtablissement",
        repetition="indiceRepetitionEtablissement",
        street_kind="typeVoieEtablissement",
        street_name="libelleVoieEtablissement",
        box="distributionSpecialeEtablissement",
        postcode="codePostalEtablissement",
        town="libelleCommuneEtablissement",
        commune="codeCommuneEtablissement",
        lambert_x="coordonneeLambertAbscisseEtablissement",
        lambert_y="coordonneeLambertOrdonneeEtablissement",
        lon=pl.col("x_longitude").cast(pl.Float64),
        lat=pl.col("y_latitude").cast(pl.Float64),
        quality="qualite_xy",
    ).cast(OPEN)  # fmt: skip
