"""What a run of a geocoder must satisfy before its answers are served."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, text

from etl.gates import Judged, Verdict, at_most
from etl.thresholds import Thresholds
from geo.communes import area_names
from geo.position import PRECISE
from geo.position_tables import CONFLICT_M

A_FEW = 20  # structures: of few that a geocoder places, a share says nothing
A_FEW_OF_A_DEPARTEMENT = 10


class Placed(msgspec.Struct, frozen=True):
    """Structures that a geocoder placed better than at their commune's centre, and what a run makes of them."""

    placed: int  # before the run
    lost: int  # of them, no longer placed by it, or not so precisely that one arrives
    moved: int  # of them, more than CONFLICT_M away

    @property
    def gone(self) -> int:
        return self.lost + self.moved


class Counted(Judged, kw_only=True):
    """The same by département; null is that of structures without one."""

    departements: Mapping[str | None, Placed]


def remember(connection: Connection) -> None:
    """Note where the geocoder places structures, in this transaction, before its answers change anything."""
    connection.execute(text(REMEMBER))
    connection.execute(text("ANALYZE geocoded_before"))


def counted(connection: Connection, *, fictitious: bool) -> Counted:
    """What became of them, once positions are chosen again."""
    rows = connection.execute(text(COMPARE)).all()
    departements = {row.departement: Placed(row.placed, row.lost, row.moved) for row in rows}
    return Counted(fictitious=fictitious, departements=departements)


def geocoding(counted: Counted, limits: Thresholds) -> Verdict:
    """An index that lost a part of France answers in all good faith: « not found », the town hall, another point."""
    every = counted.departements.values()
    gone, placed = sum(each.gone for each in every), sum(each.placed for each in every)
    return at_most("geocoding", gone, placed, limits.geocoding, _gone(gone), a_few=A_FEW)


def geocoding_departement(counted: Counted, limits: Thresholds) -> Verdict:
    """One département of a hundred is within what may change in the whole: the one that lost most is looked at by itself."""
    name = "geocoding_departement"
    many = {code: each for code, each in counted.departements.items() if each.gone > A_FEW_OF_A_DEPARTEMENT}
    if not many:
        return Verdict(name, True, f"dans aucun département, plus de {A_FEW_OF_A_DEPARTEMENT} {_gone(2)}")
    code = max(many, key=lambda each: (many[each].gone / many[each].placed, each or ""))
    worst, where = many[code], area_names("departement").get(code or "", "sans département")
    return at_most(name, worst.gone, worst.placed, limits.geocoding_departement, f"{_gone(worst.gone)} ({where})")


def _gone(many: int) -> str:
    return f"structure{'s' if many > 1 else ''} que le géocodeur ne place plus, ou à plus de 500\u202fm"


GATES = (geocoding, geocoding_departement)
GATE_NAMES = tuple(gate.__name__ for gate in GATES)  # what --accept takes

PRECISELY = f"position_source = 'geocoder' AND precision IN ({', '.join(repr(each.value) for each in sorted(PRECISE))})"
REMEMBER = f"""
CREATE TEMPORARY TABLE geocoded_before ON COMMIT DROP AS
SELECT id, lon, lat, departement FROM structure WHERE open AND {PRECISELY}
"""
# By structure's primary key, or a hash of it all.
COMPARE = f"""
SELECT b.departement, count(*) AS placed,
       count(*) FILTER (WHERE NOT coalesce({PRECISELY}, false)) AS lost,
       count(*) FILTER (
           WHERE {PRECISELY}
             AND ST_DistanceSphere(ST_MakePoint(b.lon, b.lat), ST_MakePoint(s.lon, s.lat)) > {CONFLICT_M}
       ) AS moved
FROM geocoded_before AS b
JOIN structure AS s USING (id)
GROUP BY b.departement
"""
