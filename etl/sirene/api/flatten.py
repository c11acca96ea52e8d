"""Entries of the API as rows: what is nested comes up beside the identifier, what cannot be read is said with its reason."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import polars as pl

from etl.sirene.api.members import (
    ADDRESS_MEMBER,
    DOCUMENTED,
    PERIOD_BEGINS,
    PERIOD_ENDS,
    PERIODS_MEMBER,
    SECOND_ADDRESS_MEMBER,
    UNIT_MEMBER,
    UNIT_PERIODS_MEMBER,
)
from etl.sirene.rows import JOINED, UNIT

# The register gives its numbers: their form is checked, not their key, which some of its oldest do not have.
SIRET_FORM = re.compile(r"[0-9]{14}")
SIREN_FORM = re.compile(r"[0-9]{9}")

MASK = "[ND]"  # of who opposed diffusion: said where a text is, and no reason to lose the row where a date should be

Reader = Callable[[Any], Any]


class Rejected(msgspec.Struct, frozen=True):
    """An entry that gives no row."""

    siret: str | None  # or the siren of a legal unit
    reason: str


class Flattened(msgspec.Struct, frozen=True):
    """Rows in the order of their entries, what was rejected, and undocumented members by name."""

    rows: pl.DataFrame
    rejected: list[Rejected]
    unknown: dict[str, int]


class Unreadable(Exception):
    """Why an entry cannot be a row."""


def flatten(entries: Iterable[Any]) -> Flattened:
    """`etablissements[]` as rows of `rows.JOINED`."""
    return _flattened(entries, JOINED, "siret", _members_of_an_establishment)


def flatten_units(entries: Iterable[Any]) -> Flattened:
    """`unitesLegales[]` as rows of `rows.UNIT`."""
    return _flattened(entries, UNIT, "siren", _members_of_a_unit)


def latest_of_each_siret(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a siret, the one treated last; one that does not say when gives way."""
    return rows.sort("dateDernierTraitementEtablissement", nulls_last=False, maintain_order=True).unique(
        "siret", keep="last", maintain_order=True
    )


def _flattened(
    entries: Iterable[Any],
    schema: pl.Schema,
    identifier: str,
    members_of: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> Flattened:
    readers = [(name, READERS[kind]) for name, kind in schema.items()]
    rows, rejected, unknown = [], [], Counter[str]()
    for entry in entries:
        try:
            if not isinstance(entry, Mapping):
                raise Unreadable("ce n’est pas un objet")
            unknown.update(_undocumented(entry))
            rows.append(_row(members_of(entry), readers))
        except Unreadable as trouble:
            said = entry.get(identifier) if isinstance(entry, Mapping) else None
            rejected.append(Rejected(said if isinstance(said, str) else None, str(trouble)))
    return Flattened(pl.DataFrame(rows, schema=schema, orient="row"), rejected, dict(unknown))


def _members_of_an_establishment(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry, its address, its legal unit and its current period on one level."""
    siret = _identifier(entry, "siret", SIRET_FORM)
    if entry.get("siren") not in (None, siret[:9]):
        raise Unreadable("le siren n’est pas celui du siret")
    return {
        **entry,
        **_nested(entry, ADDRESS_MEMBER),
        **_nested(entry, UNIT_MEMBER),
        **_current(entry, PERIODS_MEMBER),
        "siret": siret,
        "siren": siret[:9],
    }


def _members_of_a_unit(entry: Mapping[str, Any]) -> dict[str, Any]:
    siren = _identifier(entry, "siren", SIREN_FORM)
    return {**entry, **_current(entry, UNIT_PERIODS_MEMBER), "siren": siren}


def _identifier(entry: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Unreadable(f"sans {name} lisible")
    return value


def _nested(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Unreadable(f"{name} n’est pas un objet")
    return value


def _current(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The period without an end, wherever it stands; the newest of all where ends were not asked for."""
    periods = entry.get(name) or []
    if not isinstance(periods, list) or not all(isinstance(period, Mapping) for period in periods):
        raise Unreadable(f"{name} n’est pas une liste d’objets")
    endless = [period for period in periods if period.get(PERIOD_ENDS) is None]
    return max(endless, key=lambda period: str(period.get(PERIOD_BEGINS) or ""), default={})


def _undocumented(entry: Mapping[str, Any]) -> Iterator[str]:
    """Names that Insee's documentation did not have when this was written."""
    for name, value in entry.items():
        if name not in DOCUMENTED:
            yield name
        elif name != SECOND_ADDRESS_MEMBER:
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, Mapping):
                    yield from _undocumented(inner)


def _row(members: Mapping[str, Any], readers: Iterable[tuple[str, Reader]]) -> tuple[Any, ...]:
    return tuple(_value(name, members.get(name), read) for name, read in readers)


def _value(name: str, value: Any, read: Reader) -> Any:
    """A JSON scalar in the column's type; one that cannot be is a reason to reject: a status lost is a person exposed."""
    if value is None or (value == MASK and read is not _text):
        return None
    try:
        return read(value)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{name} illisible") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.replace("\0", "")  # PostgreSQL has no such character


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _number(value: Any) -> int | None:
    """A text in the API, a number in the stock."""
    if isinstance(value, bool | float):
        raise TypeError
    return int(value) if value != "" else None


def _day(value: Any) -> date:
    return date.fromisoformat(_text(value))


def _moment(value: Any) -> datetime:
    """Paris time without saying so, as in the stock."""
    return datetime.fromisoformat(_text(value)).replace(tzinfo=None)


READERS: Mapping[Any, Reader] = {
    pl.String(): _text,
    pl.Boolean(): _truth,
    pl.Int64(): _number,
    pl.Date(): _day,
    pl.Datetime("us"): _moment,
}
