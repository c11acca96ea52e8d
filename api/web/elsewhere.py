"""What a page says where the place that was typed has nothing: what was looked at instead, and the way to look everywhere."""

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from geo.communes import area_names, communes
from geo.filters import NONE
from search.query import SearchQuery
from search.readings import question_of, without
from search.results import SearchResults
from search.understood import Understood, understood

Pairs = Sequence[tuple[str, str]]


class Elsewhere(msgspec.Struct, frozen=True):
    """`place` as tables of ours name it, `words` that are asked for besides, `requete`: the same, asked of the country."""

    place: str
    words: str
    requete: str
    departement: str | None = None  # name of the one that was looked at instead
    reach_m: float | None = None  # how far around the town one looked instead


def elsewhere(question: SearchQuery, results: SearchResults, asked: Pairs) -> Elsewhere | None:
    """None where the place that was typed answers, or none was."""
    if around := results.around or None:
        place, named = around.commune.name or "", question_of(" ".join(around.words)).words
        told = _told(question, asked, frozenset(named))
        departement = area_names("departement").get(around.departement or "")
        return told and Elsewhere(place, *told, departement, around.radius_m)
    if not _words_alone_find_nothing(question, results):
        return None
    said = understood(question_of(question.words).phrase)
    told = _told(question, asked, said.place_words)
    return told and Elsewhere(_place(said), *told)


def empty_place(question: SearchQuery, results: SearchResults) -> str | None:
    """The name of the place that was typed alone, where the data have nothing there: there is no spelling to check."""
    if not _words_alone_find_nothing(question, results):
        return None
    asked = question_of(question.words)
    said = understood(asked.phrase)
    return _place(said) if said.place_words and said.place_words.issuperset(asked.words) else None


def _words_alone_find_nothing(question: SearchQuery, results: SearchResults) -> bool:
    """Whether it is the words, and no filter, that leave nothing."""
    return results.total == 0 and bool(question.words) and replace(question.filters, open_only=True) == NONE


def _told(question: SearchQuery, asked: Pairs, place: frozenset[str]) -> tuple[str, str] | None:
    """What is asked for besides the place, and the address that asks it of the whole country."""
    words = without(question.words, place)
    if not place or not words:
        return None
    return words, urlencode([("q", words), *(pair for pair in asked if pair[0] != "q")])


def _place(said: Understood) -> str:
    if said.town:
        return communes()[said.town].name
    areas = (("departement", said.departements), ("region", said.regions))
    return next(area_names(level)[code] for level, codes in areas for code in codes)
