"""What SIRENE's files must satisfy before they replace what is served."""

from datetime import datetime

from etl.gates import CountedFile, Verdict, at_most, future, spaced
from etl.thresholds import Thresholds


class Counted(CountedFile, kw_only=True):
    """What these gates look at."""

    kept: int
    masked: int
    produced_at: datetime
    newest_stock: datetime | None  # that is known already
    ceased: int


def rows(counted: Counted, limits: Thresholds) -> Verdict:
    parted = f"{spaced(counted.kept)} établissements à dire, {spaced(counted.masked)} tenus à l’écart"
    message = f"{parted}, sur {spaced(counted.read)} lus"
    return Verdict("rows", counted.kept > 0, message)


def anomalies(counted: Counted, limits: Thresholds) -> Verdict:
    """Of all that was read: the API tells a day of every trade, of which ours is a twentieth."""
    return at_most("anomalies", counted.rejected, counted.read, limits.anomalies, "lignes rejetées")


def removed(counted: Counted, limits: Thresholds) -> Verdict:
    what = "établissements actifs connus et absents du fichier"
    return at_most("removed", counted.removed, counted.previous, limits.removed, what)


def closed(counted: Counted, limits: Thresholds) -> Verdict:
    return at_most(
        "closed", counted.ceased, counted.previous, limits.closed, "établissements actifs qui ne le sont plus"
    )


def older(counted: Counted, limits: Thresholds) -> Verdict:
    """Compared with stocks alone: one is published some days into its month, when the API has told those days already.

    What the API said since it was made is kept, row by row (`establishments.newer_than`).
    """
    if counted.newest_stock is None or counted.produced_at >= counted.newest_stock:
        return Verdict("older", True, "le fichier n’est pas plus ancien que le dernier stock")
    message = f"fichier au {counted.produced_at:%d/%m/%Y}, le dernier stock va au {counted.newest_stock:%d/%m/%Y}"
    return Verdict("older", False, message)


def age(counted: Counted, limits: Thresholds) -> Verdict:
    most = limits.max_stock_age_days
    message = f"stock d’il y a {spaced(int(counted.age_days))} jours, au plus {spaced(most)}"
    return Verdict("age", counted.age_days <= most, message, warning=not counted.downloaded)


STOCK_GATES = (rows, anomalies, removed, closed, older, age, future)
PAGES_GATES = (anomalies, closed, future)
GATE_NAMES = tuple(dict.fromkeys(gate.__name__ for gate in (*STOCK_GATES, *PAGES_GATES)))
