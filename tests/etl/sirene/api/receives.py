"""A synchronisation in a process of its own: `python -m tests.etl.sirene.api.receives URL SPOOL STOCK_DAY`."""

import sys
from datetime import date
from pathlib import Path

from etl.sirene.api import Sirene, Spool, synchronise
from tests.etl.sirene.api.insee import KEY

if __name__ == "__main__":
    url, spool, stock_day = sys.argv[1:]
    synchronise(Sirene(url, KEY), Spool(Path(spool)), None, date.fromisoformat(stock_day))
