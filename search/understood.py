"""What a question says beside its words: the kinds of structure and the places it names, each known by a table of ours.

« pharmacie saint-denis » names a kind and a town. Both are sought as words all the same; that they were understood only lifts the
structures of that kind, and those of that very town above those of « Saint-Denis-en-Bugey » or named so elsewhere.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import msgspec

from geo.categories import Categorie, categories
from geo.communes import Commune, area_names, arrondissements_of, communes
from search import ranking
from search.document import said_of
from search.equivalents import equivalents
from search.french import stem, telling_words, tokens
from search.sigles import long_forms

LONGEST = 12  # words of the longest phrase looked for
LEAST_BEGUN = 3  # letters of a town's name that is only begun
LARGEST = 400_000  # inhabitants: Paris, Lyon and Marseille, whose structures are in their arrondissements
LIKELY_TOWN = (
    20_000  # inhabitants: « Vienne » is a town before it is a département, « La Réunion » (Lot-et-Garonne) is not
)
AREAS = {"departement": ranking.DEPARTEMENT, "region": ranking.REGION}
_IN_BRACKETS = re.compile(r"\s*\(.*")

Phrase = tuple[str, ...]
Worths = Mapping[str, float]


class Understood(msgspec.Struct, frozen=True):
    """Categories by number, places by code with what being there is worth, and the phrases that said so, as compared."""

    kinds: frozenset[int] = frozenset()
    communes: Worths = {}
    departements: Worths = {}
    regions: Worths = {}
    kind_phrases: tuple[Phrase, ...] = ()
    place_phrases: tuple[Phrase, ...] = ()
    town: str | None = None  # code of the commune meant, where one is rather than an area

    @property
    def place_words(self) -> frozenset[str]:
        return frozenset(word for phrase in self.place_phrases for word in phrase)

    @property
    def kind_words(self) -> frozenset[str]:
        return frozenset(word for phrase in self.kind_phrases for word in phrase)


def understood(written: Sequence[str]) -> Understood:
    """What the words of a question name: longest phrases first, a kind before a place of the same words.

    Places are known by their words as written: « Centrès » is no centre.
    """
    kinds: set[int] = set()
    places: dict[str, dict[str, float]] = {"commune": {}, "departement": {}, "region": {}}
    kind_phrases, place_phrases = [], []
    phrases = list(_phrases(written))
    towns = [each for each in phrases if not _kinds(tuple(map(stem, each))) and _size_as_town(each)]
    town = max(towns, key=_size_as_town, default=None)
    for phrase in phrases:
        compared = tuple(map(stem, phrase))
        if found := _kinds(compared):
            kinds |= found
            kind_phrases.append(compared)
            continue
        named = places_by_phrase()[phrase]
        if phrase in towns and phrase != town:
            # « de garde » is a town too, beside Lille it is none; « Réunion », beside Saint-Denis, is an area all the same
            named = tuple(each for each in named if each[0] in AREAS)
        if named:
            place_phrases.append(compared)
        for level, code, worth in named:
            places[level][code] = max(worth, places[level].get(code, 0.0))
    postcodes, numbers = _numbers(written, phrases)
    place_phrases += [(number,) for number in (*postcodes, *numbers)]
    places["departement"] |= {number.upper(): AREAS["departement"] for number in numbers}
    said = _within(places)
    if postcodes:
        said = _with_postcodes(said, postcodes)
    is_area = any(level in AREAS for level, *_ in places_by_phrase().get(town or (), ()))
    return Understood(
        kinds=frozenset(kinds),
        communes=said,
        departements=places["departement"],
        regions=places["region"],
        kind_phrases=tuple(kind_phrases),
        place_phrases=tuple(place_phrases),
        town=_town(said, is_area=is_area),
    )


def _numbers(written: Sequence[str], phrases: Sequence[Phrase]) -> tuple[list[str], list[str]]:
    """The postcodes, and the département's number, that stand beside something else.

    A département's comes last, and no other number is said: « 24h/24 » is not the Dordogne, nor « 12 apôtres » the Aveyron.
    """
    if len(written) < 2:
        return [], []
    known = {word for phrase in phrases for word in phrase}
    numbers = [word for word in written if word[0].isdigit() and word not in known]
    postcodes = [word for word in numbers if word in _by_postcode()]
    is_departement = numbers == [written[-1]] and written[-1].upper() in area_names("departement")
    return postcodes, numbers if is_departement else []


def _with_postcodes(named: Worths, postcodes: Sequence[str]) -> Worths:
    """The communes named that have such a postcode; where none has, all who have it too."""
    having = {code: _worth(communes()[code]) for postcode in postcodes for code in _by_postcode()[postcode]}
    return {code: worth for code, worth in named.items() if code in having} or {**having, **named}


def _within(places: Mapping[str, Worths]) -> Worths:
    """The communes named, those of the areas named alone where there are some: « Saint-Denis de la Réunion »."""
    areas = places["departement"].keys() | places["region"].keys()
    within = {
        code: worth
        for code, worth in places["commune"].items()
        if {communes()[code].departement, communes()[code].region} & areas
    }
    return within or places["commune"]


def _town(named: Worths, *, is_area: bool) -> str | None:
    """The largest of the communes named, « Paris » rather than its arrondissements.

    None where a département or region of that name is meant rather.
    """
    largest = max(named, key=lambda code: (named[code], communes()[code].parent is None, code), default=None)
    if largest is None or (is_area and communes()[largest].population < LIKELY_TOWN):
        return None
    return largest


def with_town(written: Sequence[str]) -> list[str]:
    """The words with a last town written out where it is only begun: « toulous », « saint et »; the most populous one."""
    names, largest = _begun_towns()
    for start in range(len(written)):
        begun = " ".join(written[start:])
        first = bisect_left(names, begun)
        last = bisect_left(names, begun + "\uffff")
        if len(begun) >= LEAST_BEGUN and first < last:
            town = max(range(first, last), key=lambda i: largest[i])
            return [*written[:start], *names[town].split()]
    return list(written)


@cache
def kinds_by_phrase() -> Mapping[Phrase, frozenset[int]]:
    """Numbers of the categories that a phrase is the name of."""
    found: dict[Phrase, set[int]] = {}
    for each in categories().values():
        for phrase in _names_of(each):
            found.setdefault(phrase, set()).add(each.no)
    return {phrase: frozenset(numbers) for phrase, numbers in found.items() if phrase}


@cache
def places_by_phrase() -> Mapping[Phrase, tuple[tuple[str, str, float], ...]]:
    """Level, code and worth of the places that a phrase is the whole name of."""
    found: dict[Phrase, list[tuple[str, str, float]]] = {}
    for each in communes().values():
        worth = _worth(each)
        codes = (each.code, *arrondissements_of(each.code)) if each.population > LARGEST else (each.code,)
        for phrase in _names_of_commune(each.name):
            found.setdefault(phrase, []).extend(("commune", code, worth) for code in codes)
    for level, worth in AREAS.items():
        for code, name in area_names(level).items():
            found.setdefault(tuple(telling_words(name)), []).append((level, code, worth))
    return {phrase: tuple(places) for phrase, places in found.items()}  # tuples: nothing for the collector to visit


@cache
def _by_postcode() -> Mapping[str, tuple[str, ...]]:
    """Codes of the communes that have each postcode: arrondissements rather than Paris, Lyon and Marseille."""
    found: dict[str, tuple[str, ...]] = {}
    for each in communes().values():
        for postcode in () if each.population > LARGEST and arrondissements_of(each.code) else each.postcodes:
            found[postcode] = (*found.get(postcode, ()), each.code)
    return found


def _worth(commune: Commune) -> float:
    return ranking.COMMUNE + ranking.COMMUNE_SIZE * math.log10(max(1, commune.population))


def _phrases(written: Sequence[str]) -> Iterator[Phrase]:
    """The known phrases of a question that do not overlap, longest first."""
    free = [True] * len(written)
    for length in range(min(LONGEST, len(written)), 0, -1):
        for start in range(len(written) - length + 1):
            span = slice(start, start + length)
            phrase = tuple(written[span])
            if all(free[span]) and (phrase in places_by_phrase() or _kinds(tuple(map(stem, phrase)))):
                free[span] = [False] * length
                yield phrase


def _size_as_town(phrase: Phrase) -> float:
    """What being in the largest town of that name is worth; nothing where none is called so."""
    return max((worth for level, _, worth in places_by_phrase().get(phrase, ()) if level == "commune"), default=0.0)


def _kinds(phrase: Phrase) -> frozenset[int]:
    """Those a phrase is the name of, and those of what means the same: « docteur » is where there are « médecins »."""
    same = equivalents().get(phrase[0], ()) if len(phrase) == 1 else ()
    return frozenset().union(*(kinds_by_phrase().get(each, ()) for each in (phrase, *same)))


def _names_of(categorie: Categorie) -> set[Phrase]:
    said = [_IN_BRACKETS.sub("", categorie.label), categorie.short_label, *said_of(categorie)]
    phrases = {tuple(tokens(phrase)) for phrase in said}
    return phrases | {form for phrase in phrases if len(phrase) == 1 for form in long_forms().get(phrase[0], ())}


def _names_of_commune(name: str) -> Iterator[Phrase]:
    """« Paris 13e Arrondissement » is « Paris 13 » too."""
    words = tuple(telling_words(name))
    yield words
    if words[-1:] == ("arrondissement",):
        yield words[:-1]


@cache
def _begun_towns() -> tuple[list[str], list[int]]:
    """Names of communes in order, and their inhabitants."""
    pairs = sorted((" ".join(telling_words(each.name)), each.population) for each in communes().values())
    return [name for name, _ in pairs], [inhabitants for _, inhabitants in pairs]


def warm_up() -> None:
    """Read the tables that the first question would wait for."""
    places_by_phrase()
    kinds_by_phrase()
    _by_postcode()
    _begun_towns()
