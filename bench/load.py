"""`python -m bench.load FLOW URL SEARCH FILE`: one refresh whose memory is its own, its Report as JSON."""

import sys
from pathlib import Path

import msgspec

from api.commands.terminal import Bars
from etl.finess import pipeline as structures
from etl.finess.activites import pipeline as activites
from geo.database import engine_for

REFRESH = {"structures": structures.refresh, "activites": activites.refresh}


def main(flow: str, url: str, search: str, file: str) -> None:
    with Bars() as bars:
        report = REFRESH[flow](engine_for(url), Path(search), Path(file), progress=bars)
    print(msgspec.json.encode(report).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
