"""Numbers typed in the search box: FINESS, SIRET, SIREN, phone; they answer exactly what bears them."""

import re

import msgspec
from sqlalchemy import ColumnElement, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from geo.identifiers import FINESS_FORM, compact
from geo.structures import structure

_SIRET = re.compile(r"^[0-9]{14}$")  # whatever its key: Insee publishes some that do not hold
# What is written before a number, « N° FINESS : 33 078 285 5 », and the zero in it that is not dialled, « +33 (0)5… ».
_NAMED = re.compile(
    r"^\s*(?:(?:n[°ºo]|num[ée]ro|finess|siret|siren|t[ée]l(?:[ée]phone)?)[\s.:]*)+(?=[+(\d])", re.IGNORECASE
)
_NOT_DIALLED = re.compile(r"\(0\)")
# Among words, « 750712184 paris »: in one piece or in the groups of who writes it, never a postcode and a year.
_AMONG_WORDS = re.compile(
    r"(?<![\w.-])(?:"
    r"[0-9]{3}(?P<siret>[ .-]?)[0-9]{3}(?P=siret)[0-9]{3}(?P=siret)[0-9]{5}"
    r"|(?:[0-9]{2}|2[AB])(?P<finess>[ .-]?)[0-9A-Z][0-9]{2}(?P=finess)[0-9]{3}(?P=finess)[0-9]"
    r"|[0-9]{3}(?P<siren>[ .-]?)[0-9]{3}(?P=siren)[0-9]{3}"
    r"|(?:(?:\+|00)33 ?|0)[1-9](?:[ .-]?[0-9]{2}){4}"
    r")(?![\w-])",
    re.IGNORECASE,
)
_PHONE = re.compile(r"^(?:(?:\+|00)33|0)([1-9]\d{8})$")


class Borne(msgspec.Struct, frozen=True):
    """A number and the columns of `structure` that may hold it: any of them answers."""

    number: str
    columns: tuple[str, ...]


LISTS = frozenset({"finess", "siret", "phones"})


def number_in(words: str) -> Borne | None:
    """The number that the words are, or hold; None when they are words. A number among words decides by itself.

    Nine digits may be a FINESS number (an establishment's or a legal entity's) or a SIREN: whichever exists answers.
    """
    plain = _NOT_DIALLED.sub("", _NAMED.sub("", words))
    whole = _bearing(compact(plain))
    among = _AMONG_WORDS.search(plain) if whole is None else None
    return whole if among is None else _bearing(compact(among.group()))


def _bearing(number: str) -> Borne | None:
    if _SIRET.match(number):
        return Borne(number, ("siret",))
    if phone := _PHONE.match(number):
        return Borne(_in_pairs("0" + phone.group(1)), ("phones",))
    if re.match(FINESS_FORM, number):
        return Borne(number, ("finess", "ej_finess", "siren"))
    return None


def typed_number(words: str) -> ColumnElement[bool] | None:
    """The condition that a typed number is, None when the words are words."""
    borne = number_in(words)
    return or_(*(_bears(column, borne.number) for column in borne.columns)) if borne else None


def _in_pairs(digits: str) -> str:
    return " ".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def _bears(column: str, number: str) -> ColumnElement[bool]:
    held = structure.c[column]
    found: ColumnElement[bool] = held.contains(literal([number], ARRAY(Text))) if column in LISTS else held == number
    return found
