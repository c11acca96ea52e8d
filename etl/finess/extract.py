"""Read the published file, establishment by establishment, without ever holding it whole."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import ijson
import polars as pl

from etl.finess.layout import GZIP_MAGIC, PLACE_USAGES, PUBLIC_CONTACT, PUBLISHED, SUPPORTED_SCHEMA_MAJOR
from geo.errors import Refused

BATCH_ROWS = 10_000
READ_BYTES = 1 << 18
Progress = Callable[[int], None]  # compressed bytes read so far
T = TypeVar("T")


@dataclass(frozen=True)
class Header:
    """What the file says of itself."""

    schema_version: str
    generated_at: datetime
    fictitious: bool


def read_header(path: Path) -> Header:
    """The root members that come before the lists, or Refused when this isn't the flow we know."""
    members: dict[str, Any] = {}
    with path.open("rb") as compressed, _decompressed(path, compressed) as text:
        for prefix, event, value in _explained(path, ijson.parse(text, buf_size=4096)):
            if prefix in ("schemaVersion", "generatedAt", "fictif") and event in ("string", "number", "boolean"):
                members[prefix] = value
            if prefix == "pmej":
                break
    return _checked_header(path, members)


def establishments(path: Path, progress: Progress | None = None) -> Iterator[pl.DataFrame]:
    """Frames of the `PUBLISHED` schema, at most BATCH_ROWS establishments each."""
    with path.open("rb") as compressed, _decompressed(path, compressed) as text:
        entities = _explained(path, ijson.items(text, "pmej.item", buf_size=READ_BYTES))
        records = (record for entity in entities for record in _records(entity))
        while batch := list(islice(records, BATCH_ROWS)):
            if progress:
                progress(compressed.tell())
            yield pl.DataFrame(batch, schema=PUBLISHED, orient="row")


def scalar(value: object) -> str | None:
    """A published value as text without padding; drafts of the schema wrapped codes as `{"coding": {"code": …}}`."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        return scalar(value.get("coding", value.get("code")))
    if value is None:
        return None
    return str(value).strip() or None


def _records(entity: dict[str, Any]) -> Iterator[tuple[str | None, ...]]:
    about = _object(entity.get("informationsGeneralesPMEJ"))
    legal = (
        scalar(about.get("numFinessPm")),
        scalar(about.get("denominationLonguePmSmsse")) or scalar(about.get("denominationPm")),
        scalar(about.get("siren")),
    )
    for establishment in _objects(entity.get("ege")):
        yield _record(establishment, legal)


def _record(ege: dict[str, Any], legal: tuple[str | None, str | None, str | None]) -> tuple[str | None, ...]:
    about = _object(ege.get("informationsGeneralesEGE"))
    address = place_address(_objects(ege.get("adresse")))
    point = _object(address.get("coordonneesGeographique"))
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
        _telephones(_objects(ege.get("contact"))),
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


def place_address(addresses: list[dict[str, Any]]) -> dict[str, Any]:
    """The address people go to, wherever it stands in the list; empty when there is none."""
    by_usage = {scalar(each.get("usageAdresse")): each for each in reversed(addresses)}
    return next((by_usage[usage] for usage in PLACE_USAGES if usage in by_usage), {})


def _telephones(contacts: list[dict[str, Any]]) -> str | None:
    public = [c for c in contacts if scalar(_object(c.get("typeContact")).get("roleContact")) in (PUBLIC_CONTACT, None)]
    numbers = [scalar(_object(c.get("telecom")).get("telephone")) for c in public]
    return "\n".join(number for number in numbers if number) or None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _checked_header(path: Path, members: dict[str, Any]) -> Header:
    version, generated = scalar(members.get("schemaVersion")), scalar(members.get("generatedAt"))
    if version is None or generated is None:
        raise Refused(f"{path.name} n’est pas le flux FINESS « structures » : schemaVersion ou generatedAt manque.")
    if version.lstrip("v").split(".")[0] != SUPPORTED_SCHEMA_MAJOR:
        raise Refused(
            f"{path.name} suit le schéma {version} ; cette version lit les schémas {SUPPORTED_SCHEMA_MAJOR}.x."
        )
    return Header(version, _instant(path, generated), members.get("fictif") is True)


def _instant(path: Path, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{path.name} : generatedAt « {text} » n’est pas une date.") from None
    return instant if instant.tzinfo else instant.astimezone()


def _decompressed(path: Path, stream: IO[bytes]) -> IO[bytes]:
    magic = stream.read(2)
    stream.seek(0)
    if magic == GZIP_MAGIC:
        return cast(IO[bytes], gzip.GzipFile(fileobj=stream))
    if not magic:
        raise Refused(f"{path.name} est vide.")
    return stream


def _explained(path: Path, items: Iterator[T]) -> Iterator[T]:
    try:
        yield from items
    except (EOFError, ijson.JSONError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
        raise Refused(f"{path.name} {_damage(error)}.") from None


def _damage(error: Exception) -> str:
    if isinstance(error, EOFError) or "premature EOF" in str(error) or "ncomplete" in str(error):
        return "est tronqué : le téléchargement ou la copie s’est arrêté avant la fin"
    return f"n’est pas lisible : {' '.join(str(error).split())[:200]}"
