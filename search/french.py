"""Words as they are compared: one normalisation for what is indexed and what is asked."""

import re
from functools import lru_cache

from geo.text import sort_key

# Dotted acronyms are one word: « I.M.E. » and « IME » are the same to whoever types them.
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,}[A-Za-z]?\b\.?")
EDGE = 3  # letters of the longest beginning that is a word of the index
STOP_WORDS = frozenset(
    "a au aux ce ces d dans de des du en et j l la le les m n ou par pour qu que s sur t un une".split()  # noqa: SIM905
)


def tokens(text: str) -> list[str]:
    """The words of a text in their compared form, elided articles and stop words left out.

    >>> tokens("Les Hôpitaux de l’Estuaire – I.M.E. « Les Œillets »")
    ['hopital', 'estuaire', 'ime', 'oeillet']
    """
    words = [word for word in _words(text) if word not in STOP_WORDS]
    return [stem(word) for word in words]


def asked_tokens(text: str) -> list[str]:
    """The words of a question; one made of stop words alone keeps them: « le » must find something or say it finds nothing."""
    return tokens(text) or [stem(word) for word in _words(text)]


def words_said(text: str) -> list[str]:
    """The words as they are typed, plurals kept, since the last may be only begun; stop words left out unless they are all."""
    said = _words(text)
    return [word for word in said if word not in STOP_WORDS] or said


def beginnings(words: list[str]) -> list[str]:
    """Each word whole, and its short beginnings: of a few letters, too many words begin so to be looked for one by one.

    >>> beginnings(["ehpad", "du"])
    ['d', 'du', 'e', 'eh', 'ehp', 'ehpad']
    """
    short = {word[:length] for word in words for length in range(1, EDGE + 1)}
    return sorted(short | set(words))


def exact_form(text: str) -> str:
    """What two names share when a person would call them the same; plurals differ here: « Le Pari » is not « Paris »."""
    return " ".join(word for word in _words(text) if word not in STOP_WORDS)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A word without the mark of its plural: enough for names, and never a surprise.

    >>> [stem(w) for w in ("hopitaux", "soins", "jeux", "bras", "bus", "800")]
    ['hopital', 'soin', 'jeu', 'bra', 'bus', '800']
    """
    if len(word) <= 3 or word.isdigit():
        return word
    if word.endswith(("eaux", "eux")):
        return word[:-1]
    if word.endswith("aux"):
        return word[:-3] + "al"
    return word[:-1] if word.endswith(("s", "x")) and not word.endswith("ss") else word


def _words(text: str) -> list[str]:
    joined = _DOTTED.sub(lambda found: found.group().replace(".", "") + " ", text)
    return sort_key(joined).lower().split()
