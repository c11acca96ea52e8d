"""How the SIRET of a structure were brought together with it: declared by FINESS, found by us, decided by a person."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, text

from api.dependencies import Reading
from geo.sirene import PIPELINE
from search.results import Structure

DECLARED = "déclaré par FINESS, "
# What matching finds of a declared SIRET (etl.matching.shapes.CHECKS), as people read it; of a masked one nothing is said.
FINDINGS = {
    "forme": "mal formé",
    "cle": "dont la clé est fausse",
    "absent": "inconnu de Sirene",
    "ferme": "fermé selon Sirene",
    "autre_commune": "dans une autre commune selon Sirene",
    "autre_siren": "d’une autre entité juridique selon Sirene",
}


class Matched(msgspec.Struct, frozen=True):
    """One SIRET of a structure of FINESS; `status` and `score` are null when Sirene tells nothing of it."""

    siret: str
    source: str  # declared, scoring, human
    status: str | None  # accepted, review, rejected
    score: float | None  # 0 to 100
    findings: list[str]


def registers_of(view: Reading, structures: Sequence[Structure]) -> list[list[Matched]]:
    """Those of each structure in the order of its SIRET; none until SIRENE is served, nor of what SIRENE itself founds."""
    if PIPELINE not in view.publication.days:
        return [[] for _ in structures]
    rows = view.connection.execute(text(LINKS), {"ids": [each.id for each in structures]})
    found = {(row.id, row.siret): row for row in rows}
    return [[_matched(row) for siret in each.siret if (row := found.get((each.id, siret)))] for each in structures]


def _matched(row: Row[Any]) -> Matched:
    if row.withheld or row.status is None:
        return Matched(row.siret, "declared", None, None, [])
    said = [FINDINGS[each] for each in row.checks or () if each in FINDINGS]
    findings = [f"{DECLARED}{each}" for each in said]
    return Matched(row.siret, row.source, row.status, round(row.score, 1), findings)


# Asked by the page of a structure: structure's primary key, then one probe of link_standing_idx and of the registers of
# those who must not be told for each of its SIRET, of which only what FINESS publishes is said.
LINKS = """
SELECT DISTINCT ON (s.id, given.siret) s.id, given.siret, withheld.siret IS NOT NULL AS withheld,
       l.source, l.status, l.score, l.parts -> 'checks' AS checks
FROM structure AS s
LEFT JOIN structure_own AS own USING (id)
CROSS JOIN LATERAL unnest(s.siret) AS given (siret)
LEFT JOIN link AS l ON l.finess = ANY (s.finess) AND l.siret = given.siret AND l.valid_to IS NULL
LEFT JOIN LATERAL (
    SELECT siret FROM masked_siret AS m WHERE m.siret = given.siret
    UNION
    SELECT siret FROM withdrawal AS w WHERE w.siret = given.siret AND undone_at IS NULL
) AS withheld ON true
WHERE s.id = ANY (:ids) AND s.register = 'finess'
  AND (withheld.siret IS NULL OR given.siret = ANY (coalesce(own.siret, s.siret)))
ORDER BY s.id, given.siret, l.status, l.score DESC
"""
