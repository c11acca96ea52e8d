"""Tiles drawn from the points themselves: from zoom 14 on, and below it what neither the grid nor an engine has counted.

A structure has a feature of its own where its register says it stands; those of one place say how many they are (`n`), so that
none is hidden under another without a word. A tile that would hold more than MOST of them is counted in cells.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, Select, Text, bindparam, case, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

from geo.categories import categorie
from geo.cells import CLUSTER_MAX_ZOOM, EXTENT, FINEST_ZOOM, places_of_cell, places_of_tile
from geo.compiled import Compiled
from geo.filters import Filters, conditions
from geo.publication import current_publication
from geo.structures import structure
from tiles.drawn import drawn
from tiles.grid import TileAddress

NAME_ZOOM = 16  # from here on a name fits beside its point
NAME_LENGTH = 48  # letters: longer ones are cut between two words
POINT_MAX_ZOOM = 18
MOST = 3_000  # points of a tile: some hundred kilobytes, and as many discs as a screen can show


def is_drawn(filters: Filters) -> bool:
    """Whether the points themselves know what passes: categories, open or closed."""
    return filters == Filters(categories=filters.categories, domaines=filters.domaines, open_only=filters.open_only)


@cache
def plain(zoom: int, open_only: bool, of_categories: bool) -> Compiled:
    """The tile of the places from `first` to `after`, of `categories` or of all, and the version of its publication.

    One range of drawn_place_idx.
    """
    asked: list[ColumnElement[bool]] = [drawn.c.place >= bindparam("first"), drawn.c.place < bindparam("after")]
    if open_only:
        asked.append(drawn.c.open)
    if of_categories:
        asked.append(drawn.c.categorie_no == func.any(bindparam("categories", type_=ARRAY(Integer))))
    version = select(current_publication.c.version).scalar_subquery()
    tile = _tile(select(drawn).where(*asked).cte("point"), zoom)
    return Compiled(select(tile.label("tile"), version.label("version")))


def tile_of(address: TileAddress, filters: Filters, ids: Sequence[str] | None = None) -> Select[Any]:
    """The tile of what passes the filters, or of these `ids` that have passed them.

    One range of drawn_place_idx; filters are asked of the `structure` of each of its points.
    """
    first, after = places_of_tile(address.z, address.x, address.y)
    here = [drawn.c.place >= first, drawn.c.place < after]
    if ids is not None:
        found = select(drawn).where(*here, drawn.c.id == func.any(literal(list(ids), ARRAY(Text))))
    else:
        of_structure = structure.c.id == drawn.c.id
        found = select(drawn).join(structure, of_structure).where(*here, *conditions(filters, structure))
    return select(_tile(found.cte("point"), address.z))


def _tile(point: CTE, zoom: int) -> ColumnElement[Any]:
    if zoom <= CLUSTER_MAX_ZOOM:
        only: ColumnElement[Any] = _clusters(point, zoom)
        return only
    many = select(func.count()).select_from(point).scalar_subquery() > MOST
    return case((many, _clusters(point, zoom)), else_=_structures(point, zoom))


def _structures(point: CTE, zoom: int) -> Any:
    together = func.nullif(func.count().over(partition_by=(point.c.x, point.c.y)), 1)
    columns = [
        _at(point.c.x, point.c.y, zoom).label("geom"),
        point.c.id,
        categorie.c.code.label("categorie"),
        together.cast(Integer).label("n"),
        *([_short(point.c.name).label("name")] if zoom >= NAME_ZOOM else []),
    ]
    feature = (
        select(*columns)
        .join_from(point, categorie, categorie.c.no == point.c.categorie_no)
        .order_by(point.c.id)
        .subquery("feature")
    )
    return select(func.ST_AsMVT(feature.table_valued(), "structures", EXTENT, "geom")).scalar_subquery()


def _clusters(point: CTE, zoom: int) -> Any:
    x, y = _unit(point.c.x, zoom), _unit(point.c.y, zoom)
    cell = point.c.place.op("/")(places_of_cell(zoom))
    n = func.count()
    centre = func.ST_MakePoint(*(func.sum(axis).op("/")(n) for axis in (x, y)))
    feature = (
        select(
            centre.label("geom"),
            n.cast(Integer).label("n"),
            case((n == 1, func.min(point.c.id))).label("id"),
        )
        .group_by(cell)
        .order_by(cell)
        .subquery("feature")
    )
    return select(func.ST_AsMVT(feature.table_valued(), "clusters", EXTENT, "geom")).scalar_subquery()


def _at(x: ColumnElement[int], y: ColumnElement[int], zoom: int) -> Any:
    return func.ST_MakePoint(_unit(x, zoom), _unit(y, zoom))


def _unit(axis: ColumnElement[int], zoom: int) -> ColumnElement[int]:
    """In the tile, from units of the finest zoom; beyond it, the middle of what one of them has become."""
    coarser = FINEST_ZOOM - zoom
    if coarser >= 0:
        return axis.op(">>")(coarser).op("&")(EXTENT - 1)
    return axis.op("<<")(-coarser).op("+")(1 << -coarser - 1).op("&")(EXTENT - 1)


def _short(name: ColumnElement[str]) -> Any:
    cut = func.regexp_replace(func.left(name, NAME_LENGTH), literal_column(r"'\s+\S*$'"), literal_column("''"))
    return case((func.length(name) <= NAME_LENGTH, name), else_=cut.concat("…"))
