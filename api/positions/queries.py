"""Figures of positions, counted once for each publication: one pass over `structure`, look-ups for all that is rarer."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from api.positions.schemas import Disagreement, Geocoding, Measured, OfDepartement, OfSource, Quality
from etl.counts import counts_of
from etl.coverage import UNKNOWN
from etl.labels import in_order
from etl.positions.verdict import Reason
from geo.plausibility import RULES
from geo.position import PRECISE, PositionSource, Precision
from geo.position_tables import ADDRESS_HASH, PIPELINE
from geo.precedence import TRUSTED_FIRST
from geo.publication import Publication


class Kept:
    """The figures last asked for, in one process: of a publication, and of the loads that may have changed no structure of it."""

    def __init__(self) -> None:
        self._of: tuple[int, int | None] | None = None
        self._quality: Quality | None = None
        self._lock = threading.Lock()

    def quality(self, connection: Connection, served: Publication) -> Quality:
        """Counted by the first who asks; the others wait for it rather than count too."""
        asked = (served.version, connection.execute(text(NEWEST_LOAD)).scalar_one())
        with self._lock:
            if self._quality is None or self._of != asked:
                self._of, self._quality = asked, quality(connection, served)
            return self._quality


def quality(connection: Connection, served: Publication) -> Quality:
    """The figures as this transaction sees them."""
    groups = [_Group(*row) for row in connection.execute(text(GROUPS), {"unknown": UNKNOWN})]
    disagreements = connection.execute(text(DISAGREEMENTS)).all()
    refused = dict(map(tuple, connection.execute(text(REFUSED)).all()))
    return Quality(
        version=served.version,
        open=sum(each.n for each in groups),
        precise=_precise(groups),
        precisions=_precisions(groups),
        sources=_sources(groups),
        departements=_departements(groups),
        geocoding=_geocoding(groups),
        distances=_measured(connection, served),
        refused={rule: refused.get(rule, 0) for rule in RULES},
        disagreements=_most_trusted_first(row for row in disagreements if row.source),
        in_disagreement=sum(row.n for row in disagreements if not row.source),
    )


class _Group(NamedTuple):
    """Open structures alike in all that is counted."""

    departement: str
    precision: str
    source: str | None
    answered: tuple[str, str | None] | None  # what a geocoder gave for their address: precision, and why no better
    n: int


def _precise(groups: Iterable[_Group]) -> int:
    return sum(each.n for each in groups if each.precision in PRECISE)


def _precisions(groups: Iterable[_Group]) -> dict[str, int]:
    """All of them, zeros too; pins only where there are some."""
    counted: Counter[str] = Counter()
    for each in groups:
        counted[each.precision] += each.n
    return {str(each): counted[each] for each in Precision if counted[each] or each != Precision.PIN}


def _sources(groups: list[_Group]) -> list[OfSource]:
    by_source = _by(groups, "source")
    known = [*PositionSource, None]  # as they are declared, the register's before what is found from its words
    return [
        OfSource(source if source is None else str(source), _n(of_source), _precisions(of_source))
        for source in known
        if (of_source := by_source.get(source))
    ]


def _departements(groups: list[_Group]) -> list[OfDepartement]:
    return [
        OfDepartement(
            code,
            _n(of_one),
            _precise(of_one),
            _precisions(of_one),
            _n(each for each in of_one if each.source == PositionSource.GEOCODER and each.precision in PRECISE),
        )
        for code, of_one in sorted(_by(groups, "departement").items(), key=lambda item: (item[0] == UNKNOWN, item[0]))
    ]


def _geocoding(groups: Iterable[_Group]) -> Geocoding:
    asked = whole = 0
    less, not_found = Counter[str](), Counter[str]()
    for each in groups:
        if each.answered is None:
            continue
        asked += each.n
        precision, reason = each.answered
        if reason is None and precision != Precision.NONE:
            whole += each.n
        elif reason is None:  # noted by a version that did not say why
            not_found[Reason.SANS_REPONSE] += each.n
        else:
            (not_found if precision == Precision.NONE else less)[reason] += each.n
    return Geocoding(asked, whole, in_order("position_reason", less), in_order("position_reason", not_found))


def _measured(connection: Connection, served: Publication) -> Measured | None:
    given = {"pipeline": PIPELINE, "fictitious": served.fictitious}
    row = connection.execute(text(MEASURED), given).one_or_none()
    if row is None:
        return None
    return Measured(row.id, row.pipeline, row.day, counts_of({"positions": row.positions}).positions.distances)


def _most_trusted_first(rows: Iterable[Row[Any]]) -> list[Disagreement]:
    """`position_conflict` names the sources of a pair in the order of their letters."""
    pairs = ([*sorted((row.source, row.other), key=TRUSTED_FIRST.index), row.n] for row in rows)
    found = [Disagreement(*each) for each in pairs]
    return sorted(found, key=lambda each: (-each.n, TRUSTED_FIRST.index(each.source), TRUSTED_FIRST.index(each.other)))


def _by(groups: Iterable[_Group], member: str) -> Mapping[Any, list[_Group]]:
    found: dict[Any, list[_Group]] = {}
    for each in groups:
        found.setdefault(getattr(each, member), []).append(each)
    return found


def _n(groups: Iterable[_Group]) -> int:
    return sum(each.n for each in groups)


# A load that changed no structure may have changed who disagrees or what was found: the primary key answers, backwards.
NEWEST_LOAD = "SELECT max(id) FROM load WHERE state = 'published'"
# One pass over `structure`: every open row counts, so no index can spare reading them; a hash of some thousand groups. What was
# found for an address that the structure has no more says nothing of it: `ADDRESS_HASH` is as dear as all the rest, so that it is
# worked out once a row, of those that were asked.
GROUPS = f"""
SELECT coalesce(s.departement, :unknown) AS departement, s.precision, s.position_source,
       CASE WHEN g.id IS NOT NULL THEN
           CASE WHEN g.address = {ADDRESS_HASH} THEN ARRAY[g.precision, g.reason] END
       END AS answered,
       count(*) AS n
FROM structure AS s
LEFT JOIN geocoded_structure AS g ON g.id = s.id
WHERE s.open
GROUP BY 1, 2, 3, 4
"""
# Some thousands of rows: each looks up its structure by primary key, which OFFSET 0 keeps from becoming a second pass.
_OPEN = "CROSS JOIN LATERAL (SELECT FROM structure AS s WHERE s.id = each.structure AND s.open OFFSET 0) AS standing"
REFUSED = f"SELECT each.rule, count(*) FROM refused_point AS each {_OPEN} GROUP BY each.rule"
DISAGREEMENTS = f"""
SELECT each.source, each.other, count(DISTINCT each.structure) AS n
FROM position_conflict AS each {_OPEN}
GROUP BY GROUPING SETS ((each.source, each.other), ())
"""
# Of a run that judged every point again if there was one, else of the newest that measured.
MEASURED = """
SELECT id, pipeline, CAST(timezone('Europe/Paris', started_at) AS date) AS day, counts -> 'positions' AS positions
FROM load
WHERE state = 'published' AND fictitious = :fictitious AND counts -> 'positions' ? 'distances'
ORDER BY pipeline = :pipeline DESC, id DESC
LIMIT 1
"""
