"""How much two rows look like one place: name, address, identifiers, activity."""

import numpy as np
import polars as pl
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from etl.matching import weights as w
from etl.matching.naf import EXPECTED, FOREIGN, activity_agrees, runs_on_own_account
from etl.matching.places import distance_m
from etl.matching.shapes import PAIR


def scored(
    pairs: pl.DataFrame, ege: pl.DataFrame, sirene: pl.DataFrame, names: tuple[pl.DataFrame, pl.DataFrame]
) -> pl.DataFrame:
    """Pairs (finess, siret, declared, heir, taken) with the parts of their score, and `strength`: the score, beyond 100 too."""
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
            streetless=pl.col("way").is_null() | pl.col("way_right").is_null(),
            identifiers=(pl.col("unit") == pl.col("unit_right")).cast(pl.Float64) * 100,
            naf=activity_agrees(pl.col("categorie"), pl.col("naf")),
        )
        .with_columns(strength=pl.min_horizontal(_strength(), _ceiling()).round(1))
        .select(*PAIR, "strength", "streetless", "name", "address", "identifiers", "naf", "distance_m", "heir")
    )


def _name_scores(pairs: pl.DataFrame, of_ege: pl.DataFrame, of_sirene: pl.DataFrame) -> pl.DataFrame:
    """The best of every name of the one beside every name of the other."""
    beside = pairs.select(PAIR).join(of_ege, on="finess").join(of_sirene, on="siret")
    whole = _likeness(beside.select(one="key", other="key_right"))
    proper = _likeness(beside.select(one="core", other="core_right"))
    each = beside.join(whole, left_on=["key", "key_right"], right_on=["one", "other"]).join(
        proper, left_on=["core", "core_right"], right_on=["one", "other"], how="left", suffix="_proper"
    )
    blended = w.NAME_PROPER * pl.col("likeness_proper") + w.NAME_WHOLE * pl.col("likeness")
    name = (
        pl.when(pl.col("likeness_proper").is_null()).then(w.NAME_GENERIC * pl.col("likeness")).otherwise(100 * blended)
    )
    known = pl.when("manager").then(name * w.NAME_MANAGER / 100).otherwise(name)
    return each.with_columns(name=known).group_by(PAIR).agg(pl.col("name").max().round(1))


def _likeness(texts: pl.DataFrame) -> pl.DataFrame:
    """one, other, likeness (0 to 1) of pairs of texts, each compared once."""
    pairs = texts.drop_nulls().unique()
    edits = _edits(pairs["one"], pairs["other"])
    return pairs.with_columns(likeness=w.NAME_EDITS * edits + w.NAME_WORDS * _shared_words())


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
    return frame.join(streets.with_columns(street=likeness), on=["way", "way_right"], how="left", maintain_order="left")


def _address() -> pl.Expr:
    one, other = pl.col("house"), pl.col("house_right")
    number = (
        pl.when(one == other).then(1.0)
        .when(one.is_null() & other.is_null()).then(1.0)
        .when(one.is_null() | other.is_null()).then(w.NUMBER_UNSAID)
        .otherwise(0.0)
    )  # fmt: skip
    split = (pl.col("arrondissement") != pl.col("arrondissement_right")).fill_null(False)
    commune = (
        pl.when((pl.col("town") != pl.col("town_right")).fill_null(True)).then(0.0)
        .when(split).then(w.OTHER_ARRONDISSEMENT).otherwise(1.0)
    )  # fmt: skip
    street = pl.col("street").fill_null(w.STREET_UNSAID)
    written = 100 * (w.ADDRESS_COMMUNE * commune + w.ADDRESS_STREET * street + w.ADDRESS_NUMBER * number * street)
    far = (pl.col("distance_m") > w.FAR_M) & (written < w.SAME_ADDRESS)
    return (
        pl.when(pl.col("distance_m") <= w.NEAR_M).then(pl.max_horizontal(written, w.NEAR_ADDRESS))
        .when(far).then(pl.min_horizontal(written, w.FAR_ADDRESS))
        .otherwise(written).round(1)
    )  # fmt: skip


def _strength() -> pl.Expr:
    """Beyond 100, two candidates that both look right are still told apart."""
    added = (
        (w.SAME_SIREN, _same_unit()),
        (w.DECLARED, pl.col("declared")),
        (w.HEIR, pl.col("heir")),
        (w.NAF_EXPECTED, pl.col("naf") == EXPECTED),
        (w.NAF_FOREIGN, pl.col("naf") == FOREIGN),
        (w.TAKEN, pl.col("taken") & ~_same_unit()),
    )
    parts = w.SCORE_NAME * pl.col("name").fill_null(0.0) + w.SCORE_ADDRESS * pl.col("address")
    return parts + pl.sum_horizontal(pl.when(is_so).then(weight) for weight, is_so in added)


def _ceiling() -> pl.Expr:
    """Another unit of another activity is not accepted without a person; of one's own account, not even shown."""
    foreign = ((pl.col("naf") == FOREIGN) & ~_same_unit()).fill_null(False)
    person = pl.col("natural_person").fill_null(False) & ~runs_on_own_account(pl.col("categorie")) & ~_same_unit()
    return pl.when(person).then(w.PERSON_CEILING).when(foreign).then(w.FOREIGN_CEILING)


def _same_unit() -> pl.Expr:
    return (pl.col("unit") == pl.col("unit_right")).fill_null(False)
