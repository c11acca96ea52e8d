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
from etl.sirene.diffusion import HIDDEN, OPEN_TO_ALL, PARTIAL, is_masked
from etl.sirene.rows import JOINED, TREATED, UNIT

# The register gives its numbers: their form is checked, not their key, which some of its oldest do not have.
SIRET_FORM = re.compile(r"[0-9]{14}")
SIREN_FORM = re.compile(r"[0-9]{9}")

OF_THE_ESTABLISHMENT, OF_THE_UNIT = "statutDiffusionEtablissement", "statutDiffusionUniteLegale"

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
    """One row a siret, the one treated last, whatever the order they came in.

    One that does not say when gives way, unless it says that somebody is masked: then nothing shows that it is the older one.
    """
    undated_last = pl.col("masked") & pl.col(TREATED).is_null()
    return (
        rows.with_columns(masked=is_masked(JOINED))
        .sort(undated_last, TREATED, "masked", *rows.columns, nulls_last=False)
        .unique("siret", keep="last", maintain_order=True)
        .select(rows.columns)
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
            rows.append(_row(_told_hidden(entry, members_of(entry)), readers))
        except Unreadable as trouble:
            if (hidden := _hidden_row(entry, readers, members_of)) is not None:
                rows.append(hidden)
            else:
                rejected.append(Rejected(_number_to_tell(entry, identifier), str(trouble)))
    return Flattened(pl.DataFrame(rows, schema=schema, orient="row"), rejected, dict(unknown))


def _hidden_row(
    entry: Any, readers: Iterable[tuple[str, Reader]], members_of: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> tuple[Any, ...] | None:
    """What can be read of an entry that does not say « O » everywhere: losing it would leave the person published."""
    if not isinstance(entry, Mapping) or _is_open(entry):
        return None
    try:
        members = members_of(_legible(entry))
    except Unreadable:  # without a number nobody can be masked
        return None
    return tuple(
        _value_or_nothing(name, value, read) for name, value, read in _named(_told_hidden(entry, members), readers)
    )


def _is_establishment(entry: Mapping[str, Any]) -> bool:
    """Rather than a legal unit, even without its number."""
    return any(name in entry for name in ("siret", "nic", UNIT_MEMBER, OF_THE_ESTABLISHMENT))


def _is_open(entry: Mapping[str, Any]) -> bool:
    """Whether every status that it has to say is « O » and nothing of it is hidden; a status that is not read is none."""
    unit = entry.get(UNIT_MEMBER)
    statuses = [unit.get(OF_THE_UNIT) if isinstance(unit, Mapping) else entry.get(OF_THE_UNIT)]
    if _is_establishment(entry):
        statuses.append(entry.get(OF_THE_ESTABLISHMENT))
    return all(status == OPEN_TO_ALL for status in statuses) and not _holds_mask(entry)


def _told_hidden(entry: Mapping[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    """« [ND] » where no column would say it (a date, what is not read) is told by the statuses of whom it hides."""
    if not _holds_mask(entry):
        return members
    if not _is_establishment(entry) or _holds_mask(entry.get(UNIT_MEMBER)):
        members = {**members, OF_THE_UNIT: _unless_open(members.get(OF_THE_UNIT))}
    return {**members, OF_THE_ESTABLISHMENT: _unless_open(members.get(OF_THE_ESTABLISHMENT))}


def _unless_open(status: Any) -> Any:
    return PARTIAL if status == OPEN_TO_ALL else status


def _holds_mask(value: Any) -> bool:
    if isinstance(value, str):
        return HIDDEN in value
    if isinstance(value, Mapping):
        return any(map(_holds_mask, value.values()))
    return isinstance(value, list) and any(map(_holds_mask, value))


def _legible(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry without its members that are not what they should be; a siret begins with its siren, and ends with its nic."""
    legible = {name: value for name, value in entry.items() if name != "siren" or "siret" not in entry}
    if _is_establishment(entry):
        siret = _digits(entry.get("siret")) or _digits(entry.get("siren")) + _digits(entry.get("nic"))
        legible = {name: value for name, value in legible.items() if name != "siren"} | {"siret": siret}
    for name in (ADDRESS_MEMBER, UNIT_MEMBER):
        if not isinstance(legible.get(name), Mapping):
            legible.pop(name, None)
    for name in (PERIODS_MEMBER, UNIT_PERIODS_MEMBER):
        periods = legible.pop(name, None)
        if isinstance(periods, list):
            legible[name] = [period for period in periods if isinstance(period, Mapping)]
    return legible


def _digits(value: Any) -> str:
    """Of a number however it is written."""
    return re.sub(r"\D", "", str(value)) if isinstance(value, str | int) else ""


def _number_to_tell(entry: Any, identifier: str) -> str | None:
    """Of a rejected entry, for whoever looks for it: never of one that may be hidden."""
    said = entry.get(identifier) if isinstance(entry, Mapping) and _is_open(entry) else None
    return said if isinstance(said, str) else None


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
    return tuple(_value(name, value, read) for name, value, read in _named(members, readers))


def _named(members: Mapping[str, Any], readers: Iterable[tuple[str, Reader]]) -> Iterator[tuple[str, Any, Reader]]:
    return ((name, members.get(name), read) for name, read in readers)


def _value_or_nothing(name: str, value: Any, read: Reader) -> Any:
    try:
        return _value(name, value, read)
    except Unreadable:
        return None


def _value(name: str, value: Any, read: Reader) -> Any:
    """A JSON scalar in the column's type; one that cannot be is a reason to reject or to mask: a lost status exposes a person.

    « [ND] » where a date should be is no reason to lose the row.
    """
    if value is None or (value == HIDDEN and read is not _text):
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
