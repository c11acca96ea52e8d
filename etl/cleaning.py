"""Cleaning rules shared by the registers: text, dates, phones, names to sort by."""

import re
from functools import lru_cache

import phonenumbers
import polars as pl

_BETWEEN_NUMBERS = re.compile(r"\s*(?:[/;,\n]|\bou\b|\bet\b)\s*", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"\D+")
_PUNCTUATION = re.compile(r"[\s().\-_]+")
_FRENCH_PREFIX = re.compile(r"^(?:\+33|0033|33(?=\d{9}$))\s*\(?0?\)?")


def iso_date(column: str) -> pl.Expr:
    """The ISO date a text begins with (`2017-04-21 00:00:00` too), null when it isn't one or is the register's 1900-01-01."""
    day = _day(column)
    return pl.when(day > pl.date(1900, 1, 1)).then(day)


def is_a_date(column: str) -> pl.Expr:
    """Whether a text begins with an ISO date, the register's 1900-01-01 (« unknown ») too."""
    return _day(column).is_not_null()


def _day(column: str) -> pl.Expr:
    return pl.col(column).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)


def decimal(column: str) -> pl.Expr:
    """A number written with a point or a comma, null when it isn't one."""
    return pl.col(column).str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)


def phone_numbers(published: str | None) -> list[str]:
    """The numbers in a phone field, as ten digits in pairs; what is no French number is kept as published.

    >>> phone_numbers("0690291988/0590895757"), phone_numbers("+33 (0)2.51.54.30.38"), phone_numbers("00565443110")
    (['06 90 29 19 88', '05 90 89 57 57'], ['02 51 54 30 38'], ['05 65 44 31 10'])
    """
    return list(_numbers_in(published)) if published else []


@lru_cache(maxsize=20_000)  # a record is read four times while it is at hand: its hash, its contacts, its row, its page
def _numbers_in(published: str) -> tuple[str, ...]:
    found = [_phone_number(part) for part in _BETWEEN_NUMBERS.split(published) if part.strip()]
    return tuple(dict.fromkeys(found))


def _phone_number(published: str) -> str:
    digits = _NOT_DIGITS.sub("", _FRENCH_PREFIX.sub("0", published.strip()))
    if len(digits) == 11 and digits.startswith("00"):  # a zero too many, seen in the live flow
        digits = digits[1:]
    if len(digits) == 9 and not digits.startswith("0"):  # the zero lost by a spreadsheet
        digits = "0" + digits
    if len(digits) == 10 and digits.startswith("0"):
        return " ".join(digits[i : i + 2] for i in range(0, 10, 2))
    return _known_elsewhere(published)


def _known_elsewhere(published: str) -> str:
    try:
        number = phonenumbers.parse(published, "FR")
    except phonenumbers.NumberParseException:
        return _as_written(published)
    if not phonenumbers.is_valid_number(number):
        return _as_written(published)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _as_written(published: str) -> str:
    """A number of no plan we know: its punctuation says nothing either, unless there is more than that."""
    digits = _PUNCTUATION.sub("", published)
    if not digits.isdigit():
        return published.strip()
    return " ".join(digits[i : i + 2] for i in range(0, 10, 2)) if len(digits) == 10 else digits
