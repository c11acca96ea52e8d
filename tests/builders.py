"""Rows for tests, written with only what the test is about."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, insert

from geo.publication import current_publication, load, publication
from geo.structures import structure
from tests.places import Place

_numbers = itertools.count(1)


def a_structure(*, at: Place | None = None, **fields: Any) -> dict[str, Any]:
    """A complete `structure` row: open, a pharmacy, somewhere if `at` says where; every field can be given."""
    finess = fields.pop("finess", None) or f"99{next(_numbers):07d}"
    name = fields.get("name", f"Structure {finess}")
    row: dict[str, Any] = {
        "id": f"f{finess}",
        "name": name,
        "name_key": name.upper(),
        "other_names": [],
        "categorie_no": 620,
        "finess": [finess],
        "siret": [],
        "siren": None,
        "ej_finess": None,
        "ej_name": None,
        "ej_siren": None,
        "address_lines": [],
        "postcode": at.postcode if at else None,
        "commune": at.commune if at else None,
        "commune_name": at.name if at else None,
        "departement": at.departement if at else None,
        "region": at.region if at else None,
        "epci": at.epci if at else None,
        "phones": [],
        "open": True,
        "lon": at.lon if at else None,
        "lat": at.lat if at else None,
        "precision": "housenumber" if at else "none",
        "position_source": "finess" if at else None,
        "row_hash": b"",
        "load_id": 0,
    }
    return row | fields


def insert_structures(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Insert these rows, return their ids in order."""
    rows = list(rows)
    if rows:
        connection.execute(insert(structure), rows)
    return [row["id"] for row in rows]


def publish(connection: Connection, *, fictitious: bool = True) -> int:
    """Make what is in `structure` the served publication, without its projections; return its version."""
    load_id = connection.execute(
        insert(load)
        .values(
            pipeline="finess",
            origin="demo",
            fictitious=fictitious,
            source="essai.json.gz",
            licence="lov2",
            state="published",
        )
        .returning(load.c.id)
    ).scalar_one()
    version = connection.execute(
        insert(publication)
        .values(loads=[load_id], fictitious=fictitious, structures=0, open_placed=0)
        .returning(publication.c.version)
    ).scalar_one()
    connection.execute(current_publication.delete())
    connection.execute(insert(current_publication).values(version=version))
    return version
