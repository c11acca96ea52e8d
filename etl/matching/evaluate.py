"""`python -m etl.matching.evaluate --official FOLDER --demo FOLDER`: how many links are found, how many of them are right."""

import resource
import time
from pathlib import Path

import click
import polars as pl

from etl.demo.truth import NAME as TRUTH_NAME
from etl.matching import weights
from etl.matching.comparing import compared
from etl.matching.deciding import ACCEPTED, REVIEW, decided
from etl.matching.declared import declared_findings
from etl.matching.given import known_establishments, last_words
from etl.matching.prepared import prepared_ege
from etl.matching.samples import ege_of, sirene_of
from etl.matching.shapes import DECISIONS, DUPLICATES, PAIR, SUCCESSIONS

THRESHOLDS = [float(t) for t in range(61, 100, 2)]
HIDDEN, SEED = 0.5, 20_261_121


def right_ones(ege: pl.DataFrame, sirene: pl.DataFrame, masked: pl.DataFrame) -> pl.DataFrame:
    """finess, siret: what open EGE declare rightly, of SIRENE's open rows."""
    nothing = DUPLICATES.to_frame()
    findings = declared_findings(prepared_ege(ege, nothing), known_establishments(sirene, masked, nothing))
    confirmed = findings.filter(pl.col("confirmed") & ~pl.col("masked"))
    return confirmed.join(ege.filter("open"), on="finess", how="semi").join(
        sirene.filter("active"), on="siret", how="semi"
    ).select(PAIR)  # fmt: skip


def hidden_half(right: pl.DataFrame) -> pl.DataFrame:
    """A random half of them, always the same."""
    return right.sort(PAIR).sample(fraction=HIDDEN, seed=SEED, shuffle=True)


def without_declared(ege: pl.DataFrame, hidden: pl.DataFrame) -> pl.DataFrame:
    """The EGE, those of `hidden` declaring nothing."""
    silent = pl.col("finess").is_in(hidden["finess"].implode())
    return ege.with_columns(declared=pl.when(~silent).then("declared"))


def judged_pairs(ege: pl.DataFrame, sirene: pl.DataFrame, masked: pl.DataFrame) -> pl.DataFrame:
    """Every pair with its score; how long it took is said."""
    start = time.monotonic()
    nobody = last_words(DECISIONS.to_frame())
    pairs = pl.concat(compared(ege, sirene, masked, nobody, SUCCESSIONS.to_frame(), DUPLICATES.to_frame()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    click.echo(f"{len(ege):,} EGE, {len(sirene):,} + {len(masked):,} SIRET, {len(pairs):,} paires : "
               f"{time.monotonic() - start:.1f} s, {peak} Mio au plus haut")  # fmt: skip
    return pairs


def measured(links: pl.DataFrame, truth: pl.DataFrame) -> tuple[float, float]:
    """Precision and recall of pairs (finess, siret); `truth` has every EGE in question, with a null where nothing is to find."""
    asked = links.join(truth, on="finess", how="semi").select(PAIR).unique()
    right = asked.join(truth, on=PAIR, how="semi").height
    return right / max(asked.height, 1), right / max(truth["siret"].count(), 1)


def curve(pairs: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Precision and recall of what would be accepted, and of what would be accepted or shown, from each score on."""
    ours = pairs.join(truth, on="finess", how="semi")
    return pl.DataFrame([_point(ours, truth, threshold) for threshold in THRESHOLDS])


def as_decided(pairs: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float]:
    """The same with the thresholds in use."""
    return _point(pairs.join(truth, on="finess", how="semi"), truth, weights.ACCEPT, weights.REVIEW)


def _point(pairs: pl.DataFrame, truth: pl.DataFrame, accept: float, review: float | None = None) -> dict[str, float]:
    links = decided(pairs, accept, accept if review is None else review)
    accepted = measured(links.filter(status=ACCEPTED), truth)
    shown = measured(links.filter(pl.col("status").is_in([ACCEPTED, REVIEW])), truth)
    count = {"acceptes": float(links.filter(status=ACCEPTED).height)}
    values = dict(zip(("precision", "rappel", "precision_vus", "rappel_vus"), (*accepted, *shown), strict=True))
    return {"seuil": accept} | count | {name: round(value, 4) for name, value in values.items()}


def evaluate_official(folder: Path) -> None:
    """What is right and hidden is looked for: no other truth is known of real data."""
    ege, (sirene, masked) = ege_of(_flow(folder)), sirene_of(folder)
    hidden = hidden_half(right_ones(ege, sirene, masked))
    pairs = judged_pairs(without_declared(ege, hidden), sirene, masked)
    _show(f"{len(hidden):,} SIRET déclarés justes, cachés", pairs, hidden)


def evaluate_demo(folder: Path) -> None:
    """The same where all is known: half of the right ones hidden, the missing, the head office's, and nothing to find."""
    ege, (sirene, masked) = ege_of(_flow(folder)), sirene_of(folder)
    hidden = hidden_half(right_ones(ege, sirene, masked))
    pairs = judged_pairs(without_declared(ege, hidden), sirene, masked)
    truth = demo_truth(folder, sirene, hidden)
    _show(f"{len(truth):,} EGE ouverts", pairs, truth.select(PAIR))
    for (kind,), rows in sorted(truth.partition_by("link", as_dict=True).items()):
        click.echo(f"{kind} ({len(rows):,}) : {as_decided(pairs, rows.select(PAIR))}")


def demo_truth(folder: Path, sirene: pl.DataFrame, hidden: pl.DataFrame) -> pl.DataFrame:
    """finess, siret, link of open EGE; a SIRET that is closed, or masked and not declared, is nobody's to find: null."""
    truth = pl.read_parquet(folder / TRUTH_NAME).filter(pl.col("finess").is_not_null() & pl.col("open"))
    closed = pl.col("siret").is_in(sirene.filter(~pl.col("active"))["siret"].implode())
    masked = ~pl.col("siret").is_in(sirene["siret"].implode())
    silent = pl.col("finess").is_in(hidden["finess"].implode())
    findable = ~closed & (~masked | (pl.col("declared_siret") == pl.col("siret")).fill_null(False))
    return truth.select(
        "finess",
        siret=pl.when(findable).then("siret"),
        link=pl.when(silent).then(pl.lit("hidden")).otherwise("link"),
    )


def _flow(folder: Path) -> Path:
    return max(folder.glob("finess-structures-*.json.gz"))


def _show(title: str, pairs: pl.DataFrame, truth: pl.DataFrame) -> None:
    click.echo(f"{title} : {as_decided(pairs, truth)}")
    with pl.Config(
        tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, tbl_formatting="MARKDOWN"
    ):
        click.echo(str(curve(pairs, truth)))


@click.command()
@click.option("--official", type=click.Path(exists=True, file_okay=False, path_type=Path), help="FINESS réel, SIRENE.")
@click.option(
    "--demo", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Dossier de python -m etl.demo."
)
def main(official: Path | None, demo: Path | None) -> None:
    """Mesurer l’appariement : les seuils se règlent sur la démonstration, puis se vérifient sur le réel."""
    if demo:
        evaluate_demo(demo)
    if official:
        evaluate_official(official)


if __name__ == "__main__":
    main()
