"""Stocks that are not what they should be: refused in a sentence, or their unreadable rows counted, and nothing lost."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import polars as pl
import pytest

from etl.report import Report
from etl.sirene.refresh import StockFiles, refresh_stock
from tests.etl.conftest import MakeInstance
from tests.etl.instance import Instance
from tests.etl.registers.people import NOVEMBER, Person, beside_a_pharmacy, how, stock_files

EVERYONE = [Person(number) for number in range(100, 132)]
FIRST = EVERYONE[0]


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Thirty-two practitioners."""
    with beside_a_pharmacy(make_instance, tmp_path_factory.mktemp("octobre"), *EVERYONE) as instance:
        yield instance


def of_november(folder: Path) -> StockFiles:
    return stock_files(folder, *EVERYONE, day=NOVEMBER)


def refresh(instance: Instance, files: StockFiles) -> Report:
    return refresh_stock(instance.engine, files, how(instance, ["anomalies"]))


def refusing(report: Report) -> list[str]:
    return [verdict.gate for verdict in report.gates if verdict.refuses]


def structures(instance: Instance) -> int:
    [(found,)] = instance.rows("SELECT count(*) FROM structure WHERE register = 'sirene' AND open")
    return int(found)


def test_a_file_of_units_that_lacks_most_masks_nobody(told: Instance, tmp_path: Path) -> None:
    files = of_november(tmp_path)
    pl.read_parquet(files.units).head(3).write_parquet(files.units)
    assert refusing(refresh(told, files)) == ["masked"]
    assert structures(told) == len(EVERYONE)
    assert told.rows("SELECT 1 FROM masked_siret") == []


@pytest.mark.parametrize("is_given", [True, False], ids=["an empty file", "no file"])
def test_a_stock_without_positions_moves_nobody_to_the_town_hall(
    told: Instance, tmp_path: Path, is_given: bool
) -> None:
    files = of_november(tmp_path)
    assert files.positions is not None
    pl.read_parquet(files.positions).clear().write_parquet(files.positions)
    without = files if is_given else msgspec.structs.replace(files, positions=None)
    assert refusing(refresh(told, without)) == ["drift"]


def changed(files: StockFiles, change: Callable[[pl.DataFrame], pl.DataFrame]) -> StockFiles:
    change(pl.read_parquet(files.establishments)).write_parquet(files.establishments)
    return files


def first(column: str, value: pl.Expr) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """The first row's column changed."""
    return lambda rows: rows.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(value).otherwise(column).alias(column)
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [("siret", None), ("siret", "ABC<b>"), ("siren", EVERYONE[5].siren)],
    ids=["none", "no number", "another unit's"],
)
def test_a_row_without_a_readable_number_is_counted_and_told_nowhere(
    told: Instance, tmp_path: Path, column: str, value: str | None
) -> None:
    report = refresh(told, changed(of_november(tmp_path), first(column, pl.lit(value, pl.String))))
    assert (report.state, report.counts["rejected"]) == ("published", {"sans siret lisible": 1})
    assert structures(told) == len(EVERYONE) - 1


def test_a_number_given_twice_is_told_once_and_counted(told: Instance, tmp_path: Path) -> None:
    report = refresh(told, changed(of_november(tmp_path), lambda rows: pl.concat([rows, rows.head(1)])))
    assert (report.state, report.counts["rejected"]) == ("published", {"siret déjà lu": 1})
    assert structures(told) == len(EVERYONE)


def test_of_a_number_given_twice_and_masked_once_nothing_is_told(told: Instance, tmp_path: Path) -> None:
    def masked_again(rows: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([rows, rows.head(1).with_columns(statutDiffusionEtablissement=pl.lit("P"))])

    assert refresh(told, changed(of_november(tmp_path), masked_again)).state == "published"
    assert told.rows(f"SELECT 1 FROM structure WHERE id = '{FIRST.id}'") == []


def test_a_character_that_no_database_keeps_is_left_out(told: Instance, tmp_path: Path) -> None:
    rows = changed(of_november(tmp_path), first("enseigne1Etablissement", pl.lit("CABINET\0DU PORT")))
    assert refresh(told, rows).state == "published"
    [(name,)] = told.rows(f"SELECT name_key FROM structure WHERE id = '{FIRST.id}'")
    assert "\0" not in name


def an_archive(path: Path, kind: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        if kind == "of no month":
            member = zipfile.ZipInfo("StockEtablissement_utf8.csv")
            member.date_time = (1980, 0, 0, 0, 0, 0)
            archive.writestr(member, "siren,siret\n")
        if kind == "encrypted":
            archive.writestr("StockEtablissement_utf8.csv", "siren,siret\n" * 50)
        if kind == "without a CSV":
            archive.writestr("lisezmoi.txt", "x")
    if kind == "encrypted":  # its flag, in the member's header and in the archive's list
        body = bytearray(path.read_bytes())
        body[6] |= 1
        body[body.find(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(bytes(body))
    return path


@pytest.mark.parametrize("kind", ["empty", "of no month", "encrypted", "without a CSV"])
def test_an_archive_that_cannot_be_read_is_refused_in_a_sentence(told: Instance, tmp_path: Path, kind: str) -> None:
    archive = an_archive(tmp_path / "StockEtablissement_utf8.zip", kind)
    report = refresh(told, msgspec.structs.replace(of_november(tmp_path), establishments=archive))
    assert report.state == "refused"
    assert archive.name in (report.error or "")
