"""Lines under the search box: communes and categories first for a few letters, then structures, the near ones before."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
from sqlalchemy import ColumnElement, Connection, select

from geo.categories import FAMILIES, categories
from geo.communes import Commune, communes
from geo.identifiers import compact
from geo.position import distance_m
from geo.structures import structure
from geo.text import sort_key
from search import understood
from search.document import said_of
from search.embedded import sphere
from search.embedded.sphere import on_sphere
from search.french import tokens
from search.query import Origin
from search.results import Suggestion

FEW_LETTERS = 3  # up to here, places and kinds of structure say more than names
NEAR_M = 30_000  # what a map of a town and its surroundings shows
TOWN = 10_000  # inhabitants: « hop » in Paris is not on its way to L’Hôpital-Camfrout, « lil » may be to Lille
BEGUN_NUMBER = re.compile(r"[0-9][0-9AB][0-9]{3,12}")  # of a FINESS (2A, 2B) or of a SIRET
LEAST_OF_POSTCODE = 2  # digits
MOST_POSTCODES = 30  # of one commune: Paris has 21
MAX_OF_KIND = 3  # communes, and categories: the rest is for structures


class Lines(Protocol):
    """What an engine knows of what is begun: rows, as search.rows.Told names their columns."""

    def typed(self, words: str, origin: Origin | None, limit: int) -> Sequence[Any]:
        """The best structures for what is typed so far, in the order to show them."""
        ...

    def numbers(self, digits: str, limit: int) -> Sequence[Any]:
        """Those one of whose FINESS or SIRET numbers begins so."""
        ...


def suggest(lines: Lines, words: str, origin: Origin | None, limit: int, *, with_sirene: bool) -> list[Suggestion]:
    """At most `limit` lines for what is typed so far; nothing for nothing. `with_sirene`: its categories have structures."""
    if not words:
        return []
    if number := _begun_numbers(lines, words, limit):
        return number
    begun = communes_begun(words, origin)
    places = [each for each in begun if origin is None or _is_likely(each, words, origin)]
    kinds = [*map(_commune_line, places), *_categories(words, with_sirene)]
    found = [_line(row) for row in lines.typed(words, origin, limit)]
    shown = [*kinds, *found] if len(words) <= FEW_LETTERS else _interleaved(kinds, found)
    villages = [_commune_line(each) for each in begun if each not in places]
    before = max(limit - len(villages), limit // 2 + 1)  # they are seen, and never crowd out what stands near
    return [*shown[:before], *villages][:limit]


def _interleaved(kinds: list[Suggestion], found: list[Suggestion]) -> list[Suggestion]:
    """Places and kinds that are exactly what is typed come first; the others after the structures' best three."""
    return [*kinds[:2], *found[:3], *kinds[2:], *found[3:]]


def bearing(connection: Connection, number: ColumnElement[bool], limit: int) -> list[Suggestion]:
    """Who bears the number typed (search.identifiers)."""
    rows = connection.execute(select(structure).where(number).order_by(structure.c.id).limit(limit))
    return [_line(row) for row in rows]


def _begun_numbers(lines: Lines, words: str, limit: int) -> list[Suggestion]:
    """Those whose FINESS or SIRET begins so, each with what it is."""
    begun = compact(words)
    found = lines.numbers(begun, limit) if BEGUN_NUMBER.fullmatch(begun) else []
    return [
        Suggestion(
            "identifier", f"{_number(row, begun)} – {_label(row.name, row.commune_name)}", row.id, row.lon, row.lat
        )
        for row in found
    ]


def _number(row: Any, begun: str) -> str:
    return str(next((each for each in (*row.finess, *row.siret) if each.startswith(begun)), begun))


def _line(row: Any) -> Suggestion:
    return Suggestion("structure", _label(row.name, row.commune_name), row.id, row.lon, row.lat)


def _label(name: str, place: str | None) -> str:
    return f"{name} – {place}" if place else name


def communes_begun(words: str, origin: Origin | None = None, most: int = MAX_OF_KIND) -> list[Commune]:
    """The first communes whose name or postcode begins so: of that very name, then in sight of the map, then by population."""
    key = sort_key(words)
    if not key or (key.isdigit() and len(key) < LEAST_OF_POSTCODE):  # « % », an emoji: every name begins with nothing
        return []
    return (_by_postcode() if key.isdigit() else _by_name()).begun(key, origin, most)


def _is_likely(commune: Commune, words: str, origin: Origin) -> bool:
    """Whether one who looks at this map may mean it."""
    return commune.population >= TOWN or _is_near(commune, origin) or sort_key(commune.name) == sort_key(words)


def _commune_line(commune: Commune) -> Suggestion:
    return Suggestion("commune", commune_label(commune), commune.code, commune.lon, commune.lat)


def _is_near(commune: Commune, origin: Origin | None) -> bool:
    return origin is not None and distance_m(commune.lon, commune.lat, origin.lon, origin.lat) < NEAR_M


def commune_label(commune: Commune) -> str:
    place = commune.postcodes[0] if commune.postcodes else commune.departement
    return f"{commune.name} ({place})"


class _Communes:
    """Communes under one of their names, sorted: all that begin so stand together, and are put in order as columns."""

    def __init__(self, named: Iterable[tuple[str, Commune]]) -> None:
        pairs = sorted(named, key=lambda pair: (pair[0], pair[1].code))
        self._names = [name for name, _ in pairs]
        self._communes = [commune for _, commune in pairs]
        columns = [(each.lon, each.lat, each.population) for each in self._communes]
        self._lon, self._lat, self._population = np.array(columns).T

    def begun(self, beginning: str, origin: Origin | None, most: int) -> list[Commune]:
        """The best of them, `most` of them."""
        first, same = bisect_left(self._names, beginning), bisect_right(self._names, beginning)
        last = bisect_left(self._names, beginning + "\uffff", lo=same)
        another = np.arange(first, last) >= same
        far = np.ones(last - first, dtype=bool)
        if origin is not None:
            near = sphere.lines(on_sphere(self._lon[first:last], self._lat[first:last]), origin.lon, origin.lat)
            far = near >= NEAR_M
        order = np.lexsort((-self._population[first:last], far, another)) + first
        found = dict.fromkeys(self._communes[place] for place in order[: most * MOST_POSTCODES].tolist())
        return list(found)[:most]


@cache
def _by_name() -> _Communes:
    return _Communes((sort_key(each.name), each) for each in communes().values())


@cache
def _by_postcode() -> _Communes:
    return _Communes((code, each) for each in communes().values() for code in each.postcodes)


def _categories(words: str, with_sirene: bool) -> list[Suggestion]:
    """Categories one of whose names begins so, word for word; those that are called so before those that are said to be."""
    asked = " ".join(tokens(words))
    if not asked:
        return []
    phrases, said = _said()
    begun = said[bisect_left(phrases, asked) : bisect_left(phrases, asked + "\uffff")]
    best: dict[int, bool] = {}  # by place among the categories: whether it is only said so
    for place, only_said in begun:
        best[place] = best.get(place, True) and only_said
    known = list(categories().values())
    offered = [
        known[place]
        for place in sorted(best, key=lambda place: (best[place], place))
        if with_sirene or known[place].family not in FAMILIES
    ]
    return [Suggestion("categorie", each.label, each.code, None, None) for each in offered[:MAX_OF_KIND]]


@cache
def _said() -> tuple[list[str], list[tuple[int, bool]]]:
    """Every phrase that a category answers to, sorted; for each, the category’s place, whether it is another than its label."""
    pairs = sorted(
        (" ".join(tokens(phrase)), (place, number > 0))
        for place, each in enumerate(categories().values())
        if not each.ended
        for number, phrase in enumerate(said_of(each))
    )
    return [phrase for phrase, _ in pairs], [said for _, said in pairs]


def warm_up() -> None:
    """Read the tables that the first question would wait for."""
    _by_name()
    _by_postcode()
    _said()
    understood.warm_up()
