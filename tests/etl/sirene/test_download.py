"""This month's files of the register, from a data.gouv of the tests' own."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl.download import Absent, Flow, Patience, Unreachable, Unwritable
from etl.sirene.download import Obtained, obtain_stock
from etl.sirene.files import DOUBLONS, POSITIONS, STOCK, STOCK_ETABLISSEMENT, STOCK_UNITE_LEGALE, StockFile, month_of
from geo.errors import Refused
from tests.etl.producer import Producer, Published, document, status

PUT_ONLINE = date(2026, 11, 2)
NOVEMBER = date(2026, 11, 1)
TITLE = "Sirene : Fichier {} du 01 Novembre 2026 (format parquet)"
BOTH = (STOCK_ETABLISSEMENT, STOCK_UNITE_LEGALE)


@pytest.fixture
def producer() -> Iterator[Producer]:
    with Producer() as producer:
        yield producer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive" / "sirene"


def a_parquet(*columns: str) -> bytes:
    out = io.BytesIO()
    pl.DataFrame({name: ["x"] for name in columns}).write_parquet(out)
    return out.getvalue()


def a_zip(*columns: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("StockEtablissement_utf8.csv", ",".join(columns) + "\n")
    return out.getvalue()


def reads_siren(file: StockFile, path: Path) -> None:
    """What a reader asks of a file: here, one column, and any zip."""
    if path.suffix == ".parquet" and "siren" not in pl.read_parquet_schema(path):
        raise Refused(f"{path.name} : la colonne « siren » manque.")


GOOD, DRIFTED = a_parquet("siren"), a_parquet("siren_")


def publish(
    producer: Producer, file: StockFile, content: bytes = GOOD, day: date = PUT_ONLINE, zipped: bool = False, **how: Any
) -> Published:
    resource_id = file.zip_id if zipped else file.parquet_id
    flow = Flow(name=file.name, dataset=file.dataset, stable_id=resource_id, title="")
    title = how.pop("title", TITLE.format(file.name))
    return producer.publish(
        flow, day, content, title=title, named=f"{file.name}_utf8.{'zip' if zipped else 'parquet'}", **how
    )


def obtain(producer: Producer, folder: Path, *files: StockFile) -> list[Obtained]:
    waits: list[float] = []
    patience = Patience(sleep=waits.append, clock=lambda: sum(waits), chance=lambda: 1.0)
    return obtain_stock(producer.url, folder, reads_siren, files=files, patience=patience)


def test_each_file_is_found_by_its_id_and_takes_the_month_of_its_title(producer: Producer, folder: Path) -> None:
    for file in STOCK:
        publish(producer, file, a_parquet("siren", file.name))
        publish(producer, file, a_zip("siren"), zipped=True)
    obtained = obtain(producer, folder, *STOCK)
    assert [each.path.name for each in obtained] == [f"{file.name}-2026-11.parquet" for file in STOCK]
    assert [each.path.read_bytes() for each in obtained] == [a_parquet("siren", file.name) for file in STOCK]
    assert {(each.resource.published_on, each.resource.licence) for each in obtained} == {(NOVEMBER, "lov2")}


def test_a_month_that_is_here_is_not_downloaded_again(producer: Producer, folder: Path) -> None:
    publish(producer, DOUBLONS)
    obtain(producer, folder, DOUBLONS)
    obtain(producer, folder, DOUBLONS)
    assert len(producer.files_asked) == 1


def test_a_catalogue_that_is_down_leaves_the_stable_address_and_the_day_it_was_put_online(
    producer: Producer, folder: Path
) -> None:
    publish(producer, DOUBLONS)
    producer.catalogue = status(503)
    [obtained] = obtain(producer, folder, DOUBLONS)
    assert obtained.resource.published_on == NOVEMBER
    assert obtained.path.read_bytes() == GOOD


def test_a_title_without_a_month_leaves_the_day_it_was_put_online(producer: Producer, folder: Path) -> None:
    publish(producer, POSITIONS, title="Géolocalisation des établissements (format parquet)", day=date(2026, 10, 17))
    [obtained] = obtain(producer, folder, POSITIONS)
    assert obtained.resource.published_on == date(2026, 10, 1)
    assert obtained.resource.sha1


@pytest.mark.parametrize("gone", [404, 410])
def test_a_parquet_that_is_gone_leaves_the_zip(producer: Producer, folder: Path, gone: int) -> None:
    publish(producer, STOCK_ETABLISSEMENT)
    publish(producer, STOCK_ETABLISSEMENT, a_zip("siren"), zipped=True)
    producer.next_files(status(gone))
    producer.next_stables(status(gone))
    [obtained] = obtain(producer, folder, STOCK_ETABLISSEMENT)
    assert obtained.path.name == "StockEtablissement-2026-11.zip"
    assert zipfile.is_zipfile(obtained.path)


def test_a_file_that_is_not_announced_any_more_is_behind_its_stable_address(producer: Producer, folder: Path) -> None:
    publish(producer, DOUBLONS)
    producer.catalogue = document({"license": "lov2", "resources": [{"id": "autre"}, "n’importe quoi"]})
    [obtained] = obtain(producer, folder, DOUBLONS)
    assert obtained.path.name == "StockDoublons-2026-11.parquet"


def test_a_parquet_whose_columns_changed_leaves_the_zip(producer: Producer, folder: Path) -> None:
    publish(producer, STOCK_ETABLISSEMENT, DRIFTED)
    publish(producer, STOCK_ETABLISSEMENT, a_zip("siren"), zipped=True)
    [obtained] = obtain(producer, folder, STOCK_ETABLISSEMENT)
    assert obtained.path.name == "StockEtablissement-2026-11.zip"


def test_columns_that_changed_everywhere_are_refused(producer: Producer, folder: Path) -> None:
    publish(producer, STOCK_ETABLISSEMENT, DRIFTED)
    with pytest.raises(Refused, match="la colonne « siren » manque"):
        obtain(producer, folder, STOCK_ETABLISSEMENT)


def test_a_file_that_is_nowhere_is_said(producer: Producer, folder: Path) -> None:
    with pytest.raises(Absent, match="StockDoublons n’est plus à aucune de ses adresses"):
        obtain(producer, folder, DOUBLONS)


def test_a_stable_address_that_does_not_say_its_day_is_not_guessed(producer: Producer, folder: Path) -> None:
    publish(producer, DOUBLONS)
    producer.catalogue = status(404)
    producer.next_stables(document({}))
    with pytest.raises(Unreachable, match="ne dit pas de quand est StockDoublons"):
        obtain(producer, folder, DOUBLONS)


def test_establishments_and_legal_units_of_two_months_are_refused(producer: Producer, folder: Path) -> None:
    publish(producer, STOCK_ETABLISSEMENT)
    publish(producer, STOCK_UNITE_LEGALE, title=TITLE.format("StockUniteLegale").replace("Novembre", "Octobre"))
    with pytest.raises(Refused, match=r"StockUniteLegale de 10/2026, StockEtablissement de 11/2026"):
        obtain(producer, folder, *BOTH)


def test_a_disk_that_is_too_small_is_said_before_anything_is_downloaded(producer: Producer, folder: Path) -> None:
    publish(producer, DOUBLONS)
    publish(producer, STOCK_ETABLISSEMENT, filesize=10**15)
    with pytest.raises(Unwritable, match=r"Il faut 1000000,5 Go .* libérez de la place"):
        obtain(producer, folder, DOUBLONS, STOCK_ETABLISSEMENT)
    assert producer.files_asked == []


@pytest.mark.parametrize(
    ("title", "put_online", "month"),
    [
        (TITLE.format("StockEtablissement"), None, date(2026, 11, 1)),
        ("Sirene : Fichier StockEtablissement du 1er Août 2026", None, date(2026, 8, 1)),
        ("Sirene\u202f: Fichier StockDoublons du 01 DÉCEMBRE 2026", date(2026, 12, 1), date(2026, 12, 1)),
        ("Sirene : Fichier StockDoublons du 01 Fe\u0301vrier 2027", None, date(2027, 2, 1)),
        ("Sirene : Fichier StockDoublons du 01 Janvier 2026", date(2027, 1, 3), date(2027, 1, 1)),
        ("Sirene : Fichier StockDoublons du 01 Décembre 2027", date(2026, 12, 1), date(2026, 12, 1)),
        ("Sirene : Fichier StockDoublons du 01 Janvier 2027", date(2027, 1, 3), date(2027, 1, 1)),
        ("Sirene : Fichier StockDoublons du 01 Mai 2025", date(2026, 5, 3), date(2025, 5, 1)),
        ("Sirene : Fichier StockDoublons (format parquet)", date(2026, 12, 1), None),
        ("Sirene : Fichier StockDoublons du 01 Brumaire 2026", None, None),
    ],
)
def test_the_month_of_a_title(title: str, put_online: date | None, month: date | None) -> None:
    assert month_of(title, put_online) == month
