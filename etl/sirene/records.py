"""SIRENE's open rows as records of history: a version a change of content, Insee's technical touches apart."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import polars as pl

from etl.copying import digest
from etl.history import Published
from etl.sirene.rows import OPEN
from geo.sirene import KIND

TECHNICAL = "treated_at"


def records_of(opened: pl.DataFrame) -> Iterator[Published]:
    """Rows of OPEN, what they do not say left out. What was published is what is kept: there is no second copy of it."""
    for row in opened.iter_rows(named=True):
        record = {name: value for name, value in row.items() if value not in (None, [])}
        content = {name: value for name, value in record.items() if name != TECHNICAL}
        yield Published(KIND, record["siret"], digest(content), partial(dict, record), {})


def open_frame(records: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of OPEN from `siret` records."""
    written = pl.Schema(
        {name: pl.String if kind in (pl.Date, pl.Datetime("us")) else kind for name, kind in OPEN.items()}
    )
    frame = pl.DataFrame(list(records), schema=written, orient="row")
    return frame.with_columns(
        *(pl.col(name).str.to_date("%Y-%m-%d") for name, kind in OPEN.items() if kind == pl.Date),
        *(
            pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us")
            for name, kind in OPEN.items()
            if kind == pl.Datetime("us")
        ),
        # what a record does not say is absent of it: no sign is no list there
        *(pl.col(name).fill_null([]) for name, kind in OPEN.items() if kind == pl.List(pl.String)),
    )
