"""The three published files: their columns in order with their types, and the refusal of a file that lacks what we read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import polars as pl
from polars.datatypes import DataTypeClass

from etl.sirene import rows
from etl.sirene.diffusion import SAYS_HIDDEN, says_hidden
from geo.discretion import said
from geo.errors import Refused

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


class Source(msgspec.Struct, frozen=True):
    """A published file: what it is called, all its columns, those we read, and how its CSV form separates them."""

    name: str
    columns: pl.Schema
    read: pl.Schema
    separator: str = ","


ESTABLISHMENTS = Source("StockEtablissement", STOCK, rows.ESTABLISHMENT)
LEGAL_UNITS = Source("StockUniteLegale", UNITS, rows.UNIT)
GEOLOCATION = Source("GeolocalisationEtablissement", POSITIONS, rows.POSITION, separator=";")

# Types that say the same: Insee has written whole numbers as texts, instants to the nanosecond, single and double precision.
# A code that became a number is another matter: its leading zeros are lost.
_INTEGERS: set[DataTypeClass] = {pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64}
_ACCEPTED: dict[DataTypeClass, set[DataTypeClass]] = {
    pl.String: {pl.String},
    pl.Date: {pl.Date, pl.Datetime},
    pl.Datetime: {pl.Datetime},
    pl.Boolean: {pl.Boolean},
    pl.Int64: _INTEGERS | {pl.String},
    pl.Float32: {pl.Float32, pl.Float64},
}
_IN_FRENCH: dict[DataTypeClass, str] = {
    pl.String: "du texte",
    pl.Date: "une date",
    pl.Datetime: "une date et une heure",
    pl.Boolean: "vrai ou faux",
    pl.Int64: "un entier",
    pl.Float32: "un nombre décimal",
}


FAULTS_TOLD = 3  # of a file that is another one, every column is missing


def check(path: Path, source: Source) -> list[str]:
    """The columns that the file has and nobody knew, or Refused when one that we read is missing or is of another type."""
    found = _schema_of(path)
    if wrong := faults(found, source):
        raise Refused(not_expected(path, source, wrong))
    return [name for name in found if name not in source.columns and name != SAYS_HIDDEN]


def faults(found: pl.Schema, source: Source) -> list[str]:
    """What is missing or of another type, in French."""
    missing = [f"la colonne «\u202f{name}\u202f» manque" for name in source.read if name not in found]
    wrong = [
        f"la colonne «\u202f{name}\u202f» contient {found[name]} au lieu d’être {_IN_FRENCH[kind.base_type()]}"
        for name, kind in source.read.items()
        if name in found and found[name].base_type() not in _ACCEPTED[kind.base_type()]
    ]
    return missing + wrong


def not_expected(path: Path, source: Source, wrong: list[str]) -> str:
    """Why a file is not the one that it was given for: its first faults, and how many more."""
    told = ", ".join(wrong[:FAULTS_TOLD])
    more = f", et {len(wrong) - FAULTS_TOLD} autres écarts" if len(wrong) > FAULTS_TOLD else ""
    return f"{path.name} n’est pas le fichier {source.name} attendu : {told}{more}."


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Refused where the pages of this parquet cannot be read, though its footer can: a copy or a download that went wrong."""
    try:
        yield
    except pl.exceptions.ComputeError:  # its message may quote a row: it stays here
        raise Refused(f"{path.name} est endommagé : ses colonnes se lisent, pas ses lignes.") from None


def scan(path: Path, source: Source) -> pl.LazyFrame:
    """The columns that we read, as the file types them: a filter must reach the file before any cast does."""
    return pl.scan_parquet(path).select(source.read.names())


def asked(path: Path, source: Source, where: pl.Expr) -> pl.LazyFrame:
    """The same of the rows that a question chooses, with SAYS_HIDDEN: texts that we do not keep are decoded there only."""
    published = pl.scan_parquet(path)
    return published.filter(where).select(*source.read.names(), says_hidden(published.collect_schema()))


def typed(frame: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The columns that we read, in our types."""
    return frame.with_columns(pl.col(name).cast(kind, strict=False) for name, kind in source.read.items())


def _schema_of(path: Path) -> pl.Schema:
    try:
        return pl.scan_parquet(path).collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        why = "vide, tronqué ou d’un autre format"
        raise Refused(f"{path.name} n’est pas un fichier Parquet lisible : {why} ({said(error)}).") from None
