"""Words that mean the same to who looks for care (search/equivalents.txt)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from search.french import sound, tokens


@cache
def equivalents() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """What else a word may be found by, all its words, by the word as compared."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for line in (files("search") / "equivalents.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            asked, _, only_found = line.partition(" > ")
            same = [tuple(tokens(each)) for each in asked.split(" = ")]
            for each in (one for one in same if len(one) == 1):
                others = [other for other in (*same, tuple(tokens(only_found))) if other and other != each]
                found[each[0]] = tuple(dict.fromkeys((*found.get(each[0], ()), *others)))
    return found


@cache
def by_sound() -> Mapping[str, tuple[str, ...]]:
    """The words that have equivalents, by their sound: no name may say « ophtalmo », which « oftalmo » is meant for."""
    found: dict[str, tuple[str, ...]] = {}
    for word in equivalents():
        found[sound(word)] = (*found.get(sound(word), ()), word)
    return found
