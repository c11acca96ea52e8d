"""Activities in both nomenclatures: the codes of the reference, and the finer ones where NAF 2025 splits the old."""

import polars as pl

from etl.demo.trades import NAF25, PRACTICES, SPLITS
from geo.naf import NAF2025, REV2
from geo.reference.naf import naf_codes

BY_REV2 = {each.code: each.categorie for each in naf_codes() if each.nomenclature == REV2}
BY_2025 = {each.code: each for each in naf_codes() if each.nomenclature == NAF2025}
# Where Insee's new code is wider than the old one, or another cut of the same ground.
OTHERWISE_CUT = {"86.22A", "86.22B", "86.90B", "86.90C", "86.90D", "86.90F", "87.10C", "47.74Z", "88.99A"}


def test_every_activity_of_the_field_has_its_code_of_2025_in_the_field() -> None:
    assert set(NAF25) == set(BY_REV2)
    assert set(NAF25.values()) <= set(BY_2025)


def test_both_codes_make_the_same_category_where_both_cut_alike() -> None:
    alike = {old: new for old, new in NAF25.items() if old not in OTHERWISE_CUT}
    assert {old: BY_2025[new].categorie for old, new in alike.items()} == {old: BY_REV2[old] for old in alike}


def test_disabled_children_are_not_childcare_at_home() -> None:
    assert NAF25["88.91B"] == "88.91J"


def test_a_split_code_goes_to_codes_that_refine_it_or_to_the_rest() -> None:
    assert {new: BY_2025[new].affine for each in SPLITS.values() for new in each} == {
        "86.94G": "86.90D", "86.94H": "86.90D", "86.93Y": "86.90F", "86.96Y": "86.90F", "86.99Y": "",
    }  # fmt: skip


def test_practitioners_have_the_finer_codes(stock: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]) -> None:
    split = stock[0].filter(pl.col("activitePrincipaleEtablissement").is_in(list(SPLITS)))
    found = split.filter(etatAdministratifEtablissement="A").group_by("activitePrincipaleEtablissement").agg(
        pl.col("activitePrincipaleNAF25Etablissement").unique()
    )  # fmt: skip
    assert {old: set(new) for old, new in found.rows()} == {old: set(new) for old, new in SPLITS.items()}
    assert {naf for naf, _ in PRACTICES} >= set(SPLITS)
