"""The door: whoever asked for a partial diffusion leaves six columns, and nothing of what he hides."""

import polars as pl
import pytest

from etl.sirene import rows
from etl.sirene.diffusion import SAYS_HIDDEN, says_hidden, split
from tests.etl.sirene.published import SIREN, SIRET, published

TEXTS = [name for name, kind in rows.PUBLISHED.items() if kind == pl.String and name not in ("siret", "siren")]


def heights(frame: pl.DataFrame) -> tuple[int, int]:
    opened, masked = split(frame)
    return opened.height, masked.height


def test_a_unit_that_asked_for_nothing_is_open() -> None:
    assert heights(published()) == (1, 0)


@pytest.mark.parametrize("column", ["statutDiffusionEtablissement", "statutDiffusionUniteLegale"])
@pytest.mark.parametrize("status", ["P", "N", "", None])
def test_any_status_but_o_at_either_level_masks(column: str, status: str | None) -> None:
    assert heights(published(**{column: status})) == (0, 1)


def test_a_unit_without_its_legal_unit_is_masked() -> None:
    legal = {name: None for name in rows.UNIT if name != "siren"}
    assert heights(published(**legal)) == (0, 1)


@pytest.mark.parametrize("column", TEXTS)
def test_a_hidden_text_masks_wherever_it_stands(column: str) -> None:
    assert heights(published(**{column: "[ND]"})) == (0, 1)
    assert heights(published(**{column: "RUE [ND] BIS"})) == (0, 1)


def test_what_its_files_say_elsewhere_masks_a_row_that_hides_nothing_itself() -> None:
    assert heights(published().with_columns(pl.lit(True).alias(SAYS_HIDDEN))) == (0, 1)
    assert heights(published().with_columns(pl.lit(False).alias(SAYS_HIDDEN))) == (1, 0)


@pytest.mark.parametrize("kind", [pl.String(), pl.Categorical(), pl.Enum(["rien", "LOT [ND]"]), pl.Binary()])
def test_a_column_that_nobody_documented_is_looked_into_however_it_is_written(kind: pl.DataType) -> None:
    found = pl.DataFrame({"inconnue": pl.Series(["rien", None, "LOT [ND]"]).cast(kind), "rang": [1, 2, 3]})
    assert found.select(says_hidden(found.schema))[SAYS_HIDDEN].to_list() == [False, False, True]


def test_a_file_without_a_text_says_nothing_of_its_rows() -> None:
    found = pl.DataFrame({"rang": [1, 2]})
    assert found.with_columns(says_hidden(found.schema))[SAYS_HIDDEN].to_list() == [False, False]


def test_a_masked_row_has_six_columns_and_nothing_of_the_rest() -> None:
    _, masked = split(published(statutDiffusionEtablissement="P", enseigne1Etablissement="CABINET SECRET"))
    assert masked.schema == rows.MASKED
    assert masked.rows() == [(SIRET, SIREN, "P", "47.73Z", "NAFRev2", "33063")]


def test_a_hidden_activity_is_unknown() -> None:
    _, masked = split(published(activitePrincipaleEtablissement="[ND]", codeCommuneEtablissement="33[ND]"))
    assert masked.select("naf", "commune").rows() == [(None, None)]


def test_open_texts_are_stripped_and_empty_ones_are_null() -> None:
    opened, _ = split(
        published(
            enseigne1Etablissement="  AU MORTIER ",
            enseigne2Etablissement=" ",
            enseigne3Etablissement="LILAS",
            sigleUniteLegale="",
        )
    )
    assert opened.schema == rows.OPEN
    assert opened.select("signs", "sigle").rows() == [(["AU MORTIER", "LILAS"], None)]


@pytest.mark.parametrize(("establishment", "unit", "active"), [("A", "A", True), ("F", "A", False), ("A", "C", False)])
def test_active_is_both(establishment: str, unit: str, active: bool) -> None:
    opened, _ = split(published(etatAdministratifEtablissement=establishment, etatAdministratifUniteLegale=unit))
    assert opened["active"].to_list() == [active]


def test_the_usual_first_name_wins_over_the_first() -> None:
    opened, _ = split(
        published(categorieJuridiqueUniteLegale=1000, prenomUsuelUniteLegale="LOU", prenom1UniteLegale="MARIE")
    )
    assert opened.select("first_name", "natural_person", "categorie_juridique").rows() == [("LOU", True, "1000")]


def test_rows_without_a_position_are_read_too_and_lazily() -> None:
    joined = published().select(rows.JOINED.names())
    opened, masked = split(joined.lazy())
    assert opened.collect().select("siret", "lon", "quality").rows() == [(SIRET, None, None)]
    assert masked.collect().is_empty()
