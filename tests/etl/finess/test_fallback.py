"""An establishment that the flow does not place stands where the legacy file put it, if it is still there."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl.finess.extract import chunks
from etl.finess.fallback import POSITIONS
from etl.finess.legacy_csv import read_legacy
from etl.finess.legacy_positions import place
from etl.finess.transform import Transformed, transform
from tests.etl.finess.published import a_file, a_point, an_address, an_ege
from tests.etl.finess.test_transform import PRODUCED_ON
from tests.places import BORDEAUX, LILLE, Place

NEAR = LILLE.moved(east_m=700)


def old(*points: tuple[str, Place]) -> pl.DataFrame:
    rows = [(finess, at.lon, at.lat, "street") for finess, at in points]
    return pl.DataFrame(rows, schema=POSITIONS, orient="row")


def transformed(folder: Path, *eges: dict[str, Any], ancien: pl.DataFrame | None) -> Transformed:
    (chunk,) = chunks(a_file(folder, *eges))
    return transform(chunk.establishments, PRODUCED_ON, ancien)


def row(folder: Path, ege: dict[str, Any], ancien: pl.DataFrame | None) -> dict[str, Any]:
    (only,) = transformed(folder, ege, ancien=ancien).structures.iter_rows(named=True)
    return dict(only)


def unplaced(finess: str = "590000001", at: Place = LILLE, **address: Any) -> dict[str, Any]:
    return an_ege(finess, adresse=[an_address(at, point=None, **address)])


def test_without_a_point_in_the_flow_the_legacy_one_is_taken_and_named(tmp_path: Path) -> None:
    found = row(tmp_path, unplaced(), old(("590000001", NEAR)))
    assert (found["lon"], found["lat"]) == (NEAR.lon, NEAR.lat)
    assert (found["precision"], found["position_source"]) == ("street", "finess_ancien")


def test_unusable_coordinates_fall_back_too(tmp_path: Path) -> None:
    zero = {"coordonneeX": "0", "coordonneeY": "0"}
    elsewhere = {"coordonneeX": str(BORDEAUX.lon), "coordonneeY": str(BORDEAUX.lat)}
    for garbage in (zero, elsewhere):
        ege = an_ege(adresse=[an_address(LILLE, point=a_point(LILLE) | garbage)])
        assert row(tmp_path, ege, old(("590000001", NEAR)))["position_source"] == "finess_ancien"


def test_the_flow_s_own_point_is_never_replaced(tmp_path: Path) -> None:
    found = row(tmp_path, an_ege(), old(("590000001", NEAR)))
    assert (found["lon"], found["precision"], found["position_source"]) == (LILLE.lon, "housenumber", "finess")


def test_one_that_left_its_commune_left_its_old_point(tmp_path: Path) -> None:
    found = row(tmp_path, unplaced(at=BORDEAUX), old(("590000001", LILLE)))
    assert (found["commune"], found["precision"], found["position_source"]) == ("33063", "commune", "commune")


def test_without_a_known_commune_nothing_vouches_for_the_old_point(tmp_path: Path) -> None:
    found = row(tmp_path, unplaced(cogCommune="59999"), old(("590000001", LILLE)))
    assert (found["lon"], found["precision"], found["position_source"]) == (None, "none", None)


@pytest.mark.parametrize("ancien", [None, old(), old(("590000002", NEAR))], ids=["none", "empty", "of another"])
def test_without_a_legacy_point_it_stands_at_its_commune_s_centre(tmp_path: Path, ancien: pl.DataFrame | None) -> None:
    assert row(tmp_path, unplaced(), ancien)["position_source"] == "commune"


def test_how_many_were_placed_so_is_noticed_and_the_order_of_rows_stays(tmp_path: Path) -> None:
    eges = [unplaced("590000003"), an_ege("590000001"), unplaced("590000002")]
    found = transformed(tmp_path, *eges, ancien=old(("590000002", NEAR), ("590000003", NEAR)))
    assert found.structures["id"].to_list() == ["f590000003", "f590000001", "f590000002"]
    assert found.noticed["placees_par_l_ancien_fichier"] == 2
    assert found.noticed["coordonnees_absentes"] == 2


def test_on_the_real_files_the_legacy_one_agrees_with_the_flow_and_places_most_of_what_it_leaves(
    shared_data: Path,
) -> None:
    folder = shared_data / "official"
    (path,) = folder.glob("etalab-cs1100507-stock-*.csv.gz")
    file = read_legacy(path)
    placed = place(file.establishments, file.points).filter(placing="placee")
    ancien = placed.select(finess="nofinesset", lon="lon", lat="lat", precision="precision")
    batches = chunks(folder / "finess-structures-journalier-20261121.json.gz")
    every = pl.concat([transform(batch.establishments, PRODUCED_ON, ancien).structures for batch in batches])
    sources = dict(every["position_source"].value_counts().iter_rows())
    assert sources["finess_ancien"] == 16_034
    both = every.filter(position_source="finess").with_columns(finess=pl.col("finess").list.first())
    gaps = both.join(ancien, on="finess").select(
        metres=((pl.col("lon") - pl.col("lon_right")) * pl.col("lat").radians().cos()).pow(2).add(
            (pl.col("lat") - pl.col("lat_right")).pow(2)
        ).sqrt()
        * 111_195
    )  # fmt: skip
    assert gaps["metres"].median() < 5  # type: ignore[operator]
    assert (gaps["metres"] < 50).mean() > 0.9  # type: ignore[operator]
