"""Read the activities file, entity by entity: 1.45 GB of text that is never held whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import ijson

from etl.finess.content import Json, scalar
from etl.finess.extract import HEADER_BYTES, Progress
from etl.finess.reading import explained, instant, items, opened, values_at
from etl.finess.record import objects_of
from geo.errors import Refused

CHUNK_ACTIVITIES = 2_500  # their JSON takes some forty megabytes once read
# Where the file says what it is: at its root, or under `metadata` since schema 1.0.1.
VERSION = ("schemaVersion", "metadata.schemaVersion")
GENERATED = ("generatedAt", "metadata.generatedAt")
FICTITIOUS = ("fictif", "metadata.fictif")
SCALARS = (*VERSION, *GENERATED, *FICTITIOUS)


@dataclass(frozen=True)
class Header:
    """What the file says of itself."""

    schema_version: str
    generated_at: datetime
    fictitious: bool


@dataclass(frozen=True)
class Chunk:
    """Some legal entities as published; `unreadable` items are no object."""

    entities: list[Json]
    unreadable: int = 0


def read_header(path: Path) -> Header:
    """What stands before the entities, or after them in a file that writes them first; Refused when this isn't the flow."""
    members = _before_the_entities(path)
    if not (_any_of(VERSION, members) and _any_of(GENERATED, members)):
        members = {name: values[0] for name, values in values_at(path, SCALARS).items() if values}
    version, generated = _any_of(VERSION, members), _any_of(GENERATED, members)
    if version is None or generated is None:
        raise Refused(
            f"{path.name} n’est pas le flux FINESS «\u202factivités\u202f» : schemaVersion ou generatedAt manque."
        )
    return Header(version, instant(path, generated), any(members.get(name) is True for name in FICTITIOUS))


def chunks(path: Path, progress: Progress | None = None) -> Iterator[Chunk]:
    """The file in pieces of about CHUNK_ACTIVITIES; an entity is never cut."""
    with opened(path) as (compressed, stream):
        entities: list[Json] = []
        unreadable = activities = 0
        for item in items(path, stream, "pmej.item"):
            if not isinstance(item, dict):
                unreadable += 1
                continue
            entities.append(item)
            activities += 1 + _count(item)
            if activities >= CHUNK_ACTIVITIES:
                yield Chunk(entities, unreadable)
                entities, unreadable, activities = [], 0, 0
                if progress:
                    progress(compressed.tell())
        if entities or unreadable:
            yield Chunk(entities, unreadable)


def _before_the_entities(path: Path) -> dict[str, Any]:
    members: dict[str, Any] = {}
    with opened(path) as (_, stream):
        for prefix, event, value in explained(path, ijson.parse(stream, buf_size=HEADER_BYTES)):
            if prefix == "pmej":
                break
            if prefix in SCALARS and event in ("string", "number", "boolean"):
                members[prefix] = value
    return members


def _any_of(names: tuple[str, ...], members: dict[str, Any]) -> str | None:
    return next((found for name in names if (found := scalar(members.get(name)))), None)


def _count(entity: Json) -> int:
    practised = (each.get("activitesExercees") for each in objects_of(entity.get("ege")))
    return sum(len(each) for each in (entity.get("activitesAutorisees"), *practised) if isinstance(each, list))
