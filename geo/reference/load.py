"""The reference files into PostgreSQL, when they changed."""

import polars as pl
import psycopg
import shapely
from sqlalchemy import Column, Connection, Integer, Table, Text, delete, insert, select, text

from geo.categories import categorie, categories
from geo.communes import area, commune, world
from geo.database import metadata
from geo.reference import files
from geo.text import sort_key

reference_version = Table(
    "reference_version",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("fingerprint", Text, nullable=False),
)
REFERENCE = ("commune", "area", "world")


def load_reference(connection: Connection) -> bool:
    """Fill the reference tables in the caller's transaction; False when they hold these files already."""
    fingerprint = files.fingerprint()
    if connection.execute(select(reference_version.c.fingerprint)).scalar_one_or_none() == fingerprint:
        return False
    contours = _contours()
    for table in (commune, area, world, reference_version):
        connection.execute(delete(table))
    _copy(connection, commune, _commune_rows(contours))
    _copy(connection, area, _area_rows(contours))
    _copy(connection, world, _world_rows())
    connection.execute(text(f"ANALYZE {', '.join(REFERENCE)}"))
    _load_categories(connection)
    connection.execute(insert(reference_version).values(one=1, fingerprint=fingerprint))
    return True


def add_unknown_categories(connection: Connection, numbers: list[int]) -> None:
    """Give a row to categories that the nomenclature does not know yet: they are shown by their code."""
    known = set(connection.execute(select(categorie.c.no)).scalars())
    for number in sorted(set(numbers) - known):
        code = f"{number:03d}"
        values = {"no": number, "code": code, "label": f"Catégorie {code}", "short_label": code, "domaine": ""}
        connection.execute(insert(categorie).values(values))


def _contours() -> dict[tuple[str, str], str]:
    rows = pl.read_parquet(files.CONTOURS).iter_rows()
    return {(kind, code): _ewkb(files.unpack(lengths, opens, deltas)) for kind, code, lengths, opens, deltas in rows}


def _ewkb(shape: shapely.Geometry) -> str:
    return str(shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True))


def _commune_rows(contours: dict[tuple[str, str], str]) -> list[tuple[object, ...]]:
    return [
        (*_with_key(row), contours.get(("commune", row["code"])))
        for row in pl.read_parquet(files.COMMUNES).iter_rows(named=True)
    ]


def _with_key(row: dict[str, object]) -> tuple[object, ...]:
    values = row | {"name_key": sort_key(str(row["name"]))}
    return tuple(values[column.name] for column in commune.c if column.name != "contour")


def _area_rows(contours: dict[tuple[str, str], str]) -> list[tuple[object, ...]]:
    return [(*row, contours.get((row[0], row[1]))) for row in pl.read_parquet(files.AREAS).iter_rows()]


def _world_rows() -> list[tuple[object, ...]]:
    rows = pl.read_parquet(files.WORLD).iter_rows()
    return [(kind, code, name, _ewkb(files.unpack(*packed))) for kind, code, name, *packed in rows]


def _load_categories(connection: Connection) -> None:
    # rows stay for structures that carry them: replaced one by one, never emptied
    for each in categories().values():
        values = {column.name: getattr(each, column.name) for column in categorie.c}
        connection.execute(delete(categorie).where(categorie.c.no == each.no))
        connection.execute(insert(categorie).values(values))


def _copy(connection: Connection, table: Table, rows: list[tuple[object, ...]]) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    columns = ", ".join(column.name for column in table.c)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
