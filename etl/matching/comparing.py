"""Pairs worth comparing, compared: some départements after others, so that memory stays that of the largest."""

from collections.abc import Iterable, Iterator, Set

import polars as pl

from etl.matching.blocking import candidate_pairs
from etl.matching.declared import declared_findings
from etl.matching.given import Given, heirs_of_declared, holders, known_establishments, proven
from etl.matching.places import with_town
from etl.matching.prepared import READ, names_of_ege, names_of_sirene, prepared_ege, prepared_sirene
from etl.matching.scoring import scored
from etl.matching.shapes import PAIR
from etl.matching.weights import CONFIRMED_MASKED

AT_ONCE = 5_000  # EGE, as the largest départements have: each time has a cost of its own, whatever it compares


def compared(
    ege: pl.DataFrame,
    sirene: pl.DataFrame,
    masked: pl.DataFrame,
    verdicts: pl.DataFrame,
    successions: pl.DataFrame,
    duplicates: pl.DataFrame,
    communes: Set[str] | None = None,
) -> Iterator[pl.DataFrame]:
    """All that is known of each pair, before anything is decided (etl.matching.deciding)."""
    known = known_establishments(sirene, masked, duplicates)
    every = prepared_ege(ege, duplicates)
    declared = declared_findings(every, known)
    given = Given(declared, verdicts, heirs_of_declared(declared, successions, known), holders(declared, every))
    usable = sirene.select(READ).join(known.filter(~pl.col("masked")).drop("active"), on="siret")
    wanted = every if communes is None else every.filter(pl.col("town").is_in(_towns(communes)))
    for part in _together(wanted.sort("finess").partition_by("departement")):
        yield _compared_in(part, usable, given.of(part))


def _together(departements: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Those that follow one another, whole, up to AT_ONCE EGE where there are several."""
    held: list[pl.DataFrame] = []
    for each in departements:
        if held and sum(map(len, held)) + len(each) > AT_ONCE:
            yield pl.concat(held)
            held = []
        held.append(each)
    if held:
        yield pl.concat(held)


def _compared_in(ege: pl.DataFrame, usable: pl.DataFrame, given: Given) -> pl.DataFrame:
    """The pairs of the EGE of some départements; what is given may lie in another."""
    here = pl.col("departement").is_in(ege["departement"].unique().implode())
    named = pl.col("siret").is_in(given.pairs()["siret"].implode())
    rows = prepared_sirene(usable.filter(here | named))
    names = names_of_ege(ege), names_of_sirene(rows)
    looking = ege.filter("open").join(given.verdicts.filter(verdict="accepted"), on="finess", how="anti")
    pool = rows.filter("active")
    pairs = pl.concat([candidate_pairs(looking, _without_proof(looking, given), pool, names), given.pairs()]).unique()
    told = given.beside(pairs)
    scores = scored(told.join(rows, on="siret", how="semi"), ege, rows, names)
    beside = told.drop("heir").join(scores, on=PAIR, how="left").join(ege.select("finess", "open"), on="finess")
    strength = pl.coalesce("strength", _of_numbers_alone())
    return beside.with_columns(
        pl.col("heir", "streetless").fill_null(False), strength=strength, score=strength.clip(0, 100)
    )


def _without_proof(ege: pl.DataFrame, given: Given) -> pl.DataFrame:
    """Those whose declared SIRET is not right for sure: the others need no candidate but siblings."""
    refused = given.verdicts.filter(verdict="rejected")
    return ege.join(proven(given.declared).join(refused, on=PAIR, how="anti"), on="finess", how="anti")


def _of_numbers_alone() -> pl.Expr:
    """Nothing but numbers may be compared of a masked one; of one that SIRENE lacks, nothing at all."""
    return pl.when(pl.col("masked") & pl.col("confirmed")).then(CONFIRMED_MASKED).otherwise(0.0)


def _towns(communes: Set[str]) -> list[str]:
    return with_town(pl.DataFrame({"commune": sorted(communes)}, schema={"commune": pl.String}))["town"].to_list()
