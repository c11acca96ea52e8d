"""Whether the street that was answered is the one that was asked: our own reading, beside the geocoder's score."""

import re
from collections.abc import Sequence

import msgspec
from rapidfuzz.distance import OSA

from etl.positions.vocabulary import ARTICLES, PLACES, QUALIFIERS, STREETS
from etl.positions.wording import cleaned
from geo.addresses import STREET_WORDS, street_key

# Letters of the longer word from which one slip is forgiven; in a shorter one it is somebody else, MANET and MONET. Before a
# last name that is the same less is needed: « EDGARD QUINET ».
SHORTEST_FUZZY, SHORTEST_BEFORE_ITS_NAME = 8, 6
LONG_NAME = 16  # letters, articles aside
SHORTEST_CUT = 3  # letters left of a word that a full field cut
ZONES = frozenset({
    "ZONE", "ZA", "ZI", "ZAC", "ZAE", "ACTIVITE", "ACTIVITES", "ARTISANALE", "INDUSTRIELLE", "COMMERCIALE", "AMENAGEMENT",
    "CONCERTE", "CONCERTEE",
})  # fmt: skip
TITLES = frozenset(
    {"GENERAL", "DOCTEUR", "PROFESSEUR", "MARECHAL", "COMMANDANT", "CAPITAINE", "COLONEL", "LIEUTENANT", "PRESIDENT",
     "MONSEIGNEUR", "SERGENT", "ADJUDANT", "ABBE", "AMIRAL"}
)  # fmt: skip
# Ranks that one man had one after the other; a doctor or an abbot of the same name is another.
RANKS = frozenset({"GENERAL", "MARECHAL", "COMMANDANT", "CAPITAINE", "COLONEL", "LIEUTENANT", "SERGENT", "ADJUDANT"})
KINDS_OF_STREET = frozenset(street_key(kind) for kind in STREETS) | {"ROND"}
KINDS_OF_PLACE = frozenset(street_key(kind) for kind in PLACES) | ZONES | {"DIT"}
# « RUE DU REMPART SAINT MARTIN », « RUE SAINT MARCEL » are no longer forms of « RUE SAINT MARTIN », « RUE MARCEL ».
DISTINGUISHING = frozenset({
    "SAINT", "SAINTE", "NOTRE", "DAME", "REMPART", "REMPARTS", "PORTE", "PONT", "FAUBOURG", "VAL", "MONT", "CHATEAU", "ANGLE",
    "MOULIN", "CROIX", "FONTAINE", "TOUR", "FERME", "RUE", "NORD", "SUD", "EST", "OUEST", "NEUVE", "NEUF",
})  # fmt: skip
DOUBLED = re.compile(r"([B-DF-HJ-NP-TV-XZ])\1")  # consonants: RENE and RENEE are two people
FEMININE = re.compile(r"(?:IE|E|A)$")
# The name that follows tells which of the two it is.
AGREEING = ({"SAINT", "SAINTE"}, {"GRAND", "GRANDE"}, {"PETIT", "PETITE"})
ONE_KIND = {"ALLEES": "ALLEE", "VOIE": "RUE", "SENTIER": "SENTE", "PLACETTE": "PLACE"}
# The general of a thousand streets, whom registers call by his rank or by his first name.
ALIASES = {
    ("CHARLES", "GAULLE"): ("GAULLE",),
    ("GENERAL", "GAULLE"): ("GAULLE",),
    ("GENERAL", "CHARLES", "GAULLE"): ("GAULLE",),
}


def same_street(asked: str, answered: str) -> bool:
    """Same kind of street and same name, one word more or less aside when it doesn't make another street.

    >>> same_street("RUE PASTEUR", "Rue Louis Pasteur"), same_street("RUE PASTEUR", "Avenue Pasteur")
    (True, False)
    >>> same_street("AV DU GAL DE GAULLE", "Avenue Charles de Gaulle"), same_street("RUE DE LA GARE", "Rue de la Vieille Gare")
    (True, False)
    """
    one, other = _name(asked), _name(answered)
    if not _kinds_agree(one, other):
        return False
    if one.kind != other.kind and any(name.words[:1] and name.words[0] in KINDS_OF_PLACE for name in (one, other)):
        return False  # « VILLA PASTEUR » is no « RUE PASTEUR »
    return _same_name(one, other)


def same_place(asked: str, answered: str) -> bool:
    """As `same_street`, for lieux-dits, zones and quarters: their kind is written or not.

    >>> same_place("ZAC DE LA FOSSE", "Zone d'Activités de la Fosse"), same_place("LE BOURG", "Le Haut")
    (True, False)
    """
    one, other = _name(asked), _name(answered)
    return _kinds_agree(one, other) and _same_name(_without_kind_of_place(one), _without_kind_of_place(other))


class Name(msgspec.Struct, frozen=True):
    """A street's name, apart from its kind."""

    kind: str | None  # null where the name says none
    words: tuple[str, ...]
    common: bool  # « DU MOULIN », « DES LILAS »: a thing, to which a word more is another thing; « PASTEUR » may be Louis too


def _name(street: str) -> Name:
    written = cleaned(street).split()
    words = tuple(street_key(" ".join(written)).split())
    at = next((at for at in (0, 1) if words[at : at + 1] and words[at] in KINDS_OF_STREET), None)
    if at is None or (at == 1 and words[0] not in QUALIFIERS) or len(words) == at + 1:
        return Name(None, words, _is_common(written))
    rest = (*words[:at], *words[at + 1 :])
    return Name(ONE_KIND.get(words[at], words[at]), rest, _is_common(written[at + 1 :]))


def _is_common(written: Sequence[str]) -> bool:
    noun = next((word for word in written if word not in ARTICLES), "")
    return bool(written) and written[0] in ARTICLES and noun not in TITLES


def _kinds_agree(one: Name, other: Name) -> bool:
    return one.kind == other.kind or one.kind is None or other.kind is None


def _without_kind_of_place(name: Name) -> Name:
    start = 0
    while start < len(name.words) - 1 and name.words[start] in KINDS_OF_PLACE:
        start += 1
    return msgspec.structs.replace(name, words=name.words[start:])


def _same_name(one: Name, other: Name) -> bool:
    asked, answered = (ALIASES.get(name.words, name.words) for name in (one, other))
    if not asked or not answered or not _same_numbers(asked, answered):
        return asked == answered
    pairs = ((one, _letters(asked)), (other, _letters(answered)))
    (shorter, short), (_, long) = sorted(pairs, key=lambda pair: len(pair[1]))
    if shorter.common and len(short) < len(long):
        return "".join(short) == "".join(long)
    return _within(short, long) or _untitled(short, long)


def _same_numbers(asked: Sequence[str], answered: Sequence[str]) -> bool:
    """« 8 MAI » is « 8 MAI 1945 »; « ROUTE NATIONALE 7 » is no « ROUTE NATIONALE 96 »."""
    numbers, others = ({word for word in words if word.isdigit()} for words in (asked, answered))
    return numbers <= others or others <= numbers


def _letters(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.isdigit())


def _within(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Every word of the shorter name is in the other, the last one last; no word too many makes another street."""
    if not short:
        return not long
    if not _same_word(short[-1], long[-1]) and not _is_cut_off(short, long[-1]):
        return "".join(short) == "".join(long)  # « BELLE VUE », « BELLEVUE »
    left = list(long)
    left.pop()
    for word in short[:-1]:
        found = next((at for at, other in enumerate(left) if _same_first_name(word, other)), None)
        if found is None:
            return "".join(short) == "".join(long)
        left.pop(found)
    return not any(word in QUALIFIERS or word in DISTINGUISHING for word in left)


def _is_cut_off(name: tuple[str, ...], last: str) -> bool:
    """Registers' fields hold some thirty letters: « MARECHAL DE LATTRE DE TASSIG »."""
    if sum(map(len, name)) < LONG_NAME or len(name[-1]) < SHORTEST_CUT:
        return False
    return last.startswith(name[-1])


def _untitled(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """« GENERAL LECLERC » and « MARECHAL LECLERC » are one man."""
    bare, other = (tuple(word for word in words if word not in RANKS) for words in (short, long))
    return bool(bare) and bare == other


def _same_first_name(word: str, other: str) -> bool:
    """As it stands before a last name that is the same: « J JAURES », « EDGARD QUINET »."""
    if min(len(word), len(other)) == 1:
        return word[0] == other[0]
    return _same_word(word, other, SHORTEST_BEFORE_ITS_NAME)


def _same_word(word: str, other: str, shortest: int = SHORTEST_FUZZY) -> bool:
    """However registers shorten it and whatever letters they double (« DEBUSY », « HENRY »), one slip aside where it is long."""
    one, two = _spelled(word), _spelled(other)
    if one == two or {one, two} in AGREEING:
        return True
    if one[0] != two[0] or max(len(word), len(other)) < shortest:
        return False  # the first letter is the last to be mistaken
    return OSA.distance(one, two) == 1 and not _is_feminine(one, two)


def _spelled(word: str) -> str:
    whole = STREET_WORDS.get(word, word).replace("Y", "I")
    return DOUBLED.sub(r"\1", whole) if len(whole) >= SHORTEST_BEFORE_ITS_NAME else whole


def _is_feminine(one: str, other: str) -> bool:
    """LOUIS and LOUISE, EMILE and EMILIE, ALEXANDRE and ALEXANDRA: no slip, but two people."""
    return FEMININE.sub("", one) == FEMININE.sub("", other)
