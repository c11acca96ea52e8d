"""Invented rows as Insee publishes them: what a test does not say is an open, placed, active pharmacy."""

from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from etl.demo import DemoFiles
from etl.sirene import rows
from etl.sirene.layout import POSITIONS, STOCK, UNITS
from etl.sirene.scan import Stock, stock

SIREN, SIRET = "123456782", "12345678200010"
BORDEAUX = "33063"

_ESTABLISHMENT = {
    "siret": SIRET,
    "siren": SIREN,
    "statutDiffusionEtablissement": "O",
    "dateCreationEtablissement": date(2015, 3, 2),
    "dateDernierTraitementEtablissement": datetime(2026, 10, 4, 8, 12, 30),
    "etablissementSiege": True,
    "numeroVoieEtablissement": "12",
    "typeVoieEtablissement": "RUE",
    "libelleVoieEtablissement": "DES LILAS",
    "codePostalEtablissement": "33000",
    "libelleCommuneEtablissement": "BORDEAUX",
    "codeCommuneEtablissement": BORDEAUX,
    "dateDebut": date(2015, 3, 2),
    "etatAdministratifEtablissement": "A",
    "activitePrincipaleEtablissement": "47.73Z",
    "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
    "activitePrincipaleNAF25Etablissement": "47.73Y",
}
_UNIT = {
    "siren": SIREN,
    "statutDiffusionUniteLegale": "O",
    "etatAdministratifUniteLegale": "A",
    "categorieJuridiqueUniteLegale": 5499,
    "denominationUniteLegale": "PHARMACIE DES LILAS",
}
_POSITION = {"siret": SIRET, "qualite_xy": "11", "x_longitude": -0.5792, "y_latitude": 44.8378}


def establishments(*each: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([_ESTABLISHMENT | one for one in each], schema=STOCK)


def units(*each: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([_UNIT | one for one in each], schema=UNITS)


def positions(*each: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([_POSITION | one for one in each], schema=POSITIONS)


def published(**changed: Any) -> pl.DataFrame:
    """One row of PUBLISHED."""
    return pl.DataFrame([_ESTABLISHMENT | _UNIT | _POSITION | changed], schema=rows.PUBLISHED)


def files(folder: Path, published: pl.DataFrame, legal: pl.DataFrame, placed: pl.DataFrame) -> tuple[Path, Path, Path]:
    """The three published files."""
    paths = folder / "etablissements.parquet", folder / "unites.parquet", folder / "positions.parquet"
    for frame, path in zip((published, legal, placed), paths, strict=True):
        frame.write_parquet(path)
    return paths


def whole(france: DemoFiles, folder: Path, named: Collection[str] = ()) -> Stock:
    """The demo's stock, read."""
    files = france.sirene
    assert files is not None
    return stock(files.establishments, files.units, files.positions, folder, named)
