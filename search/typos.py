"""Words that a misspelt one may stand for, among those of an index: by ear first, then a letter away, then two."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.french import STOP_WORDS, sound, stem

ONE_TYPO_LETTERS, TWO_TYPOS_LETTERS = 4, 8  # shorter words are other words once a letter changes
FAR_MORE = 100  # times: « ehpda » is heard as « EPDA », and meant for « EHPAD »
# Letters that a sound may begin with, where it is not always its own: « farmacie », « ospital », « quimper ».
SPELT = {"f": "fp", "s": "scp", "k": "ckq", "j": "jg", "i": "iyh", "e": "eah", "o": "oah", "a": "aeh", "u": "uh"}
SIGLE_LETTERS = 4  # at most, none of them a vowel: « MDPH » is not « MCPH »
VOWELS = frozenset("aeiouy")
MAX_NEAR = 50  # words that a misspelt one may stand for
LEAST_PART = 3  # letters of each part of a word that is split, but for stop words and « st »
LONGEST_JOINED = 40  # letters: the longest that is looked into
MAX_PARTS = 6  # « saint genis sur le rhône » in one word


class Vocabulary(Protocol):
    """The words that an index holds."""

    def frequency(self, word: str) -> int:
        """In how many structures it is found, more or less; 0: nowhere."""
        ...

    def beginning_with(self, letter: str) -> Sequence[str]:
        """Every word that begins with this letter."""
        ...


def near(word: str, vocabulary: Vocabulary) -> list[str]:
    """What a word may have been meant for: those that sound alike, else a letter away, else two when it is long; likeliest first.

    Those that sound alike may begin otherwise, however many letters differ. Else the first letter holds (people get it right),
    unless the first two changed places. A number is never misspelt: it is another; nor is a sigle of four letters.
    """
    allowed = 2 if len(word) >= TWO_TYPOS_LETTERS else 1 if len(word) >= ONE_TYPO_LETTERS else 0
    if not allowed or is_sigle(word) or any(letter.isdigit() for letter in word):
        return []
    distances = dict(within(allowed, word, vocabulary.beginning_with(word[0])))
    swapped = word[1] + word[0] + word[2:]
    if vocabulary.frequency(swapped):
        distances[swapped] = 1
    distances.pop(word, None)
    a_letter = [each for each, distance in distances.items() if distance == 1]
    if alike := [each for each in heard_as(word, vocabulary) if each != word]:
        often = FAR_MORE * max(map(vocabulary.frequency, alike))
        alike += [each for each in a_letter if each not in alike and vocabulary.frequency(each) >= often]
        return sorted(alike, key=lambda each: (-vocabulary.frequency(each), each))[:MAX_NEAR]
    meant = a_letter or list(distances)
    return sorted(meant, key=lambda each: (distances[each], -vocabulary.frequency(each), each))[:MAX_NEAR]


def is_sigle(word: str) -> bool:
    """Whether it is so short and without a vowel: read letter by letter, so that another letter makes another one."""
    return len(word) <= SIGLE_LETTERS and VOWELS.isdisjoint(word)


def heard_as(word: str, vocabulary: Vocabulary) -> list[str]:
    """The words of an index that sound like this one, itself included."""
    heard = sound(word)
    if not heard:  # « hhhh » is silent
        return []
    return [each for letter in SPELT.get(heard[0], heard[0]) for each in _by_sound(vocabulary, letter).get(heard, ())]


def _by_sound(vocabulary: Vocabulary, letter: str) -> Mapping[str, list[str]]:
    """The words that begin with this letter, by their sound: made once for an index, in hundredths of a second."""
    tables = _sounds.setdefault(vocabulary, {})
    if letter not in tables:
        table: dict[str, list[str]] = {}
        for each in vocabulary.beginning_with(letter):
            if len(each) >= ONE_TYPO_LETTERS:
                table.setdefault(sound(each), []).append(each)
        tables[letter] = table
    return tables[letter]


# They leave with the index.
_sounds: WeakKeyDictionary[Vocabulary, dict[str, Mapping[str, list[str]]]] = WeakKeyDictionary()


def parts(word: str, vocabulary: Vocabulary) -> list[str]:
    """The known words that a joined one is made of, stop words left out; nothing when it is not: fewest parts first.

    >>> parts("aixenprovence", of("aix", "provence")), parts("pastis", of("past", "is"))  # doctest: +SKIP
    (['aix', 'provence'], [])
    """
    if len(word) > LONGEST_JOINED:
        return []
    found: list[list[str] | None] = [[], *[None] * len(word)]
    for end in range(1, len(word) + 1):
        for start in range(end):
            before = found[start]
            part = word[start:end]
            if part != word and before is not None and len(before) < MAX_PARTS and _is_part(part, vocabulary):
                longer = [*before, part]
                held = found[end]
                if held is None or len(longer) < len(held):
                    found[end] = longer
    telling = [stem(part) for part in found[-1] or () if part not in STOP_WORDS]
    return telling if len(telling) > 1 else []


def _is_part(part: str, vocabulary: Vocabulary) -> bool:
    if part in STOP_WORDS:
        return len(part) > 1
    return len(part) >= LEAST_PART and vocabulary.frequency(stem(part)) > 0


def within(allowed: int, word: str, words: Sequence[str]) -> Iterable[tuple[str, int]]:
    """Those of these words at so many letters from one at most, each with how many."""
    found = process.extract(word, words, scorer=OSA.distance, processor=None, limit=None, score_cutoff=allowed)
    return ((each, int(distance)) for each, distance, _ in found)
