"""What an activities file must satisfy before it replaces what is served."""

from datetime import datetime

import msgspec

from etl.gates import CountedFile, Verdict, age, at_most, future, schema, spaced
from etl.thresholds import Thresholds


class Counted(CountedFile, kw_only=True):
    """What the gates look at: `read` and `rejected` count activities, the others FINESS numbers that have some."""

    produced_at: datetime
    newest: datetime | None  # when the newest file that the history knows was made
    numbers: int  # of FINESS, with activities
    orphans: int  # numbers that no structure and no legal entity served has


def rows(counted: Counted, limits: Thresholds) -> Verdict:
    message = f"{spaced(counted.read)} activités lues, {spaced(counted.numbers)} numéros FINESS en ont"
    return Verdict("rows", counted.numbers > 0, message)


def anomalies(counted: Counted, limits: Thresholds) -> Verdict:
    return at_most("anomalies", counted.rejected, counted.read, limits.anomalies, "activités rejetées")


def ids(counted: Counted, limits: Thresholds) -> Verdict:
    return at_most("ids", counted.repeated, counted.numbers, limits.repeated, "numéros en double")


def removed(counted: Counted, limits: Thresholds) -> Verdict:
    what = "numéros qui avaient des activités et n’en ont plus"
    return at_most("removed", counted.removed, counted.previous, limits.removed, what)


def orphans(counted: Counted, limits: Thresholds) -> Verdict:
    """Told, never a refusal: both flows are made in one night, and the live one of July 2026 had none."""
    what = "numéros inconnus des structures servies"
    verdict = at_most("orphans", counted.orphans, counted.numbers, limits.orphans, what)
    return msgspec.structs.replace(verdict, warning=True)


def older(counted: Counted, limits: Thresholds) -> Verdict:
    """Served at an operator's word only: its content would become what the register says from now on."""
    late = counted.newest is not None and counted.produced_at < counted.newest
    made = f"{counted.produced_at:%d/%m/%Y %H:%M}"
    last = f", le dernier publié du {counted.newest:%d/%m/%Y %H:%M}" if counted.newest else ""
    return Verdict("older", not late, f"fichier du {made}{last}")


GATES = (schema, rows, anomalies, ids, removed, orphans, older, age, future)
GATE_NAMES = tuple(gate.__name__ for gate in GATES)  # what --accept takes
