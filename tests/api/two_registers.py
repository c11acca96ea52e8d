"""A street of Bordeaux that FINESS and SIRENE both know, invented, loaded by the pipelines themselves: a month, then the next."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import text

from etl import publish
from etl.finess.pipeline import refresh
from etl.registers.together import bring_together
from etl.report import Report
from etl.sirene.lineage import SUCCESSIONS
from etl.sirene.pipeline import How
from etl.sirene.refresh import StockFiles, refresh_stock
from geo.database import engine_for
from geo.identifiers import luhn
from geo.settings import Settings
from tests.etl.finess import published as finess
from tests.etl.sirene import published as sirene
from tests.places import BORDEAUX

# FINESS's, by what becomes of the SIRET that each declares
PHARMACY, CLOSED, MASKED, SILENT = "330000001", "330000002", "330000003", "330000004"


def siret(rank: int) -> str:
    """The first establishment of an invented legal unit."""
    return _keyed(_keyed(f"9{rank:07d}") + "0001")


def _keyed(digits: str) -> str:
    return next(f"{digits}{key}" for key in range(10) if luhn(f"{digits}{key}"))


# SIRENE's: those that FINESS declares, then those that it does not know
OF_PHARMACY = _keyed("7328293200007")  # of the very legal entity that FINESS says
OF_CLOSED, OF_MASKED = siret(2), siret(3)
DOCTOR, DENTIST, FORMER, HEIR, HIDDEN, NEVER_TOLD, OTHER_STREET = map(siret, range(10, 17))
HEAD, LABORATORY = siret(20), siret(21)
UNKNOWN = siret(99)
FIRST, SECOND = datetime(2026, 10, 4, 8, 0), datetime(2026, 11, 4, 8, 0)


def an_establishment(number: str, **fields: Any) -> dict[str, Any]:
    return {"siret": number, "siren": number[:9], "dateDernierTraitementEtablissement": FIRST} | fields


def a_doctor(number: str, **fields: Any) -> dict[str, Any]:
    activity = {"activitePrincipaleEtablissement": "86.21Z", "activitePrincipaleNAF25Etablissement": "86.21Y"}
    return an_establishment(number, **activity | fields)


def a_natural_person(number: str, first_name: str, name: str, **fields: Any) -> dict[str, Any]:
    told = {"categorieJuridiqueUniteLegale": 1000, "denominationUniteLegale": None}
    return {"siren": number[:9], **told, "prenomUsuelUniteLegale": first_name, "nomUniteLegale": name} | fields


def first_month() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    dentist = {"activitePrincipaleEtablissement": "86.23Z", "activitePrincipaleNAF25Etablissement": "86.23Y"}
    laboratory = {"activitePrincipaleEtablissement": "86.90B", "activitePrincipaleNAF25Etablissement": None}
    nowhere = {"numeroVoieEtablissement": "40", "libelleVoieEtablissement": "DES ROSES"}
    hidden = {"numeroVoieEtablissement": "7", "libelleVoieEtablissement": "DU SECRET"}
    establishments = [
        an_establishment(OF_PHARMACY, enseigne1Etablissement="PHARMACIE DU SOLEIL"),
        an_establishment(
            OF_CLOSED, etatAdministratifEtablissement="F", dateDebut=date(2020, 1, 1), numeroVoieEtablissement="80"
        ),
        an_establishment(OF_MASKED, statutDiffusionEtablissement="P"),
        a_doctor(DOCTOR),
        an_establishment(DENTIST, **dentist | nowhere),
        an_establishment(LABORATORY, **laboratory | nowhere),
        an_establishment(FORMER, **nowhere | {"numeroVoieEtablissement": "52"}),
        a_doctor(HIDDEN, **hidden),
        a_doctor(NEVER_TOLD, statutDiffusionEtablissement="P", **hidden),
        a_doctor(OTHER_STREET, libelleVoieEtablissement="DES TILLEULS"),
    ]
    units = [{"siren": each["siren"], "denominationUniteLegale": f"SOCIETE {each['siren']}"} for each in establishments]
    units[0]["denominationUniteLegale"] = "SELARL DES LILAS"
    units[3] = a_natural_person(DOCTOR, "CAMILLE", "PETIT")
    units[4]["denominationUniteLegale"] = "CABINET DENTAIRE DES ROSES"
    units[7] = a_natural_person(HIDDEN, "DOMINIQUE", "SECRET")
    return establishments, units


def next_month() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One hides, one is closed and another goes on at its place."""
    establishments, units = first_month()
    by_siret = {each["siret"]: each for each in establishments}
    by_siret[HIDDEN] |= {"statutDiffusionEtablissement": "P", "dateDernierTraitementEtablissement": SECOND}
    by_siret[FORMER] |= {"etatAdministratifEtablissement": "F", "dateDebut": date(2026, 10, 20)}
    establishments.append(by_siret[FORMER] | {
        "siret": HEIR, "siren": HEIR[:9], "etatAdministratifEtablissement": "A",
        "dateDernierTraitementEtablissement": SECOND,
    })  # fmt: skip
    units.append({"siren": HEIR[:9], "denominationUniteLegale": "PHARMACIE DES ROSES"})
    return establishments, units


def both_registers(instance: Settings) -> None:
    """The street as both tell it, after both months."""
    load_finess(instance, instance.home)
    load_sirene(instance, instance.home)


def load_finess(settings: Settings, folder: Path) -> None:
    """Four establishments of Bordeaux, three of which declare a SIRET."""
    door = finess.an_address(BORDEAUX)
    engine = engine_for(settings.database_url)
    eges = [
        finess.an_ege(PHARMACY, "PHARMACIE DES LILAS", adresse=[door], about={"siret": OF_PHARMACY}),
        finess.an_ege(CLOSED, "PHARMACIE DU PORT", adresse=[_at("80")], about={"siret": OF_CLOSED}),
        finess.an_ege(MASKED, "PHARMACIE DISCRETE", adresse=[_at("90")], about={"siret": OF_MASKED}),
        finess.an_ege(SILENT, "SERVICE DES GLYCINES", adresse=[_at("100")], categorieentiteGeographiqueExercice="354"),
    ]
    assert refresh(engine, settings.search_root, finess.a_file(folder, *eges), home=settings.home).state == "published"
    engine.dispose()


def load_sirene(settings: Settings, folder: Path) -> list[Report]:
    """Both months of SIRENE."""
    engine = engine_for(settings.database_url)
    succession = {
        "siretEtablissementPredecesseur": FORMER,
        "siretEtablissementSuccesseur": HEIR,
        "dateLienSuccession": date(2026, 10, 20),
    }
    successions = folder / "successions.parquet"
    pl.DataFrame([succession], schema=SUCCESSIONS.columns).write_parquet(successions)
    how = How(home=settings.home, search_root=settings.search_root, accept=("removed", "closed"))
    reports = []
    for month, (establishments, units) in enumerate((first_month(), next_month())):
        there = folder / str(month)
        there.mkdir()
        points = [_a_point(each) for each in establishments]
        paths = sirene.files(
            there, sirene.establishments(*establishments), sirene.units(*units), sirene.positions(*points)
        )
        reports.append(refresh_stock(engine, StockFiles(*paths, successions=successions), how))
    engine.dispose()
    assert [each.state for each in reports] == ["published", "published"], reports
    return reports


def withdraw(settings: Settings, number: str) -> None:
    """Someone objects; `undo` is the reverse act."""
    _act(settings, "INSERT INTO withdrawal (siret, reason) VALUES (:number, 'demande')", number)


def decide(settings: Settings, number: str, establishment: str, verdict: str) -> None:
    """A person says whether a FINESS number and a SIRET belong together."""
    statement = (
        "INSERT INTO link_decision (finess, siret, verdict, by, reason) VALUES (:finess, :number, :verdict, 'x', 'y')"
    )
    _act(settings, statement, number, finess=establishment, verdict=verdict)


def undo_decision(settings: Settings, number: str) -> None:
    _act(settings, "UPDATE link_decision SET undone_at = now() WHERE siret = :number", number)


def _act(settings: Settings, statement: str, number: str, **given: str) -> None:
    engine = engine_for(settings.database_url)
    with engine.begin() as connection:
        connection.execute(text(statement), {"number": number} | given)
        also = (
            [given["finess"]]
            if "finess" in given
            else list(connection.execute(FINESS_OF, {"number": number}).scalars())
        )
        bring_together(connection, 0, whole=False, also=also)
        publish.rebuild(connection, settings.search_root, lambda _: None)
    engine.dispose()


FINESS_OF = text("SELECT finess FROM link WHERE siret = :number AND valid_to IS NULL")


def _at(number: str) -> dict[str, Any]:
    """A door of the same street, sixty metres farther for each ten numbers."""
    return finess.an_address(BORDEAUX.moved(north_m=6.0 * int(number)), numeroVoie=number)


def _a_point(establishment: dict[str, Any]) -> dict[str, Any]:
    number = int(establishment.get("numeroVoieEtablissement", "12"))
    street = {"DES ROSES": 400.0, "DU SECRET": 800.0, "DES TILLEULS": 1_200.0}
    east = street.get(establishment.get("libelleVoieEtablissement", ""), 0.0)
    at = BORDEAUX.moved(east_m=east, north_m=0.0 if number == 12 else 6.0 * number)
    return {"siret": establishment["siret"], "x_longitude": at.lon, "y_latitude": at.lat}
