"""The three shapes that SIRENE's rows take here: as published, open to use, masked."""

from typing import Literal

import polars as pl
from polars.datatypes import DataTypeClass

TREATED = "dateDernierTraitementEtablissement"  # by Insee, in Paris time
LAST_MICROSECOND = (
    999_999  # of its second, which Insee never gives: the word of the legal unit alone (etl/sirene/units.py)
)

Columns = dict[str, pl.DataType | DataTypeClass]

# What we read of an establishment and of its legal unit, in Insee's own names and types: the stock's parquets joined on `siren`,
# or one entry of the API flattened (its current period over it). Everything else stays in the file.
ESTABLISHMENT = pl.Schema(
    Columns(
        {
            "siret": pl.String,
            "siren": pl.String,
            "statutDiffusionEtablissement": pl.String,
            "dateCreationEtablissement": pl.Date,
            TREATED: pl.Datetime("us"),
            "etablissementSiege": pl.Boolean,
            "complementAdresseEtablissement": pl.String,
            "numeroVoieEtablissement": pl.String,
            "indiceRepetitionEtablissement": pl.String,
            "typeVoieEtablissement": pl.String,
            "libelleVoieEtablissement": pl.String,
            "codePostalEtablissement": pl.String,
            "libelleCommuneEtablissement": pl.String,
            "distributionSpecialeEtablissement": pl.String,
            "codeCommuneEtablissement": pl.String,
            "coordonneeLambertAbscisseEtablissement": pl.String,
            "coordonneeLambertOrdonneeEtablissement": pl.String,
            "dateDebut": pl.Date,
            "etatAdministratifEtablissement": pl.String,
            "enseigne1Etablissement": pl.String,
            "enseigne2Etablissement": pl.String,
            "enseigne3Etablissement": pl.String,
            "denominationUsuelleEtablissement": pl.String,
            "activitePrincipaleEtablissement": pl.String,
            "nomenclatureActivitePrincipaleEtablissement": pl.String,
            "activitePrincipaleNAF25Etablissement": pl.String,
        }
    )
)
UNIT = pl.Schema(
    {
        "siren": pl.String,
        "statutDiffusionUniteLegale": pl.String,
        "etatAdministratifUniteLegale": pl.String,
        "categorieJuridiqueUniteLegale": pl.Int64,
        "denominationUniteLegale": pl.String,
        "denominationUsuelle1UniteLegale": pl.String,
        "denominationUsuelle2UniteLegale": pl.String,
        "denominationUsuelle3UniteLegale": pl.String,
        "sigleUniteLegale": pl.String,
        "prenomUsuelUniteLegale": pl.String,
        "prenom1UniteLegale": pl.String,
        "nomUniteLegale": pl.String,
        "nomUsageUniteLegale": pl.String,
        "pseudonymeUniteLegale": pl.String,
    }
)
POSITION = pl.Schema({"siret": pl.String, "qualite_xy": pl.String, "y_latitude": pl.Float32, "x_longitude": pl.Float32})
JOINED = pl.Schema({**ESTABLISHMENT, **UNIT})
PUBLISHED = pl.Schema({**JOINED, **{name: kind for name, kind in POSITION.items() if name != "siret"}})

# A row that anyone may use: every text stripped, empty is null.
OPEN = pl.Schema(
    Columns(
        {
            "siret": pl.String,
            "siren": pl.String,
            "created_on": pl.Date,
            "since": pl.Date,  # of the current period: when it closed, for one that is closed
            "treated_at": pl.Datetime("us"),  # Insee's last technical touch
            "head": pl.Boolean,  # siège
            "active": pl.Boolean,  # establishment A and legal unit A
            "natural_person": pl.Boolean,  # categorie juridique 1000
            "categorie_juridique": pl.String,
            "naf": pl.String,  # with its dot, in the nomenclature beside it
            "nomenclature": pl.String,  # NAFRev2, NAF1993, NAP…
            "naf25": pl.String,
            "signs": pl.List(pl.String),  # enseignes
            "usual_name": pl.String,
            "denomination": pl.String,
            "usual_names": pl.List(pl.String),  # of the legal unit
            "sigle": pl.String,
            "first_name": pl.String,  # the usual one, else the first
            "surname": pl.String,
            "married_name": pl.String,  # nom d'usage
            "pseudonym": pl.String,
            "complement": pl.String,
            "number": pl.String,
            "repetition": pl.String,
            "street_kind": pl.String,
            "street_name": pl.String,
            "box": pl.String,  # distribution spéciale
            "postcode": pl.String,
            "town": pl.String,
            "commune": pl.String,  # as published, arrondissements included
            "lambert_x": pl.String,
            "lambert_y": pl.String,
            "lon": pl.Float64,  # of the geolocation file, as published
            "lat": pl.Float64,
            "quality": pl.String,  # qualite_xy: 11, 12, 21, 22, 33
        }
    )
)
# All that is ever read of one that asked for partial diffusion (DESIGN.md decision 5).
MASKED = pl.Schema(
    {
        "siret": pl.String,
        "siren": pl.String,
        "diffusion": pl.String,  # P, whatever the column that said it
        "naf": pl.String,
        "nomenclature": pl.String,
        "commune": pl.String,
    }
)


def insee_time(treated: pl.Expr, *, of_masked: bool) -> pl.Expr:
    """Insee's moments, Paris time without saying so, as instants.

    In autumn an hour comes twice: who is masked is masked by the later one, who is shown is shown by the earlier. Doubt lifts no
    mask.
    """
    twice: Literal["latest", "earliest"] = "latest" if of_masked else "earliest"
    local = treated.dt.replace_time_zone("Europe/Paris", ambiguous=twice, non_existent="null")
    return local.dt.convert_time_zone("UTC")
