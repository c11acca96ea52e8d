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

from geo.cells import CLUSTER_MAX_ZOOM, EXTENT, Integers
from geo.errors import NotReady
from geo.filters import Filters
from geo.progress import Progress
from geo.publication import Publication
from geo.version import VERSION
from tiles import render, tilejson
from tiles.cache import StoredTile
from tiles.grid import BUFFER_UNITS, MERCATOR_HALF, TileAddress
from tiles.sql import statement

MAX_ZOOM = 14  # where points begin; what reads an archive draws finer zooms from its finest tiles
FINEST_ZOOM = 16  # that may be asked for: each zoom of points adds as many tiles as a large part of them stand alone
VIEW = (2.6, 46.6, 5)  # where a map of France opens: longitude, latitude, zoom
E7 = 10_000_000  # the header's degrees are whole numbers
TOLD_EVERY = 200  # tiles
FETCHED_ROWS = 10_000


def addresses(connection: Connection, zoom: int) -> Iterator[tuple[int, int]]:
    """Columns and rows of the tiles of a zoom that may hold something, once each, in no order; a few may be found empty."""
    query = OF_CLUSTERS if zoom <= CLUSTER_MAX_ZOOM else statement("addresses_of_points")
    # one unit more than is drawn: what is cut is rounded elsewhere
    of_points = {"half": MERCATOR_HALF, "margin": (BUFFER_UNITS + 1) / EXTENT}
    where = {"z": zoom} | (of_points if zoom > CLUSTER_MAX_ZOOM else {})
    rows = connection.execute(text(query).execution_options(yield_per=FETCHED_ROWS), where)
    return ((row.tx, row.ty) for row in rows)


# Asked for each zoom of the grid: a range of its primary key.
OF_CLUSTERS = "SELECT tx, ty FROM tile_count WHERE z = :z AND categorie_no = 0 GROUP BY tx, ty"
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
    header = _header(connection)
    progress.step("adresses des tuiles")
    ids = [_in_order(connection, zoom) for zoom in range(max_zoom + 1)]
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
        "type": "overlay",
        "version": described["version"],
        "generator": f"lum1 {VERSION}",
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


def _in_order(connection: Connection, zoom: int) -> Integers:
    """Tiles of a zoom by their numbers in the archive, along Hilbert's curve: neighbours are asked for in one range."""
    numbers = (zxy_to_tileid(zoom, x, y) for x, y in addresses(connection, zoom))
    return np.sort(np.fromiter(numbers, np.int64))


def _drawn(connection: Connection, ids: Sequence[Integers], progress: Progress) -> Iterator[tuple[int, bytes]]:
    """Number and compressed body of each tile that holds something."""
    total = sum(map(len, ids))
    for done, number in enumerate(int(each) for of_zoom in ids for each in of_zoom):
        tile = StoredTile.of(render.tile(connection, TileAddress(*tileid_to_zxy(number)), Filters()))
        if tile.body:
            yield number, tile.body
        if done % TOLD_EVERY == 0:
            progress.advance(done, total)
