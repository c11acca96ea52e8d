"""Every tile of structures in one file, a PMTiles v3 archive, that any file server can serve by ranges.

Tiles are those of `/tiles/structures/…` without filters, byte for byte; the same publication gives the same file.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import Compression, TileType, tileid_to_zxy, zxy_to_tileid
from pmtiles.writer import Writer
from sqlalchemy import Connection, text

from geo.cells import CLUSTER_MAX_ZOOM, EXTENT_BITS, FINEST_ZOOM, Integers, tiles_of
from geo.errors import NotReady
from geo.filters import Filters
from geo.licences import with_address
from geo.progress import Progress
from geo.publication import Publication
from geo.version import VERSION
from tiles import counts, render, tilejson
from tiles.cache import StoredTile
from tiles.form import form
from tiles.grid import TileAddress

MAX_ZOOM = 14  # where points begin; what reads an archive draws finer zooms from its finest tiles
MAX_ZOOM_ASKED = (
    16  # from 15 on, most structures have a tile of their own: each zoom adds nearly as many tiles as there are
)
VIEW = (2.6, 46.6, 5)  # where a map of France opens: longitude, latitude, zoom
E7 = 10_000_000  # the header's degrees are whole numbers
TOLD_EVERY = 200  # tiles
FETCHED_ROWS = 10_000


def addresses(connection: Connection, zoom: int) -> Integers:
    """Tiles of a zoom where open structures stand, by their numbers in Morton's order, each once."""
    query = text(STANDING).execution_options(yield_per=FETCHED_ROWS)
    found = connection.execute(query, {"finer": 2 * (FINEST_ZOOM - zoom + EXTENT_BITS)})
    return np.sort(np.fromiter(found.scalars(), np.int64))


# Asked once: a scan of what is drawn, a group per tile.
STANDING = "SELECT place >> CAST(:finer AS integer) FROM drawn WHERE open GROUP BY 1"
# Asked once: every open structure with a position.
BOUNDS = """
SELECT min(lon) AS west, min(lat) AS south, max(lon) AS east, max(lat) AS north
FROM structure
WHERE open AND lon IS NOT NULL
"""


def write(
    connection: Connection,
    publication: Publication,
    out: BinaryIO,
    *,
    scratch: Path,
    max_zoom: int = MAX_ZOOM,
    progress: Progress,
) -> int:
    """Write the archive of a publication, which the connection's transaction must see to its end; how many tiles.

    Tiles wait in a file without a name in `scratch`, since the directories that come before them are known last: a process that
    is killed leaves nothing there.
    """
    if not counts.is_current(connection):
        raise NotReady("La grille des tuiles est d’une autre version du programme : ./lum1 start la refait.")
    header = _header(connection)
    progress.step("adresses des tuiles")
    ids = _in_order(addresses(connection, max_zoom), max_zoom)
    progress.step("tuiles")
    with tempfile.TemporaryFile(dir=scratch) as drawn:
        writer = Writer(out)
        writer.tile_f.close()  # its own would be in the system's temporary folder, which is often memory
        writer.tile_f = drawn
        for number, body in _drawn(connection, ids, progress):
            writer.write_tile(number, body)
        progress.step("écriture de l’archive")
        writer.finalize(header, metadata(publication, max_zoom))
    return int(writer.addressed_tiles)


def metadata(publication: Publication, max_zoom: int) -> dict[str, Any]:
    """What an archive says of itself: what TileJSON says, and which data these are, as answers of the API say it."""
    described = tilejson.structures("", publication)
    layers = [each for each in described["vector_layers"] if each["minzoom"] <= max_zoom]
    invented = "Données fictives : aucune de ces structures n’existe. " if publication.fictitious else ""
    return {
        "name": described["name"],
        "description": f"{invented}Structures ouvertes : grappes comptées jusqu’au zoom {CLUSTER_MAX_ZOOM}, points ensuite.",
        "attribution": described["attribution"],
        "licence": " ; ".join(sorted({with_address(each.licence) for each in publication.sources})),
        "type": "overlay",
        "version": described["version"],
        "generator": f"lum1 {VERSION}",
        "form": form(),  # another program may draw the same data otherwise
        "vector_layers": [each | {"maxzoom": min(each["maxzoom"], max_zoom)} for each in layers],
        "data": {
            "fictitious": publication.fictitious,
            "version": publication.version,
            "stamp": publication.stamp,
            "sources": [msgspec.to_builtins(each) for each in publication.sources],
        },
    }


def kept_in(home: Path) -> Path:
    """Where an instance keeps its own, to serve it."""
    return home / "tiles" / "structures.pmtiles"


def metadata_of(archive: Path) -> dict[str, Any] | None:
    """What an archive says of itself; None where there is none that can be read."""
    try:
        with archive.open("rb") as stream:
            found: dict[str, Any] = Reader(MmapSource(stream)).metadata()
    except (OSError, EOFError, ValueError):
        return None
    return found


def _header(connection: Connection) -> dict[str, Any]:
    bounds = connection.execute(text(BOUNDS)).one()
    if bounds.west is None:
        raise NotReady("Aucune structure ouverte n’a de position : il n’y a pas de tuile à archiver.")
    lon, lat, zoom = VIEW
    degrees = {"min_lon": bounds.west, "min_lat": bounds.south, "max_lon": bounds.east, "max_lat": bounds.north}
    degrees |= {"center_lon": lon, "center_lat": lat}
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "center_zoom": zoom,
        **{f"{name}_e7": round(value * E7) for name, value in degrees.items()},
    }


def _in_order(finest: Integers, max_zoom: int) -> list[Integers]:
    """For each zoom, its tiles by their numbers in the archive, along Hilbert's curve: neighbours are read in one range."""
    ids = []
    for zoom in range(max_zoom, -1, -1):
        columns, rows = tiles_of(finest)
        numbers = (zxy_to_tileid(zoom, int(x), int(y)) for x, y in zip(columns, rows, strict=True))
        ids.append(np.sort(np.fromiter(numbers, np.int64, len(finest))))
        finest = np.unique(finest >> 2)  # the four of a tile follow one another
    return ids[::-1]


def _drawn(connection: Connection, ids: Sequence[Integers], progress: Progress) -> Iterator[tuple[int, bytes]]:
    """The number of each tile, and what it is once compressed."""
    total = sum(map(len, ids))
    for done, number in enumerate(int(each) for of_zoom in ids for each in of_zoom):
        yield number, StoredTile.of(render.tile(connection, TileAddress(*tileid_to_zxy(number)), Filters())).body
        if done % TOLD_EVERY == 0:
            progress.advance(done, total)
