"""Words that mean the same to who looks for care (search/equivalents.txt)."""

from collections.abc import Mapping
from functools import cache

from search.french import sound, tokens
from search.tables import lines_of
from search.typos import ONE_TYPO_LETTERS, is_sigle, within


@cache
def equivalents() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """What else a word may be found by, all its words, by the word as compared."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for line in lines_of("equivalents.txt"):
        asked, _, only_found = line.partition(" > ")
        same = [tuple(tokens(each)) for each in asked.split(" = ")]
        for each in (one for one in same if len(one) == 1):
            others = [other for other in (*same, tuple(tokens(only_found))) if other and other != each]
            found[each[0]] = tuple(dict.fromkeys((*found.get(each[0], ()), *others)))
    return found


def ours_near(word: str) -> tuple[str, ...]:
    """The words that have equivalents and that one may be meant for: no name may say « dentiste », the index then not knowing it.

    Those that sound alike (« oftalmo »), else those a letter away (« dentist »).
    """
    if len(word) < ONE_TYPO_LETTERS or is_sigle(word):
        return ()
    same_letter = [each for each in equivalents() if each[0] == word[0] and len(each) > ONE_TYPO_LETTERS]
    return _by_sound().get(sound(word)) or tuple(each for each, _ in within(1, word, same_letter) if each != word)


@cache
def _by_sound() -> Mapping[str, tuple[str, ...]]:
    """The words that have equivalents, by their sound."""
    found: dict[str, tuple[str, ...]] = {}
    for word in equivalents():
        found[sound(word)] = (*found.get(sound(word), ()), word)
    return found
