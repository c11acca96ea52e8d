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
        "statut": None,
        "address_lines": [],
        "postcode": at.postcode if at else None,
        "commune": at.commune if at else None,
        "commune_name": at.name if at else None,
        "departement": at.departement if at else None,
        "region": at.region if at else None,
        "epci": at.epci if at else None,
        "phones": [],
        "activites": [],
        "publics": [],
        "naf": [],
        "aliases": [],
        "open": True,
        "updated_on": None,
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


def counts_told_whole(**members: Any) -> dict[str, Any]:
    """A load's counts with every member that reports know, small enough to be read here."""
    counts: dict[str, Any] = {
        "read": 1_204,
        "kept": 1_200,
        "rejected": {"numero_en_double": 3, "sans_nom": 1},
        "samples": {"numero_en_double": ["590000001", "590000002"], "sans_nom": ["750000003"]},
        "noticed": {"coordonnees_absentes": 301, "siret_mal_formes": 2},
        "unknown_fields": {"pmej.ege.informationsGeneralesEGE.nouveauChamp": 12},
        "records": {
            "ege": {"new": 12, "changed": 20, "vanished": 1, "unchanged": 1_168},
            "gcc": {"new": 0, "changed": 0, "vanished": 0, "unchanged": 135},
        },
        "structures": {"inserted": 12, "updated": 20, "removed": 1},
        "changes": {"opened": 9, "closed": 4, "renamed": 52},
        "coverage": {
            "2A": {"open": 40, "placed": 40, "precise": 18, "phone": 31},
            "59": {"open": 700, "placed": 699, "precise": 650, "phone": 560},
            "974": {"open": 60, "placed": 60, "precise": 30, "phone": 60},
        },
        "precision": {"housenumber": 600, "street": 90, "locality": 8, "commune": 101, "none": 1},
        "seconds": {"lecture du registre": 4.2, "fusion": 1.1, "index de recherche": 0.6},
        "peak_mib": 212.4,
    }
    return counts | members


def insert_load(connection: Connection, state: str, **fields: Any) -> int:
    """A row of the ledger, its id; a live FINESS load of the day unless told otherwise."""
    row: dict[str, Any] = {
        "pipeline": "finess",
        "origin": "live",
        "fictitious": False,
        "source": "finess-structures-journalier-20261123.json.gz",
        "licence": "lov2",
        "state": state,
    }
    load_id: int = connection.execute(insert(load).values(**row | fields).returning(load.c.id)).scalar_one()
    return load_id


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
