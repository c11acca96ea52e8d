"""The gates of a load as its page says them: what was measured against what was asked, in units and in Paris time."""

import re
from datetime import UTC, datetime

from api.loads.schemas import Gate, Load
from etl.gates import Verdict
from etl.labels import label
from etl.report import is_pointless, outcome
from etl.rhythm import PARIS
from geo.figures import NARROW_SPACE

TONES = {"franchie": "bon", "fermée": "mauvais", "avertissement": "mauvais", "acceptée": "neutre"}
# Of thresholds that gates write as a bare number (etl/gates.py).
UNITS = {"age": "jours", "size": "Mo"}
# Gates say « mesure, seuil » (etl/gates.py): the threshold is what follows the last of these words.
_THRESHOLD = re.compile(r"^(?P<measured>.*), (?P<threshold>(?:au plus|au moins|entre|cette version lit) .*)$")
_LAST_NUMBER = re.compile(r"(?P<number>\d[\d\u202f,.]*)(?P<rest>\D*)$")
# Gates write moments as the producer does, in UTC; everything else on the page is in Paris time.
_MOMENT = re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d")


def gates_of(load: Load) -> list[Gate]:
    """Gates in the order they were asked, warnings about invented data apart."""
    return [_gate(each, load.report.origin) for each in load.report.gates]


def sentence_of(verdict: Verdict) -> str:
    """What a gate said, its moments in Paris time.

    >>> sentence_of(Verdict("older", True, "fichier du 21/11/2026 02:31"))
    'fichier du 21/11/2026 03:31'
    """
    return _MOMENT.sub(_in_paris, verdict.message)


def with_unit(threshold: str, unit: str | None) -> str:
    """A threshold with the unit of its number.

    >>> with_unit("au plus 10", "jours"), with_unit("au moins 30,0 attendus du flux", "Mo")
    ('au plus 10\u202fjours', 'au moins 30,0\u202fMo attendus du flux')
    """
    return _LAST_NUMBER.sub(rf"\g<number>{NARROW_SPACE}{unit}\g<rest>", threshold) if unit else threshold


def _in_paris(moment: re.Match[str]) -> str:
    form = "%d/%m/%Y %H:%M"
    return f"{datetime.strptime(moment[0], form).replace(tzinfo=UTC).astimezone(PARIS):{form}}"


def _gate(verdict: Verdict, origin: str) -> Gate:
    measured, threshold = measure_and_threshold(sentence_of(verdict))
    said = "sans objet" if is_pointless(verdict, origin) else outcome(verdict)
    tone = TONES.get(said, "neutre")
    return Gate(
        verdict.gate,
        label("gate", verdict.gate).capitalize(),
        measured,
        with_unit(threshold, UNITS.get(verdict.gate)),
        said,
        tone,
    )


def measure_and_threshold(message: str) -> tuple[str, str]:
    """A gate's sentence in two columns.

    >>> measure_and_threshold("12 lignes rejetées, 0,10 %, au plus 1,00 %")
    ('12 lignes rejetées, 0,10 %', 'au plus 1,00 %')
    >>> measure_and_threshold("30 établissements utilisables sur 30 lus")
    ('30 établissements utilisables sur 30 lus', '')
    """
    parts = _THRESHOLD.match(message)
    return (parts["measured"], parts["threshold"]) if parts else (message, "")
