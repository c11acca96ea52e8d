"""French capitals given back to what a register writes in capitals; accents only to words that the committed list knows."""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from geo.text import sort_key

Write = Callable[[str], str]

_PREPOSITIONS = {
    "A",
    "AU",
    "AUX",
    "D",
    "DE",
    "DES",
    "DU",
    "EN",
    "ET",
    "OU",
    "PAR",
    "POUR",
    "SANS",
    "SUR",
    "SOUS",
    "CHEZ",
}
_ARTICLES = {"L", "LA", "LE", "LES"}
_ELIDED = {"D", "L", "QU"}
_VOWELS = frozenset("AEIOUYÀÂÉÈÊËÎÏÔÛÙÜŒ")
_WORD = re.compile(r"[^\W_]+|.", re.DOTALL)
_ORDINAL = re.compile(r"\d+(?:ER|ERE|E|EME|ND|NDE)")
_ROMAN = re.compile(r"(?=[IVX]{2,})X{0,3}(?:IX|IV|V?I{0,3})")
_LOST_APOSTROPHE = re.compile(r"\b([DL]) (?=[AEIOUYHÉÈÊÎÔŒ])")


def restored(text: str) -> str:
    """A name of the field; one that has a small letter was written with care and is left alone.

    >>> restored("CENTRE HOSPITALIER DE L'ESTUAIRE"), restored("EHPAD LES TILLEULS"), restored("SELARL DU DR MARTIN")
    ('Centre hospitalier de l’Estuaire', 'EHPAD Les Tilleuls', 'SELARL du Dr Martin')
    >>> restored("DOCTEUR JEAN-PIERRE LE GALL"), restored("PHARMACIE DE L EGLISE"), restored("L'Éclaircie – ESAT")
    ('Docteur Jean-Pierre Le Gall', 'Pharmacie de l’Église', 'L’Éclaircie – ESAT')
    """
    written = _in_capitals(text, _of_the_field)
    return begun(written) if text == text.upper() else written


def proper(text: str) -> str:
    """A name of a person or of a street: every word has its capital, particles apart.

    >>> proper("LE GALL"), proper("ANNE-MARIE"), proper("DE LA TOUR D'AUVERGNE")
    ('Le Gall', 'Anne-Marie', 'de la Tour d’Auvergne')
    """
    return _in_capitals(text, str.capitalize)


def street(text: str) -> str:
    """The name of a street after its kind: with the accents of words that the list knows.

    >>> street("DE LA REPUBLIQUE"), street("DU GENERAL DE GAULLE"), street("DES LILAS"), street("DE L HOPITAL")
    ('de la République', 'du Général de Gaulle', 'des Lilas', 'de l’Hôpital')
    """
    return _in_capitals(text, _of_a_street)


def begun(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=100_000)  # a few streets and first names are most of them
def _in_capitals(text: str, write: Write) -> str:
    text = " ".join(text.split()).replace("'", "’")
    if text != text.upper():
        return text
    tokens = _WORD.findall(_LOST_APOSTROPHE.sub(r"\1’", text))
    written: list[str] = []
    before = ("", "")  # the word before, in capitals and as it was written
    for token, following in pairwise([*tokens, ""]):
        if not token[0].isalnum():
            written.append(token)
            continue
        before = token, _written(token, before, following, write)
        written.append(before[1])
    return "".join(written)


def _written(word: str, before: tuple[str, str], following: str, write: Write) -> str:
    if word in _ELIDED and following != "’":  # an initial
        return word
    if word in _PREPOSITIONS and following:
        return "à" if word == "A" and before[0] else word.lower()
    if word in _ARTICLES:  # « de la gare », but « Résidence Les Tilleuls »: there it begins a name
        return word.lower() if before[0] in _PREPOSITIONS else word.capitalize()
    if any(c.isdigit() for c in word):
        return word.lower() if _ORDINAL.fullmatch(word) else word
    if _ROMAN.fullmatch(word):
        return word
    return begun(write(word)) if _begins_a_name(*before) else write(word)


def _begins_a_name(before: str, written: str) -> bool:
    """After an article that has its capital, or after an acronym: « La Maison médicale », « EHPAD Résidence du Parc »."""
    return written[:1].isupper() if before in _ARTICLES else len(written) > 1 and written.isupper()


def _of_the_field(word: str) -> str:
    if known := _words().get(sort_key(word)):
        return known
    return word if len(word) > 1 and not _VOWELS.intersection(word) else word.capitalize()


def _of_a_street(word: str) -> str:
    return begun(_words().get(sort_key(word), word.capitalize()))


@cache
def _words() -> Mapping[str, str]:
    """Each word of the list as it is written within a name, by its capitals without accents."""
    lines = (files("etl.sirene") / "mots.txt").read_text(encoding="utf-8").splitlines()
    return {sort_key(word): word for line in lines if not line.startswith("#") for word in line.split()}
