"""`python -m bench.load URL SEARCH FILE`: one refresh whose memory is its own, its Report as JSON."""

import sys
from pathlib import Path

import msgspec

from api.commands.terminal import Bars
from etl.finess.pipeline import refresh
from geo.database import engine_for


def main(url: str, search: str, file: str) -> None:
    with Bars() as bars:
        report = refresh(engine_for(url), Path(search), Path(file), progress=bars)
    print(msgspec.json.encode(report).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
