"""The monthly stock: of forty million establishments, those of our field and those that FINESS names, parted by the door."""

from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import polars as pl

from etl.sirene import rows
from etl.sirene.archive import parquet_of
from etl.sirene.diffusion import ACTIVE, SAYS_HIDDEN, split
from etl.sirene.layout import ESTABLISHMENTS, GEOLOCATION, LEGAL_UNITS, asked, check, scan, typed, undamaged
from etl.sirene.naf import in_scope

# Legal units looked up at once. Files are sorted by number, so a range of units is a few row groups and statistics skip the rest;
# their rows and positions take some hundred megabytes.
UNITS_AT_ONCE = 200_000
OPEN_NAME, MASKED_NAME = "sirene_ouverts.parquet", "sirene_masques.parquet"
READABLE = (pl.col("siret").str.contains(r"^[0-9]{14}$") & (pl.col("siret").str.head(9) == pl.col("siren"))).fill_null(
    False
)
CLOSED_OF_NO_USE = ~pl.col("named") & (
    pl.col("etatAdministratifEtablissement").ne_missing(ACTIVE)
    | pl.col("etatAdministratifUniteLegale").ne(ACTIVE).fill_null(False)
)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Establishments of the stock."""

    read: int
    in_scope: int  # by their own activity, closed ones included
    named_found: int  # of those FINESS names, whatever their activity and state
    closed_dropped: int  # in scope, closed or of a legal unit that ceased, and not named
    unreadable: int  # of our field, without a SIRET or with one that is not its legal unit's
    repeated: int  # rows of a SIRET that another row gave
    open: int
    masked: int


class Stock(msgspec.Struct, frozen=True):
    """Where the two sides of the door were written, what was counted, and columns nobody knew."""

    open: Path  # rows.OPEN
    masked: Path  # rows.MASKED
    counts: Counts
    unknown_columns: list[str]


def stock(
    establishments: Path, units: Path, positions: Path | None, folder: Path, named: Collection[str] = ()
) -> Stock:
    """Read the published files (parquet, or CSV in its zip) and write both sides into `folder`; Refused when a column is missing.

    `named`: SIRET that FINESS gives: they are kept whatever their activity, and closed too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as temporary:
        work = Path(temporary)
        sources = [(establishments, ESTABLISHMENTS), (units, LEGAL_UNITS)]
        sources += [(positions, GEOLOCATION)] if positions else []
        readable = [(parquet_of(path, source, work), source) for path, source in sources]
        unknown = [name for path, source in readable for name in check(path, source)]
        stocked, of_units, *of_positions = (path for path, _ in readable)
        with undamaged(stocked):
            chosen = _choose(stocked, named, work)
        counts = _part(chosen, of_units, next(iter(of_positions), None), work)
        opened = _gathered(work, "open", rows.OPEN, folder / OPEN_NAME)
        masked = _gathered(work, "masked", rows.MASKED, folder / MASKED_NAME)
        read = int(scan(stocked, ESTABLISHMENTS).select(pl.len()).collect().item())
        return Stock(opened, masked, _counts(read, chosen, counts), unknown)


def _choose(establishments: Path, named: Collection[str], work: Path) -> pl.LazyFrame:
    """Only the columns of the question are decoded for every row; the others where it was answered by yes."""
    wanted = pl.Series(list(named), dtype=pl.String)
    of_field = in_scope(
        "activitePrincipaleEtablissement",
        "nomenclatureActivitePrincipaleEtablissement",
        "activitePrincipaleNAF25Etablissement",
    )
    is_named = pl.col("siret").is_in(wanted.implode())
    path = work / "choisis.parquet"
    answered = asked(establishments, ESTABLISHMENTS, of_field | is_named)
    answered.with_columns(of_field=of_field, named=is_named).sink_parquet(path)
    return pl.scan_parquet(path)


def _part(chosen: pl.LazyFrame, units: Path, positions: Path | None, work: Path) -> list[tuple[int, ...]]:
    """Range after range of legal units: joined, closed ones dropped, parted, written; closed, repeated, open, masked of each."""
    counts: list[tuple[int, ...]] = []
    for rank, sirens in enumerate(_ranges(chosen)):
        joined = _joined(chosen, units, positions, sirens)
        kept = joined.filter(~CLOSED_OF_NO_USE)
        opened, masked = _once_each(*split(kept))
        opened.sort("siret").write_parquet(work / f"open-{rank:05}.parquet")
        masked.sort("siret").write_parquet(work / f"masked-{rank:05}.parquet")
        closed, repeated = joined.height - kept.height, kept.height - opened.height - masked.height
        counts.append((closed, repeated, opened.height, masked.height))
    return counts


def _once_each(opened: pl.DataFrame, masked: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row a SIRET, whatever the file repeats; one that any row masks is masked."""
    hidden = masked.unique("siret", keep="first", maintain_order=True)
    told = opened.join(hidden, on="siret", how="anti", maintain_order="left")
    return told.unique("siret", keep="first", maintain_order=True), hidden


def _ranges(chosen: pl.LazyFrame) -> Iterator[pl.Series]:
    sirens = chosen.filter(READABLE).select("siren").unique().collect(engine="streaming")["siren"].sort()
    for start in range(0, len(sirens), UNITS_AT_ONCE):
        yield sirens.slice(start, UNITS_AT_ONCE)


def _joined(chosen: pl.LazyFrame, units: Path, positions: Path | None, sirens: pl.Series) -> pl.DataFrame:
    """PUBLISHED rows of these legal units, with `named` and SAYS_HIDDEN of their three files."""
    first, last = sirens[0], sirens[-1]
    of_range = pl.col("siren").is_between(pl.lit(first), pl.lit(last))
    ours = typed(chosen.filter(READABLE & of_range).collect(engine="streaming"), ESTABLISHMENTS)
    with undamaged(units):
        of_units = asked(units, LEGAL_UNITS, of_range & pl.col("siren").is_in(sirens.implode()))
        theirs = of_units.collect(engine="streaming")
    # of a unit that is there twice, the row that hides it is heard
    told_last = pl.col("statutDiffusionUniteLegale").eq_missing("O") & ~pl.col(SAYS_HIDDEN)
    joined = _beside(ours, typed(theirs, LEGAL_UNITS).sort(told_last, maintain_order=True), "siren")
    if positions is None:
        return joined
    # a SIRET begins with its SIREN: the same range, and its row groups
    of_sirets = pl.col("siret").is_between(pl.lit(f"{first}00000"), pl.lit(f"{last}99999"))
    with undamaged(positions):
        placed = asked(positions, GEOLOCATION, of_sirets & pl.col("siret").is_in(ours["siret"].implode()))
        there = placed.collect(engine="streaming")
    return _beside(joined, typed(there, GEOLOCATION), "siret")


def _beside(ours: pl.DataFrame, theirs: pl.DataFrame, key: str) -> pl.DataFrame:
    """With what another file says of the same: hidden by one is hidden."""
    said, there = pl.col(SAYS_HIDDEN), f"{SAYS_HIDDEN}_there"
    joined = ours.join(theirs.unique(key, keep="first").rename({SAYS_HIDDEN: there}), on=key, how="left")
    return joined.with_columns(said | pl.col(there).fill_null(False)).drop(there)


def _gathered(work: Path, side: str, schema: pl.Schema, path: Path) -> Path:
    """The parts as one file that appears under its name when it is whole."""
    parts, partial = sorted(work.glob(f"{side}-*.parquet")), path.with_suffix(".partial")
    written = pl.scan_parquet(parts) if parts else pl.LazyFrame(schema=schema)
    written.sink_parquet(partial, maintain_order=True)
    return partial.replace(path)


def _counts(read: int, chosen: pl.LazyFrame, parted: list[tuple[int, ...]]) -> Counts:
    asked = chosen.select((~READABLE).sum(), pl.col("of_field").sum(), pl.col("named").sum())
    unreadable, in_scope, named = asked.collect().row(0)
    closed, repeated, opened, masked = (sum(each) for each in zip(*parted, strict=True)) if parted else (0, 0, 0, 0)
    return Counts(
        read=read,
        in_scope=in_scope,
        named_found=named,
        closed_dropped=closed,
        unreadable=unreadable,
        repeated=repeated,
        open=opened,
        masked=masked,
    )
