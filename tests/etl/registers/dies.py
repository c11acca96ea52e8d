"""A run of SIRENE killed at a step: `python -m tests.etl.registers.dies DATABASE HOME STEP (stock E U P | pages FILE)`."""

import sys
from pathlib import Path

from etl.sirene.pipeline import How
from etl.sirene.refresh import StockFiles, refresh_pages, refresh_stock
from geo.database import engine_for
from tests.etl.finess.dies import Deadly

if __name__ == "__main__":
    url, home, step, kind, *given = sys.argv[1:]
    how = How(home=Path(home), search_root=Path(home) / "search")
    paths = [Path(each) for each in given]
    if kind == "stock":
        refresh_stock(engine_for(url), StockFiles(*paths), how, Deadly(step))
    else:
        refresh_pages(engine_for(url), paths, how, Deadly(step))
