"""SIRENE's open rows as records of history: a version a change of content, Insee's technical touches apart."""

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import polars as pl

from etl.history import Published
from geo.sirene import KIND

TECHNICAL = "treated_at"


def records_of(opened: pl.DataFrame) -> Iterator[Published]:
    """Rows of OPEN, what they do not say left out. What was published is what is kept: there is no second copy of it."""
    for row in opened.iter_rows(named=True):
        record = {name: value for name, value in row.items() if value not in (None, [])}
        yield Published(KIND, record["siret"], _hash(record), partial(dict, record), {})


def _hash(record: dict[str, Any]) -> bytes:
    content = {name: value for name, value in record.items() if name != TECHNICAL}
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=16).digest()
