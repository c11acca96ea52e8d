"""Names, streets and how the register writes them: capitals without accents mostly, accents sometimes."""

import random
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import TypeVar

import msgspec

from etl.demo import vocabulary as words
from etl.demo.mix import Sort
from geo.communes import Commune

T = TypeVar("T")

WITH_ACCENTS = 0.15  # of the published names; the rest are in capitals
REPETITIONS = {"B": "BIS", "T": "TER", "Q": "QUATER"}
STREET_WEIGHTS = tuple(accumulate(weight for *_, weight in words.STREET_KINDS))
STREET_WORDS = {code: word for code, word, _ in words.STREET_KINDS}


class Street(msgspec.Struct, frozen=True):
    """A line of an address, in capitals. A place without streets has no kind and no number."""

    number: str | None
    repetition: str | None  # B, T or Q
    kind: str | None  # the code of vocabulary.STREET_KINDS
    name: str
    inside: str | None
    box: str | None  # BP or CS

    def line(self) -> str:
        """The fourth line of the postal address."""
        repetition = REPETITIONS[self.repetition] if self.repetition else None
        word = STREET_WORDS[self.kind] if self.kind else None
        return " ".join(part for part in (self.number, repetition, word, self.name) if part)


def pick(draw: random.Random, among: Sequence[T]) -> T:
    """One of them: `draw.choice` without its checks, called some thirty times per establishment."""
    return among[int(draw.random() * len(among))]


def establishment_name(draw: random.Random, sort: Sort, commune: Commune) -> str:
    """A kind of establishment and what tells it from the others: "EHPAD Les Tilleuls", "CMP Lorient"."""
    kind, chance = pick(draw, sort.names), draw.random()
    if chance < 0.40:
        return f"{kind} {pick(draw, words.OF_SOMETHING)}"
    if chance < 0.68:
        return f"{kind} {pick(draw, words.NAMED)}"
    if chance < 0.78:
        return f"{kind} {pick(draw, words.SAINTS)}"
    return f"{kind} {commune.name}" if chance < 0.93 else f"{kind} de {invented_place(draw)}"


def entity_name(draw: random.Random, pattern: str, commune: Commune, establishment: str) -> str:
    """Who runs it, in the words of its legal status (etl.demo.statutes)."""
    chance = draw.random()
    named = (
        pick(draw, words.NAMED) if chance < 0.6 else pick(draw, words.SAINTS) if chance < 0.8 else invented_place(draw)
    )
    return pattern.format(nom=named, commune=commune.name, etablissement=establishment)


def invented_place(draw: random.Random) -> str:
    """A place name that sounds like one: Valombreuse, Miresylve."""
    return pick(draw, words.PLACE_STARTS) + pick(draw, words.PLACE_ENDS)


def surname(rank: int) -> str:
    """The invented surname of this rank; there are 2,016, then they come again."""
    rank, start = divmod(rank, len(words.SURNAME_STARTS))
    rank, middle = divmod(rank, len(words.SURNAME_MIDDLES))
    return (
        words.SURNAME_STARTS[start] + words.SURNAME_MIDDLES[middle] + words.SURNAME_ENDS[rank % len(words.SURNAME_ENDS)]
    )


def street(draw: random.Random, precision: str) -> Street:
    """An address as precise as the position: a place without streets has no number."""
    box = f"{pick(draw, ('BP', 'CS'))} {1 + int(draw.random() * 90_000)}" if draw.random() < 0.08 else None
    inside = pick(draw, words.INSIDE) if draw.random() < 0.02 else None
    if precision == "locality":
        return Street(None, None, None, capitals(f"{pick(draw, words.NAMED)}"), inside, box)
    kind = words.STREET_KINDS[_rank(STREET_WEIGHTS, draw.random() * STREET_WEIGHTS[-1])][0]
    name = capitals(pick(draw, words.OF_SOMETHING) if draw.random() < 0.7 else f"de {invented_place(draw)}")
    if precision == "street" and draw.random() < 0.5:
        return Street(None, None, kind, name, inside, box)
    number = str(1 + int(150 * draw.random() ** 2))
    repetition = pick(draw, "BBTQ") if draw.random() < 0.04 else None
    return Street(number, repetition, kind, name, inside, box)


def as_published(draw: random.Random, name: str) -> str:
    """In the register's capitals, or as it is."""
    return name if draw.random() < WITH_ACCENTS else capitals(name)


@cache
def capitals(text: str) -> str:
    """Capitals without accents: "ÉGLANTINES, Œillets" → "EGLANTINES, OEILLETS"."""
    plain = unicodedata.normalize("NFD", text.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(c for c in plain if not unicodedata.combining(c)).replace("’", "'").upper()


@cache
def postal_name(commune: str) -> str:
    """The commune on the last line of an address: "Saint-Étienne" → "ST ETIENNE"."""
    plain = capitals(commune).replace("-", " ").replace("'", " ")
    parts = {"SAINT": "ST", "SAINTE": "STE"}
    return " ".join(parts.get(part, part) for part in plain.split())


def _rank(cumulated: tuple[int, ...], drawn: float) -> int:
    return next(rank for rank, bound in enumerate(cumulated) if drawn < bound)
