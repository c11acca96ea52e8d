"""Words as they are compared: one normalisation for what is indexed and what is asked."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from geo.text import sort_key

# Dotted acronyms are one word, spelt ones too: « I.M.E. », « I M E » and « IME » are the same to whoever types them.
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,}[A-Za-z]?\b\.?")
STOP_WORDS = frozenset(
    "a au aux ce ces d dans de des du en et j l la le les m n ou par pour qu que s sur t un une".split()  # noqa: SIM905
)
# What registers and people shorten: one form for both. « cl » is a clinic in FINESS, « ste » a saint on a map.
SHORTENED = {
    "st": "saint", "ste": "sainte", "sts": "saint", "stes": "sainte", "cl": "clinique", "cliniq": "clinique",
    "polycl": "polyclinique", "ctre": "centre", "hop": "hopital", "hospit": "hospitalier", "res": "residence",
    "pharm": "pharmacie", "labo": "laboratoire", "etab": "etablissement", "serv": "service", "sce": "service", "svce": "service",
    "asso": "association", "assoc": "association", "inst": "institut", "dept": "departement", "dpt": "departement",
    "dr": "docteur", "gd": "grand", "cds": "centre sante",
}  # fmt: skip
# « 13e », « 1er », « 3ème »: an arrondissement is its number.
_ORDINAL = re.compile(r"^(\d{1,2})(?:er?|re|eme|ieme|nde?)$")
_ELIDED = frozenset("adlsy")  # « à l’orée », « l’A », « y a » are no acronyms
# Genders that a stem does not tell apart, beside plurals: « infirmière », « âgée », « médicale », « éducative ».
_FEMININES = (("iere", "ier"), ("ienne", "ien"), ("elle", "el"), ("ale", "al"), ("ive", "if"), ("ee", "e"))
FEMININE_LETTERS = 6  # shorter words are other words without their end: « rive », « salle », « fée »
# What may still come after what is typed so far, when a stem is shorter than it: « hopitau|x », « médicale|s ».
_ENDINGS = ("", "e", "s", "x", "es", "le", "les", "ne", "nes")


def tokens(text: str) -> list[str]:
    """The words of a text in their compared form, elided articles and stop words left out.

    >>> tokens("Les Hôpitaux de l’Estuaire – I.M.E. « Les Œillets »")
    ['hopital', 'estuaire', 'ime', 'oeillet']
    >>> tokens("M A S Ste-Anne, Paris 13ème")
    ['mas', 'sainte', 'anne', 'pari', '13']
    """
    return [stem(word) for word in telling_words(text)]


def telling_words(text: str) -> list[str]:
    """The same words with their endings."""
    return [word for word in _canonical(words_of(text)) if word not in STOP_WORDS]


def name_form(text: str) -> str:
    """What two names share when a person would call them the same; plurals differ here: « Le Pari » is not « Paris »."""
    return " ".join(telling_words(text))


def words_said(text: str) -> list[str]:
    """The words as they are typed, plurals kept, since the last may be only begun; stop words left out unless they are all."""
    said = words_of(text)
    return [word for word in said if word not in STOP_WORDS] or list(said)


def exact_form(text: str) -> str:
    """The words as written, stop words left out: what registers are compared by (etl/matching)."""
    return " ".join(word for word in words_of(text) if word not in STOP_WORDS)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A word without the mark of its plural or feminine: enough for names, and never a surprise.

    >>> [stem(w) for w in ("hopitaux", "soins", "jeux", "bras", "bus", "800", "infirmieres", "rive")]
    ['hopital', 'soin', 'jeu', 'bra', 'bus', '800', 'infirmier', 'rive']
    """
    singular = _singular(word)
    for feminine, masculine in _FEMININES if len(singular) >= FEMININE_LETTERS else ():
        if singular.endswith(feminine):
            return singular[: -len(feminine)] + masculine
    return singular


def begun_stems(word: str) -> list[str]:
    """Stems of what a word may still become by a letter or two, where they are shorter than it.

    >>> begun_stems("hopitau"), begun_stems("rochell")
    (['hopital'], ['rochel'])
    """
    stems = dict.fromkeys(stem(word + ending) for ending in _ENDINGS)
    return [each for each in stems if not each.startswith(word)]


def sound(word: str) -> str:
    """How a word sounds, roughly: what people write by ear keeps it.

    >>> [sound(w) for w in ("necker", "neker", "dialyse", "dialize", "hopital", "ospital", "residence", "rezidance")]
    ['neker', 'neker', 'dialis', 'dialis', 'opital', 'opital', 'residans', 'residans']
    >>> [sound(w) for w in ("psychologue", "sicologue", "pharmacie", "farmacie", "gerontologie", "jerontologie")]
    ['sikologu', 'sikologu', 'farmasi', 'farmasi', 'jerontoloji', 'jerontoloji']
    """
    for written, heard in _HEARD:
        word = written.sub(heard, word)
    return word


# Letters that stand for one sound, silent ones, doubled ones; in this order.
_HEARD = tuple(
    (re.compile(written), heard)
    for written, heard in (
        (r"ps[iy]c?h?(?=[aio])", "sik"), (r"h?osp(?=it)", "op"), (r"ph", "f"), (r"z", "s"),
        (r"c?qu|ck|cq|q", "k"), (r"c(?=[eiy])", "s"), (r"c(?!h)", "k"), (r"g(?=[eiy])", "j"), (r"en(?![aeiouyn])", "an"),
        (r"em(?=[bp])", "am"), (r"y", "i"), (r"eau|au", "o"), (r"ai|ei", "e"), (r"(?<!c)h", ""), (r"(.)\1+", r"\1"),
        (r"(?<=.{3})[estxz]$", ""),
    )
)  # fmt: skip


SIGLES_IN_S = frozenset({"chrs"})  # a shelter; without its last letter, a hospital


def _singular(word: str) -> str:
    if len(word) <= 3 or word.isdigit() or word in SIGLES_IN_S:
        return word
    if word.endswith(("eaux", "eux")):
        return word[:-1]
    if word.endswith("aux"):
        return word[:-3] + "al"
    return word[:-1] if word.endswith(("s", "x")) and not word.endswith("ss") else word


@lru_cache(maxsize=1_000)  # a name is read as it is compared, then as it is written
def words_of(text: str) -> tuple[str, ...]:
    """Every word as written, without accents; a dotted acronym is one: « d’A.E.M.O. » is « d » and « aemo »."""
    joined = _DOTTED.sub(lambda found: found.group().replace(".", "") + " ", text) if "." in text else text
    return tuple(sort_key(joined).lower().split())


def _canonical(words: Sequence[str]) -> list[str]:
    """Spelt acronyms joined, shortened words in full, ordinals as numbers."""
    if all(len(word) > 1 for word in words):
        return [part for word in words for part in _in_full(word)]
    found: list[str] = []
    for is_letter, run in groupby(words, key=lambda word: len(word) == 1 and word.isalpha()):
        letters = list(run)
        if is_letter and len(letters) > 1 and not (len(letters) == 2 and _ELIDED.issuperset(letters)):
            found.append("".join(letters))
        else:
            found += [part for word in letters for part in _in_full(word)]
    return found


@lru_cache(maxsize=200_000)
def _in_full(word: str) -> tuple[str, ...]:
    return tuple(SHORTENED.get(word, _ORDINAL.sub(r"\1", word)).split())
