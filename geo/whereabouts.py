"""Which structure tells an establishment today, whatever it is called by; of SIRENE's, perhaps no more, or nowhere."""

import re

from sqlalchemy import Connection, text

from geo.errors import Gone, NotFound
from geo.identifiers import Finess, Siret

FOUNDED_BY_SIRENE = re.compile("s([0-9]{14})")  # docs/adr/0002


def siret_of_id(identifier: str) -> str | None:
    """The SIRET in the id of a structure that SIRENE founds."""
    found = FOUNDED_BY_SIRENE.fullmatch(identifier)
    return found.group(1) if found else None


def told_as(connection: Connection, siret: str) -> str | None:
    """The id of the structure that tells this establishment today; Gone when it was told and must not be any more.

    One that is withheld and was never told is unknown, as if the number did not exist (DESIGN.md decision 5).
    """
    withheld = connection.execute(text(WITHHELD), {"siret": siret}).one()
    if withheld.was_told:
        raise Gone("L’établissement qu’elle présentait n’est plus diffusé.")
    if withheld.was_told is not None:
        return None
    found: str | None = connection.execute(text(TOLD_AS), {"siret": siret}).scalar_one_or_none()
    return found


def id_of(connection: Connection, written: str) -> str:
    """The id of the one structure that an operator names by its id, `finess:…` or `siret:…`.

    NotFound says under which other id it is told, where it is; Gone as `told_as`.
    """
    kind, number = number_of(written) or ("id", written)
    found: str | None = connection.execute(text(BEARERS[kind]), {"number": number}).scalar()
    if found is not None:
        return found
    siret = number if kind == "siret" else siret_of_id(written)
    elsewhere = told_as(connection, siret) if siret else None
    if elsewhere is None:
        raise NotFound(f"Aucune structure {written} : son identifiant est dans l’adresse de sa page.")
    if kind == "id":
        raise NotFound(f"La structure {written} est dite sous un autre identifiant : {elsewhere}.")
    return elsewhere


def number_of(written: str) -> tuple[str, str] | None:
    """The register and the number of `finess:…` or `siret:…`, None for an id; NotFound for another register.

    A SIRET's key is not asked for: Insee publishes some that do not hold.
    """
    kind, separator, number = written.partition(":")
    if not separator:
        return None
    if kind == "finess":
        return kind, str(Finess.parse(number))
    if kind == "siret":
        return kind, str(Siret.formed(number))
    raise NotFound(f"« {kind}: » n’est pas un registre connu : finess: et siret: le sont.")


# By structure's primary key, structure_finess_idx, structure_siret_idx: of several, the first by id.
BEARERS = {
    "id": "SELECT id FROM structure WHERE id = :number",
    "finess": "SELECT id FROM structure WHERE finess && ARRAY[CAST(:number AS text)] ORDER BY id LIMIT 1",
    "siret": "SELECT id FROM structure WHERE siret && ARRAY[CAST(:number AS text)] ORDER BY id LIMIT 1",
}
# Asked for an id or a SIRET that no structure bears; null where nobody withholds it. One probe of withdrawal_standing_idx, one
# of each other register's primary key.
WITHHELD = """
SELECT bool_or(was_told) AS was_told
FROM (
    SELECT was_told FROM withdrawal WHERE siret = :siret AND undone_at IS NULL
    UNION ALL SELECT was_told FROM masked_siret WHERE siret = :siret
    UNION ALL SELECT was_told FROM withheld_with WHERE siret = :siret
) AS withheld
"""
# Asked just after. Itself before who took it over, and a structure of its own before those of FINESS it is linked to:
# absorbed_siret's primary key, structure's, link_accepted_siret_idx then structure_finess_idx.
TOLD_AS = """
WITH successive AS (
    SELECT CAST(:siret AS text) AS siret, 0 AS turn
    UNION ALL
    SELECT survivor, 1 FROM absorbed_siret WHERE siret = :siret
), told AS (
    SELECT s.id, turn, 0 AS rank, NULL AS score, NULL AS finess
    FROM successive JOIN structure AS s ON s.id = 's' || successive.siret COLLATE "C"
    UNION ALL
    SELECT s.id, turn, 1, l.score, l.finess
    FROM successive
    JOIN link AS l ON l.siret = successive.siret AND l.valid_to IS NULL AND l.status = 'accepted'
    JOIN structure AS s ON s.finess && ARRAY[l.finess]
)
SELECT id FROM told ORDER BY turn, rank, score DESC, finess LIMIT 1
"""
