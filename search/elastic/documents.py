"""A structure as the server is told it, from one row of PostgreSQL."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from geo.cells import numbers, units
from search.document import STRUCTURES, Document, completeness, document_of
from search.elastic.mapping import CODES, NUMBERS, WORDS

FETCH_ROWS = 5_000

# Asked by `verification` and `sync`: these ones.
SOME_STRUCTURES = STRUCTURES.replace("ORDER BY", "WHERE s.id = ANY(:ids) ORDER BY")

Told = dict[str, Any]


def told(row: Mapping[str, Any], document: Document | None = None) -> Told:
    """What is known of it, by field; what is not known is absent."""
    made = document or document_of(row)
    fields: Told = {
        **{name: getattr(made, name) for name in WORDS},
        **{name: row[name] for name in ("id", "name_key", "categorie_no", "open", "has_phone", "lon", "lat")},
        **{name: row[name] for name in (*CODES, *NUMBERS)},
        "exact": made.exact,
        "name_length": made.name_length,
        "numbers": made.numbers.split(),
        "completeness": completeness(row["has_phone"], row["precision"]),
        "updated_on": row["updated_on"].isoformat() if row["updated_on"] else None,
        **_place(row["lon"], row["lat"]),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _place(lon: float | None, lat: float | None) -> Told:
    if lon is None or lat is None:
        return {}
    x, y = units(np.array([lon]), np.array([lat]))  # the very function that the grid's are computed by
    return {"position": {"lon": lon, "lat": lat}, "x": int(x[0]), "y": int(y[0]), "cell": int(numbers(x, y)[0])}
