"""The legacy file kept in the database: the newest word on each establishment, and nothing rewritten for nothing."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from etl.finess.legacy_load import ancien_positions, load_ancien
from geo.nomenclatures import LabelReader, labels
from tests.etl.finess.legacy import a_legacy_file, a_point, a_row
from tests.places import BORDEAUX, LILLE, LORIENT

MARCH, MAY = "finess;etalab;96;2026-03-11", "finess;etalab;98;2026-05-04"


def load(connection: Connection, folder: Path, *lines: str, first: str = MAY, **how: Any) -> Any:
    return load_ancien(connection, a_legacy_file(folder, *lines, first=first), **how)


def changes(counts: Any) -> dict[str, int]:
    return {name: n for name, n in counts["changes"].items() if n and name != "labels"}


def stored(connection: Connection, finess: str = "590000001") -> Any:
    query = text("SELECT CAST(produced_on AS text), lon, precision, record FROM finess_ancien WHERE finess = :f")
    return connection.execute(query, {"f": finess}).one()


def versions(connection: Connection) -> list[Any]:
    """Where each row stands on disk: an update moves it."""
    return list(connection.execute(text("SELECT finess, ctid FROM finess_ancien ORDER BY finess")))


def test_a_row_is_kept_with_its_point_and_its_fields_as_published(connection: Connection, tmp_path: Path) -> None:
    counts = load(connection, tmp_path, a_row(rs="L’ÉTÉ"), a_point(), a_row("590000002"))
    assert (counts["read"], counts["kept"], counts["points"], changes(counts)) == (3, 2, 1, {"inserted": 2})
    assert (counts["placing"], counts["placed_by"]) == ({"placee": 1, "sans_point": 1}, {"BAN": 1})
    row = stored(connection)
    assert (row.produced_on, row.lon, row.precision) == ("2026-05-04", pytest.approx(LILLE.lon, abs=1e-3), "street")
    assert row.record["rs"] == "L’ÉTÉ"
    assert row.record["dateouv"] == "1990-01-01"
    assert row.record["sourcecoordet"].startswith("1,ATLASANTE,96")
    assert not {"dateautor", "numuai", "nofinesset"} & row.record.keys()
    assert ancien_positions(connection)["finess"].to_list() == ["590000001"]


def test_the_same_file_again_writes_nothing(connection: Connection, tmp_path: Path) -> None:
    lines = (a_row(), a_point(), a_row("590000002"), a_point("590000002", BORDEAUX))
    load(connection, tmp_path, *lines)
    before = versions(connection)
    counts = load(connection, tmp_path, *lines)
    assert counts["changes"] == {
        "inserted": 0,
        "updated": 0,
        "redated": 0,
        "unchanged": 2,
        "newer_kept": 0,
        "labels": 0,
    }
    assert versions(connection) == before


def test_of_the_same_day_only_rows_that_differ_are_rewritten(connection: Connection, tmp_path: Path) -> None:
    lines = (a_row(), a_point(), a_point("590000002"))
    load(connection, tmp_path, a_row("590000002"), *lines)
    before = versions(connection)
    counts = load(connection, tmp_path, a_row("590000002", rs="AUTRE NOM"), *lines)
    assert changes(counts) == {"updated": 1, "unchanged": 1}
    assert [row.finess for row in set(before) ^ set(versions(connection))] == ["590000002"] * 2


def test_a_newer_file_replaces_and_gives_its_date_to_what_it_confirms(connection: Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, a_row(), a_point(), a_row("590000002"), a_point("590000002"), first=MARCH)
    counts = load(
        connection, tmp_path, a_row(), a_point(), a_row("590000002", at=BORDEAUX), a_point("590000002", BORDEAUX)
    )
    assert changes(counts) == {"updated": 1, "redated": 1}
    assert (stored(connection).produced_on, stored(connection, "590000002").lon) == (
        "2026-05-04",
        pytest.approx(BORDEAUX.lon, abs=1e-3),
    )


def test_an_older_file_replaces_nothing_unless_told_but_adds_what_no_newer_one_has(
    connection: Connection, tmp_path: Path
) -> None:
    load(connection, tmp_path, a_row(), a_point())
    older = (a_row(at=BORDEAUX), a_point(at=BORDEAUX), a_row("560000001", at=LORIENT), a_point("560000001", LORIENT))
    assert changes(load(connection, tmp_path, *older, first=MARCH)) == {"newer_kept": 1, "inserted": 1}
    assert (stored(connection).produced_on, stored(connection, "560000001").produced_on) == ("2026-05-04", "2026-03-11")
    told = load(connection, tmp_path, *older, first=MARCH, even_if_older=True)
    assert changes(told) == {"updated": 1, "unchanged": 1}
    assert (stored(connection).produced_on, stored(connection).lon) == (
        "2026-03-11",
        pytest.approx(BORDEAUX.lon, abs=1e-3),
    )


def test_a_number_that_the_newer_file_lacks_keeps_its_last_place(connection: Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, a_row("590000002"), a_point("590000002"), first=MARCH)
    load(connection, tmp_path, a_row(), a_point())
    assert ancien_positions(connection)["finess"].to_list() == ["590000001", "590000002"]


def test_labels_are_learnt_most_frequent_first_and_never_departements(connection: Connection, tmp_path: Path) -> None:
    many = [a_row(f"59000000{n}", codesph="1", libsph="Etablissement public de santé") for n in range(1, 4)]
    odd = a_row("590000004", libmft="Tarif libre", codesph="1", libsph="Ets public")
    load(connection, tmp_path, odd, *many, *(a_point(f"59000000{n}") for n in range(1, 5)))
    assert dict(labels(connection, "mft")) == {"01": "Etablissement Tarif Libre"}
    assert dict(labels(connection, "espic")) == {"1": "Etablissement public de santé"}
    assert dict(labels(connection, "categorie")) == {"620": "Pharmacie d'Officine"}
    assert dict(labels(connection, "agregat")) == {"3201": "Pharmacies"}
    assert dict(labels(connection, "departement")) == {}


def test_an_older_file_s_wording_does_not_replace_a_newer_one_s(connection: Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, a_row(), a_point())
    older = load(
        connection, tmp_path, a_row(libmft="Libre", codesph="0", libsph="Non concerné"), a_point(), first=MARCH
    )
    assert older["changes"]["labels"] == 1  # ESPIC 0, which May did not have
    assert (labels(connection, "mft")["01"], labels(connection, "espic")["0"]) == (
        "Etablissement Tarif Libre",
        "Non concerné",
    )


def test_labels_are_read_once_per_publication(connection: Connection, tmp_path: Path) -> None:
    reader = LabelReader()
    assert dict(reader.of(connection, "mft", 1)) == {}
    load(connection, tmp_path, a_row(), a_point())
    assert dict(reader.of(connection, "mft", 1)) == {}
    assert dict(reader.of(connection, "mft", 2)) == {"01": "Etablissement Tarif Libre"}


def test_the_real_file_loads_once_and_then_writes_nothing(connection: Connection, shared_data: Path) -> None:
    (path,) = (shared_data / "official").glob("etalab-cs1100507-stock-*.csv.gz")
    assert changes(load_ancien(connection, path)) == {"inserted": 72_926}
    assert len(ancien_positions(connection)) == 68_878
    again = load_ancien(connection, path)
    assert again["changes"] == {
        "inserted": 0, "updated": 0, "redated": 0, "unchanged": 72_926, "newer_kept": 0, "labels": 0,
    }  # fmt: skip
