"""What a run says of itself: read, kept, rejected by reason, gates, changes, duration."""

from typing import Any

import msgspec

from etl.gates import Verdict


class Report(msgspec.Struct, kw_only=True):
    """One load's outcome; `state` is what the ledger holds."""

    load: int
    state: str  # published, unchanged, refused
    source: str
    counts: dict[str, Any]
    gates: list[Verdict]
    seconds: float
    version: int | None = None
    error: str | None = None


STATES = {
    "published": "publié",
    "unchanged": "inchangé : ce fichier est déjà servi",
    "refused": "refusé : les données servies n’ont pas changé",
    "tried": "essai à blanc : rien n’a été publié",
}


def as_text(report: Report) -> str:
    """The report as lines for a terminal."""
    lines = [f"{report.source} : {STATES[report.state]} ({report.seconds:.1f} s, chargement {report.load})"]
    if report.error:
        lines.append(f"  {report.error}")
    lines += [f"  {_label(name)} : {_value(value)}" for name, value in report.counts.items() if value not in ({}, None)]
    lines += [f"  porte « {gate.gate} » : {_verdict(gate)} — {gate.message}" for gate in report.gates]
    return "\n".join(lines)


LABELS = {
    "read": "lus",
    "kept": "gardés",
    "rejected": "rejetés",
    "noticed": "remarqués",
    "changes": "changements",
    "records": "enregistrements",
    "seconds": "durées (s)",
}


def _label(name: str) -> str:
    return LABELS.get(name, name)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(each)}" for name, each in value.items())
    return f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else str(value)


def _verdict(gate: Verdict) -> str:
    if gate.passed:
        return "franchie"
    if gate.accepted:
        return "acceptée par l’opérateur"
    return "avertissement" if gate.warning else "fermée"
