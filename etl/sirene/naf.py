"""Which establishments are of our field, and the category that their activity makes."""

import polars as pl

from geo.categories import categories
from geo.naf import NAF2025, REV2
from geo.reference.naf import naf_codes

_BY_REV2 = {each.code: each.categorie for each in naf_codes() if each.nomenclature == REV2}
_BY_2025 = {each.code: each.categorie for each in naf_codes() if each.nomenclature == NAF2025}
_REFINES = {each.code: each.affine for each in naf_codes() if each.affine}


def in_scope(naf: str = "naf", nomenclature: str = "nomenclature", naf25: str = "naf25") -> pl.Expr:
    """Whether an establishment's own activity is of our field, in either nomenclature; its legal unit's brings nothing in."""
    return (
        (pl.col(nomenclature).eq(REV2) & pl.col(naf).is_in(list(_BY_REV2)))
        | (pl.col(nomenclature).eq(NAF2025) & pl.col(naf).is_in(list(_BY_2025)))
        | pl.col(naf25).is_in(list(_BY_2025))
    ).fill_null(False)


def categorie(naf: str = "naf", nomenclature: str = "nomenclature", naf25: str = "naf25") -> pl.Expr:
    """The category's code; null out of scope.

    Rév. 2 speaks first, because the new code merges what it told apart (laboratories, imaging); where the new one splits the old
    (nurses, midwives), the new one does.
    """
    rev2 = pl.col(nomenclature) == REV2
    finer = rev2 & (_mapped(naf25, _REFINES) == pl.col(naf))
    by_own = (
        pl.when(rev2).then(_mapped(naf, _BY_REV2)).when(pl.col(nomenclature) == NAF2025).then(_mapped(naf, _BY_2025))
    )
    by_2025 = _mapped(naf25, _BY_2025)
    return pl.when(finer).then(by_2025).otherwise(pl.coalesce(by_own, by_2025))


def categorie_no(code: pl.Expr) -> pl.Expr:
    """The number that a structure carries for the code of its category."""
    numbers = {each.code: each.no for each in categories().values()}
    return code.replace_strict(numbers, default=None, return_dtype=pl.Int32)


def _mapped(column: str, table: dict[str, str]) -> pl.Expr:
    return pl.col(column).replace_strict(table, default=None, return_dtype=pl.String)
