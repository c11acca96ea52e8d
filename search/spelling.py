"""Words as a page writes them, with the accents and capitals that comparing took: « hôpital », « Grenoble », « EHPAD »."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from geo.categories import categories
from geo.communes import communes
from geo.text import sort_key
from search.document import said_of
from search.french import stem
from search.tables import lines_of

_WORD = re.compile(r"[^\W\d_]+")
TOWN = 2_000  # inhabitants: smaller ones are read when a question waits, and few would be told
OUR_WORDS = ("equivalents.txt", "sigles.txt")


def as_written(word: str) -> str:
    """A compared word as tables of ours write it; itself where none does, as most names.

    >>> [as_written(each) for each in ("hopital", "grenoble", "ehpad", "pasteur")]
    ['hôpital', 'Grenoble', 'EHPAD', 'pasteur']
    """
    return _spellings().get(word, word)


@cache
def _spellings() -> Mapping[str, str]:
    """By compared form: of what the field says first, then of places; a singular before a plural."""
    found: dict[str, str] = {}
    inflected: dict[str, str] = {}
    for text in _texts():
        for word in _WORD.findall(text):
            plain = sort_key(word).lower()
            (found if stem(plain) == plain else inflected).setdefault(stem(plain), word)
    return inflected | found


def _texts() -> Iterator[str]:
    for name in OUR_WORDS:
        yield from lines_of(name)
    said = [said_of(each) for each in categories().values()]
    yield from (phrase for _, *others in said for phrase in others)
    yield from (label for label, *_ in said)
    yield from (each.name for each in communes().values() if each.population >= TOWN)
