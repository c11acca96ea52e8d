"""Read the published file, entity by entity, without ever holding it whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import ijson
import polars as pl
from ijson.common import ObjectBuilder

from etl.finess.content import Json, scalar
from etl.finess.layout import PLACE_USAGES, PUBLIC_CONTACT, PUBLISHED
from etl.finess.reading import explained, instant, items, opened, values_at
from etl.finess.record import fields_of, objects_of
from geo.errors import Refused

BATCH_ROWS = 2_500  # of establishments: their JSON takes some forty megabytes once read
HEADER_BYTES = 4_096
GROUPS = ("gcc", "gco")
ITEMS = {f"{name}.item": name for name in GROUPS}
SCALARS = ("schemaVersion", "generatedAt", "fictif")
Progress = Callable[[int], None]  # compressed bytes read so far


@dataclass(frozen=True)
class Header:
    """What the file says of itself, and its groups of legal entities."""

    schema_version: str
    generated_at: datetime
    fictitious: bool
    gcc: list[Json] = field(default_factory=list)
    gco: list[Json] = field(default_factory=list)


@dataclass(frozen=True)
class Chunk:
    """Some legal entities as published, and their establishments as a frame of `PUBLISHED`, in the same order."""

    entities: list[Json]
    establishments: pl.DataFrame
    unreadable: int = 0  # items that are no object


def read_header(path: Path) -> Header:
    """The root members beside the entities, wherever they stand, or Refused when this isn't a flow."""
    members: dict[str, Any] = {}
    with opened(path) as (_, stream):
        _read_members(explained(path, ijson.parse(stream, buf_size=HEADER_BYTES)), members)
    missing = [name for name in (*SCALARS, *GROUPS) if name not in members]
    if "schemaVersion" in missing or "generatedAt" in missing or set(GROUPS) <= set(missing):
        members |= _members_after_the_entities(path, missing)
    return _checked_header(path, members)


def chunks(path: Path, progress: Progress | None = None) -> Iterator[Chunk]:
    """The file in pieces of about BATCH_ROWS establishments; an entity is never cut."""
    with opened(path) as (compressed, stream):
        for chunk in in_chunks(items(path, stream, "pmej.item")):
            if progress:
                progress(compressed.tell())
            yield chunk


def in_chunks(items: Iterator[Any]) -> Iterator[Chunk]:
    """Published entities, gathered."""
    entities: list[Json] = []
    rows: list[tuple[str | None, ...]] = []
    unreadable = 0
    for item in items:
        if not isinstance(item, dict):
            unreadable += 1
            continue
        entities.append(item)
        rows += _records(item)
        if len(rows) >= BATCH_ROWS or len(entities) >= BATCH_ROWS:
            yield Chunk(entities, _frame(rows), unreadable)
            entities, rows, unreadable = [], [], 0
    if entities or unreadable:
        yield Chunk(entities, _frame(rows), unreadable)


def place_address(addresses: list[Json]) -> Json:
    """The address people go to, wherever it stands in the list; empty when there is none."""
    by_usage = {scalar(each.get("usageAdresse")): each for each in reversed(addresses)}
    return next((by_usage[usage] for usage in PLACE_USAGES if usage in by_usage), {})


def _frame(rows: list[tuple[str | None, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PUBLISHED, orient="row")


def _records(entity: Json) -> list[tuple[str | None, ...]]:
    about = fields_of(entity.get("informationsGeneralesPMEJ"))
    legal = (
        scalar(about.get("numFinessPm")),
        scalar(about.get("denominationLonguePmSmsse")) or scalar(about.get("denominationPm")),
        scalar(about.get("siren")),
        scalar(about.get("statutJuridique")),
    )
    return [_record(establishment, legal) for establishment in objects_of(entity.get("ege"))]


def _record(ege: Json, legal: tuple[str | None, ...]) -> tuple[str | None, ...]:
    about = fields_of(ege.get("informationsGeneralesEGE"))
    address = place_address(objects_of(ege.get("adresse")))
    point = fields_of(address.get("coordonneesGeographique"))
    return (
        scalar(about.get("numFinessEge")),
        scalar(about.get("nomEgeCourt")),
        scalar(about.get("nomEgeLong")),
        scalar(about.get("complementDenominationEg")),
        scalar(about.get("siret")),
        scalar(ege.get("categorieentiteGeographiqueExercice")),
        scalar(ege.get("etatObjet")),
        scalar(about.get("dateOuverture")),
        scalar(about.get("dateFermeture")),
        scalar(ege.get("dateDerniereMaj")),
        _telephones(objects_of(ege.get("contact"))),
        *legal,
        *(scalar(address.get(key)) for key in _ADDRESS_KEYS),
        *(scalar(point.get(key)) for key in _POINT_KEYS),
    )


_ADDRESS_KEYS = (
    "numeroVoie",
    "typeVoie",
    "libelleVoie",
    "complementVoie",
    "complementPointGeographique",
    "lieuDit",
    "ligneQuatre",
    "codePostal",
    "cogCommune",
    "ligneAcheminement",
)
_POINT_KEYS = ("coordonneeX", "coordonneeY", "directionLongitude", "directionLatitude", "cleInInteropBAN")


def _telephones(contacts: list[Json]) -> str | None:
    public = [
        c for c in contacts if scalar(fields_of(c.get("typeContact")).get("roleContact")) in (PUBLIC_CONTACT, None)
    ]
    numbers = [scalar(fields_of(c.get("telecom")).get("telephone")) for c in public]
    return "\n".join(number for number in numbers if number) or None


def _read_members(events: Iterator[tuple[str, str, Any]], members: dict[str, Any]) -> None:
    """Root members up to the entities: scalars as they are, groups built."""
    builder: Any = None
    for prefix, event, value in events:
        if prefix == "pmej":
            return
        if prefix in SCALARS and event in ("string", "number", "boolean"):
            members[prefix] = value
        elif prefix in GROUPS and event == "start_array":
            members[prefix] = []
        elif prefix in ITEMS and event in ("start_map", "end_map"):
            builder = _built(builder, event, members[ITEMS[prefix]])
        if builder is not None:
            builder.event(event, value)


def _built(builder: Any, event: str, into: list[Json]) -> Any:
    if event == "start_map":
        return ObjectBuilder()
    builder.event(event, None)
    into.append(builder.value)
    return None


def _members_after_the_entities(path: Path, names: list[str]) -> dict[str, Any]:
    """JSON objects have no order: a producer may write its entities first. One more reading, for such files only."""
    found = values_at(path, [f"{name}.item" if name in GROUPS else name for name in names])
    members = {name: found[f"{name}.item"] for name in names if name in GROUPS}
    return members | {name: found[name][0] for name in names if name not in GROUPS and found[name]}


def _checked_header(path: Path, members: dict[str, Any]) -> Header:
    version, generated = scalar(members.get("schemaVersion")), scalar(members.get("generatedAt"))
    if version is None or generated is None:
        raise Refused(
            f"{path.name} n’est pas le flux FINESS «\u202fstructures\u202f» : schemaVersion ou generatedAt manque."
        )
    fictitious = members.get("fictif") is True
    return Header(version, instant(path, generated), fictitious, *(objects_of(members.get(name)) for name in GROUPS))
