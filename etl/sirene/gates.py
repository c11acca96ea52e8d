"""What SIRENE's files must satisfy before they replace what is served."""

from datetime import datetime

from etl.gates import CountedFile, Verdict, at_most, drift_of, future, spaced
from etl.thresholds import Thresholds

A_FEW = 10  # of a small register, whose share says nothing


class Counted(CountedFile, kw_only=True):
    """What these gates look at."""

    kept: int
    masked: int
    produced_at: datetime
    newest_stock: datetime | None  # that is known already
    ceased: int
    newly_masked: int  # active ones that we tell and that this file masks
    common: int  # active ones that we know and that this file tells
    placed_before: int  # of those, by Insee
    placed_now: int


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


def masked(counted: Counted, limits: Thresholds) -> Verdict:
    """A file that lacks legal units would mask, and so purge, whoever they are; some people a month turn to partial diffusion."""
    what = "établissements connus que ce fichier tiendrait à l’écart"
    return at_most("masked", counted.newly_masked, counted.previous, limits.masked, what, a_few=A_FEW)


def drift(counted: Counted, limits: Thresholds) -> Verdict:
    """Positions are a file of their own: without it, or with an empty one, everybody would move to the commune's centre."""
    before, now = (counted.placed_before, counted.common), (counted.placed_now, counted.common)
    return drift_of(before, now, limits, "des établissements connus placés par l’Insee")


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


STOCK_GATES = (rows, anomalies, removed, closed, masked, drift, older, age, future)
PAGES_GATES = (anomalies, closed, future)
GATE_NAMES = tuple(dict.fromkeys(gate.__name__ for gate in (*STOCK_GATES, *PAGES_GATES)))
