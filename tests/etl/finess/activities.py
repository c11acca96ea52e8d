"""Activities files for tests, in the published form, with only what the test is about."""

import gzip
import itertools
import json
from pathlib import Path
from typing import Any

_numbers = itertools.count(1)


def an_activity(nature: str = "AMM", block: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """An active one since 2015, an emergency department unless told otherwise; other fields are generic ones."""
    default = {"activiteAMM": "QA014", "modaliteAMM": "MO032", "mentionAMM": "ME065"}
    number = fields.pop("activiteAeId", None) or str(next(_numbers))
    beside = {name: fields.pop(name, []) for name in ("capacite", "evenement", "engagement")} | {
        "zoneIntervention": fields.pop("zone", None)
    }
    generic = {"activiteAeId": number, "etatObjet": "A", "dateDebutActiviteAutorisee": "2015-03-02", "egeId": None}
    block_name = f"typeActivite{ {'ASMR': 'AMSR'}.get(nature, nature) }"
    return {
        "caracteristiquesGeneriques": generic | fields,
        "nature": {"codeNature": nature, "caracteristiquesSpecifiques": {block_name: block or default}},
    } | beside


def a_capacity(nombre: str, statut: str = "09", **fields: Any) -> dict[str, Any]:
    return {"nombre": nombre, "statutCapacite": statut, "uniteMesureCapacite": "02"} | fields


def an_ege(finess: str, *activities: dict[str, Any], ege_id: str | None = None) -> dict[str, Any]:
    return {"egeId": ege_id or finess, "numFinessEge": finess, "activitesExercees": list(activities)}


def an_entity(*eges: dict[str, Any], authorised: tuple[dict[str, Any], ...] = (), **fields: Any) -> dict[str, Any]:
    entity = {"numFiness": "590999999", "pmSmsseId": "590999999", "activitesAutorisees": list(authorised)}
    return entity | {"ege": list(eges)} | fields


def a_file(
    folder: Path, *entities: Any, name: str = "finess-activites-journalier-20261121.json.gz", **root: Any
) -> Path:
    """A complete file, gzip."""
    members = {"schemaVersion": "v1.0.0", "generatedAt": "2026-11-21T02:31:00.500385900Z"} | root
    path = folder / name
    path.write_bytes(gzip.compress(json.dumps(members | {"pmej": list(entities)}).encode(), mtime=0))
    return path


def many(count: int, *, first: int = 1) -> list[dict[str, Any]]:
    """So many establishments with one activity each, with the numbers of `published.many`."""
    return [an_ege(f"59{number:07d}", an_activity(activiteAeId=f"9{number}")) for number in range(first, first + count)]
