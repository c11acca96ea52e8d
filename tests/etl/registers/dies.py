"""Killed at a step: `python -m tests.etl.registers.dies DATABASE HOME STEP` and what is done.

Which is `stock E U P`, `pages FILE`, `withdraw SIRET` or `rollback LOAD`.
"""

import sys
from pathlib import Path

from etl.registers import acts
from etl.rollback import rollback
from etl.sirene.pipeline import How
from etl.sirene.refresh import StockFiles, refresh_pages, refresh_stock
from geo.database import engine_for
from tests.etl.finess.dies import Deadly

if __name__ == "__main__":
    url, home, step, kind, *given = sys.argv[1:]
    engine, deadly = engine_for(url), Deadly(step)
    how = How(home=Path(home), search_root=Path(home) / "search")
    paths = [Path(each) for each in given]
    if kind == "stock":
        refresh_stock(engine, StockFiles(*paths), how, deadly)
    elif kind == "pages":
        refresh_pages(engine, paths, how, deadly)
    elif kind == "withdraw":
        acts.withdraw(acts.Instance(engine, how.home, how.search_root), given[0], "sa lettre", deadly)
    else:
        rollback(engine, how.search_root, int(given[0]), deadly, home=how.home)
