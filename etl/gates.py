"""What a file must satisfy before it replaces what is served; each gate is a sentence with its numbers."""

from collections.abc import Collection, Sequence

import msgspec

MAX_ANOMALIES = 0.01  # invalid or repeated rows: the live flow has fewer than one in a thousand
MAX_REMOVED = 0.10  # identifiers of the previous publication that are gone; a real day removes a few dozen
MAX_UNUSABLE_COORDINATES = 0.10  # of those published: more means that their form or meaning has changed
MIN_LIVE_BYTES = 30_000_000  # the gzip has been 50 MB since it exists
LIVE_ACTIVE = (50_000, 200_000)  # open establishments: 104,805 on 2026-10-01


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


class Counted(msgspec.Struct, kw_only=True):
    """What the gates look at: counts of this run and of the publication it would replace."""

    size: int
    read: int
    kept: int
    rejected: int
    open: int
    coordinates_published: int
    coordinates_unusable: int
    previous: int  # structures of the previous publication of the same origin, 0 at a first load
    removed: int
    downloaded: bool  # by the scheduler, not given by hand


def judge(counted: Counted, accept: Collection[str] = ()) -> list[Verdict]:
    """Every gate's verdict, those accepted by name marked so."""
    verdicts = (gate(counted) for gate in GATES)
    return [msgspec.structs.replace(v, accepted=not v.passed and v.gate in accept) for v in verdicts]


def refusals(verdicts: Sequence[Verdict]) -> str:
    """Why the file is refused, in one paragraph; empty when it isn't."""
    return " ".join(f"{verdict.message} (porte « {verdict.gate} »)." for verdict in verdicts if verdict.refuses)


def not_empty(counted: Counted) -> Verdict:
    return Verdict(
        "rows", counted.kept > 0, f"{_n(counted.kept)} établissements utilisables sur {_n(counted.read)} lus"
    )


def few_anomalies(counted: Counted) -> Verdict:
    share = _share(counted.rejected, counted.read)
    return Verdict(
        "anomalies",
        share <= MAX_ANOMALIES,
        f"{_n(counted.rejected)} lignes rejetées, {_percent(share)}, au plus {_percent(MAX_ANOMALIES)}",
    )


def few_removed(counted: Counted) -> Verdict:
    share = _share(counted.removed, counted.previous)
    message = f"{_n(counted.removed)} structures servies absentes du fichier, {_percent(share)}, au plus {_percent(MAX_REMOVED)}"
    return Verdict("removed", share <= MAX_REMOVED, message)


def plausible_coordinates(counted: Counted) -> Verdict:
    share = _share(counted.coordinates_unusable, counted.coordinates_published)
    most = _percent(MAX_UNUSABLE_COORDINATES)
    message = f"{_n(counted.coordinates_unusable)} coordonnées inutilisables, {_percent(share)}, au plus {most}"
    return Verdict("coordinates", share <= MAX_UNUSABLE_COORDINATES, message)


def size(counted: Counted) -> Verdict:
    message = f"fichier de {counted.size / 1e6:.1f} Mo, au moins {MIN_LIVE_BYTES / 1e6:.0f} attendus du flux"
    return Verdict("size", counted.size >= MIN_LIVE_BYTES, message, warning=not counted.downloaded)


def active(counted: Counted) -> Verdict:
    low, high = LIVE_ACTIVE
    message = f"{_n(counted.open)} établissements ouverts, entre {_n(low)} et {_n(high)} attendus du flux"
    return Verdict("active", low <= counted.open <= high, message, warning=not counted.downloaded)


GATES = (not_empty, few_anomalies, few_removed, plausible_coordinates, size, active)
GATE_NAMES = ("rows", "anomalies", "removed", "coordinates", "size", "active")  # what --accept takes


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _n(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")


def _percent(share: float) -> str:
    return f"{share * 100:.2f}\u202f%".replace(".", ",")
