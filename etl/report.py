"""What a run says of itself on a terminal: the verdict, why, what to do next; then what was counted."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Row

from etl.counts import Counts, Distances, Geocoding, Positions, counts_of, together, total
from etl.coverage import worst_placed
from etl.gates import Verdict
from etl.labels import label
from etl.lines import NUMBER_WIDTH, folded, line, most_first, paragraphs, table
from geo.communes import area_names
from geo.figures import NARROW_SPACE, duration, metres, number, percent

WORST_SHOWN = 3  # départements
UNKNOWN_FIELDS_SHOWN = 10
ACROSS = ("fois", "médiane", "95 %", "> 500\u202fm")  # of distances between sources
PAIR_WIDTH, DISTANCE_WIDTH = 44, 9
GONE_BACK = re.compile(r"retour au chargement (\d+)")  # how etl/rollback.py names its source
# Options of SIRENE's files by the name that Insee gives each, the longest first: one begins with another's.
SIRENE_FILES = {
    "stocketablissementlienssuccession": "--liens-succession",
    "geolocalisationetablissement": "--geolocalisation",
    "stockunitelegale": "--unites-legales",
    "stockdoublons": "--doublons",
    "stocketablissement": "--etablissements",
}
SIRENE_OTHERS = ("stocketablissementhistorique", "stockunitelegalehistorique")  # published beside, never asked for
UNTOUCHED = "Les données servies n’ont pas changé."
NEXT = {  # by state; a colon announces the command
    "running": "Un seul chargement à la fois : attendez sa fin.",
    "refused": f"{UNTOUCHED} Reprenez le fichier à sa source, puis :",
    "failed": f"{UNTOUCHED} Corrigez ce que dit le journal, puis :",
    "interrupted": f"{UNTOUCHED} Rien n’est à réparer ; pour recommencer :",
    "tried": "Rien n’a été publié. Pour publier :",
}


class Report(msgspec.Struct, kw_only=True):
    """One load's outcome; `state` is what the ledger holds."""

    load: int
    state: str  # published, unchanged, refused, tried; from the ledger also running, failed, interrupted
    source: str
    counts: dict[str, Any]
    gates: list[Verdict]
    seconds: float
    version: int | None = None
    error: str | None = None
    pipeline: str = "finess"
    origin: str = ""  # live, file, demo; empty when not said


def report_of(row: Row[Any]) -> Report:
    """The report of a load as the ledger keeps it."""
    return Report(
        load=row.id,
        state=row.state,
        source=row.source,
        counts=row.counts,
        gates=verdicts_of(row.gates),
        seconds=(row.ended_at - row.started_at).total_seconds() if row.ended_at else 0,
        error=row.error,
        pipeline=row.pipeline,
        origin=row.origin,
    )


def verdicts_of(kept: Iterable[Mapping[str, Any]]) -> list[Verdict]:
    """Gates as the ledger keeps them."""
    return [msgspec.convert(each, Verdict) for each in kept]


def as_text(report: Report) -> str:
    """The report as lines for a terminal, 80 columns wide."""
    counts = counts_of(report.counts)
    parts = (
        _verdict(report, counts),
        _reason(report),
        _advice(report),
        _read(counts),
        _changes(counts),
        table("Établissements Sirene", _worded("establishments", counts.establishments)),
        table("Rapprochement des registres", _worded("together", together(counts))),
        _geocoding(counts.geocoding),
        table("Points écartés", _worded("rule", {name: n for name, n in counts.positions.refused.items() if n})),
        table("Désaccords de plus de 500 m entre sources", _conflicts(counts.positions)),
        distances(counts.positions.distances),
        _records(counts),
        _coverage(counts),
        _gates(report),
        table("Remarqué", _worded("noticed", {name: n for name, n in counts.noticed.items() if n})),
        _unknown_fields(counts),
        table("Durées", {label("step", name): s for name, s in counts.seconds.items()}, duration),
        _others(report.counts),
    )
    return paragraphs(parts)


def what_next(report: Report) -> tuple[str, str | None]:
    """What an operator does about this outcome, and the command when there is one; nothing to do is an empty sentence."""
    closed = [verdict.gate for verdict in report.gates if verdict.refuses]
    if report.state == "refused" and closed:
        return f"{UNTOUCHED} Si ce fichier est bon malgré tout :", _again(report, closed)
    sentence = NEXT.get(report.state, "")
    return sentence, _again(report) if sentence.endswith(":") else None


def is_pointless(verdict: Verdict, origin: str) -> bool:
    """Whether a warning says only that invented data are not the size of the real flow."""
    return origin == "demo" and verdict.warning and not verdict.passed


def outcome(verdict: Verdict) -> str:
    """What a gate did, in a word."""
    if verdict.passed:
        return "franchie"
    if verdict.accepted:
        return "acceptée"
    return "avertissement" if verdict.warning else "fermée"


def _again(report: Report, accepted: Iterable[str] = ()) -> str:
    if again := GONE_BACK.match(report.source):
        return f"./lum1 rollback {again[1]}"
    if report.pipeline == "finess_ancien":
        return shlex.join(["./lum1", "refresh", "finess", "--ancien-csv", report.source])
    if report.pipeline == "finess_activites":
        given = [] if report.origin == "live" else ["--activites", report.source]
        return shlex.join(["./lum1", "refresh", "finess", *given, *_accepting(accepted)])
    if report.pipeline == "sirene":
        files = [] if report.origin == "live" else _sirene_files(report)
        words = ["--help"] if files is None else [*files, *_accepting(accepted)]
        return shlex.join(["./lum1", "refresh", "sirene", *words])
    file = [] if report.origin == "live" else ["--file", report.source]
    return shlex.join(["./lum1", "refresh", report.pipeline, *file, *_accepting(accepted)])


def _sirene_files(report: Report) -> list[str] | None:
    """Options for the files that a run of SIRENE names; None where what one was given as cannot be told from its name."""
    names = report.source.split(", ")
    if report.counts.get("said_by") == "api" or all(name.endswith((".json", ".json.gz")) for name in names):
        return [word for name in names for word in ("--api-pages", name)]
    options = [_sirene_option(name) for name in names]
    if (
        None in options
        or len(set(options)) < len(options)
        or not {"--etablissements", "--unites-legales"} <= set(options)
    ):
        return None
    return [word for option, name in zip(options, names, strict=True) for word in (str(option), name)]


def _sirene_option(name: str) -> str | None:
    """What a file is given as, by the name that Insee publishes it under; None of any other name."""
    letters = "".join(c for c in name.casefold() if c.isalnum())
    if letters.startswith(SIRENE_OTHERS):
        return None
    return next((option for start, option in SIRENE_FILES.items() if letters.startswith(start)), None)


def _accepting(gates: Iterable[str]) -> list[str]:
    return [word for gate in gates for word in ("--accept", gate)]


def _verdict(report: Report, counts: Counts) -> Iterator[str]:
    yield f"{label('state', report.state).upper()}  {report.source}"
    served = f"version {report.version} servie" if report.version and report.state == "published" else ""
    unchanged = "ce fichier est déjà servi" if report.state == "unchanged" else ""
    peak = f"{number(round(counts.peak_mib))}{NARROW_SPACE}Mio au plus" if counts.peak_mib else ""
    about = (served, unchanged, f"chargement {report.load}", duration(report.seconds), peak)
    yield "  " + " · ".join(each for each in about if each)


def _reason(report: Report) -> Iterator[str]:
    closed = [verdict for verdict in report.gates if verdict.refuses]
    if report.state == "refused" and closed:
        for verdict in closed:
            yield from folded(f"porte « {verdict.gate} » fermée : {verdict.message}", "  ✗ ")
    elif report.error:
        yield from folded(report.error, "  ✗ ")


def _advice(report: Report) -> Iterator[str]:
    sentence, command = what_next(report)
    if sentence:
        yield from folded(sentence, "  ")
    if command:
        yield f"    {command}"


def _read(counts: Counts) -> Iterator[str]:
    rejected = sum(counts.rejected.values()) if counts.read is not None else None
    for name, value in (("lus", counts.read), ("gardés", counts.kept), ("rejetés", rejected)):
        if value is not None:
            yield line(name, number(value))
    for reason, n in most_first(counts.rejected):
        yield line(f"  {label('reason', reason)}", number(n))
        if samples := counts.samples.get(reason):
            yield from folded(", ".join(samples), "      ")


def _changes(counts: Counts) -> Iterator[str]:
    structures = {f"lignes {label('structures', name)}": n for name, n in counts.structures.items()}
    changes = {label("change", name): n for name, n in counts.changes.items() if n}
    yield from table("Changements", structures | changes)


def _worded(kind: str, counted: Mapping[str, int]) -> dict[str, int]:
    return {label(kind, name): n for name, n in counted.items()}


def _geocoding(counts: Geocoding) -> Iterator[str]:
    if counts.structures is None:
        return
    members = ("structures", "without_question", "questions", "asked", "unanswered")
    yield from table("Géocodage", _worded("geocoding", {name: getattr(counts, name) for name in members}))
    yield from table("Trouvées", _worded("precision", counts.precisions))
    yield from table("Pas trouvées, ou moins précises que leur adresse", _worded("position_reason", counts.reasons))
    yield from table("Échecs du géocodeur", counts.failures)


def _conflicts(counts: Positions) -> dict[str, int]:
    return {"« ./lum1 positions conflicts » les montre": counts.conflicts} if counts.conflicts else {}


def distances(pairs: Iterable[Distances]) -> Iterator[str]:
    """Pairs of sources down, the more trusted one first; how far apart they are across."""
    for rank, each in enumerate(pairs):
        if not rank:
            yield "Écarts entre sources".ljust(PAIR_WIDTH) + "".join(name.rjust(DISTANCE_WIDTH) for name in ACROSS)
        pair = f"  {label('position_source', each.source)} – {label('position_source', each.other)}"
        values = (number(each.n), metres(each.median_m), metres(each.p95_m), percent(each.far, each.n))
        shown = pair if len(pair) < PAIR_WIDTH else f"  …{pair[4 - PAIR_WIDTH :].lstrip()}"
        yield shown.ljust(PAIR_WIDTH) + "".join(value.rjust(DISTANCE_WIDTH) for value in values)


def _records(counts: Counts) -> Iterator[str]:
    """Kinds of records down, what became of them across."""
    if not counts.records:
        return
    names = ("new", "changed", "vanished", "unchanged")
    yield "Registre".ljust(28) + "".join(label("version", name).rjust(NUMBER_WIDTH) for name in names)
    for kind, versions in counts.records.items():
        values = (number(getattr(versions, name)).rjust(NUMBER_WIDTH) for name in names)
        yield f"  {label('record', kind)}"[:28].ljust(28) + "".join(values)


def _coverage(counts: Counts) -> Iterator[str]:
    if not counts.coverage:
        return
    country = total(counts.coverage)
    yield f"Couverture de {number(country.open)} structures ouvertes"
    for name, n in (("placées", country.placed), ("précises", country.precise), ("avec téléphone", country.phone)):
        yield line(name, number(n), percent(n, country.open))
    if worst := worst_placed(counts.coverage, WORST_SHOWN):
        names, covered = area_names("departement"), counts.coverage
        shares = (f"{names[code]} {percent(covered[code].precise, covered[code].open)}" for code in worst)
        yield from folded("les moins précises : " + ", ".join(shares), "  ")


def _gates(report: Report) -> Iterator[str]:
    """Those that need a look; the others are counted. A closed one was told with the verdict."""
    if not report.gates:
        return
    passed = sum(verdict.passed for verdict in report.gates)
    yield f"Portes : {passed} franchie{'s' if passed > 1 else ''}"
    for verdict in report.gates:
        if not (verdict.passed or verdict.refuses or is_pointless(verdict, report.origin)):
            yield from folded(f"{outcome(verdict)} « {verdict.gate} » : {verdict.message}", "  ! ")


def _unknown_fields(counts: Counts) -> Iterator[str]:
    fields = most_first(counts.unknown_fields)
    yield from table("Champs que nous ne connaissions pas", dict(fields[:UNKNOWN_FIELDS_SHOWN]))
    if len(fields) > UNKNOWN_FIELDS_SHOWN:
        yield f"  et {number(len(fields) - UNKNOWN_FIELDS_SHOWN)} autres (./lum1 loads --json)"


def _others(kept: Mapping[str, Any]) -> Iterator[str]:
    """Members that this program has no name for, as they are."""
    known = Counts.__struct_fields__
    for name, value in kept.items():
        if name not in known and value not in ({}, [], None):
            yield from folded(f"{name} : {value}", "  ")
