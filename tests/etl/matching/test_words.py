"""Names and streets in the form they are compared in."""

import polars as pl
import pytest

from etl.matching.naf import EXPECTED, FOREIGN, POSSIBLE, activity_agrees
from etl.matching.words import core, house_number, name_key, shortened
from geo.addresses import street_key


def one(expression: pl.Expr) -> object:
    return pl.select(expression).item()


@pytest.mark.parametrize(
    ("name", "whole", "proper"),
    [
        ("Maison de retraite « Les Tilleuls »", "maison retraite tilleuls", "tilleuls"),
        ("E.H.P.A.D. Les Tilleuls", "ehpad tilleuls", "tilleuls"),
        ("SERVICE DE SOINS INFIRMIERS A DOMICILE DU TREGOR", "ssiad tregor", "tregor"),
        ("SELARL PHARMACIE DE L’ÉTANG", "pharmacie etang", "etang"),
        ("Pharmacie", "pharmacie", None),
    ],
)
def test_the_proper_name_is_what_no_other_of_its_kind_is_called(name: str, whole: str, proper: str | None) -> None:
    key = pl.lit(name_key(name))
    assert (one(shortened(key)), one(core(key))) == (whole, proper)


@pytest.mark.parametrize(
    ("published", "key"),
    [
        ("AV DU THEATRE", "AVENUE EEATRE"),
        ("Avenue du eeatre", "AVENUE EEATRE"),
        ("12 BIS R ST MICHEL", "RUE SAINT MICHEL"),
        ("12b rue de l’Étang", "RUE ETANG"),
        ("R", "RUE"),
        ("LE BOURG", "BOURG"),
        ("RUE D", "RUE D"),  # beside rue A, rue L
        ("12 RUE A", "RUE A"),
    ],
)
def test_a_street_reads_alike_however_it_is_shortened(published: str, key: str) -> None:
    assert street_key(published) == key


@pytest.mark.parametrize(
    ("number", "street", "house"),
    [("0012", None, "12"), ("12-14", None, "12"), ("28b", None, "28"), (None, "7 RUE X", "7"), (None, "RUE X", None)],
)
def test_a_house_has_one_number(number: str | None, street: str | None, house: str | None) -> None:
    assert one(house_number(pl.lit(number, pl.String), pl.lit(street, pl.String))) == house


@pytest.mark.parametrize(
    ("categorie", "naf", "verdict"),
    [
        ("500", "87.10A", EXPECTED),
        ("500", "87.10G", EXPECTED),  # NAF 2025
        ("500", "94.99Z", POSSIBLE),  # an association that runs it
        ("500", "86.21Z", FOREIGN),
        ("124", "86.23Z", EXPECTED),
        ("620", "47.73Z", EXPECTED),
        ("620", "87.10A", POSSIBLE),
        ("500", None, None),
        ("999", "87.10A", None),
    ],
)
def test_an_activity_agrees_with_a_category(categorie: str, naf: str | None, verdict: float | None) -> None:
    assert one(activity_agrees(pl.lit(categorie), pl.lit(naf, pl.String))) == verdict
