"""The three published SIRENE files: column names, order and types (DATA-FACTS § 2.1, § 2.6)."""

import polars as pl

_STOCK = """
siren nic siret statutDiffusionEtablissement dateCreationEtablissement:date trancheEffectifsEtablissement
anneeEffectifsEtablissement:int activitePrincipaleRegistreMetiersEtablissement
dateDernierTraitementEtablissement:datetime
etablissementSiege:bool nombrePeriodesEtablissement:int complementAdresseEtablissement numeroVoieEtablissement
indiceRepetitionEtablissement dernierNumeroVoieEtablissement indiceRepetitionDernierNumeroVoieEtablissement
typeVoieEtablissement libelleVoieEtablissement codePostalEtablissement libelleCommuneEtablissement
libelleCommuneEtrangerEtablissement distributionSpecialeEtablissement codeCommuneEtablissement codeCedexEtablissement
libelleCedexEtablissement codePaysEtrangerEtablissement libellePaysEtrangerEtablissement identifiantAdresseEtablissement
coordonneeLambertAbscisseEtablissement coordonneeLambertOrdonneeEtablissement complementAdresse2Etablissement
numeroVoie2Etablissement indiceRepetition2Etablissement typeVoie2Etablissement libelleVoie2Etablissement
codePostal2Etablissement libelleCommune2Etablissement libelleCommuneEtranger2Etablissement
distributionSpeciale2Etablissement codeCommune2Etablissement codeCedex2Etablissement libelleCedex2Etablissement
codePaysEtranger2Etablissement libellePaysEtranger2Etablissement dateDebut:date etatAdministratifEtablissement
enseigne1Etablissement enseigne2Etablissement enseigne3Etablissement denominationUsuelleEtablissement
activitePrincipaleEtablissement nomenclatureActivitePrincipaleEtablissement caractereEmployeurEtablissement
activitePrincipaleNAF25Etablissement
"""
_UNITS = """
siren statutDiffusionUniteLegale unitePurgeeUniteLegale:bool dateCreationUniteLegale:date sigleUniteLegale
sexeUniteLegale prenom1UniteLegale prenom2UniteLegale prenom3UniteLegale prenom4UniteLegale
prenomUsuelUniteLegale pseudonymeUniteLegale
identifiantAssociationUniteLegale trancheEffectifsUniteLegale anneeEffectifsUniteLegale:int
dateDernierTraitementUniteLegale:datetime nombrePeriodesUniteLegale:int categorieEntreprise anneeCategorieEntreprise:int
dateDebut:date etatAdministratifUniteLegale nomUniteLegale nomUsageUniteLegale denominationUniteLegale
denominationUsuelle1UniteLegale denominationUsuelle2UniteLegale denominationUsuelle3UniteLegale
categorieJuridiqueUniteLegale:int activitePrincipaleUniteLegale nomenclatureActivitePrincipaleUniteLegale
nicSiegeUniteLegale economieSocialeSolidaireUniteLegale societeMissionUniteLegale caractereEmployeurUniteLegale
activitePrincipaleNAF25UniteLegale
"""
_POSITIONS = """
siret x:float y:float qualite_xy epsg plg_qp24 plg_iris plg_zus plg_qp15 plg_qva plg_code_commune
distance_precision:float qualite_qp24 qualite_iris qualite_zus qualite_qp15 qualite_qva y_latitude:float
x_longitude:float
"""
_TYPES: dict[str, pl.DataType] = {
    "": pl.String(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "bool": pl.Boolean(),
    "int": pl.Int64(),
    "float": pl.Float32(),
}


def _schema(columns: str) -> pl.Schema:
    named = (column.partition(":") for column in columns.split())
    return pl.Schema({name: _TYPES[kind] for name, _, kind in named})


STOCK, UNITS, POSITIONS = _schema(_STOCK), _schema(_UNITS), _schema(_POSITIONS)
STOCK_NAME = "StockEtablissement_utf8.parquet"
UNITS_NAME = "StockUniteLegale_utf8.parquet"
POSITIONS_NAME = "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.parquet"


def with_nulls(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The schema's other columns, empty."""
    return frame.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in frame.columns
    )
