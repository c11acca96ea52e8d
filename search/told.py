"""How a question was read, as every engine tells it and counts with it: words given up, a town that has nothing."""

from collections.abc import Iterable

from geo.communes import communes
from search.query import Origin
from search.readings import Question, Reading
from search.results import Commune, Surroundings


def as_typed(question: Question, words: Iterable[str]) -> tuple[str, ...]:
    """Compared words of a question as they were typed."""
    typed = dict(zip(question.words, question.typed, strict=True))
    return tuple(typed.get(word, word) for word in words)


def left_out(question: Question, reading: Reading) -> tuple[str, ...]:
    """The words that a reading gave up, as typed."""
    return as_typed(question, reading.left_out)


def counted_from(reading: Reading, origin: Origin | None) -> Origin | None:
    """What is near it counts more: the town whose surroundings answer, else who asks."""
    return Origin(*reading.around.point) if reading.around else origin


def names_one(question: Question, reading: Reading, *, from_a_point: bool) -> bool:
    """Whether what was typed may be a name. « Pharmacie » is hardly one: not of what is far from who asks."""
    says_only_kinds = reading.understood.kind_words.issuperset(question.words)
    return not (says_only_kinds and from_a_point)


def surroundings(question: Question, reading: Reading) -> Surroundings | None:
    """What was looked at instead of a town, where one was."""
    around = reading.around
    if around is None:
        return None
    town = communes()[around.commune]
    departement = town.departement if around.radius_m is None else None
    words = as_typed(question, around.words)
    return Surroundings(Commune(town.code, town.name), town.lon, town.lat, departement, around.radius_m, words)
