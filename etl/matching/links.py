"""Every link between FINESS and SIRENE: what is declared, what is found, what a person decided."""

from collections.abc import Iterator, Set
from dataclasses import dataclass

import polars as pl

from etl.matching.blocking import candidate_pairs
from etl.matching.deciding import ACCEPTED, decided
from etl.matching.declared import declared_findings
from etl.matching.places import with_town
from etl.matching.prepared import READ, names_of_ege, names_of_sirene, prepared_ege, prepared_sirene
from etl.matching.reasons import by_a_person, reason
from etl.matching.scoring import scored
from etl.matching.shapes import DECISIONS, DUPLICATES, LINKS, PARTS, SUCCESSIONS
from etl.matching.successions import heirs, one_unit
from etl.matching.weights import CONFIRMED_MASKED

PAIR = ["finess", "siret"]
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
    """`LINKS`, sorted. `ege`: `EGE` (etl.matching.shapes); `sirene`, `masked`: `OPEN`, `MASKED` (etl.sirene.rows), closed ones included.

    `communes`: only the EGE of these, the same rows as a full run gives them. Give all EGE even so: who else declares a SIRET counts.
    """
    verdicts = _latest(DECISIONS.to_frame() if decisions is None else decisions)
    pairs = compared(ege, sirene, masked, verdicts, successions, duplicates, communes)
    strangers = verdicts.join(ege, on="finess", how="anti") if communes is None else verdicts.clear()
    return pl.concat([LINKS.to_frame(), *(_written(decided(part)) for part in pairs), _of_unknown_ege(strangers)]).sort(PAIR)


def compared(
    ege: pl.DataFrame,
    sirene: pl.DataFrame,
    masked: pl.DataFrame,
    verdicts: pl.DataFrame,
    successions: pl.DataFrame | None = None,
    duplicates: pl.DataFrame | None = None,
    communes: Set[str] | None = None,
) -> Iterator[pl.DataFrame]:
    """Pairs with their scores, before anything is decided, a département after the other: memory stays that of the largest."""
    same = DUPLICATES.to_frame() if duplicates is None else duplicates
    following = SUCCESSIONS.to_frame() if successions is None else successions
    known = known_establishments(sirene, masked, same)
    every = prepared_ege(ege, same)
    declared = declared_findings(every, known)
    given = Given(declared, verdicts, _heirs(declared, following, known), _taken(declared, every))
    usable = sirene.select(READ).join(known.filter(~pl.col("masked")).drop("active"), on="siret")
    wanted = every if communes is None else every.filter(pl.col("town").is_in(_towns(communes)))
    for part in wanted.sort("finess").partition_by("departement"):
        yield _compared_in(part, usable, given)


def known_establishments(sirene: pl.DataFrame, masked: pl.DataFrame, duplicates: pl.DataFrame) -> pl.DataFrame:
    """siret, unit, town, arrondissement, active, masked of every one; one that is masked anywhere is masked."""
    rows = pl.concat(
        [
            masked.select("siret", "siren", "commune", active=True, masked=True),
            sirene.select("siret", "siren", "commune", "active", masked=False),
        ]
    )
    once = rows.unique("siret", keep="first", maintain_order=True)
    unit = one_unit(pl.col("siren"), duplicates)
    return with_town(once).select("siret", "town", "arrondissement", "departement", "active", "masked", unit=unit)


@dataclass(frozen=True)
class Given:
    """What is said of pairs before they are compared, for all EGE."""

    declared: pl.DataFrame  # etl.matching.declared
    verdicts: pl.DataFrame  # the latest of each pair
    heirs: pl.DataFrame  # finess, siret: who took over from the declared one
    taken: pl.DataFrame  # siret, holders: rightly declared by so many EGE

    def of(self, ege: pl.DataFrame) -> "Given":
        """The same for some EGE."""
        ours = (each.join(ege, on="finess", how="semi") for each in (self.declared, self.verdicts, self.heirs))
        return Given(*ours, self.taken)

    def pairs(self) -> pl.DataFrame:
        return pl.concat([each.select(PAIR) for each in (self.declared, self.verdicts, self.heirs)]).unique()


def _compared_in(ege: pl.DataFrame, usable: pl.DataFrame, everywhere: Given) -> pl.DataFrame:
    """The pairs of one département's EGE; what is given may lie in another."""
    given = everywhere.of(ege)
    here = pl.col("departement") == ege.item(0, "departement")
    named = pl.col("siret").is_in(given.pairs()["siret"].implode())
    rows = prepared_sirene(usable.filter(here | named))
    names = names_of_ege(ege), names_of_sirene(rows)
    decided_by_hand = given.verdicts.filter(verdict=ACCEPTED)
    open_ones = ege.filter("open").join(decided_by_hand, on="finess", how="anti")
    right = given.declared.filter(pl.col("confirmed") & ~pl.col("shared"))
    searching = open_ones.join(right, on="finess", how="anti")
    pairs = pl.concat([candidate_pairs(open_ones, searching, rows.filter("active"), names), given.pairs()]).unique()
    told = _told(pairs, given)
    readable = told.join(rows, on="siret", how="semi")
    scores = scored(readable, ege, rows, names)
    judged = told.drop("heir").join(scores, on=PAIR, how="left").join(ege.select("finess", "open"), on="finess")
    known = pl.coalesce("strength", _of_numbers_alone())
    return judged.with_columns(pl.col("heir", "streetless").fill_null(False), strength=known, score=known.clip(0, 100))


def _told(pairs: pl.DataFrame, given: Given) -> pl.DataFrame:
    """What is given, beside each pair."""
    of_declared = given.declared.with_columns(declared=True)
    holds = of_declared.filter(pl.col("confirmed") & ~pl.col("shared")).select(*PAIR, own=1)
    return (
        pairs.join(of_declared, on=PAIR, how="left")
        .join(given.verdicts, on=PAIR, how="left")
        .join(given.heirs.with_columns(heir=True), on=PAIR, how="left")
        .join(given.taken, on="siret", how="left")
        .join(holds, on=PAIR, how="left")
        .with_columns(pl.col("declared", "heir", "confirmed", "shared", "masked").fill_null(False))
        .with_columns(taken=pl.col("holders").fill_null(0) > pl.col("own").fill_null(0))
        .drop("holders", "own")
        .sort(PAIR)
    )


def _of_numbers_alone() -> pl.Expr:
    """Nothing but numbers may be compared of a masked one; of one that SIRENE lacks, nothing at all."""
    return pl.when(pl.col("masked") & pl.col("confirmed")).then(CONFIRMED_MASKED).otherwise(0.0)


def _written(pairs: pl.DataFrame) -> pl.DataFrame:
    source = pl.when(pl.col("verdict").is_not_null()).then(pl.lit("human"))
    parts = [name for name in PARTS.to_schema() if name != "checks"]
    return pairs.with_columns(reason=reason()).select(
        *PAIR,
        "score",
        parts=pl.struct(*parts, pl.col("checks").fill_null(NO_CHECK)),
        source=source.when("declared").then(pl.lit("declared")).otherwise(pl.lit("scoring")),
        status="status",
        reason="reason",
    )


def _of_unknown_ege(verdicts: pl.DataFrame) -> pl.DataFrame:
    """What a person decided of an EGE that FINESS no longer has: kept, for the day it is back."""
    blank = [pl.lit(None, kind).alias(name) for name, kind in PARTS.to_schema().items() if name not in ("heir", "checks")]
    return verdicts.select(
        *PAIR,
        score=0.0,
        parts=pl.struct(*blank, heir=False, checks=NO_CHECK),
        source=pl.lit("human"),
        status="verdict",
        reason=by_a_person(),
    ).cast(LINKS)


def _latest(decisions: pl.DataFrame) -> pl.DataFrame:
    """The last word on each pair."""
    last = decisions.sort("decided_at", "verdict", "by").unique(PAIR, keep="last", maintain_order=True)
    return last.select(*PAIR, "verdict", "by")


def _heirs(declared: pl.DataFrame, successions: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """finess, siret of those that took over from a declared one that closed."""
    closed = declared.filter(pl.col("checks").list.contains("ferme"))
    active = known.filter(pl.col("active") & ~pl.col("masked"))["siret"]
    found = heirs(closed["siret"], successions, active)
    return closed.select("finess", predecessor="siret").join(found, on="predecessor").select(PAIR).unique()


def _taken(declared: pl.DataFrame, ege: pl.DataFrame) -> pl.DataFrame:
    """siret, holders: by how many open EGE it is rightly declared."""
    right = declared.filter(pl.col("confirmed") & ~pl.col("shared")).join(ege.filter("open"), on="finess", how="semi")
    return right.group_by("siret").agg(holders=pl.len())


def _towns(communes: Set[str]) -> list[str]:
    return with_town(pl.DataFrame({"commune": sorted(communes)}, schema={"commune": pl.String}))["town"].to_list()
