"""What is said of pairs before anything is compared: by FINESS, by persons, by Insee's successions."""

from dataclasses import dataclass

import polars as pl

from etl.matching.places import with_town
from etl.matching.shapes import PAIR
from etl.matching.successions import heirs, one_unit


@dataclass(frozen=True)
class Given:
    """Of all EGE, or of some."""

    declared: pl.DataFrame  # etl.matching.declared
    verdicts: pl.DataFrame  # finess, siret, verdict, by: the last word on each pair
    heirs: pl.DataFrame  # finess, siret: who took over from the declared one
    taken: pl.DataFrame  # siret, holders: rightly declared by so many open EGE

    def of(self, ege: pl.DataFrame) -> "Given":
        """The same for some EGE."""
        declared, verdicts, succeeding = (
            each.join(ege, on="finess", how="semi") for each in (self.declared, self.verdicts, self.heirs)
        )
        return Given(declared, verdicts, succeeding, self.taken)

    def pairs(self) -> pl.DataFrame:
        """finess, siret of all that is said."""
        return pl.concat([each.select(PAIR) for each in (self.declared, self.verdicts, self.heirs)]).unique()

    def beside(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """What is said, beside each pair; `taken`: another EGE rightly declares this SIRET."""
        own = proven(self.declared).select(*PAIR, own=1)
        return (
            pairs.join(self.declared.with_columns(declared=True), on=PAIR, how="left")
            .join(self.verdicts, on=PAIR, how="left")
            .join(self.heirs.with_columns(heir=True), on=PAIR, how="left")
            .join(self.taken, on="siret", how="left")
            .join(own, on=PAIR, how="left")
            .with_columns(pl.col("declared", "heir", "confirmed", "shared", "masked").fill_null(False))
            .with_columns(taken=pl.col("holders").fill_null(0) > pl.col("own").fill_null(0))
            .drop("holders", "own")
            .sort(PAIR)
        )


def known_establishments(sirene: pl.DataFrame, masked: pl.DataFrame, duplicates: pl.DataFrame) -> pl.DataFrame:
    """siret, unit, town, arrondissement, departement, active, masked of all; what is masked anywhere is masked."""
    rows = pl.concat(
        [
            masked.select("siret", "siren", "commune", active=True, masked=True),
            sirene.select("siret", "siren", "commune", "active", masked=False),
        ]
    )
    once = rows.unique("siret", keep="first", maintain_order=True)
    unit = one_unit(pl.col("siren"), duplicates)
    return with_town(once).select("siret", "town", "arrondissement", "departement", "active", "masked", unit=unit)


def last_words(decisions: pl.DataFrame) -> pl.DataFrame:
    """finess, siret, verdict, by: the latest decision on each pair."""
    last = decisions.sort("decided_at", "verdict", "by").unique(PAIR, keep="last", maintain_order=True)
    return last.select(*PAIR, "verdict", "by")


def heirs_of_declared(declared: pl.DataFrame, successions: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """finess, siret of those that took over from a declared one that closed."""
    closed = declared.filter(pl.col("checks").list.contains("ferme"))
    active = known.filter(pl.col("active") & ~pl.col("masked"))["siret"]
    found = heirs(closed["siret"], successions, active)
    return closed.select("finess", predecessor="siret").join(found, on="predecessor").select(PAIR).unique()


def proven(declared: pl.DataFrame) -> pl.DataFrame:
    """Those that their numbers and their commune confirm, for one address."""
    return declared.filter(pl.col("confirmed") & ~pl.col("shared"))


def holders(declared: pl.DataFrame, ege: pl.DataFrame) -> pl.DataFrame:
    """siret, holders: by how many open EGE it is rightly declared."""
    right = proven(declared).join(ege.filter("open"), on="finess", how="semi")
    return right.group_by("siret").agg(holders=pl.len())
