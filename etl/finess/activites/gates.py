"""What an activities file must satisfy before it replaces what is served."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from etl.gates import SCHEMA_MAJOR, Verdict, at_most, spaced
from etl.thresholds import Thresholds


class Counted(msgspec.Struct, kw_only=True):
    """What the gates look at."""

    schema_version: str
    produced_at: datetime
    newest: datetime | None  # when the newest file that the history knows was made
    age_days: float
    read: int  # activities
    numbers: int  # of FINESS, with activities
    rejected: int
    repeated: int
    previous: int  # numbers that had activities in the publication before, 0 at a first load
    removed: int
    orphans: int  # numbers that no structure and no legal entity served has
    downloaded: bool
    fictitious: bool


def judge(counted: Counted, accept: Collection[str] = (), thresholds: Thresholds | None = None) -> list[Verdict]:
    """Every gate's verdict, those accepted by name marked so."""
    limits = thresholds or Thresholds.from_environment()
    verdicts = [gate(counted, limits) for gate in GATES if not (counted.fictitious and gate is age)]
    return [msgspec.structs.replace(v, accepted=not v.passed and v.gate in accept) for v in verdicts]


def schema(counted: Counted, limits: Thresholds) -> Verdict:
    known = counted.schema_version.lstrip("v").split(".")[0] == SCHEMA_MAJOR
    return Verdict("schema", known, f"schéma {counted.schema_version}, cette version lit les schémas {SCHEMA_MAJOR}.x")


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


def age(counted: Counted, limits: Thresholds) -> Verdict:
    message = f"fichier produit il y a {spaced(int(counted.age_days))} jours, au plus {spaced(limits.max_age_days)}"
    return Verdict("age", counted.age_days <= limits.max_age_days, message, warning=not counted.downloaded)


GATES = (schema, rows, anomalies, ids, removed, orphans, older, age)
GATE_NAMES = tuple(gate.__name__ for gate in GATES)  # what --accept takes
