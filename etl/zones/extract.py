"""Lines of a file of zones as parts that can be asked about, or the reason why not."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import shapely
from shapely.errors import GEOSException

from geo.communes import area_names, current_code
from geo.errors import Refused
from geo.zones import ZoneKind

FORMAT = "1"
MAX_LINE_BYTES = 1_000_000
MAX_VERTICES = 5_000  # a département drawn to a few dozen metres has as many
FRANCE = (-180.0, -60.0, 180.0, 60.0)  # with its territories of every ocean


class Header(msgspec.Struct, frozen=True, rename="camel"):
    """The first line: what the file is."""

    zones: str  # FORMAT
    produced_at: datetime
    fictif: bool = False


class Part(msgspec.Struct, frozen=True):
    """One part of a zone; `outline` is WKB of a multipolygon in WGS 84."""

    kind: ZoneKind
    code: str | None = None
    outline: bytes | None = None


class Zone(msgspec.Struct, frozen=True):
    """What one line declares, under the number that a register gave."""

    number: str  # FINESS, nine characters, or SIRET, fourteen
    parts: tuple[Part, ...]
    declared_on: str | None


class Rejected(msgspec.Struct, frozen=True):
    """A line that cannot be used, and why (a key of the ledger's reasons)."""

    number: str | None
    reason: str


class _Line(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    finess: str | None = None
    siret: str | None = None
    communes: tuple[str, ...] = ()
    epcis: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    contour: dict[str, Any] | None = None  # GeoJSON: Polygon or MultiPolygon
    declared_on: str | None = None


class _Unusable(Exception):
    """Its argument is the reason."""


def read_header(path: Path) -> Header:
    """The first line, or Refused when this is no file of zones that this version reads."""
    with path.open("rb") as file:
        first = file.readline(MAX_LINE_BYTES)
    try:
        header = msgspec.json.decode(first, type=Header)
    except msgspec.DecodeError:
        raise Refused(
            "Ce fichier n’est pas un fichier de zones : sa première ligne doit être "
            f'{{"zones": "{FORMAT}", "producedAt": "2026-11-21T08:00:00Z"}}.'
        ) from None
    if header.zones != FORMAT:
        raise Refused(f"Ce fichier de zones est au format {header.zones[:10]}, cette version lit le format {FORMAT}.")
    if header.produced_at.tzinfo is None:
        raise Refused("« producedAt » doit dire son fuseau : 2026-11-21T08:00:00Z.")
    return header


def zones(path: Path) -> Iterator[Zone | Rejected]:
    """Every line after the first; empty ones do not count."""
    with path.open("rb") as file:
        file.readline(MAX_LINE_BYTES)
        while line := file.readline(MAX_LINE_BYTES):
            if not line.endswith(b"\n") and len(line) == MAX_LINE_BYTES:
                _skip_to_its_end(file)
                yield Rejected(None, "zone_illisible")
            elif line.strip():
                yield _zone(line)


def _skip_to_its_end(file: Any) -> None:
    while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
        pass


def _zone(line: bytes) -> Zone | Rejected:
    try:
        said = msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, RecursionError):
        return Rejected(None, "zone_illisible")
    number = said.finess or said.siret
    if not number or "\x00" in number or (said.finess and said.siret):
        return Rejected(None, "zone_sans_numero")
    try:
        parts = tuple(_parts(said))
    except _Unusable as unusable:
        return Rejected(number, str(unusable))
    return Zone(number, parts, _day(said.declared_on)) if parts else Rejected(number, "zone_vide")


def _parts(said: _Line) -> Iterator[Part]:
    for code in dict.fromkeys(said.communes):
        current = current_code(code)
        if current is None:
            raise _Unusable("zone_de_commune_inconnue")
        yield Part(ZoneKind.COMMUNE, current)
    for kind, codes in ((ZoneKind.EPCI, said.epcis), (ZoneKind.DEPARTEMENT, said.departements)):
        for code in dict.fromkeys(codes):
            if code not in area_names(kind.value):
                raise _Unusable(f"zone_de_{kind.value}_inconnu")
            yield Part(kind, code)
    if said.contour is not None:
        yield Part(ZoneKind.OUTLINE, outline=_outline(said.contour))


def _outline(geojson: dict[str, Any]) -> bytes:
    """One that crosses itself is refused: nobody knows which side was meant."""
    try:
        drawn = shapely.from_geojson(msgspec.json.encode(geojson))
    except (GEOSException, TypeError, ValueError):
        raise _Unusable("zone_au_contour_illisible") from None
    polygons = shapely.get_parts(drawn) if drawn.geom_type == "MultiPolygon" else [drawn]
    if any(each.geom_type != "Polygon" for each in polygons) or drawn.is_empty or not drawn.is_valid:
        raise _Unusable("zone_au_contour_illisible")
    west, south, east, north = drawn.bounds
    if not (FRANCE[0] <= west and FRANCE[1] <= south and east <= FRANCE[2] and north <= FRANCE[3]):
        raise _Unusable("zone_au_contour_illisible")
    if shapely.get_num_coordinates(drawn) > MAX_VERTICES:
        raise _Unusable("zone_au_contour_demesure")
    return bytes(shapely.to_wkb(shapely.multipolygons(list(polygons)), include_srid=False))


def _day(written: str | None) -> str | None:
    """A day that cannot be read is none: the zone counts all the same."""
    try:
        return datetime.strptime(written or "", "%Y-%m-%d").date().isoformat()
    except ValueError:
        return None
