"""FINESS files for tests, in the published form, with only what the test is about."""

import gzip
import json
from pathlib import Path
from typing import Any

from tests.places import LILLE, Place


def an_address(at: Place | None = LILLE, *, usage: str = "03", swapped: bool = False, **fields: Any) -> dict[str, Any]:
    """An address with its point in degrees first, or (`swapped`) in the projection first, northing before easting."""
    address: dict[str, Any] = {"usageAdresse": usage, "numeroVoie": "12", "typeVoie": "R", "libelleVoie": "DES LILAS"}
    if at is not None:
        address |= {"cogCommune": at.commune, "codePostal": at.postcode, "ligneAcheminement": at.name.upper()}
        address["coordonneesGeographique"] = fields.pop("point", a_point(at, swapped=swapped))
    return address | fields


def a_point(at: Place, *, swapped: bool = False, key: str | None = None) -> dict[str, str]:
    """The two published pairs; the projected one is a plain wrong value here unless a test needs it."""
    pair = {"coordonneeX": str(at.lon), "coordonneeY": str(at.lat), "directionLatitude": "0", "directionLongitude": "0"}
    if swapped:
        pair = {
            "coordonneeX": "6552608.95",
            "coordonneeY": "880459.31",
            "directionLatitude": str(at.lat),
            "directionLongitude": str(at.lon),
        }
    return pair | {"cleInInteropBAN": key or f"{at.commune}_1950_00062", "scoreBAN": "0.96"}


def an_ege(finess: str = "590000001", name: str = "PHARMACIE DES LILAS", **fields: Any) -> dict[str, Any]:
    """An open pharmacy in Lille unless told otherwise; `about` members go into informationsGeneralesEGE."""
    about = {
        "egeId": finess,
        "numFinessEge": finess,
        "nomEgeCourt": name,
        "nomEgeLong": name,
        "dateOuverture": "1990-01-01",
    }
    ege = {
        "informationsGeneralesEGE": about | fields.pop("about", {}),
        "categorieentiteGeographiqueExercice": "620",
        "adresse": [an_address()],
        "contact": [{"typeContact": {"roleContact": "01"}, "telecom": {"telephone": "0320000000"}}],
        "etatObjet": "A",
        "dateDerniereMaj": "2020-05-01 00:00:00",
    }
    return ege | fields


def a_pmej(*eges: dict[str, Any], finess: str = "590999999", name: str = "SELARL DES LILAS") -> dict[str, Any]:
    """A legal entity and its establishments."""
    about = {"pmSmsseId": finess, "numFinessPm": finess, "denominationPm": name, "siren": "732829320"}
    return {"informationsGeneralesPMEJ": about, "adresse": [], "contact": [], "ege": list(eges), "etatObjet": "A"}


def a_file(
    folder: Path, *eges: dict[str, Any], name: str = "finess-structures-journalier-20261121.json.gz", **root: Any
) -> Path:
    """A complete file of one legal entity, gzip."""
    members = {"schemaVersion": "v1.0.0", "generatedAt": "2026-11-21T02:09:17.118204477Z", "gcc": [], "gco": []}
    path = folder / name
    content = json.dumps(members | root | {"pmej": root.get("pmej", [a_pmej(*eges)])}).encode()
    path.write_bytes(gzip.compress(content, mtime=0))  # the same file again is the same bytes, a second later too
    return path


def many(count: int, *, first: int = 1, **fields: Any) -> list[dict[str, Any]]:
    """So many establishments with numbers in a row."""
    return [an_ege(f"59{number:07d}", f"PHARMACIE {number}", **fields) for number in range(first, first + count)]
