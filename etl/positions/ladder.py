"""The questions that one address makes, best first, each with what it gives up."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from etl.positions.addresses import Address
from etl.positions.damaged import mended
from geo.geocoder.shapes import Kind, Question
from geo.text import sort_key


class GaveUp(StrEnum):
    """What the register says and the question doesn't ask."""

    NOTHING = "nothing"
    SUFFIX = "suffix"  # 12 for 12 BIS: the door beside
    NUMBER = "number"
    STREET = "street"  # and its number: the lieu-dit alone
    ADDRESS = "address"  # all but the commune


class Rung(msgspec.Struct, frozen=True):
    """One question and what it leaves out of the address."""

    question: Question
    gave_up: GaveUp
    if_ambiguous: bool = False  # of use only where the wordings before it found several (etl.positions.climbing)


def ladder(address: Address) -> list[Rung]:
    """To be climbed down until an answer is precise: number, street, lieu-dit. Empty when nobody knows the commune.

    The commune alone is no question: everybody knows where its centre is.

    >>> from etl.positions.addresses import address_of
    >>> [(rung.question.text, str(rung.gave_up)) for rung in ladder(address_of(["1 B R DES LYS"], "59000", "59350"))]
    [('1 BIS RUE DES LYS', 'nothing'), ('1 RUE DES LYS', 'suffix'), ('RUE DES LYS', 'number')]
    """
    if address.citycode is None and (address.town is None or address.postcode is None):
        return []  # a street's name alone is everywhere
    first: dict[str, Rung] = {}
    for rung in _rungs(address):
        first.setdefault(key_of(rung.question), rung)
    return list(first.values())


def key_of(question: Question) -> str:
    """Under what an answer is kept, the date of the index aside: city code, text, town, postcode, kind, parted by bars.

    All that is asked is in it, so that an answer never serves another question, and nothing else, so that structures at one
    address share it. Letters' case, accents and punctuation do not count: the geocoder leaves them out too.

    >>> key_of(Question("12, rue de l'Étang", "Lille", "59000", "59350", Kind.STREET))
    '59350|12 RUE DE L ETANG|LILLE|59000|street'
    """
    town = sort_key(question.town or "")
    parts = (question.citycode, sort_key(question.text), town, question.postcode, question.kind)
    return "|".join(str(part) if part else "" for part in parts)


def _rungs(address: Address) -> Iterator[Rung]:
    street, number = address.street, address.number
    if street and number:
        yield from _numbered(address, number, street)
    if street:
        yield from _worded(address, street, Kind.STREET, GaveUp.NUMBER if number else GaveUp.NOTHING)
    for locality in address.localities:
        yield from _worded(address, locality, None, GaveUp.STREET if street else GaveUp.NOTHING)


def _numbered(address: Address, number: str, street: str) -> Iterator[Rung]:
    """The number with its street. Any kind may answer: where the number is missing the street itself is worth having."""
    yield from _worded(address, f"{number} {street}", None, GaveUp.NOTHING)
    digits = number.split()[0]
    if digits != number:
        yield from _worded(address, f"{digits} {street}", Kind.HOUSENUMBER, GaveUp.SUFFIX)


def _worded(address: Address, text: str, kind: Kind | None, gave_up: GaveUp) -> Iterator[Rung]:
    """As the register writes it, then with its damaged words put right, then with the quarter for a town.

    Communes that merged have a rue de la Mairie each: the name of the former one, often written above the street, tells
    which. It is worth asking once the plain wording has found several.
    """
    asked = Question(text, address.town, address.postcode, address.citycode, kind)
    yield Rung(asked, gave_up)
    if right := mended(text):
        yield Rung(msgspec.structs.replace(asked, text=right), gave_up)
    quarter = next(iter(address.localities), None)
    if quarter and address.street and quarter != text and gave_up in (GaveUp.NOTHING, GaveUp.NUMBER):
        yield Rung(msgspec.structs.replace(asked, text=right or text, town=quarter), gave_up, if_ambiguous=True)
