"""A postal line in a geocoder's words: abbreviations spelled out, the post's boxes and the inside of buildings left out."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import dropwhile, takewhile

from etl.positions.vocabulary import (
    ANYWHERE,
    ARTICLES,
    FIRST,
    GALLERIES,
    NUMBERED,
    ORDINALS,
    PLACES,
    ROADS,
    STREETS,
    TITLES,
)
from geo.text import sort_key

# « PORTE D AIX » is a place, « BATIMENT D RUE DE LILLE » is D.
_LETTER = r"(?:[A-CE-KM-Z]\d*|[DL](?:\d+|(?= (?:\d|RUE|AVENUE|BOULEVARD|PLACE|ROUTE|CHEMIN|ALLEE|IMPASSE)| ?$))|\d+)"
# « APPT 12 B »; « BATIMENT 3 R DES LILAS » has a street.
_BESIDE_IT = (
    r"(?<=\d) (?:[BCE-KM-QS-Z]|BIS|TER|[ADLR](?= (?:\d|RUE|AVENUE|BOULEVARD|PLACE|ROUTE|CHEMIN|ALLEE|IMPASSE)| ?$))"
)
_LABEL = rf"(?:(?:N|NO|NUMERO) )?{_LETTER}(?: (?:ET|A) {_LETTER}|{_BESIDE_IT})?(?= |$)"
_LABELLED = (
    "BATIMENTS?|BATS?|BTS?|ESCALIER|ESC|PORTE|HALL|ENTREE|BUREAU|CELLULE|LOCAL|BOX"
    "|LOGEMENT|LOGT|APPARTEMENT|APPT|APPART|APT"
)  # fmt: skip
_FLOOR = r"\d+ ?(?:ER|ERE|E|EME|ND|IEME)|PREMIER|DEUXIEME|TROISIEME|QUATRIEME|DERNIER"
_SIDE = r"(?: (?:DROITE?|GAUCHE|FACE|PORTE)\b)*"
# A box is where letters wait, not where anybody is.
_BOX = re.compile(
    r"\b(?:(?:BP|CS|TSA|CIDEX|SP|CP|CASE POSTALE|BOITE POSTALE|BOITE)(?: N| NO)?(?P<figures>(?: ?\d[\d ]*)+)"
    r"|(?:BP|TSA|CIDEX|BOITE POSTALE|CASE POSTALE)(?= |$)|CS$|COURSE SPECIALE(?: \d+)*)"
)
_CEDEX = re.compile(r"\b(?:\d{5} .*?)?CEDEX(?: \d{1,2})?\b")
_INSIDE = (
    re.compile(rf"\b(?:{_LABELLED}|ETAGE|ETG) {_LABEL}"),
    re.compile(rf"\b(?:AU )?(?:{_FLOOR}) (?:ETAGES?|ETG)(?= |$){_SIDE}"),
    re.compile(rf"\b(?:REZ DE (?:CHAUSSEE|JARDIN)|RDC|RDJ)\b{_SIDE}"),
    re.compile(r"\b(?:LOT|LOTS|ILOT|PARCELLE) (?:N |NO |NUMERO )?\d+(?: ?[A-Z])?(?= |$)"),
    re.compile(r"(?<=[A-Z]) (?:N|NO|NUMERO) \d+(?: ?[A-Z])?$"),
    re.compile(r"^(?:BATIMENT|BAT|BT|IMMEUBLE|IMM)\b(?! DE LA| DU| DES).*?(?= \d+ |$)"),
    re.compile(r"\b(?:BATIMENT|BAT|IMMEUBLE|IMM)(?: [A-Z]+)?$"),
)
_CARE_OF = re.compile(r"\bCHEZ (?:M|MR|MME|MLLE|MONSIEUR|MADAME|MADEMOISELLE|DR|DOCTEUR|ME|MAITRE)\b.*$")
_LIEU_DIT = re.compile(r"^(?:(?:AU )?LIEU DIT|LD)\b ?")
_KINDS = (
    STREETS
    | {short for short, kind in (FIRST | NUMBERED).items() if kind.split()[0] in STREETS}
    | {"AV", "BD", "GRANDE"}
)
HANGING = ARTICLES | {"N", "ANGLE", "FACE"}
BEFORE_A_NAME = frozenset(word for word in ARTICLES if len(word) > 1)  # « ALLEE DU CHATEAU D » has lost a word
NAMED_BY_A_LETTER = STREETS | PLACES | {"POINT"}  # of « ROND POINT »
LONGEST_WORD = 40  # letters: longer ones are no word of an address
MOST_WORDS = 24
LONGEST_LINE = 400  # characters: a postal line has 38


@lru_cache(maxsize=10_000)  # an address is read again until it stays as it is, and compared with several answers
def cleaned(line: str) -> str:
    """One postal line as upper-case words, ready to be parted; empty when nothing of it says where.

    >>> cleaned("Bât. C, 12bis av. du Gal Leclerc – BP 40 123"), cleaned("75013 PARIS CEDEX 13"), cleaned("C/O M. Untel")
    ('12 BIS AVENUE DU GENERAL LECLERC', '', '')
    """
    text = re.sub(r"\bc\s*/\s*o\b", " chez M ", line[:LONGEST_LINE], flags=re.IGNORECASE)
    words = sort_key(re.sub(r"n\s?[°º]", " N ", text, flags=re.IGNORECASE))
    for _ in range(5):  # what leaves may bring together what was apart
        before, words = words, _once(words)
        if words == before:
            break
    return words


def _once(words: str) -> str:
    words = _CARE_OF.sub(" ", _CEDEX.sub(" ", _joined(words)))
    words = _spaced(_BOX.sub(_number_after_box, words))
    for noise in _INSIDE:
        words = _spaced(noise.sub(" ", words))
    words = _LIEU_DIT.sub("", _expanded(words.split()))
    return _without_repetition(_trimmed(words.split()))


def _number_after_box(box: re.Match[str]) -> str:
    """« BP 40 12 RUE DES LILAS »: a box is the first figures, or the two groups that make five; then comes a house's number."""
    figures = box["figures"].split() if box["figures"] else []
    rest = figures[2 if [len(each) for each in figures[:2]] == [2, 3] else 1 :]
    street = dropwhile(lambda word: word not in _KINDS and _is_beside_a_number(word), box.string[box.end() :].split())
    return f" {' '.join(rest)} " if rest and next(street, "") in _KINDS else " "


def _is_beside_a_number(word: str) -> bool:
    return _is_a_repetition(word) or word.isdigit() or word in {"ET", "AU"}


def _is_a_repetition(word: str) -> bool:
    return word in ORDINALS or (len(word) == 1 and word.isalpha())


def _joined(words: str) -> str:
    """Letters that points parted joined, a number told from what is glued to it."""
    words = re.sub(r"\bZ (A [CDE]|[AI])(?= |$)", lambda found: "Z" + found[1].replace(" ", ""), words)
    words = re.sub(
        r"\b(B P|C S|T S A|R [ND])(?= \d)|\b(R D C|H L M)(?= |$)", lambda found: found[0].replace(" ", ""), words
    )
    words = re.sub(r"\b(BP|CS|TSA)(?=\d)", r"\1 ", words)
    words = re.sub(rf"(?:^|(?<= ))(\d{{1,4}})({'|'.join(ORDINALS)}|[A-Z])(?= |$)", r"\1 \2", words)
    words = re.sub(r"(?<=ALE )N (?=\d)", "", words)
    words = re.sub(
        r"\b(?:ROUTE )?(RN|RD|CD|(?<=ROUTE )[ND]|DPT) ?(?:N )?(?=\d)", lambda found: f"ROUTE {ROADS[found[1]]} ", words
    )
    return " ".join([word for word in words.split() if len(word) <= LONGEST_WORD][:MOST_WORDS])


def _spaced(words: str) -> str:
    return " ".join(words.split())


def _expanded(words: list[str]) -> str:
    return " ".join(_word(words, position) for position in range(len(words)))


def _word(words: list[str], position: int) -> str:
    word = words[position]
    before = words[position - 1] if position else ""
    after = words[position + 1] if position + 1 < len(words) else ""
    repeated = takewhile(_is_a_repetition, reversed(words[max(position - 2, 0) : position]))
    start = position - len(list(repeated))
    numbered = start > 0 and words[start - 1].isdigit()
    if after and (position == 0 or numbered):
        word = FIRST.get(word, NUMBERED.get(word, word) if numbered else word)
    if word == "GAL" and after in GALLERIES and (position == 0 or numbered):
        return "GALERIE"
    if word in TITLES and after and not after.isdigit() and (after not in ARTICLES or _is_noble(word, before)):
        return TITLES[word]
    return ANYWHERE.get(word, word) if after or word not in {"ST", "STE", "DR"} else word


def _is_noble(word: str, before: str) -> bool:
    """« RUE GAL DE GAULLE », « DU MAL DE LATTRE », against « ROUTE DU COL DE LA FAUCILLE »."""
    return word not in {"COL", "PR"} and (before == "DU" or before in STREETS)


def _trimmed(words: list[str]) -> list[str]:
    """Without the articles and conjunctions that a removal left hanging."""
    while len(words) > 1 and words[-1] in HANGING and not words[-2].isdigit() and not is_lettered(words):
        words = words[:-1]
    while len(words) > 1 and words[0] in {"ANGLE", "ET", "N", "DIT", "FACE"}:
        words = words[1:]
    return words


def is_lettered(words: Sequence[str]) -> bool:
    """Whether these end in a letter that names a street or a place: « ALLEE A », « ZONE D », not an article before nothing.

    >>> is_lettered(["RUE", "L"]), is_lettered(["RUE", "DE", "L"])
    (True, False)
    """
    beside = words[-3] if len(words) > 2 else ""
    return len(words) > 1 and len(words[-1]) == 1 and words[-2] in NAMED_BY_A_LETTER and beside not in BEFORE_A_NAME


def _without_repetition(words: list[str]) -> str:
    """« RUE RUE DES LILAS », « LE BOURG LE BOURG »: said once."""
    once = [word for word, before in zip(words, ["", *words], strict=False) if word != before or word.isdigit()]
    half = len(once) // 2
    if half and once[:half] == once[half:] and not once[0].isdigit():
        once = once[:half]
    return " ".join(once)
