"""Who took over from whom: links of succession followed to establishments still active, two SIREN of one unit made one."""

from collections.abc import Iterable

import polars as pl

HEIRS = pl.Schema({"predecessor": pl.String, "siret": pl.String})


def heirs(closed: pl.Series, successions: pl.DataFrame, active: pl.Series) -> pl.DataFrame:
    """The active successors of closed establishments, through those closed meanwhile; a cycle is walked once."""
    links = successions.select("predecessor", "successor").drop_nulls().unique()
    walk = pl.DataFrame({"predecessor": closed, "siret": closed}, schema=HEIRS).unique()
    seen, found = walk, HEIRS.to_frame()
    while walk.height:
        step = walk.join(links, left_on="siret", right_on="predecessor").select("predecessor", siret="successor")
        step = step.unique().join(seen, on=["predecessor", "siret"], how="anti")
        arrived = pl.col("siret").is_in(active.implode())
        found = pl.concat([found, step.filter(arrived)])
        walk, seen = step.filter(~arrived), pl.concat([seen, step])
    return found.sort("predecessor", "siret")


def one_unit(siren: pl.Expr, duplicates: pl.DataFrame) -> pl.Expr:
    """The SIREN, or the one that stands for all those Insee gave to the same unit."""
    known = representatives(duplicates.select("siren", "siren_doublon").drop_nulls().iter_rows())
    return siren.replace(known) if known else siren


def representatives(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of every SIREN of these pairs, the smallest that Insee gave to the same unit, whichever it calls the double."""
    same: dict[str, set[str]] = {}
    for one, other in pairs:
        group = same.get(one, {one}) | same.get(other, {other})
        same.update(dict.fromkeys(group, group))
    return {siren: min(group) for siren, group in same.items()}
