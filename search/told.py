"""What an answer says of how its question was read: words given up, a town that has nothing."""

from collections.abc import Iterable

from geo.communes import communes
from search.readings import Question, Reading
from search.results import Commune, Surroundings


def as_typed(question: Question, words: Iterable[str]) -> tuple[str, ...]:
    """Compared words of a question as they were typed."""
    typed = dict(zip(question.words, question.typed, strict=True))
    return tuple(typed.get(word, word) for word in words)


def left_out(question: Question, reading: Reading) -> tuple[str, ...]:
    """The words that a reading gave up, as typed."""
    return as_typed(question, reading.left_out)


def surroundings(question: Question, reading: Reading) -> Surroundings | None:
    """What was looked at instead of a town, where one was."""
    around = reading.around
    if around is None:
        return None
    town = communes()[around.commune]
    departement = town.departement if around.radius_m is None else None
    words = as_typed(question, around.words)
    return Surroundings(Commune(town.code, town.name), town.lon, town.lat, departement, around.radius_m, words)
