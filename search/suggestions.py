"""Lines under the search box: communes and categories first for a few letters, then structures, the near ones before."""

from bisect import bisect_left
from functools import cache

from sqlalchemy import Connection, select

from geo.categories import FAMILIES, Categorie, categories
from geo.communes import Commune, communes
from geo.structures import structure
from geo.text import sort_key
from search import understood
from search.document import said_of
from search.embedded import words as embedded_words
from search.embedded.index import WordIndex
from search.french import tokens
from search.identifiers import typed_number
from search.query import Origin, SearchQuery, Sort
from search.results import Suggestion

FEW_LETTERS = 3  # up to here, places and kinds of structure say more than names
MAX_OF_KIND = 3  # communes, and categories: the rest is for structures


def suggest(
    connection: Connection, index: WordIndex, words: str, origin: Origin | None, limit: int, *, with_sirene: bool
) -> list[Suggestion]:
    """At most `limit` lines for what is typed so far; nothing for nothing. `with_sirene`: its categories have structures."""
    if not words:
        return []
    if number := _numbers(connection, words, limit):
        return number
    kinds = [*_communes(words), *_categories(words, with_sirene)]
    found = _structures(connection, index, words, origin, limit)
    lines = [*kinds, *found] if len(words) <= FEW_LETTERS else _interleaved(kinds, found)
    return lines[:limit]


def _interleaved(kinds: list[Suggestion], found: list[Suggestion]) -> list[Suggestion]:
    """Places and kinds that are exactly what is typed come first; the others after the structures' best three."""
    return [*kinds[:2], *found[:3], *kinds[2:], *found[3:]]


def _numbers(connection: Connection, words: str, limit: int) -> list[Suggestion]:
    condition = typed_number(words)
    if condition is None:
        return []
    rows = connection.execute(select(structure).where(condition).order_by(structure.c.id).limit(limit))
    return [Suggestion("structure", _label(row.name, row.commune_name), row.id, row.lon, row.lat) for row in rows]


def _structures(
    connection: Connection, index: WordIndex, words: str, origin: Origin | None, limit: int
) -> list[Suggestion]:
    found = embedded_words.search(
        index, SearchQuery(words=words, origin=origin, sort=Sort.RELEVANCE, limit=limit, total=False)
    )
    ids = [hit.id for hit in found.hits]
    rows = {row.id: row for row in connection.execute(select(structure).where(structure.c.id.in_(ids)))}
    named = [rows[each] for each in ids if each in rows]
    return [Suggestion("structure", _label(row.name, row.commune_name), row.id, row.lon, row.lat) for row in named]


def _label(name: str, place: str | None) -> str:
    return f"{name} – {place}" if place else name


def _communes(words: str) -> list[Suggestion]:
    """Communes whose name or postcode begins so, the most populous first."""
    key = sort_key(words)
    begun = _begun_postcodes(key) if key.isdigit() else _begun_names(key)
    return [Suggestion("commune", _commune_label(each), each.code, each.lon, each.lat) for each in begun[:MAX_OF_KIND]]


def _commune_label(commune: Commune) -> str:
    place = commune.postcodes[0] if commune.postcodes else commune.departement
    return f"{commune.name} ({place})"


def _begun_names(key: str) -> list[Commune]:
    names, found = _communes_by_name()
    start = bisect_left(names, key)
    end = bisect_left(names, key + "\uffff")
    return sorted(found[start:end], key=lambda c: (sort_key(c.name) != key, -c.population, c.code))


def _begun_postcodes(digits: str) -> list[Commune]:
    found = [c for c in communes().values() if any(code.startswith(digits) for code in c.postcodes)]
    return sorted(found, key=lambda c: (-c.population, c.code)) if len(digits) >= 2 else []


@cache
def _communes_by_name() -> tuple[list[str], list[Commune]]:
    pairs = sorted(((sort_key(c.name), c) for c in communes().values()), key=lambda pair: (pair[0], pair[1].code))
    return [name for name, _ in pairs], [commune for _, commune in pairs]


def _categories(words: str, with_sirene: bool) -> list[Suggestion]:
    """Categories one of whose names begins so, word for word."""
    asked = tokens(words)
    offered = [(each, phrases) for each, phrases in _said() if with_sirene or each.family not in FAMILIES]
    begun = [each for each, phrases in offered if asked and any(_begins(phrase, asked) for phrase in phrases)]
    return [Suggestion("categorie", each.label, each.code, None, None) for each in begun[:MAX_OF_KIND]]


def _begins(phrase: list[str], asked: list[str]) -> bool:
    return (
        len(phrase) >= len(asked)
        and phrase[: len(asked) - 1] == asked[:-1]
        and phrase[len(asked) - 1].startswith(asked[-1])
    )


@cache
def _said() -> list[tuple[Categorie, list[list[str]]]]:
    return [(each, [tokens(phrase) for phrase in said_of(each)]) for each in categories().values() if not each.ended]


def warm_up() -> None:
    """Read the tables that the first question would wait for."""
    _communes_by_name()
    _said()
    understood.warm_up()
