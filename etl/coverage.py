"""How well the published structures are placed and how many can be called, département by département."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from etl.counts import Covered
from geo.communes import area_names
from geo.position import PRECISE, Precision

UNKNOWN = "?"  # the key of structures without a département: JSON has no null keys

# Open structures of one register, by département and precision. Asked once by a load that publishes, in its transaction, after
# the merge. One pass over `structure` and a hash of some 500 groups: every open row counts, so no index can spare reading them.
OPEN_BY_DEPARTEMENT_AND_PRECISION = """
SELECT coalesce(departement, :unknown) AS departement,
       precision,
       count(*) AS open,
       count(lon) AS placed,
       count(*) FILTER (WHERE phones <> '{}') AS phone
FROM structure
WHERE open AND register = :register
GROUP BY 1, 2
ORDER BY 1, 2
"""


def coverage(connection: Connection, register: str = "finess") -> dict[str, Any]:
    """The members `coverage` and `precision` of a load's counts, as this transaction sees the structures of its register."""
    covered: dict[str, Counter[str]] = {}
    precisions: Counter[str] = Counter()
    for row in connection.execute(text(OPEN_BY_DEPARTEMENT_AND_PRECISION), {"unknown": UNKNOWN, "register": register}):
        precise = row.placed if row.precision in PRECISE else 0
        counted = {"open": row.open, "placed": row.placed, "precise": precise, "phone": row.phone}
        covered.setdefault(row.departement, Counter()).update(counted)
        precisions[row.precision] += row.open
    return {
        "coverage": {departement: dict(counts) for departement, counts in covered.items()},
        "precision": {str(each): precisions[each] for each in Precision if precisions[each] or each != Precision.PIN},
    }


def worst_placed(covered: Mapping[str, Covered], shown: int) -> list[str]:
    """The départements whose open structures are the least precisely placed, worst first."""
    known = [code for code, each in covered.items() if each.precise < each.open and code in area_names("departement")]
    return sorted(known, key=lambda code: covered[code].precise / covered[code].open)[:shown]
