"""The legacy file given with a day's file: positions for those that the flow does not place, remembered for the days after."""

from pathlib import Path

from tests.etl.finess.published import an_address, an_ege, many
from tests.etl.finess.test_history import DAY_1, DAY_2, a_day
from tests.etl.instance import Instance
from tests.places import LILLE

WHERE = "SELECT position_source, round(lon::numeric, 2)::text FROM structure WHERE id = 'f590000001'"
FIELDS = {
    1: "590000001", 3: "PHARMACIE", 7: "12", 8: "R", 9: "DES LILAS", 12: "350", 13: "59", 15: "59000 LILLE",
    18: "620", 24: "01", 25: "Établissement Tarif Libre", 28: "1990-01-01",
}  # fmt: skip


def legacy_file(folder: Path) -> Path:
    """One pharmacy of Lille, placed in Lambert-93."""
    row = ["structureet", *(FIELDS.get(i, "") for i in range(1, 32))]
    source = "1,ATLASANTE,96,BAN,EPSG:2154 RGF93 / Lambert-93 (Métropole)"
    point = ["geolocalisation", "590000001", "704500.0", "7059900.0", source, "2026-05-04"]
    path = folder / "etalab-cs1100507-stock-20260504-0343.csv"
    lines = ["finess;etalab;96;2026-05-04", ";".join(row), ";".join(point)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_establishment_without_a_point_stands_where_the_legacy_file_had_it(
    instance: Instance, tmp_path: Path
) -> None:
    unplaced = an_ege("590000001", adresse=[an_address(LILLE, point=None)])
    instance.refresh(a_day(tmp_path, DAY_1, unplaced, *many(9, first=2)))
    assert [row[0] for row in instance.rows(WHERE)] == ["commune"]
    again = instance.refresh(a_day(tmp_path, DAY_1, unplaced, *many(9, first=2)), ancien_csv=legacy_file(tmp_path))
    assert again.state == "published"
    assert instance.rows(WHERE) == [("finess_ancien", "3.06")]
    assert instance.rows("SELECT count(*) FROM structure_change") == [(0,)]
    instance.refresh(a_day(tmp_path, DAY_2, unplaced, *many(10, first=2)))
    assert instance.rows(WHERE) == [("finess_ancien", "3.06")]
    assert instance.rows("SELECT pipeline FROM load JOIN publication ON load.id = ANY (loads) "
                         "JOIN current_publication USING (version) ORDER BY 1") == [("finess",), ("finess_ancien",)]  # fmt: skip


def test_a_legacy_file_that_is_none_refuses_the_run(instance: Instance, tmp_path: Path) -> None:
    wrong = tmp_path / "autre.csv"
    wrong.write_text("nofinesset;rs\n1;2\n", encoding="utf-8")
    report = instance.refresh(a_day(tmp_path, DAY_1, *many(9)), ancien_csv=wrong)
    assert (report.state, instance.served()) == ("refused", None)


def test_real_positions_are_nothing_to_an_invented_country(instance: Instance, tmp_path: Path) -> None:
    unplaced = an_ege("590000001", adresse=[an_address(LILLE, point=None)])
    instance.refresh(a_day(tmp_path, DAY_1, unplaced, *many(9, first=2), fictif=True), ancien_csv=legacy_file(tmp_path))
    assert [row[0] for row in instance.rows(WHERE)] == ["commune"]
