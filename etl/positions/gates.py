"""What a run of a geocoder must satisfy before its answers are served."""

from sqlalchemy import Connection, text

from etl.gates import Judged, Verdict, at_most
from etl.thresholds import Thresholds
from geo.position_tables import CONFLICT_M

A_FEW = 20  # structures: of few that a geocoder places, a share says nothing


class Counted(Judged, kw_only=True):
    """Structures that a geocoder placed better than at their commune's centre, and what a run makes of them."""

    placed: int  # before the run
    lost: int  # of them, no longer placed by it, or not so precisely that one arrives
    moved: int  # of them, more than CONFLICT_M away


def remember(connection: Connection) -> None:
    """Note where the geocoder places structures, in this transaction, before its answers change anything."""
    connection.execute(text(REMEMBER))
    connection.execute(text("ANALYZE geocoded_before"))


def counted(connection: Connection, *, fictitious: bool) -> Counted:
    """What became of them, once positions are chosen again."""
    row = connection.execute(text(COMPARE)).one()
    return Counted(fictitious=fictitious, placed=row.placed, lost=row.lost, moved=row.moved)


def geocoding(counted: Counted, limits: Thresholds) -> Verdict:
    """An index that lost a part of France answers in all good faith: « not found », the town hall, another point."""
    gone = counted.lost + counted.moved
    what = "structures que le géocodeur ne place plus, ou à plus de 500 m"
    return at_most("geocoding", gone, counted.placed, limits.geocoding, what, a_few=A_FEW)


GATES = (geocoding,)
GATE_NAMES = tuple(gate.__name__ for gate in GATES)  # what --accept takes

PRECISELY = "position_source = 'geocoder' AND precision IN ('housenumber', 'street', 'locality')"
REMEMBER = f"""
CREATE TEMPORARY TABLE geocoded_before ON COMMIT DROP AS
SELECT id, lon, lat FROM structure WHERE open AND {PRECISELY}
"""
# By structure's primary key, or a hash of it all.
COMPARE = f"""
SELECT count(*) AS placed,
       count(*) FILTER (WHERE NOT coalesce({PRECISELY}, false)) AS lost,
       count(*) FILTER (
           WHERE {PRECISELY}
             AND ST_DistanceSphere(ST_MakePoint(b.lon, b.lat), ST_MakePoint(s.lon, s.lat)) > {CONFLICT_M}
       ) AS moved
FROM geocoded_before AS b
JOIN structure AS s USING (id)
"""
