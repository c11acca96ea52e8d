"""What an answer is worth: how precise the position it gives is, or why it gives none."""

from enum import StrEnum

import msgspec

from etl.positions.addresses import begins_a_street, split_number
from etl.positions.ladder import GaveUp
from etl.positions.streets import same_place, same_street
from geo.addresses import street_key
from geo.communes import communes, current_code
from geo.geocoder.shapes import Answer, Kind, Question, Status
from geo.position import PRECISE, Precision

# The geocoder's score orders the results of one question and compares badly between questions (addok#153): « 12 BIS » for
# « 12B » costs it a tenth. So it decides little here: what was answered is compared with what was asked.
LOWEST_SCORE = 0.4  # below, addok has matched half the words: production use floors at 0.3 and asks again below 0.7
SURE_SCORE = (
    0.7  # data-inclusion keeps from 0.75, les-emplois from 0.8; below, only a street of exactly the same name is taken
)
# Two streets of the same name in a commune of merged ones differ by their importance only, a few hundredths at most of a
# score; another kind of street under the same name (rue, avenue) differs by more.
LEAST_GAP = 0.02


class Reason(StrEnum):
    """Why an answer is refused, or taken for less than was asked; etl.labels has the words that people read."""

    SANS_REPONSE = "sans_reponse"  # asked in vain: to be asked again
    INTROUVABLE = "introuvable"
    COMMUNE_INCONNUE = "commune_inconnue"
    AUTRE_COMMUNE = "autre_commune"
    CENTRE_DE_COMMUNE = "centre_de_commune"
    SCORE_TROP_BAS = "score_trop_bas"
    AUTRE_RUE = "autre_rue"
    AMBIGUE = "ambigue"
    NUMERO_ABSENT = "numero_absent"  # the street is right


class Verdict(msgspec.Struct, frozen=True):
    """One answer judged."""

    precision: Precision  # none: refused
    reason: Reason | None  # null when the answer is all that was asked
    gave_up: GaveUp  # of the address, by the question and by the answer together

    @property
    def is_precise(self) -> bool:
        """Whether there is no need to ask for less."""
        return self.precision in PRECISE


def judged(question: Question, answer: Answer, gave_up: GaveUp, commune: str | None) -> Verdict:
    """One answer. commune: INSEE code as the register has it, of today or not; null where it has none that is known."""
    reason = _refusal(question, answer, commune)
    if reason is not None:
        return Verdict(Precision.NONE, reason, gave_up)
    if answer.kind is Kind.MUNICIPALITY:
        return Verdict(Precision.COMMUNE, Reason.CENTRE_DE_COMMUNE, GaveUp.ADDRESS)
    number, _ = split_number(question.text)
    if number is None:
        return Verdict(_precision(question, answer), None, gave_up)
    return _numbered(number, answer, gave_up)


def _refusal(question: Question, answer: Answer, commune: str | None) -> Reason | None:
    """The first of the rules that the answer breaks."""
    if answer.status in (Status.ERROR, Status.SKIPPED):
        return Reason.SANS_REPONSE
    if answer.status is not Status.OK or answer.lon is None or answer.lat is None or answer.kind is None:
        return Reason.INTROUVABLE
    if (elsewhere := _elsewhere(question, answer, commune)) is not None:
        return elsewhere
    if answer.kind is Kind.MUNICIPALITY:
        return None
    return _other(question, answer)


def _elsewhere(question: Question, answer: Answer, commune: str | None) -> Reason | None:
    """A street belongs to its commune; arrondissements and merged communes count as the whole."""
    asked = city_of(commune) or question.citycode
    if asked is not None:
        return None if city_of(answer.citycode) == asked and _may_be(commune, answer.citycode) else Reason.AUTRE_COMMUNE
    if question.postcode is None or answer.postcode is None:
        return Reason.COMMUNE_INCONNUE
    return None if question.postcode == answer.postcode else Reason.AUTRE_COMMUNE


def _may_be(commune: str | None, answered: str | None) -> bool:
    """A register that says which arrondissement knows it; an answer may name the city alone."""
    known, found = (communes().get(current_code(code) or "") if code else None for code in (commune, answered))
    both = known is not None and found is not None and known.parent is not None and found.parent is not None
    return not both or known == found


def city_of(code: str | None) -> str | None:
    """The commune of today, or the city whose arrondissement it is.

    >>> city_of("75119"), city_of("69386"), city_of("97127"), city_of("00000")
    ('75056', '69123', '97801', None)
    """
    known = communes().get(current_code(code) or "") if code else None
    return (known.parent or known.code) if known else None


def _other(question: Question, answer: Answer) -> Reason | None:
    score = answer.score or 0.0
    if score < LOWEST_SCORE:
        return Reason.SCORE_TROP_BAS
    _, asked = split_number(question.text)
    answered = answer.street or ""
    place = question.kind is None and not _is_numbered(question)
    if not (same_place if place else same_street)(asked, answered):
        return Reason.AUTRE_RUE
    if score < SURE_SCORE and not _exactly(asked, answered):
        return Reason.SCORE_TROP_BAS
    if answer.score_next is not None and score - answer.score_next < LEAST_GAP:
        return Reason.AMBIGUE
    return None


def _exactly(asked: str, answered: str) -> bool:
    return street_key(asked) == street_key(answered)


def _is_numbered(question: Question) -> bool:
    return split_number(question.text)[0] is not None


def _precision(question: Question, answer: Answer) -> Precision:
    """Without a number asked for: a lieu-dit stays one even where the BAN files it among streets."""
    asked_a_street = question.kind is Kind.STREET or begins_a_street(question.text.split())
    return Precision.STREET if asked_a_street and answer.kind is not Kind.LOCALITY else Precision.LOCALITY


def _numbered(number: str, answer: Answer, gave_up: GaveUp) -> Verdict:
    """A number that isn't the one asked for says where its street is, no more."""
    if answer.kind is Kind.LOCALITY:
        return Verdict(Precision.LOCALITY, Reason.NUMERO_ABSENT, GaveUp.NUMBER)
    found, _ = split_number(f"{answer.housenumber or ''} RUE")
    if answer.kind is not Kind.HOUSENUMBER or found is None or found.split()[0] != number.split()[0]:
        return Verdict(Precision.STREET, Reason.NUMERO_ABSENT, GaveUp.NUMBER)
    beside = GaveUp.SUFFIX if gave_up is GaveUp.NOTHING and found != number else gave_up
    return Verdict(Precision.HOUSENUMBER, None, beside)
