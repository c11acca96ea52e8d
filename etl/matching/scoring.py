"""How much two rows look like one place: name, address, identifiers, activity."""

import numpy as np
import polars as pl
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from etl.matching import weights as w
from etl.matching.naf import FOREIGN, activity_agrees, runs_on_own_account
from etl.matching.places import distance_m

PAIR = ("finess", "siret")


def scored(
    pairs: pl.DataFrame, ege: pl.DataFrame, sirene: pl.DataFrame, names: tuple[pl.DataFrame, pl.DataFrame]
) -> pl.DataFrame:
    """Pairs (finess, siret, declared, heir, taken) with name, address, identifiers, naf, distance_m, and the score they make."""
    ours = ege.select("finess", "arrondissement", "town", "unit", "house", "way", "good", "lon", "lat", "categorie")
    theirs = sirene.select(
        "siret", "arrondissement", "town", "unit", "house", "way", "good", "lon", "lat", "naf", "natural_person"
    )
    return (
        pairs.join(ours, on="finess", maintain_order="left")
        .join(theirs, on="siret", maintain_order="left")
        .join(_name_scores(pairs, *names), on=PAIR, how="left", maintain_order="left")
        .with_columns(distance_m=pl.when(pl.col("good") & pl.col("good_right")).then(distance_m().round(1)))
        .pipe(_with_street)
        .with_columns(
            address=_address(),
            identifiers=(pl.col("unit") == pl.col("unit_right")).cast(pl.Float64) * 100,
            naf=activity_agrees(pl.col("categorie"), pl.col("naf")),
        )
        .with_columns(score=_score().clip(0, 100).round(1))
        .with_columns(score=_under_its_ceiling())
        .select(*PAIR, "score", "name", "address", "identifiers", "naf", "distance_m", "heir")
    )


def _name_scores(pairs: pl.DataFrame, of_ege: pl.DataFrame, of_sirene: pl.DataFrame) -> pl.DataFrame:
    """The best of every name of the one beside every name of the other."""
    beside = pairs.select(PAIR).join(of_ege, on="finess").join(of_sirene, on="siret")
    both = pl.col("core").is_not_null() & pl.col("core_right").is_not_null()
    words = beside.select(
        *PAIR,
        one=pl.when(both).then("core").otherwise("key"),
        other=pl.when(both).then("core_right").otherwise("key_right"),
        ceiling=pl.when(both).then(100.0).otherwise(w.NAME_GENERIC),
    )
    texts = words.select("one", "other").unique()
    compared = texts.with_columns(
        likeness=w.NAME_EDITS * _edits(texts["one"], texts["other"]) + w.NAME_WORDS * _shared_words()
    )
    return (
        words.join(compared, on=["one", "other"])
        .with_columns(name=pl.col("likeness") * pl.col("ceiling"))
        .group_by(PAIR)
        .agg(pl.col("name").max().round(1))
    )


def _edits(one: pl.Series, other: pl.Series) -> pl.Series:
    """Levenshtein's likeness, 0 to 1, of each pair."""
    if one.is_empty():
        return pl.Series(dtype=pl.Float64)
    likeness = cpdist(one.to_list(), other.to_list(), scorer=Levenshtein.normalized_similarity, dtype=np.float64)
    return pl.Series(likeness)


def _shared_words() -> pl.Expr:
    """Jaccard's likeness of two sets of words."""
    one, other = pl.col("one").str.split(" ").list.unique(), pl.col("other").str.split(" ").list.unique()
    shared = one.list.set_intersection(other).list.len()
    return shared / (one.list.len() + other.list.len() - shared)


def _with_street(frame: pl.DataFrame) -> pl.DataFrame:
    streets = frame.select("way", "way_right").drop_nulls().unique()
    likeness = _edits(streets["way"], streets["way_right"])
    return frame.join(
        streets.with_columns(street=likeness), on=["way", "way_right"], how="left", maintain_order="left"
    )


def _address() -> pl.Expr:
    one, other = pl.col("house"), pl.col("house_right")
    number = (
        pl.when(one == other).then(1.0)
        .when(one.is_null() & other.is_null()).then(pl.col("street").fill_null(0.0))
        .when(one.is_null() | other.is_null()).then(w.NUMBER_UNSAID)
        .otherwise(0.0)
    )  # fmt: skip
    split = (pl.col("arrondissement") != pl.col("arrondissement_right")).fill_null(False)
    commune = (
        pl.when((pl.col("town") != pl.col("town_right")).fill_null(True)).then(0.0)
        .when(split).then(w.OTHER_ARRONDISSEMENT).otherwise(1.0)
    )  # fmt: skip
    street = pl.col("street").fill_null(w.STREET_UNSAID)
    written = 100 * (w.ADDRESS_COMMUNE * commune + w.ADDRESS_NUMBER * number + w.ADDRESS_STREET * street)
    near = pl.when(pl.col("distance_m") <= w.NEAR_M).then(w.NEAR_ADDRESS)
    return pl.max_horizontal(written, near).round(1)


def _score() -> pl.Expr:
    parts = w.SCORE_NAME * pl.col("name").fill_null(0.0) + w.SCORE_ADDRESS * pl.col("address")
    taken = pl.when(pl.col("taken") & ~_same_unit()).then(w.TAKEN).otherwise(0.0)
    foreign = pl.when(pl.col("naf") == FOREIGN).then(w.NAF_FOREIGN).otherwise(0.0)
    heir = pl.when("heir").then(w.HEIR).otherwise(0.0)
    declared = pl.when("declared").then(w.DECLARED).otherwise(0.0)
    return parts + declared + pl.when(_same_unit()).then(w.SAME_SIREN).otherwise(0.0) + heir + taken + foreign


def _under_its_ceiling() -> pl.Expr:
    """Another unit of another activity is not accepted without a person; of one's own account, not even shown."""
    foreign = ((pl.col("naf") == FOREIGN) & ~_same_unit()).fill_null(False)
    person = pl.col("natural_person").fill_null(False) & ~runs_on_own_account(pl.col("categorie")) & ~_same_unit()
    ceiling = pl.when(person).then(w.PERSON_CEILING).when(foreign).then(w.FOREIGN_CEILING).otherwise(100.0)
    return pl.min_horizontal("score", ceiling)


def _same_unit() -> pl.Expr:
    return (pl.col("unit") == pl.col("unit_right")).fill_null(False)
