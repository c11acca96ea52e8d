"""Whether the street that was answered is the one that was asked: our own reading, beside the geocoder's score."""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from etl.positions.wording import PLACES, QUALIFIERS, STREETS, cleaned
from geo.addresses import STREET_WORDS, street_key

SAME_WORD = 0.8  # of two words' letters: one slip in five, « DEBUSY » for « DEBUSSY »; shorter words must be the same
SHORTEST_FUZZY = 5
ZONES = frozenset(
    ["ZONE", "ZA", "ZI", "ZAC", "ZAE", "ACTIVITE", "ACTIVITES", "ARTISANALE", "INDUSTRIELLE", "COMMERCIALE", "AMENAGEMENT", "CONCERTE", "CONCERTEE"]
)
TITLES = frozenset(
    {"GENERAL", "DOCTEUR", "PROFESSEUR", "MARECHAL", "COMMANDANT", "CAPITAINE", "COLONEL", "LIEUTENANT", "PRESIDENT",
     "MONSEIGNEUR", "SERGENT", "ADJUDANT", "ABBE", "AMIRAL"}
)  # fmt: skip
KINDS_OF_STREET = frozenset(street_key(kind) for kind in STREETS) | {"ROND"}
KINDS_OF_PLACE = frozenset(street_key(kind) for kind in PLACES) | ZONES | {"DIT"}
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
    kind, name = _parted(asked)
    other_kind, other_name = _parted(answered)
    kinds_agree = kind == other_kind or kind is None or other_kind is None
    return kinds_agree and _same_name(name, other_name)


def same_place(asked: str, answered: str) -> bool:
    """As `same_street`, for lieux-dits, zones and quarters: their kind is written or not.

    >>> same_place("ZAC DE LA FOSSE", "Zone d'Activités de la Fosse"), same_place("LE BOURG", "Le Bourg"), same_place("LE BOURG", "Le Haut")
    (True, True, False)
    """
    kind, name = _parted(asked)
    other_kind, other_name = _parted(answered)
    return not (kind and other_kind and kind != other_kind) and _same_name(_bare(name), _bare(other_name))


def _parted(street: str) -> tuple[str | None, tuple[str, ...]]:
    """The kind of street, None where the name says none, and the words of the name."""
    words = tuple(street_key(cleaned(street)).split())
    at = next((at for at in (0, 1) if words[at : at + 1] and words[at] in KINDS_OF_STREET), None)
    if at is None or (at == 1 and words[0] not in QUALIFIERS) or len(words) == at + 1:
        return None, words
    kind = ONE_KIND.get(words[at], words[at])
    rest = (*words[:at], *words[at + 1 :])
    return kind, rest


def _bare(name: tuple[str, ...]) -> tuple[str, ...]:
    start = 0
    while start < len(name) - 1 and name[start] in KINDS_OF_PLACE:
        start += 1
    return name[start:]


def _same_name(asked: tuple[str, ...], answered: tuple[str, ...]) -> bool:
    if not asked or not answered:
        return asked == answered
    asked, answered = ALIASES.get(asked, asked), ALIASES.get(answered, answered)
    if _same_numbers(asked, answered):
        short, long = sorted((_letters(asked), _letters(answered)), key=len)
        return _within(short, long) or _untitled(short, long)
    return False


def _same_numbers(asked: Sequence[str], answered: Sequence[str]) -> bool:
    """« 8 MAI » is « 8 MAI 1945 »; « ROUTE NATIONALE 7 » is no « ROUTE NATIONALE 96 »."""
    numbers, others = ({word for word in words if word.isdigit()} for words in (asked, answered))
    return numbers <= others or others <= numbers


def _letters(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.isdigit())


def _within(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Every word of the shorter name is in the other in the same order, the last one last; no word too many makes another street."""
    if not short:
        return not long
    if not _same_word(short[-1], long[-1]):
        return "".join(short) == "".join(long)  # « BELLE VUE », « BELLEVUE »
    left = list(long)
    for word in short:
        found = next((at for at, other in enumerate(left) if _same_word(word, other)), None)
        if found is None:
            return "".join(short) == "".join(long)
        left.pop(found)
    return not any(word in QUALIFIERS for word in left)


def _untitled(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """« GENERAL LECLERC » and « MARECHAL LECLERC » are one man."""
    bare, other = (tuple(word for word in words if word not in TITLES) for words in (short, long))
    return bool(bare) and bare == other


def _same_word(word: str, other: str) -> bool:
    if word == other:
        return True
    if min(len(word), len(other)) == 1:  # « J JAURES »
        return word[0] == other[0]
    if STREET_WORDS.get(word, word) == STREET_WORDS.get(other, other):
        return True
    return min(len(word), len(other)) >= SHORTEST_FUZZY and Levenshtein.normalized_similarity(word, other) >= SAME_WORD
