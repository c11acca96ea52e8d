"""What a file must satisfy before it replaces what is served; each gate is a sentence with its numbers."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from etl.thresholds import Thresholds

Gate = Callable[[Any, Thresholds], "Verdict"]  # of what its flow counts

SCHEMA_MAJOR = "1"  # "v1.0.0" and "1.0.0" were both seen


class Verdict(msgspec.Struct, frozen=True):
    """One gate's answer. A failed gate refuses the file, unless it is only a warning or was accepted by name."""

    gate: str
    passed: bool
    message: str
    warning: bool = False
    accepted: bool = False

    @property
    def refuses(self) -> bool:
        return not (self.passed or self.warning or self.accepted)


class Judged(msgspec.Struct, kw_only=True):
    """What a run counted, for its gates to look at."""

    fictitious: bool


class CountedFile(Judged, kw_only=True):
    """What the gates of any file look at."""

    schema_version: str
    age_days: float
    read: int
    rejected: int
    repeated: int
    previous: int  # numbers of the previous publication of the same origin, 0 at a first load
    removed: int
    downloaded: bool  # by the scheduler, not given by hand


class Counted(CountedFile, kw_only=True):
    """What those of structures look at besides: counts of this run and of the publication it would replace."""

    size: int
    kept: int
    open: int
    open_placed: int
    placed_by_flow: int
    coordinates_published: int
    coordinates_unusable: int
    previous_open: int
    previous_placed_by_flow: int
    closed: int
    common_placed: int  # placed by the flow yesterday and today
    moved: int
    dates_published: int
    dates_unreadable: int


def judge(counted: Judged, gates: Iterable[Gate], accept: Collection[str] = ()) -> list[Verdict]:
    """The verdict of each of these gates, those accepted by name marked so."""
    limits = Thresholds.from_environment()
    verdicts = [gate(counted, limits) for gate in gates if not (counted.fictitious and gate in OF_THE_LIVE_FLOW)]
    return [msgspec.structs.replace(v, accepted=not v.passed and v.gate in accept) for v in verdicts]


def refusals(verdicts: Sequence[Verdict]) -> str:
    """Why the file is refused, in one paragraph; empty when it isn't."""
    return " ".join(
        f"{verdict.message} (porte «\u202f{verdict.gate}\u202f»)." for verdict in verdicts if verdict.refuses
    )


def schema(counted: CountedFile, limits: Thresholds) -> Verdict:
    known = counted.schema_version.lstrip("v").split(".")[0] == SCHEMA_MAJOR
    return Verdict("schema", known, f"schéma {counted.schema_version}, cette version lit les schémas {SCHEMA_MAJOR}.x")


def rows(counted: Counted, limits: Thresholds) -> Verdict:
    message = f"{spaced(counted.kept)} établissements utilisables sur {spaced(counted.read)} lus"
    return Verdict("rows", counted.kept > 0, message)


def anomalies(counted: Counted, limits: Thresholds) -> Verdict:
    return at_most("anomalies", counted.rejected, counted.read, limits.anomalies, "lignes rejetées")


def ids(counted: Counted, limits: Thresholds) -> Verdict:
    return at_most("ids", counted.repeated, counted.read, limits.repeated, "numéros en double")


def removed(counted: Counted, limits: Thresholds) -> Verdict:
    what = "numéros publiés la fois d’avant et absents du fichier"
    return at_most("removed", counted.removed, counted.previous, limits.removed, what)


def closed(counted: Counted, limits: Thresholds) -> Verdict:
    return at_most(
        "closed", counted.closed, counted.previous_open, limits.closed, "structures ouvertes qui ne le sont plus"
    )


def moved(counted: Counted, limits: Thresholds) -> Verdict:
    return at_most("moved", counted.moved, counted.common_placed, limits.moved, "positions déplacées de plus de 500 m")


def coordinates(counted: Counted, limits: Thresholds) -> Verdict:
    part, whole = counted.coordinates_unusable, counted.coordinates_published
    return at_most("coordinates", part, whole, limits.coordinates, "coordonnées inutilisables")


def dates(counted: Counted, limits: Thresholds) -> Verdict:
    return at_most("dates", counted.dates_unreadable, counted.dates_published, limits.dates, "dates illisibles")


def drift(counted: Counted, limits: Thresholds) -> Verdict:
    before, now = (counted.previous_placed_by_flow, counted.previous), (counted.placed_by_flow, counted.kept)
    return drift_of(before, now, limits, "des établissements placés par le flux")


def drift_of(before: tuple[int, int], now: tuple[int, int], limits: Thresholds, what: str) -> Verdict:
    """Passed when the share placed (how many, of how many) has not fallen by more than that."""
    fall = _share(*before) - _share(*now)
    message = f"{_percent(_share(*now))} {what}, {_percent(_share(*before))} la fois d’avant"
    return Verdict("drift", before[1] == 0 or fall <= limits.drift, message)


def coverage(counted: Counted, limits: Thresholds) -> Verdict:
    share = _share(counted.open_placed, counted.open)
    message = f"{_percent(share)} des structures ouvertes sur la carte, au moins {_percent(limits.coverage)}"
    return Verdict("coverage", counted.open == 0 or share >= limits.coverage, message)


def size(counted: Counted, limits: Thresholds) -> Verdict:
    message = f"fichier de {_megabytes(counted.size)} Mo, au moins {_megabytes(limits.min_bytes)} attendus du flux"
    return Verdict("size", counted.size >= limits.min_bytes, message, warning=not counted.downloaded)


def active(counted: Counted, limits: Thresholds) -> Verdict:
    low, high = limits.min_active, limits.max_active
    message = f"{spaced(counted.open)} établissements ouverts, entre {spaced(low)} et {spaced(high)} attendus du flux"
    return Verdict("active", low <= counted.open <= high, message, warning=not counted.downloaded)


def age(counted: CountedFile, limits: Thresholds) -> Verdict:
    message = f"fichier produit il y a {spaced(int(counted.age_days))} jours, au plus {spaced(limits.max_age_days)}"
    return Verdict("age", counted.age_days <= limits.max_age_days, message, warning=not counted.downloaded)


def future(counted: CountedFile, limits: Thresholds) -> Verdict:
    """A file of a day to come would make every true one after it older than what is known."""
    ahead = -counted.age_days
    if ahead <= limits.max_days_ahead:
        return Verdict("future", True, "le fichier n’est pas daté d’un jour à venir")
    return Verdict("future", False, f"fichier daté de {spaced(round(ahead))} jours dans l’avenir")


GATES = (
    schema,
    rows,
    anomalies,
    ids,
    removed,
    closed,
    moved,
    coordinates,
    dates,
    drift,
    coverage,
    size,
    active,
    age,
    future,
)
GATE_NAMES = tuple(gate.__name__ for gate in GATES)  # what --accept takes
OF_THE_LIVE_FLOW = (size, active, age, future)  # absolute: they say nothing of invented data


def age_in_days(produced_at: datetime) -> float:
    """Days since a file was made."""
    return (datetime.now(UTC) - produced_at) / timedelta(days=1)


def at_most(gate: str, part: int, whole: int, most: float, what: str, *, a_few: int = 0) -> Verdict:
    """Passed when the part is at most that share of the whole, or that many: of a small whole, a share says nothing."""
    share = _share(part, whole)
    return Verdict(
        gate, share <= most or part <= a_few, f"{spaced(part)} {what}, {_percent(share)}, au plus {_percent(most)}"
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def spaced(number: int) -> str:
    """A number as French writes it."""
    return f"{number:,}".replace(",", "\u202f")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}".replace(".", ",")


def _percent(share: float) -> str:
    return f"{share * 100:.2f}\u202f%".replace(".", ",")
