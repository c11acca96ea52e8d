"""Invented entries of the register, nested as Insee's API nests them."""

from typing import Any


def with_key(digits: str) -> str:
    """The number and its Luhn key."""
    weighted = (int(digit) * (2 - rank % 2) for rank, digit in enumerate(reversed(digits)))
    return digits + str(-sum(n - 9 if n > 9 else n for n in weighted) % 10)


def a_siret(number: int) -> str:
    return with_key(with_key(f"{90000000 + number:08}") + "0001")


def an_establishment(number: int = 1, treated: str = "2026-11-20T21:52:02.598", **members: Any) -> dict[str, Any]:
    """Of a nurse of Lille, unless `members` say otherwise, wherever in the entry they stand."""
    siret = a_siret(number)
    entry: dict[str, Any] = {
        "siren": siret[:9],
        "nic": siret[9:],
        "siret": siret,
        "statutDiffusionEtablissement": "O",
        "dateCreationEtablissement": "2009-08-01",
        "dateDernierTraitementEtablissement": treated,
        "etablissementSiege": True,
        "activitePrincipaleNAF25Etablissement": "86.94G",
        "uniteLegale": {
            "etatAdministratifUniteLegale": "A",
            "statutDiffusionUniteLegale": "O",
            "categorieJuridiqueUniteLegale": "1000",
            "denominationUniteLegale": None,
            "nomUniteLegale": "LEFEBVRE",
            "prenom1UniteLegale": "ZELIE",
        },
        "adresseEtablissement": {
            "numeroVoieEtablissement": "23",
            "typeVoieEtablissement": "RUE",
            "libelleVoieEtablissement": "DES BOUCHERS",
            "codePostalEtablissement": "59000",
            "libelleCommuneEtablissement": "LILLE",
            "codeCommuneEtablissement": "59350",
        },
        "adresse2Etablissement": {"numeroVoie2Etablissement": None},
        "periodesEtablissement": [
            {
                "dateFin": None,
                "dateDebut": "2020-02-03",
                "etatAdministratifEtablissement": "A",
                "enseigne1Etablissement": "CABINET DES BOUCHERS",
                "activitePrincipaleEtablissement": "86.90D",
                "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
                "changementEtatAdministratifEtablissement": False,
            },
        ],
    }
    nested = [entry["uniteLegale"], entry["adresseEtablissement"], entry["periodesEtablissement"][0]]
    for name, value in members.items():
        next((part for part in nested if name in part), entry)[name] = value
    return entry


def a_unit(number: int = 1, treated: str = "2026-11-20T21:52:02.000", **members: Any) -> dict[str, Any]:
    """The legal unit of that establishment."""
    entry: dict[str, Any] = {
        "siren": a_siret(number)[:9],
        "statutDiffusionUniteLegale": "O",
        "prenom1UniteLegale": "ZELIE",
        "dateDernierTraitementUniteLegale": treated,
        "periodesUniteLegale": [
            {
                "dateFin": None,
                "dateDebut": "2020-02-03",
                "etatAdministratifUniteLegale": "A",
                "nomUniteLegale": "LEFEBVRE",
                "categorieJuridiqueUniteLegale": "1000",
            }
        ],
    }
    for name, value in members.items():
        (entry["periodesUniteLegale"][0] if name in entry["periodesUniteLegale"][0] else entry)[name] = value
    return entry
