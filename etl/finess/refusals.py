"""Why a published establishment cannot become a structure: told of a row for the report, of a record for the feed of changes."""

import re
from typing import Any

import polars as pl

from geo.identifiers import FINESS_FORM

MAX_NAME = 500  # characters; the longest published has 130
CATEGORY_FORM = r"^[0-9]{1,4}$"


def reason_of_refusal() -> pl.Expr:
    """Of a row of `PUBLISHED`: the reason, null when there is none."""
    name = pl.coalesce("nom_long", "nom_court")
    return (
        pl.when(~pl.col("finess").str.contains(FINESS_FORM).fill_null(False))
        .then(pl.lit("numero_finess_invalide"))
        .when(name.is_null())
        .then(pl.lit("sans_nom"))
        .when(~pl.col("categorie").str.contains(CATEGORY_FORM).fill_null(False))
        .then(pl.lit("categorie_illisible"))
        .when(name.str.len_chars() > MAX_NAME)
        .then(pl.lit("nom_demesure"))
    )


def is_usable(number: str, record: dict[str, Any]) -> bool:
    """Of a record of history (etl/finess/record.py): whether its establishment is served."""
    return (
        _finess(number) is not None
        and 0 < len(record.get("nom", "")) <= MAX_NAME
        and _category(record.get("categorie", "")) is not None
    )


_finess = re.compile(FINESS_FORM).search
_category = re.compile(CATEGORY_FORM).search
