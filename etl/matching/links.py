"""Every link between FINESS and SIRENE: what is declared, what is found, what a person decided."""

from collections.abc import Set

import polars as pl

from etl.matching.comparing import compared
from etl.matching.deciding import decided
from etl.matching.given import last_words
from etl.matching.reasons import by_a_person, reason
from etl.matching.shapes import DECISIONS, DUPLICATES, LINKS, PAIR, PARTS, SUCCESSIONS

NO_CHECK = pl.lit([], pl.List(pl.String))


def links(
    ege: pl.DataFrame,
    sirene: pl.DataFrame,
    masked: pl.DataFrame,
    *,
    decisions: pl.DataFrame | None = None,
    successions: pl.DataFrame | None = None,
    duplicates: pl.DataFrame | None = None,
    communes: Set[str] | None = None,
) -> pl.DataFrame:
    """`LINKS`, sorted, of `EGE` rows with SIRENE's `OPEN` and `MASKED` ones (etl.sirene.rows), closed ones included.

    `communes`: only the EGE of these, with the same rows as a full run gives them; `ege` is all of them even so, because
    who else declares a SIRET counts.
    """
    verdicts = last_words(_or_none(decisions, DECISIONS))
    pairs = compared(
        ege, sirene, masked, verdicts, _or_none(successions, SUCCESSIONS), _or_none(duplicates, DUPLICATES), communes
    )
    strangers = verdicts.join(ege, on="finess", how="anti") if communes is None else verdicts.clear()
    found = [_written(decided(part)) for part in pairs]
    return pl.concat([LINKS.to_frame(), *found, _of_unknown_ege(strangers)]).sort(PAIR)


def _or_none(given: pl.DataFrame | None, shape: pl.Schema) -> pl.DataFrame:
    return shape.to_frame() if given is None else given


def _written(pairs: pl.DataFrame) -> pl.DataFrame:
    by_hand, declared = pl.col("verdict").is_not_null(), pl.col("declared")
    source = pl.when(by_hand).then(pl.lit("human")).when(declared).then(pl.lit("declared")).otherwise(pl.lit("scoring"))
    parts = [name for name in PARTS.to_schema() if name != "checks"]
    pairs = pairs.with_columns(pl.col("strength").round(2))
    return pairs.with_columns(source=source, reason=reason()).select(
        *PAIR,
        "score",
        pl.struct(*parts, pl.col("checks").fill_null(NO_CHECK)).alias("parts"),
        "source",
        "status",
        "reason",
    )


def _of_unknown_ege(verdicts: pl.DataFrame) -> pl.DataFrame:
    """What a person decided of an EGE that FINESS no longer has: kept, for the day it is back."""
    unknown = [name for name in PARTS.to_schema() if name not in ("heir", "checks")]
    nothing = [pl.lit(None, pl.Float64).alias(name) for name in unknown]
    return verdicts.select(
        *PAIR,
        score=0.0,
        parts=pl.struct(*nothing, heir=False, checks=NO_CHECK),
        source=pl.lit("human"),
        status="verdict",
        reason=by_a_person(),
    ).match_to_schema(LINKS)
