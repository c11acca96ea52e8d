"""What a file of zones must satisfy before it replaces those that are served."""

from etl.gates import Judged, Verdict, at_most, spaced
from etl.thresholds import Thresholds


class Counted(Judged, kw_only=True):
    """What these gates look at: lines, and structures with a zone."""

    read: int
    kept: int
    unusable: int  # lines; zones of structures unknown here say that the file is not of the day, not that it is wrong
    previous: int


def rows(counted: Counted, limits: Thresholds) -> Verdict:
    return Verdict(
        "rows", counted.kept > 0, f"{spaced(counted.kept)} zones utilisables sur {spaced(counted.read)} lues"
    )


def anomalies(counted: Counted, limits: Thresholds) -> Verdict:
    return at_most("anomalies", counted.unusable, counted.read, limits.anomalies, "lignes inutilisables")


def removed(counted: Counted, limits: Thresholds) -> Verdict:
    lost = max(0, counted.previous - counted.kept)
    return at_most("removed", lost, counted.previous, limits.removed, "structures de moins qui aient une zone")


GATES = (rows, anomalies, removed)
GATE_NAMES = tuple(gate.__name__ for gate in GATES)  # what --accept takes
