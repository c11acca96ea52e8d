"""Write the demo's files: the FINESS flow, SIRENE's three parquets, and the truth that tests compare with."""

import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import polars as pl

from etl.demo.finess import Country, Truth
from etl.demo.sirene import write_sirene

SEED = 20_260_720  # the day FINESS+ was deployed
PRODUCED_ON = date(2026, 11, 21)
GZIP_LEVEL = 4
TRUTH_SCHEMA = {
    "finess": pl.String,
    "siret": pl.String,
    "name": pl.String,
    "categorie": pl.String,
    "commune": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "precision": pl.String,
    "open": pl.Boolean,
}


class DemoFiles(msgspec.Struct, frozen=True):
    """Where a demo was written; SIRENE's files when they were asked for."""

    finess: Path
    truth: Path
    sirene: tuple[Path, ...] = ()

    def written(self) -> tuple[Path, ...]:
        return (self.finess, self.truth, *self.sirene)


def generate(
    out: Path,
    *,
    size: int,
    seed: int = SEED,
    produced_on: date = PRODUCED_ON,
    sirene: bool = False,
    rich: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> DemoFiles:
    """The same size, seed, date and richness give the same bytes; memory does not grow with the FINESS file's size."""
    out.mkdir(parents=True, exist_ok=True)
    finess = out / f"finess-structures-journalier-{produced_on:%Y%m%d}.json.gz"
    truths = _write_finess(finess, Country(seed, produced_on, rich), size, produced_on, progress)
    truth = out / "verite.parquet"
    frame = pl.DataFrame([msgspec.structs.astuple(each) for each in truths], schema=TRUTH_SCHEMA, orient="row")
    frame.write_parquet(truth, compression="zstd")
    return DemoFiles(finess, truth, write_sirene(out, frame, seed, produced_on) if sirene else ())


def _write_finess(
    path: Path, country: Country, size: int, produced_on: date, progress: Callable[[int, int], None] | None
) -> list[Truth]:
    truths: list[Truth] = []
    partial = path.with_suffix(".partial")
    with partial.open("wb") as raw, gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) as out:
        out.write(_opening(produced_on))
        for rank, (entity, made) in enumerate(country.entities(size)):
            out.write((b"," if rank else b"") + msgspec.json.encode(entity))
            truths += made
            if progress and rank % 500 == 0:
                progress(len(truths), size)
        out.write(b"]}")
    partial.replace(path)
    return truths


def _opening(produced_on: date) -> bytes:
    root = {
        "schemaVersion": "v1.0.0",
        "generatedAt": f"{produced_on}T02:10:00.000000000Z",
        "fictif": True,
        "gcc": [],
        "gco": [],
    }
    return msgspec.json.encode(root)[:-1] + b',"pmej":['
