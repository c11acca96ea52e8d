"""What a load's page says: its verdict, then each table's lines, compared with the load before (no counts: not compared)."""

from collections.abc import Mapping
from typing import Any

from api.loads.gates import sentence_of
from api.loads.schemas import Departement, Figure, Line, Load, Rejection, Slice, Verdict
from etl.counts import Counts, total
from etl.coverage import UNKNOWN
from etl.labels import counted, label
from etl.lines import most_first
from etl.report import UNTOUCHED, what_next
from geo.communes import area_names
from geo.figures import NARROW_SPACE, number, percent, signed
from geo.history import CHANGE_KINDS

TONES = {"published": "bon", "refused": "mauvais", "failed": "mauvais", "interrupted": "mauvais"}
SENTENCES = {
    "running": "Le chargement est en cours ; les données servies sont encore celles d’avant.",
    "unchanged": "Ce fichier est celui qui est déjà servi : rien n’a changé.",
    "refused": "Ce fichier n’a pas été publié ; les données servies sont restées celles d’avant.",
    "failed": "Le chargement n’a pas abouti ; les données servies sont restées celles d’avant.",
    "interrupted": "Le chargement s’est arrêté brutalement ; les données servies sont restées celles d’avant.",
    "tried": "Un essai : tout a été fait, sauf publier.",
}


def verdict_of(load: Load) -> Verdict:
    """The banner of a load's page."""
    report = load.report
    advice, command = what_next(report)
    advice = advice.removeprefix(UNTOUCHED).strip()  # the sentence above has said it to everyone
    sentence = _published(load) if report.state == "published" else SENTENCES.get(report.state, "")
    title = label("state", report.state).capitalize()
    return Verdict(TONES.get(report.state, "neutre"), title, sentence, _reasons(load), advice, command)


def figures_of(now: Counts, before: Counts, pipeline: str) -> list[Figure]:
    """The few numbers that sum a load up."""
    rejected = sum(now.rejected.values()) if now.read is not None else None
    rejected_before = sum(before.rejected.values()) if before.read is not None else None
    read = [
        ("read", now.read, before.read),
        ("kept", now.kept, before.kept),
        ("rejected", rejected, rejected_before),
    ]
    found = [Figure(counted(what, pipeline), number(n), _change(n, then)) for what, n, then in read if n is not None]
    if now.coverage:
        country, then = total(now.coverage), total(before.coverage) if before.coverage else None
        found.append(Figure("structures ouvertes", number(country.open), _change(country.open, then and then.open)))
        for name, member in (("placées précisément", "precise"), ("avec un téléphone", "phone")):
            share = percent(getattr(country, member), country.open)
            points = _points(getattr(country, member), country.open, then and getattr(then, member), then and then.open)
            found.append(Figure(name, share, points))
    return found


def rejections_of(counts: Counts, served: set[str]) -> list[Rejection]:
    """Reasons of rejection, most frequent first."""
    return [
        Rejection(label("reason", reason), n, [_sample(each, served) for each in counts.samples.get(reason, [])])
        for reason, n in most_first(counts.rejected)
    ]


def lines(kind: str, now: Mapping[str, float], before: Mapping[str, float]) -> list[Line]:
    """A bar chart's lines, in their order."""
    most = max(now.values(), default=0) or 1
    return [
        Line(label(kind, name), n, n / most, _change(n, before.get(name, 0)) if before else None)
        for name, n in now.items()
    ]


def changes_of(counts: Counts) -> dict[str, int]:
    """Changes by kind in the order of the feed, then those we have no name for; all of them once any was looked for."""
    if not counts.changes:
        return {}
    return {kind: counts.changes.get(kind, 0) for kind in CHANGE_KINDS} | counts.changes


def slices_of(now: Counts, before: Counts) -> list[Slice]:
    """Classes of precision, from the most precise on."""
    whole, was = sum(now.precision.values()), before.precision
    return [
        Slice(
            name,
            label("precision", name),
            n,
            percent(n, whole),
            _points(n, whole, was.get(name, 0), sum(was.values())) if was else None,
        )
        for name, n in now.precision.items()
    ]


def departements_of(now: Counts, before: Counts) -> list[Departement]:
    """Coverage by département, in the order of codes."""
    names = area_names("departement")
    was = before.coverage
    return [
        Departement(
            "" if code == UNKNOWN else code,
            names.get(code, "Département inconnu" if code == UNKNOWN else code),
            each.open,
            _share(each.placed, each.open),
            _share(each.precise, each.open),
            _share(each.phone, each.open),
            _change(each.open, was[code].open if code in was else 0) if was else None,
        )
        for code, each in sorted(now.coverage.items(), key=lambda item: (item[0] == UNKNOWN, item[0]))
    ]


def _published(load: Load) -> str:
    made = f" (publication n° {load.publication})" if load.publication else ""
    if load.counts.went_back_to:
        made += f", celles du chargement n° {load.counts.went_back_to}"
    if load.served:
        return f"Ces données sont servies en ce moment{made}."
    return f"Ces données ont été servies{made} ; d’autres les ont remplacées."


def _reasons(load: Load) -> list[str]:
    """The gates that decided, else the error."""
    report = load.report
    closed = [f"Porte « {each.gate} » fermée : {sentence_of(each)}." for each in report.gates if each.refuses]
    accepted = [
        f"Porte « {each.gate} » acceptée par l’exploitant : {sentence_of(each)}."
        for each in report.gates
        if each.accepted
    ]
    if closed or not report.error:
        return closed + accepted
    return [*accepted, report.error]


def _sample(finess: str, served: set[str]) -> tuple[str, str | None]:
    return finess, f"/structures/finess:{finess}" if finess in served else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _change(now: float, before: Any) -> str | None:
    return None if before is None else signed(now - before)


def _points(now: int, whole: int, before: Any, whole_before: Any) -> str | None:
    """How many points a share has moved, to the tenth."""
    if not whole or not whole_before:
        return None
    points = round(100 * (now / whole - before / whole_before), 1)
    return signed(points) + (f"{NARROW_SPACE}pt" if points else "")
