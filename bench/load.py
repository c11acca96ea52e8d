"""`python -m bench.load FLOW URL SEARCH FILE…`: one refresh whose memory is its own, its Report as JSON."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from api.commands.terminal import Bars
from etl.finess import pipeline as structures
from etl.finess.activites import pipeline as activites
from etl.report import Report
from etl.sirene.pipeline import How
from etl.sirene.refresh import StockFiles, refresh_pages, refresh_stock
from geo.database import engine_for
from geo.progress import Progress
from geo.publication import served_publication

Refresh = Callable[[Engine, Path, Sequence[Path], Progress], Report]


def _stock(engine: Engine, search: Path, files: Sequence[Path], progress: Progress) -> Report:
    return refresh_stock(engine, StockFiles(*files), How(home=search.parent, search_root=search), progress)


def _pages(engine: Engine, search: Path, files: Sequence[Path], progress: Progress) -> Report:
    with engine.connect() as connection:
        served = served_publication(connection)
    how = How(home=search.parent, search_root=search)
    return refresh_pages(engine, files, how, progress, fictitious=served is not None and served.fictitious)


REFRESH: dict[str, Refresh] = {
    "structures": lambda engine, search, files, progress: structures.refresh(
        engine, search, *files, home=search.parent, progress=progress
    ),
    "activites": lambda engine, search, files, progress: activites.refresh(
        engine, search, *files, home=search.parent, progress=progress
    ),
    "sirene_stock": _stock,
    "sirene_pages": _pages,
}


def main(flow: str, url: str, search: str, *files: str) -> None:
    with Bars() as bars:
        report = REFRESH[flow](engine_for(url), Path(search), [Path(file) for file in files], bars)
    print(msgspec.json.encode(report).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
