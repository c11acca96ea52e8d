"""SIRENE's open rows as records of history: a version a change of content, Insee's technical touches apart."""

from collections.abc import Iterator
from functools import partial

import polars as pl

from etl.copying import digest
from etl.history import Published
from geo.sirene import KIND

TECHNICAL = "treated_at"


def records_of(opened: pl.DataFrame) -> Iterator[Published]:
    """Rows of OPEN, what they do not say left out. What was published is what is kept: there is no second copy of it."""
    for row in opened.iter_rows(named=True):
        record = {name: value for name, value in row.items() if value not in (None, [])}
        content = {name: value for name, value in record.items() if name != TECHNICAL}
        yield Published(KIND, record["siret"], digest(content), partial(dict, record), {})
