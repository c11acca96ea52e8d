"""The id of a structure as a number: the numbers of a cell's members, exclusive-ored, are the one of whoever is left alone.

Sums say how many stand in a cell and where; this says who, and takes a member away as it adds one, without looking at the others.
"""

import polars as pl

from geo.identifiers import FINESS_FORM

# Of a SIRET its fourteen digits; of a FINESS number its nine, after all of these; Corsica's letters after all of those.
# `structure_of` (migration 0015) reads them: the two change together.
OF_FINESS = 10**14
OF_LETTERS = 2 * 10**14
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def numbered(ids: pl.Expr) -> pl.Expr:
    """Ids of structures (docs/adr/0002) as numbers below 2 ** 48; null where it is none."""
    number = ids.str.slice(1)
    digits = number.cast(pl.Int64, strict=False)
    second, third = (
        number.str.slice(at, 1).replace_strict(_RANKS, default=None, return_dtype=pl.Int64) for at in (1, 2)
    )
    first, rest = (number.str.slice(at, length).cast(pl.Int64, strict=False) for at, length in ((0, 1), (3, 6)))
    of_letters = OF_LETTERS + first * 10**10 + second * 10**8 + third * 10**6 + rest
    return (
        pl.when(ids.str.contains("^s[0-9]{14}$"))
        .then(digits)
        .when(ids.str.contains("^f[0-9]{9}$"))
        .then(OF_FINESS + digits)
        .when(ids.str.starts_with("f") & number.str.contains(FINESS_FORM))
        .then(of_letters)
    )


_RANKS = {letter: rank for rank, letter in enumerate(LETTERS)}
