"""French capitals given back to what a register writes in capitals; accents only to words that the committed list knows."""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from geo.text import sort_key

_OF_A_PERSON = frozenset({"D", "DE", "DES", "DU"})  # « Marie de la Tour », but « Aida Et-Tahiri », « Jean Sans-Dupont »
_PREPOSITIONS = _OF_A_PERSON | {
    "A",
    "AU",
    "AUX",
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
_CUT = {"AUJOURD", "C", "ENTR", "J", "P"}  # one word goes on after their apostrophe: « P’tits », « Entr’aide »
_TITLES = {"DOCTEUR", "DOCTEURS", "DR", "DRS", "M", "MADAME", "ME", "MLLE", "MME", "MONSIEUR", "PR", "PROFESSEUR"}
_SAINTS = {"SAINT", "SAINTE", "ST", "STE"}
# Words of the field that many French people are called.
_SURNAMES_TOO = {
    "ABRI",
    "CENTRAL",
    "CHAMBRE",
    "ENFANT",
    "FAMILLE",
    "FOYER",
    "GENERAL",
    "HAMEAU",
    "HOPITAL",
    "JARDIN",
    "JEUNE",
    "JOUR",
    "MAISON",
    "MEDECIN",
    "PETIT",
    "PLACE",
    "RESTAURANT",
    "SAGE",
    "VIE",
    "VILLA",
    "VILLAGE",
}
_VOWELS = frozenset("AEIOUYÀÂÉÈÊËÎÏÔÛÙÜŒ")
_WORD = re.compile(r"\b(?:[^\W\d_]\.)+(?:[^\W\d_]\b)?|[^\W_]+|.", re.DOTALL)  # « E.H.P.A.D. » is one
_ORDINAL = re.compile(r"\d+(?:ER|ERE|E|EME|ND|NDE)")
_ROMAN = re.compile(r"(?=[IVX]{2,})X{0,3}(?:IX|IV|V?I{0,3})")
_LOST_APOSTROPHE = re.compile(r"(?<!\.)\b([DL]) (?=[AEIOUYHÉÈÊÎÔŒ])")


class _Part(Enum):
    """What a word of a sign is to the name of a person in it."""

    NONE = auto()
    TITLE = auto()
    FIRST_NAME = auto()
    SURNAME = auto()


class _Told(NamedTuple):
    """A word, in capitals and as it was written."""

    word: str = ""
    written: str = ""
    part: _Part = _Part.NONE


class _Around(NamedTuple):
    """What stands beside a word: the word before, the signs that join it to its neighbours, the word after."""

    before: _Told
    joined_by: str
    following: str
    next_word: str


def restored(text: str) -> str:
    """A name of the field; one that has a small letter was written with care and is left alone.

    >>> restored("CENTRE HOSPITALIER DE L'ESTUAIRE"), restored("EHPAD LES TILLEULS"), restored("SELARL DU DR MARTIN")
    ('Centre hospitalier de l’Estuaire', 'EHPAD Les Tilleuls', 'SELARL du Dr Martin')
    >>> restored("DOCTEUR JEAN-PIERRE LE GALL"), restored("PHARMACIE DE L EGLISE"), restored("L'Éclaircie – ESAT")
    ('Docteur Jean-Pierre Le Gall', 'Pharmacie de l’Église', 'L’Éclaircie – ESAT')
    >>> restored("E.H.P.A.D. LES LILAS"), restored("DR SAGE"), restored("MAISON LAURENT VILLA")
    ('E.H.P.A.D. Les Lilas', 'Dr Sage', 'Maison Laurent Villa')
    """
    written = _in_capitals(text, _in_a_sign)
    return begun(written) if text == text.upper() else written


def proper(text: str) -> str:
    """A name of a person: every word has its capital, particles apart.

    >>> proper("LE GALL"), proper("ANNE-MARIE"), proper("DE LA TOUR D'AUVERGNE"), proper("VI EN-NACIRI")
    ('Le Gall', 'Anne-Marie', 'de la Tour d’Auvergne', 'Vi En-Naciri')
    """
    return _in_capitals(text, _in_a_person_s_name)


def street(text: str) -> str:
    """The name of a street after its kind: with the accents of words that the list knows.

    >>> street("DE LA REPUBLIQUE"), street("DU GENERAL DE GAULLE"), street("DES LILAS"), street("DE L HOPITAL")
    ('de la République', 'du Général de Gaulle', 'des Lilas', 'de l’Hôpital')
    """
    return _in_capitals(text, _in_a_street)


def begun(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=100_000)  # a few streets and first names are most of them
def _in_capitals(text: str, tell: Callable[[str, _Around], _Told]) -> str:
    text = " ".join(text.split()).replace("'", "’")
    if text != text.upper():
        return text
    written: list[str] = []
    before = _Told()
    for token, (joined_by, following, next_word) in _with_neighbours(_WORD.findall(_LOST_APOSTROPHE.sub(r"\1’", text))):
        if not token[0].isalnum():
            written.append(token)
            continue
        before = tell(token, _Around(before, joined_by, following, next_word))
        written.append(before.written)
    return "".join(written)


def _with_neighbours(tokens: list[str]) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Each with the one before, the one after, and the one after that."""
    padded = ["", *tokens, "", ""]
    return zip(tokens, zip(padded, padded[2:], padded[3:], strict=False), strict=False)


def _in_a_person_s_name(word: str, around: _Around) -> _Told:
    return _Told(word, _small(word, around, _OF_A_PERSON) or _name(word))


def _in_a_street(word: str, around: _Around) -> _Told:
    return _Told(word, _small(word, around, _PREPOSITIONS) or _numbered(word) or begun(_of_a_street(word)))


def _in_a_sign(word: str, around: _Around) -> _Told:
    part = _part(word, around)
    if part in (_Part.FIRST_NAME, _Part.SURNAME):
        return _Told(word, _small(word, around, _OF_A_PERSON) or _of_a_person(word, around), part)
    if small := _small(word, around, _PREPOSITIONS):
        return _Told(word, small, part)
    if around.before.word in _CUT and around.joined_by == "’":
        return _Told(word, _of_the_field(word).lower(), part)
    written = _numbered(word) or _of_the_field(word)
    return _Told(word, begun(written) if _begins_a_name(around.before) else written, part)


def _small(word: str, around: _Around, prepositions: frozenset[str]) -> str | None:
    """A word that says how others hold together, as it is written here; None for any other."""
    if word in _ELIDED and around.following != "’":  # an initial
        return word
    if word == "A" and around.following not in (" ", "-"):  # « Vitamine A »
        return word
    if word in prepositions and around.following:
        return "à" if word == "A" and around.before.word else word.lower()
    if word in _ARTICLES:  # « de la gare », but « Résidence Les Tilleuls »: there it begins a name
        return word.lower() if around.before.word in prepositions else word.capitalize()
    return None


def _numbered(word: str) -> str | None:
    """A number, an ordinal or a Roman numeral; an acronym with its dots."""
    if any(c.isdigit() for c in word):
        return word.lower() if _ORDINAL.fullmatch(word) else word
    return word if "." in word or _ROMAN.fullmatch(word) else None


def _begins_a_name(before: _Told) -> bool:
    """After an article that has its capital, or after an acronym: « La Maison médicale », « EHPAD Résidence du Parc »."""
    if before.word in _ARTICLES:
        return before.written[:1].isupper()
    return len(before.written) > 1 and before.written.isupper()


def _part(word: str, around: _Around) -> _Part:
    """A word right after a title is a name, whatever else it means: « Dr Sage »; « Docteur en pharmacie » names nobody."""
    before = around.before
    if word.rstrip(".") in _TITLES:
        return _Part.TITLE
    if before.part is _Part.TITLE:
        if word in _OF_A_PERSON | _ARTICLES:
            return _Part.TITLE
        if word in _PREPOSITIONS and (word != "A" or _is_known(around.next_word)):
            return _Part.NONE
        return _Part.FIRST_NAME if _is_initial(word) or word in _first_names() else _Part.SURNAME
    if around.joined_by == "-" and before.part in (_Part.FIRST_NAME, _Part.SURNAME):
        return _Part.FIRST_NAME if word in _first_names() else before.part
    if word in _first_names() and before.word not in _SAINTS:
        return _Part.FIRST_NAME
    return _Part.SURNAME if before.part is _Part.FIRST_NAME and _is_surname(word, around) else _Part.NONE


def _is_initial(word: str) -> bool:
    return len(word) == 1 or "." in word


def _is_surname(word: str, around: _Around) -> bool:
    """« Laurent Villa », but « Sophie, sage-femme » and « Jean, maison de santé »: there the field goes on."""
    return word in _SURNAMES_TOO and around.next_word not in _PREPOSITIONS and not _is_known(around.next_word)


def _of_a_person(word: str, around: _Around) -> str:
    """Initials before a name keep their capitals: « Dr JP Martin », but « Dr Ng »."""
    return word if around.following == " " and not _VOWELS.intersection(word) else _name(word)


def _name(word: str) -> str:
    return word if "." in word else word.capitalize()


def _of_the_field(word: str) -> str:
    if known := _words().get(sort_key(word)):
        return known
    return word if len(word) > 1 and not _VOWELS.intersection(word) else word.capitalize()


def _is_known(word: str) -> bool:
    return sort_key(word) in _words()


def _of_a_street(word: str) -> str:
    return begun(_words().get(sort_key(word), word.capitalize()))


@cache
def _first_names() -> frozenset[str]:
    return frozenset(sort_key(name) for name in _listed("prenoms.txt"))


@cache
def _words() -> Mapping[str, str]:
    """Each word of the list as it is written within a name, by its capitals without accents."""
    return {sort_key(word): word for word in _listed("mots.txt")}


def _listed(name: str) -> list[str]:
    lines = (files("etl.sirene") / name).read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]
