"""From scores to a verdict: accepted, for a person to review, rejected; what a person said stands above."""

import polars as pl

from etl.matching import weights as w

ACCEPTED, REVIEW, REJECTED = "accepted", "review", "rejected"


def decided(pairs: pl.DataFrame, accept: float = w.ACCEPT, review: float = w.REVIEW) -> pl.DataFrame:
    """Adds `status` to all pairs of some EGE at once, and leaves out candidates that come to nothing.

    A pair is what etl.matching.comparing knows of it: its score and parts, what was found of it if declared, a person's verdict.
    """
    return (
        pairs.pipe(_judge_declared)
        .pipe(_settle)
        .pipe(_rank_candidates, accept)
        .with_columns(status=_status(review))
        .filter(pl.col("status").is_not_null())
    )


def _judge_declared(pairs: pl.DataFrame) -> pl.DataFrame:
    """`right`: what FINESS declares can be taken at its word.

    Named from several addresses, it is the head office's everywhere: each has to be at its own. And a sibling of the same
    legal unit at the very address tells that the one declared is elsewhere.
    """
    here = (pl.col("address") >= w.ADDRESS_FLOOR).fill_null(False)
    candidate = ~pl.col("declared") & (pl.col("verdict") != REJECTED).fill_null(True)
    sibling = candidate & (pl.col("identifiers") == 100) & (pl.col("address") >= w.SIBLING_ABOVE)
    better = sibling.fill_null(False).any().over("finess") & (pl.col("address") < w.ELSEWHERE_BELOW).fill_null(False)
    return pairs.with_columns(right=pl.col("declared") & pl.col("confirmed") & (~pl.col("shared") | here) & ~better)


def _settle(pairs: pl.DataFrame) -> pl.DataFrame:
    """`settled`: an EGE whose SIRET is right, or given by a person, needs no candidate."""
    held = (pl.col("right") & (pl.col("verdict") != REJECTED).fill_null(True)) | (pl.col("verdict") == ACCEPTED)
    return pairs.with_columns(settled=held.fill_null(False).any().over("finess"))


def _rank_candidates(pairs: pl.DataFrame, accept: float) -> pl.DataFrame:
    """`rank` among the candidates of one EGE; `eligible`: good enough; `elected`: and clearly ahead; `found`: the EGE has one."""
    runs = ~pl.col("declared") & pl.col("verdict").is_null() & ~pl.col("settled") & pl.col("open")
    same_unit = (pl.col("identifiers") == 100).fill_null(False)
    by_name = same_unit & pl.col("streetless") & (pl.col("name") >= w.NAME_ALONE).fill_null(False)
    placed = (pl.col("address") >= w.ADDRESS_FLOOR).fill_null(False) | by_name
    named = same_unit | pl.col("heir") | (pl.col("name") >= w.NAME_FLOOR).fill_null(False)
    order = ["finess", pl.when(runs).then("strength"), "siret"]
    ranked = pairs.sort(order, descending=[False, True, False], nulls_last=True).with_columns(runs=runs)
    ranked = ranked.with_columns(rank=pl.when("runs").then(pl.col("runs").cast(pl.Int32).cum_sum().over("finess")))
    second = pl.col("strength").filter(pl.col("rank") == 2).first().over("finess").fill_null(0.0)
    eligible = (placed & named & (pl.col("score") >= accept)).fill_null(False)
    elected = (pl.col("rank") == 1) & eligible & (pl.col("strength") - second >= w.GAP)
    return ranked.with_columns(eligible=eligible, elected=elected.fill_null(False)).with_columns(
        found=pl.col("elected").any().over("finess")
    )


def _status(review: float) -> pl.Expr:
    likely = pl.col("score") >= review
    hopeless = pl.col("checks").list.contains("absent") | pl.col("checks").list.contains("ferme")
    shown = likely & (pl.col("rank") <= w.BEST) & ~pl.col("found")
    replaced = pl.col("found") | (pl.col("settled") & ~pl.col("right"))
    return (
        pl.when(pl.col("verdict").is_not_null()).then("verdict")
        .when("right").then(pl.lit(ACCEPTED))
        .when(pl.col("declared") & (hopeless.fill_null(False) | replaced | ~likely | ~pl.col("open"))).then(pl.lit(REJECTED))
        .when("declared").then(pl.lit(REVIEW))
        .when("elected").then(pl.lit(ACCEPTED))
        .when(shown).then(pl.lit(REVIEW))
    )  # fmt: skip
