"""Invented SIRENE stock: the establishments FINESS names, independent practitioners, and companies out of scope.

Column names, order and types are the published ones (DATA-FACTS § 2.1, § 2.6); a masked unit has "[ND]" where INSEE puts it.
"""

import random
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from etl.demo.places import Places, projected
from etl.demo.ranges import demo_siren, demo_siret
from geo.communes import communes
from geo.territories import territory_of

MASK = "[ND]"
FIRST_PRACTITIONER = 500_000  # SIREN serials below belong to FINESS's legal entities
PRACTITIONERS_PER_STRUCTURE = 1.5
MASKED_SHARE = 0.12
PRACTITIONER_NAF = (
    ("86.21Z", "86.21Y"),
    ("86.22C", "86.22Y"),
    ("86.23Z", "86.23Y"),
    ("86.90D", "86.94G"),
    ("86.90E", "86.95Y"),
)
OTHER_NAF = (("47.11B", "47.11Y"), ("62.01Z", "62.10Y"), ("96.02A", "96.21Y"))
QUALITIES = (("11", 80), ("12", 11), ("21", 2), ("22", 2), ("33", 5))
FIRST_NAMES = ("OCTAVIE", "ANATOLE", "HERMINE", "LEOPOLD", "CELESTE", "THEODORE")
LAST_NAMES = ("FICTIF", "IMAGINAIRE", "LEFAUX", "INVENTE", "NULLEPART", "SONGE")

_ESTABLISHMENT = (
    "siren nic siret statutDiffusionEtablissement dateCreationEtablissement:date trancheEffectifsEtablissement "
    "anneeEffectifsEtablissement:int activitePrincipaleRegistreMetiersEtablissement "
    "dateDernierTraitementEtablissement:datetime etablissementSiege:bool nombrePeriodesEtablissement:int "
    "complementAdresseEtablissement numeroVoieEtablissement indiceRepetitionEtablissement "
    "dernierNumeroVoieEtablissement indiceRepetitionDernierNumeroVoieEtablissement typeVoieEtablissement "
    "libelleVoieEtablissement codePostalEtablissement libelleCommuneEtablissement libelleCommuneEtrangerEtablissement "
    "distributionSpecialeEtablissement codeCommuneEtablissement codeCedexEtablissement libelleCedexEtablissement "
    "codePaysEtrangerEtablissement libellePaysEtrangerEtablissement identifiantAdresseEtablissement "
    "coordonneeLambertAbscisseEtablissement coordonneeLambertOrdonneeEtablissement complementAdresse2Etablissement "
    "numeroVoie2Etablissement indiceRepetition2Etablissement typeVoie2Etablissement libelleVoie2Etablissement "
    "codePostal2Etablissement libelleCommune2Etablissement libelleCommuneEtranger2Etablissement "
    "distributionSpeciale2Etablissement codeCommune2Etablissement codeCedex2Etablissement libelleCedex2Etablissement "
    "codePaysEtranger2Etablissement libellePaysEtranger2Etablissement dateDebut:date etatAdministratifEtablissement "
    "enseigne1Etablissement enseigne2Etablissement enseigne3Etablissement denominationUsuelleEtablissement "
    "activitePrincipaleEtablissement nomenclatureActivitePrincipaleEtablissement caractereEmployeurEtablissement "
    "activitePrincipaleNAF25Etablissement"
)
_LEGAL_UNIT = (
    "siren statutDiffusionUniteLegale unitePurgeeUniteLegale:bool dateCreationUniteLegale:date sigleUniteLegale "
    "sexeUniteLegale prenom1UniteLegale prenom2UniteLegale prenom3UniteLegale prenom4UniteLegale prenomUsuelUniteLegale "
    "pseudonymeUniteLegale identifiantAssociationUniteLegale trancheEffectifsUniteLegale anneeEffectifsUniteLegale:int "
    "dateDernierTraitementUniteLegale:datetime nombrePeriodesUniteLegale:int categorieEntreprise "
    "anneeCategorieEntreprise:int dateDebut:date etatAdministratifUniteLegale nomUniteLegale nomUsageUniteLegale "
    "denominationUniteLegale denominationUsuelle1UniteLegale denominationUsuelle2UniteLegale "
    "denominationUsuelle3UniteLegale categorieJuridiqueUniteLegale:int activitePrincipaleUniteLegale "
    "nomenclatureActivitePrincipaleUniteLegale nicSiegeUniteLegale economieSocialeSolidaireUniteLegale "
    "societeMissionUniteLegale caractereEmployeurUniteLegale activitePrincipaleNAF25UniteLegale"
)
_POSITION = (
    "siret x:float y:float qualite_xy epsg plg_qp24 plg_iris plg_zus plg_qp15 plg_qva plg_code_commune "
    "distance_precision:float qualite_qp24 qualite_iris qualite_zus qualite_qp15 qualite_qva y_latitude:float "
    "x_longitude:float"
)
_KINDS = {
    "": pl.String(), "date": pl.Date(), "datetime": pl.Datetime("us"), "bool": pl.Boolean(), "int": pl.Int64(),
    "float": pl.Float32(),
}  # fmt: skip


def _schema(columns: str) -> dict[str, pl.DataType]:
    return {name: _KINDS[kind] for name, _, kind in (column.partition(":") for column in columns.split())}


ESTABLISHMENT, LEGAL_UNIT, POSITION = _schema(_ESTABLISHMENT), _schema(_LEGAL_UNIT), _schema(_POSITION)


def write_sirene(out: Path, truth: pl.DataFrame, seed: int, produced_on: date) -> tuple[Path, ...]:
    """The three parquets, sorted by siret and siren as published."""
    stock = _Stock(seed, produced_on)
    for row in truth.filter(pl.col("siret").is_not_null()).iter_rows(named=True):
        stock.add_from_finess(row)
    for serial in range(round(len(truth) * PRACTITIONERS_PER_STRUCTURE)):
        stock.add_practitioner(FIRST_PRACTITIONER + serial)
    return (
        _write(out / "StockEtablissement_utf8.parquet", stock.establishments, ESTABLISHMENT, "siret"),
        _write(out / "StockUniteLegale_utf8.parquet", list(stock.units.values()), LEGAL_UNIT, "siren"),
        _write(
            out / "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.parquet",
            stock.positions, POSITION, "siret",
        ),
    )  # fmt: skip


class _Stock:
    """Rows gathered while units are invented."""

    def __init__(self, seed: int, produced_on: date) -> None:
        self._draw = random.Random(seed + 1)
        self._places = Places(self._draw)
        self._on = produced_on
        self._at = datetime(produced_on.year, produced_on.month, 1, 8)
        self.establishments: list[dict[str, Any]] = []
        self.units: dict[str, dict[str, Any]] = {}
        self.positions: list[dict[str, Any]] = []

    def add_from_finess(self, row: dict[str, Any]) -> None:
        """The SIRENE side of an establishment that FINESS names: same place, same state."""
        siren = row["siret"][:9]
        self.units.setdefault(
            siren,
            self._unit(siren, "O", {"denominationUniteLegale": f"ENTITE FICTIVE {siren}"}, 5599, ("86.10Z", "86.10Y")),
        )
        self._establishment(
            row["siret"], "O", row["commune"], (row["lon"], row["lat"]), ("86.10Z", "86.10Y"), row["open"],
            {"denominationUsuelleEtablissement": row["name"]},
        )  # fmt: skip

    def add_practitioner(self, serial: int) -> None:
        """A person in practice (one in eight masked), or a company of another trade."""
        siren = demo_siren(serial)
        status = "P" if self._draw.random() < MASKED_SHARE else "O"
        naf = self._draw.choice(PRACTITIONER_NAF if self._draw.random() < 0.5 else OTHER_NAF)
        name = MASK if status == "P" else self._draw.choice(LAST_NAMES)
        first = MASK if status == "P" else self._draw.choice(FIRST_NAMES)
        person = {"nomUniteLegale": name, "prenom1UniteLegale": first, "prenomUsuelUniteLegale": first}
        self.units[siren] = self._unit(siren, status, person, 1000, naf)
        commune = self._places.commune()
        self._establishment(demo_siret(siren, 1), status, commune.code, self._places.point(commune), naf, True, {})

    def _unit(
        self, siren: str, status: str, named: dict[str, str], legal_status: int, naf: tuple[str, str]
    ) -> dict[str, Any]:
        return named | {
            "siren": siren, "statutDiffusionUniteLegale": status, "unitePurgeeUniteLegale": False,
            "dateCreationUniteLegale": date(2010, 1, 4), "dateDernierTraitementUniteLegale": self._at,
            "nombrePeriodesUniteLegale": 1, "dateDebut": date(2010, 1, 4), "etatAdministratifUniteLegale": "A",
            "categorieJuridiqueUniteLegale": legal_status, "activitePrincipaleUniteLegale": naf[0],
            "nomenclatureActivitePrincipaleUniteLegale": "NAFRev2", "activitePrincipaleNAF25UniteLegale": naf[1],
            "nicSiegeUniteLegale": "00010", "caractereEmployeurUniteLegale": "N",
        }  # fmt: skip

    def _establishment(
        self, siret: str, status: str, commune_code: str, at: tuple[float, float], naf: tuple[str, str], is_open: bool,
        named: dict[str, str],
    ) -> None:  # fmt: skip
        commune = communes()[commune_code]
        east, north = projected(commune, *at)
        hidden = status == "P"
        self.establishments.append(
            (dict.fromkeys(named, MASK) if hidden else named) | {
                "siren": siret[:9], "nic": siret[9:], "siret": siret, "statutDiffusionEtablissement": status,
                "dateCreationEtablissement": date(2010, 1, 4), "dateDernierTraitementEtablissement": self._at,
                "etablissementSiege": siret.endswith("1"), "nombrePeriodesEtablissement": 1,
                "numeroVoieEtablissement": MASK if hidden else str(self._draw.randint(1, 99)),
                "typeVoieEtablissement": MASK if hidden else "RUE",
                "libelleVoieEtablissement": MASK if hidden else "DE L'INVENTION",
                "codePostalEtablissement": MASK if hidden else (commune.postcodes or ("",))[0],
                "libelleCommuneEtablissement": commune.name.upper(), "codeCommuneEtablissement": commune_code,
                "coordonneeLambertAbscisseEtablissement": MASK if hidden else east,
                "coordonneeLambertOrdonneeEtablissement": MASK if hidden else north,
                "dateDebut": date(2010, 1, 4), "etatAdministratifEtablissement": "A" if is_open else "F",
                "activitePrincipaleEtablissement": naf[0], "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
                "activitePrincipaleNAF25Etablissement": naf[1] if is_open else None,
                "caractereEmployeurEtablissement": "N",
            }
        )  # fmt: skip
        self._position(siret, hidden, commune_code, at, (east, north))

    def _position(
        self, siret: str, hidden: bool, commune: str, at: tuple[float, float], projection: tuple[str, str]
    ) -> None:
        quality = self._draw.choices([q for q, _ in QUALITIES], [w for _, w in QUALITIES])[0]
        numbers = {} if hidden else {
            "x": float(projection[0]), "y": float(projection[1]), "x_longitude": at[0], "y_latitude": at[1]
        }  # fmt: skip
        self.positions.append(
            numbers | {
                "siret": siret, "qualite_xy": MASK if hidden else quality,
                "epsg": MASK if hidden else str(territory_of(commune).epsg),
                "plg_code_commune": commune,
            }
        )  # fmt: skip


def _write(path: Path, rows: list[dict[str, Any]], schema: dict[str, pl.DataType], key: str) -> Path:
    columns = {name: pl.Series(name, [row.get(name) for row in rows], dtype=kind) for name, kind in schema.items()}
    pl.DataFrame(columns).sort(key).write_parquet(path, compression="zstd", row_group_size=100_000)
    return path
