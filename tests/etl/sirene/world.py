"""An instance beside a data.gouv and an Insee of the tests' own, and the nurses that both of them tell."""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import text

from etl.download import Flow
from etl.report import Report
from etl.sirene import live
from etl.sirene.files import (
    DOUBLONS,
    LIENS_SUCCESSION,
    POSITIONS,
    STOCK_ETABLISSEMENT,
    STOCK_UNITE_LEGALE,
    StockFile,
    month_of,
)
from etl.sirene.lineage import DUPLICATES, SUCCESSIONS
from geo.progress import Progress, Silent
from geo.settings import Settings
from tests.etl.finess.published import a_file, many
from tests.etl.instance import Instance
from tests.etl.producer import Producer
from tests.etl.sirene import published
from tests.etl.sirene.api.entries import a_siret, a_unit, an_establishment
from tests.etl.sirene.api.insee import KEY, Insee
from tests.places import LILLE

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
TITLE = "Sirene : Fichier {} du 01 {} {} (format parquet)"
IN_FRENCH = {11: "Novembre", 12: "Décembre", 1: "Janvier"}
OCTOBER_31 = datetime(2026, 10, 31, 21, 40, 0)
LONG_AGO = datetime(2020, 2, 3, 8, 0, 0)


@dataclass(frozen=True)
class Nurse:
    """A natural person, and what Insee says of her today."""

    number: int
    surname: str
    treated: datetime = LONG_AGO
    unit_treated: datetime = LONG_AGO
    open: bool = True
    unit_open: bool = True
    status: str = "O"
    unit_status: str = "O"

    @property
    def siret(self) -> str:
        return a_siret(self.number)

    @property
    def structure(self) -> str:
        return f"s{self.siret}"

    def but(self, **changes: Any) -> "Nurse":
        return replace(self, **changes)

    def in_stock(self) -> dict[str, Any]:
        return {
            "siret": self.siret,
            "siren": self.siret[:9],
            "statutDiffusionEtablissement": self.status,
            "etatAdministratifEtablissement": "A" if self.open else "F",
            "dateDernierTraitementEtablissement": self.treated,
            "libelleCommuneEtablissement": "LILLE",
            "codeCommuneEtablissement": LILLE.commune,
            "codePostalEtablissement": LILLE.postcode,
            "numeroVoieEtablissement": "23",
            "libelleVoieEtablissement": "DES BOUCHERS",
            "activitePrincipaleEtablissement": "86.90D",
            "activitePrincipaleNAF25Etablissement": "86.94G",
        }

    def unit_in_stock(self) -> dict[str, Any]:
        return {
            "siren": self.siret[:9],
            "statutDiffusionUniteLegale": self.unit_status,
            "etatAdministratifUniteLegale": "A" if self.unit_open else "C",
            "categorieJuridiqueUniteLegale": 1000,
            "denominationUniteLegale": None,
            "nomUniteLegale": self.surname,
            "prenom1UniteLegale": "ZELIE",
        }

    def position(self) -> dict[str, Any]:
        return {"siret": self.siret, "x_longitude": LILLE.lon, "y_latitude": LILLE.lat}

    def entry(self) -> dict[str, Any]:
        return an_establishment(
            self.number,
            self.treated.isoformat(),
            statutDiffusionEtablissement=self.status,
            statutDiffusionUniteLegale=self.unit_status,
            etatAdministratifEtablissement="A" if self.open else "F",
            etatAdministratifUniteLegale="A" if self.unit_open else "C",
            nomUniteLegale=self.surname,
            enseigne1Etablissement=None,
        )

    def unit_entry(self) -> dict[str, Any]:
        return a_unit(
            self.number,
            self.unit_treated.isoformat(),
            statutDiffusionUniteLegale=self.unit_status,
            etatAdministratifUniteLegale="A" if self.unit_open else "C",
            nomUniteLegale=self.surname,
        )


# What every stock needs so that its last treatment is of its month's eve.
LAST_TREATED = Nurse(99, "DERNIER", treated=OCTOBER_31)


class World:
    """Both producers, and the instance that reads them."""

    def __init__(self, instance: Instance, producer: Producer, insee: Insee) -> None:
        self.instance, self.producer, self.insee = instance, producer, insee
        self.home = instance.home
        self.settings = Settings(
            home=self.home,
            database_url=instance.url,
            datagouv_url=producer.url,
            sirene_api_url=insee.url,
            sirene_api_key=KEY,
            sirene_per_minute=100_000,
            sirene_statuses=0,
            sirene=True,
        )

    def publish_stock(self, *nurses: Nurse, month: date = NOVEMBER, last_treated: datetime = OCTOBER_31) -> None:
        """Insee's five files of that month."""
        everyone = [*nurses, LAST_TREATED.but(treated=last_treated)]
        frames = {
            STOCK_ETABLISSEMENT: published.establishments(*(each.in_stock() for each in everyone)),
            STOCK_UNITE_LEGALE: published.units(*(each.unit_in_stock() for each in everyone)),
            POSITIONS: published.positions(*(each.position() for each in everyone)),
            LIENS_SUCCESSION: pl.DataFrame(schema=SUCCESSIONS.columns),
            DOUBLONS: pl.DataFrame(schema=DUPLICATES.columns),
        }
        self.producer.published.clear()
        for file, frame in frames.items():
            self.put_online(file, parquet(frame), month)

    def put_online(self, file: StockFile, content: bytes, month: date = NOVEMBER, *, zipped: bool = False) -> None:
        resource_id, suffix = (file.zip_id, "zip") if zipped else (file.parquet_id, "parquet")
        flow = Flow(name=file.name, dataset=file.dataset, stable_id=resource_id, title="")
        title = TITLE.format(file.name, IN_FRENCH[month.month], month.year)
        assert month_of(title, None) == month
        self.producer.publish(flow, month.replace(day=2), content, title=title, named=f"{file.name}_utf8.{suffix}")

    def days_until(self, day: date, *nurses: Nurse, units: tuple[Nurse, ...] = ()) -> None:
        """Insee has put online what it treated until that day; these are all that it says."""
        self.insee.treated_until = datetime(day.year, day.month, day.day, 23, 58)
        self.insee.establishments = [each.entry() for each in nurses]
        self.insee.units = [each.unit_entry() for each in units]

    def refresh(
        self, progress: Progress | None = None, *, settings: Settings | None = None, **how: Any
    ) -> list[Report]:
        return live.refresh_live(settings or self.settings, progress or Silent(), **how)

    def structures(self) -> dict[str, tuple[str, bool]]:
        """SIRENE's: the name and whether it is open."""
        rows = self.rows("SELECT id, name, open FROM structure WHERE register = 'sirene' ORDER BY id")
        return {row.id: (row.name, row.open) for row in rows}

    def rows(self, statement: str) -> list[Any]:
        with self.instance.engine.connect() as connection:
            return list(connection.execute(text(statement)))

    def files_left(self) -> list[str]:
        """What is on disk of what Insee published."""
        passing = [self.settings.sirene_folder, self.home / "travail"]
        return sorted(
            path.name for folder in passing for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
        )


@contextmanager
def a_world(instance: Instance, files: Path) -> Iterator[World]:
    """With three pharmacies of FINESS served."""
    instance.refresh(a_file(files, *many(3)))
    with Producer() as producer, Insee(time.monotonic, per_minute=100_000) as insee:
        yield World(instance, producer, insee)


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()
