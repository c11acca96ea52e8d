"""`python -m bench.read_stock HOW FILES… FOLDER SIZE`: one reading in a process whose memory is its own; JSON on standard output.

HOW is `stock`, as the pipeline does it, or `floor`: polars reads the columns that we keep from end to end and keeps none.
Other texts, looked into for « [ND] » where a row is chosen, are not in the floor: they weigh on us alone.
"""

import sys
import time
from pathlib import Path

import msgspec
import polars as pl

from bench.stocks import named
from etl.sirene.layout import ESTABLISHMENTS, GEOLOCATION, LEGAL_UNITS, scan
from etl.sirene.scan import Counts, stock


class Reading(msgspec.Struct, frozen=True):
    """What it took; nothing is counted of the floor."""

    seconds: float
    counts: Counts | None = None


def main(how: str, establishments: str, units: str, positions: str, folder: str, size: str) -> None:
    files = Path(establishments), Path(units), Path(positions)
    siret = named(int(size))
    began = time.perf_counter()
    counts = HOW[how](files, Path(folder), siret)
    print(msgspec.json.encode(Reading(time.perf_counter() - began, counts)).decode())


def _stock(files: tuple[Path, Path, Path], folder: Path, siret: list[str]) -> Counts | None:
    return stock(*files, folder, siret).counts


def _floor(files: tuple[Path, Path, Path], folder: Path, siret: list[str]) -> Counts | None:
    for path, source in zip(files, (ESTABLISHMENTS, LEGAL_UNITS, GEOLOCATION), strict=True):
        scan(path, source).select(pl.all().count()).collect(engine="streaming")
    return None


HOW = {"stock": _stock, "floor": _floor}


if __name__ == "__main__":
    main(*sys.argv[1:])
