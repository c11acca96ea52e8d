"""Numbers of rejected rows, which the ledger shows to anyone: those of who must not be told leave it too."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from etl.registers import withheld
from geo.sirene import WITHHELD


def forget(connection: Connection) -> int:
    """Take them out of every load of the ledger; how many loads showed one."""
    forgotten: int = connection.execute(text(FORGET)).rowcount
    return forgotten


def told(connection: Connection, counts: Mapping[str, Any]) -> dict[str, Any]:
    """What a load counted, as it may be told today."""
    samples: dict[str, list[str]] = counts.get("samples", {})
    numbers = [_digits(number) for each in samples.values() for number in each]
    hidden = withheld.withheld_among(connection, numbers) if numbers else set()
    if not hidden:
        return dict(counts)
    shown = {why: [n for n in each if _digits(n) not in hidden] for why, each in samples.items()}
    return {**counts, "samples": shown}


def _digits(number: str) -> str:
    """A rejected number may be written with spaces."""
    return re.sub("[^0-9]", "", number)


# A few loads a day with a few samples each: one scan a commit.
FORGET = f"""
WITH shown AS (
    SELECT load.id, reason, number, place,
           regexp_replace(number, '[^0-9]', '', 'g') IN (SELECT siret FROM ({WITHHELD}) AS w) AS hidden
    FROM load
    CROSS JOIN LATERAL jsonb_each(load.counts -> 'samples') AS sample(reason, numbers)
    CROSS JOIN LATERAL jsonb_array_elements_text(numbers) WITH ORDINALITY AS each(number, place)
    WHERE jsonb_typeof(load.counts -> 'samples') = 'object'
), kept AS (
    SELECT id, jsonb_object_agg(reason, numbers) AS samples
    FROM (
        SELECT id, reason, coalesce(jsonb_agg(number ORDER BY place) FILTER (WHERE NOT hidden), '[]') AS numbers
        FROM shown
        GROUP BY id, reason
    ) AS by_reason
    GROUP BY id
    HAVING id IN (SELECT id FROM shown WHERE hidden)
)
UPDATE load SET counts = jsonb_set(counts, '{{samples}}', kept.samples) FROM kept WHERE load.id = kept.id
"""
