"""Invented practitioners, each with words and a point that nobody else has, as the stock and as the API publish them."""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from etl.report import Report
from etl.sirene.pipeline import How
from etl.sirene.refresh import StockFiles, refresh_pages, refresh_stock
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, an_ege
from tests.etl.instance import Instance
from tests.etl.sirene.api.entries import a_siret, an_establishment, with_key
from tests.etl.sirene.published import establishments, files, positions, units

SYLLABLES = ("ba", "co", "du", "fi", "gu", "lo", "mi", "nu", "pa", "ro")
OCTOBER, NOVEMBER = datetime(2026, 10, 4, 8, 12, 30), datetime(2026, 11, 4, 8, 12, 30)
API_DAY = "2026-11-20T21:52:02.598"


class Person(msgspec.Struct, frozen=True):
    """A nurse of Lille on her own account; `nic`: another establishment of the same legal unit."""

    number: int
    nic: int = 1

    @property
    def siret(self) -> str:
        siren = a_siret(self.number)[:9]
        return a_siret(self.number) if self.nic == 1 else with_key(f"{siren}{self.nic:04}")

    @property
    def siren(self) -> str:
        return self.siret[:9]

    @property
    def id(self) -> str:
        return f"s{self.siret}"

    @property
    def tail(self) -> str:
        """Syllables, so that no word is met by chance."""
        return "".join(SYLLABLES[int(digit)] for digit in f"{self.number:03}").upper()

    @property
    def surname(self) -> str:
        return f"ZÉQUIN{self.tail}"

    @property
    def street(self) -> str:
        return f"WIBRE{self.tail}{SYLLABLES[self.nic].upper()}"

    @property
    def sign(self) -> str:
        return f"XAVOL{self.tail}{SYLLABLES[self.nic].upper()}"

    @property
    def lon(self) -> float:
        return round(3.04 + self.number * 0.000_37 + self.nic * 0.002_1 + 0.000_05, 5)

    @property
    def lat(self) -> float:
        return round(50.62 + self.number * 0.000_29 + self.nic * 0.001_7 + 0.000_05, 5)

    @property
    def secrets(self) -> list[str]:
        """What must be found nowhere once she is withheld. A point is told by its first four decimals."""
        return [self.surname, self.street, self.sign, self.id, f"{self.lon:.5f}"[:-1], f"{self.lat:.5f}"[:-1]]

    @property
    def address(self) -> dict[str, Any]:
        return {
            "numeroVoieEtablissement": str(self.number),
            "typeVoieEtablissement": "RUE",
            "libelleVoieEtablissement": self.street,
            "codePostalEtablissement": "59000",
            "libelleCommuneEtablissement": "LILLE",
            "codeCommuneEtablissement": "59350",
        }

    def row(self, treated: datetime = OCTOBER, **changed: Any) -> dict[str, Any]:
        """Her establishment in the stock."""
        return {
            "siret": self.siret,
            "siren": self.siren,
            "etablissementSiege": self.nic == 1,
            "dateDernierTraitementEtablissement": treated,
            "activitePrincipaleEtablissement": "86.90D",
            "activitePrincipaleNAF25Etablissement": "86.94G",
            "enseigne1Etablissement": self.sign,
            **self.address,
            **changed,
        }

    def unit(self, **changed: Any) -> dict[str, Any]:
        """Her legal unit in the stock."""
        return {
            "siren": self.siren,
            "categorieJuridiqueUniteLegale": 1000,
            "denominationUniteLegale": None,
            "nomUniteLegale": self.surname,
            "prenom1UniteLegale": "ZELIE",
            **changed,
        }

    def position(self) -> dict[str, Any]:
        return {"siret": self.siret, "x_longitude": self.lon, "y_latitude": self.lat}

    def entry(self, treated: str = API_DAY, **changed: Any) -> dict[str, Any]:
        """Her establishment in the API."""
        of_unit = {"nomUniteLegale": self.surname, "enseigne1Etablissement": self.sign}
        entry = an_establishment(self.number, treated, **(self.address | of_unit | changed))
        return entry | {"siret": self.siret, "nic": self.siret[9:]}

    def hidden_entry(self, treated: str = API_DAY, **changed: Any) -> dict[str, Any]:
        """The same after she asked for a partial diffusion, as the API answers it."""
        hidden = ("nomUniteLegale", "prenom1UniteLegale", "enseigne1Etablissement", *self.address)
        texts = dict.fromkeys(hidden, "[ND]") | {"codeCommuneEtablissement": "59350"}
        status = {"statutDiffusionEtablissement": "P", "statutDiffusionUniteLegale": "P"}
        return self.entry(treated, **(texts | status | changed))


def how(instance: Instance, accept: Collection[str] = ()) -> How:
    return How(home=instance.home, search_root=instance.search, accept=accept)


def stock_files(folder: Path, *people: Person, day: datetime = OCTOBER, changed: Any = None) -> StockFiles:
    """A stock of these people as of a day; `changed`: columns by SIRET, and of units by SIREN."""
    changed = changed or {}
    folder = folder / f"stock-{day:%Y%m%d-%H%M%S}-{len(list(folder.glob('*')))}"
    folder.mkdir()
    of_establishment = [each.row(day, **changed.get(each.siret, {})) for each in people]
    of_unit = {each.siren: each.unit(**changed.get(each.siren, {})) for each in people}
    placed = [each.position() for each in people]
    paths = files(folder, establishments(*of_establishment), units(*of_unit.values()), positions(*placed))
    return StockFiles(*paths)


def load_stock(
    instance: Instance, folder: Path, *people: Person, day: datetime = OCTOBER, changed: Any = None, accept: Any = ()
) -> Report:
    return refresh_stock(instance.engine, stock_files(folder, *people, day=day, changed=changed), how(instance, accept))


@contextmanager
def beside_a_pharmacy(make_instance: MakeInstance, folder: Path, *people: Person) -> Iterator[Instance]:
    """These practitioners beside a pharmacy of FINESS, from the stock of October."""
    with make_instance() as instance:
        assert instance.refresh(a_file(folder, an_ege())).state == "published"
        report = load_stock(instance, folder, *people)
        assert report.state == "published", report
        yield instance


def pages_of(folder: Path, *entries: dict[str, Any]) -> list[Path]:
    """One list of one page."""
    header = {"statut": 200, "message": "OK", "total": len(entries), "curseur": "*", "curseurSuivant": "*"}
    file = folder / f"page-{len(list(folder.glob('*')))}.json"
    file.write_text(json.dumps({"header": header, "etablissements": entries}), encoding="utf-8")
    return [file]


def load_pages(instance: Instance, folder: Path, *entries: dict[str, Any], accept: Sequence[str] = ()) -> Report:
    return refresh_pages(instance.engine, pages_of(folder, *entries), how(instance, accept))
