"""What people decide of registers: a person withdrawn, a link accepted or refused, a point placed; dated, reasoned, undoable.

Each is one transaction under the lock of loads, published at once; no load, rollback or matching undoes it.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, insert, text, update

from etl import ledger, publish, tile_archive
from etl.registers import journal, placed, settling
from etl.registers.together import Together, serve_together
from etl.sirene import scratch
from geo.errors import InvalidPosition, Lum1Error, NotFound
from geo.identifiers import Finess, Siret
from geo.links import link_decision
from geo.plausibility import nowhere, outside_its_commune, outside_its_territory
from geo.position import distance_m
from geo.position_tables import pin as pins
from geo.progress import Progress, Silent
from geo.sirene import WITHHELD, withdrawal
from geo.territories import is_in_france
from geo.whereabouts import id_of

FAR_M = 20_000  # of a commune: a hand that slipped, or another place of the same name


class AlreadySo(Lum1Error):
    """The act was done before."""


class Instance(msgspec.Struct, frozen=True):
    """Where acts take place."""

    engine: Engine
    home: Path
    search_root: Path


class Withdrawn(msgspec.Struct, frozen=True):
    """What a withdrawal did."""

    siret: str
    left: int  # structures that left the map
    published_by_finess: list[str]  # FINESS numbers that carry it: they say what FINESS publishes, nothing else


def withdraw(instance: Instance, siret: str, reason: str, progress: Progress | None = None) -> Withdrawn:
    """Withdraw an establishment of SIRENE, everywhere and until it is undone; AlreadySo when it is."""
    number = _siret(instance, siret)

    def act(connection: Connection) -> None:
        if connection.execute(text(IS_WITHDRAWN), {"siret": number}).scalar_one():
            raise AlreadySo(f"Le SIRET {number} est déjà retiré.")
        connection.execute(insert(withdrawal).values(siret=number, reason=reason))

    together, finess = _published(instance, act, number, progress)
    return Withdrawn(number, together.purged.structures, finess)


def undo_withdrawal(instance: Instance, siret: str, progress: Progress | None = None) -> None:
    """End a withdrawal: the establishment comes back with SIRENE's next stock, since nothing of it was kept."""
    number = _siret(instance, siret)

    def act(connection: Connection) -> None:
        standing = (withdrawal.c.siret == number, withdrawal.c.undone_at.is_(None))
        if not connection.execute(update(withdrawal).where(*standing).values(undone_at=text("now()"))).rowcount:
            raise NotFound(f"Le SIRET {number} n’est pas retiré.")

    _published(instance, act, number, progress)


def decide(
    instance: Instance, finess: str, siret: str, verdict: str, by: str, reason: str, progress: Progress | None = None
) -> None:
    """Say whether two establishments belong together; `verdict`: accepted or rejected. An earlier decision is ended."""
    pair = (str(Finess.parse(finess)), _siret(instance, siret))

    def act(connection: Connection) -> None:
        if not connection.execute(text(IS_OURS), {"finess": pair[0]}).scalar_one():
            raise NotFound(f"FINESS ne publie aucun établissement {pair[0]}.")
        if not connection.execute(text(IS_KNOWN), {"siret": pair[1]}).scalar_one():
            raise NotFound(f"SIRENE n’a pas d’établissement {pair[1]} parmi ceux que nous connaissons.")
        connection.execute(update(link_decision).where(*_standing(pair)).values(undone_at=text("now()")))
        values = {"finess": pair[0], "siret": pair[1], "verdict": verdict, "by": by, "reason": reason}
        connection.execute(insert(link_decision).values(values))

    _published(instance, act, pair[1], progress, also=(pair[0],))


def undo_decision(instance: Instance, finess: str, siret: str, progress: Progress | None = None) -> None:
    """Leave a pair to what is found of it again."""
    pair = (str(Finess.parse(finess)), _siret(instance, siret))

    def act(connection: Connection) -> None:
        undone = update(link_decision).where(*_standing(pair)).values(undone_at=text("now()"))
        if not connection.execute(undone).rowcount:
            raise NotFound(f"Personne n’a rien décidé de {pair[0]} et {pair[1]}.")

    _published(instance, act, pair[1], progress, also=(pair[0],))


class Pinned(msgspec.Struct, frozen=True):
    """A pin, and how far what others say is from it, in metres."""

    structure: str
    name: str
    distances: list[tuple[placed.Point, float]]
    outside: bool  # of its commune, beyond what contours are wrong by


def pin(
    instance: Instance,
    structure: str,
    lon: float,
    lat: float,
    by: str,
    reason: str,
    progress: Progress | None = None,
    *,
    far: bool = False,
) -> Pinned:
    """Say where a structure is (`geo.whereabouts.id_of`), until it is undone; an earlier pin is ended. Degrees of WGS 84.

    `far`: even FAR_M and more out of its commune. InvalidPosition for a point that is out of its territory, or of France.
    """
    if not is_in_france(lon, lat):
        raise InvalidPosition(f"{_written(lon, lat)} ne sont pas en France : la longitude se donne avant la latitude.")
    with instance.engine.connect() as connection:
        structure = id_of(connection, structure)
        point = {"structure": structure, "lon": lon, "lat": lat}
        found = connection.execute(text(PINNABLE), point).one()
    if found.elsewhere:
        raise InvalidPosition(
            f"{_written(lon, lat)} sont hors du territoire de {found.name} : la longitude se donne avant la latitude."
        )
    if found.far and not far:
        raise InvalidPosition(
            f"Ce point est à plus de {FAR_M // 1000} km de la commune de {found.name}. S’il est bien le bon : --loin."
        )

    def act(connection: Connection) -> None:
        _end_pin(connection, structure, by, reason)
        connection.execute(insert(pins).values(**point, by=by, reason=reason))

    _published(instance, act, None, progress)
    with instance.engine.connect() as connection:
        said = [each for each in placed.points_of(connection, structure) if each.source != "administrator"]
    distances = [(each, distance_m(lon, lat, each.lon, each.lat)) for each in said]
    return Pinned(structure, found.name, distances, found.outside)


def undo_pin(instance: Instance, structure: str, by: str, reason: str, progress: Progress | None = None) -> None:
    """Leave a structure to what its sources say; its own id, even of one that is told no more, `finess:…` or `siret:…`."""
    if ":" in structure:
        with instance.engine.connect() as connection:
            structure = id_of(connection, structure)

    def act(connection: Connection) -> None:
        if not _end_pin(connection, structure, by, reason):
            raise NotFound(f"La structure {structure} n’a pas de point placé à la main.")

    _published(instance, act, None, progress)


def reapply(instance: Instance, progress: Progress | None = None) -> int:
    """After a database was brought back from a backup: who was withheld since is withheld again; how many structures left."""
    with instance.engine.connect() as connection:
        behind = journal.knows_more(connection, instance.home)
        forgotten = bool(connection.execute(text(HOLDS_WITHHELD)).scalar_one())
    if not (behind or forgotten):
        _finish(instance)
        return 0
    together, _ = _published(instance, lambda connection: None, None, progress)
    return together.purged.structures


def _siret(instance: Instance, written: str) -> str:
    """A SIRET; Insee publishes some whose key is wrong, so the key is asked only of one that we do not hold."""
    number = str(Siret.formed(written))
    with instance.engine.connect() as connection:
        if connection.execute(text(IS_HELD), {"siret": number}).scalar_one():
            return number
    return str(Siret.parse(written))


def _finish(instance: Instance) -> None:
    """What a process that stopped just after its commit left undone; nobody reads an older index when an instance starts.

    A load that is under way does it at its end.
    """
    with suppress(ledger.LoadUnderWay), ledger.only_load(instance.engine):
        _sweep(instance)
        with settling.remembering(instance.engine, instance.home, {}):
            pass
        settling.finish_what_was_left(instance.engine, instance.home, instance.search_root)
        publish.sweep_indexes(instance.engine, instance.search_root, served_only=True)
        tile_archive.forget_older(instance.engine, instance.home)


def _sweep(instance: Instance) -> None:
    """What killed processes left of persons, under the lock of loads."""
    settling.finish_what_was_left(instance.engine, instance.home, instance.search_root)
    scratch.sweep(instance.home)
    scratch.sweep_downloads(instance.home)


def _published(
    instance: Instance,
    act: Callable[[Connection], None],
    siret: str | None,
    progress: Progress | None,
    *,
    also: tuple[str, ...] = (),
) -> tuple[Together, list[str]]:
    """Do it, bring the registers together again around it, serve that; then nothing older is kept."""
    step = (progress or Silent()).step
    counts: dict[str, Any] = {}
    with ledger.only_load(instance.engine):
        _sweep(instance)
        with settling.remembering(instance.engine, instance.home, counts) as connection:
            act(connection)
            carriers = connection.execute(text(CARRIERS), {"siret": siret}).all() if siret else []
            step("rapprochement des registres")
            numbers = [each.number for each in carriers]
            together = serve_together(connection, instance.search_root, also=(*also, *numbers), step=step)
            counts |= together.counts
        step("ménage")
        settling.finish(instance.engine, instance.home, instance.search_root)
    return together, [each.number for each in carriers if each.published]


def _written(lon: float, lat: float) -> str:
    return f"{lon} de longitude et {lat} de latitude".replace(".", ",")


def _end_pin(connection: Connection, structure: str, by: str, reason: str) -> int:
    """How many stood: one or none."""
    standing = (pins.c.structure == structure, pins.c.undone_at.is_(None))
    ended = {"undone_at": text("now()"), "undone_by": by, "undone_reason": reason}
    undone: int = connection.execute(update(pins).where(*standing).values(ended)).rowcount
    return undone


def _standing(pair: tuple[str, str]) -> tuple[Any, ...]:
    c = link_decision.c
    return (c.finess == pair[0], c.siret == pair[1], c.undone_at.is_(None))


# Whether a point is one of its territory and of its commune, by primary keys.
PINNABLE = f"""
SELECT s.name, coalesce({nowhere()} OR {outside_its_territory()}, false) AS elsewhere,
       coalesce({outside_its_commune()}, false) AS outside,
       coalesce(NOT ST_DWithin(
           CAST(c.contour AS geography), CAST(ST_SetSRID(ST_MakePoint(point.lon, point.lat), 4326) AS geography), {FAR_M}
       ), false) AS far
FROM structure AS s
LEFT JOIN (
    SELECT c.code, c.contour AS own_contour, coalesce(city.contour, c.contour) AS contour
    FROM commune AS c LEFT JOIN commune AS city ON city.code = c.parent
) AS c ON c.code = s.commune
CROSS JOIN (SELECT CAST(:lon AS float8) AS lon, CAST(:lat AS float8) AS lat, 'administrator' AS source) AS point
WHERE s.id = :structure
"""
# By withdrawal_standing_idx.
IS_WITHDRAWN = "SELECT EXISTS (SELECT FROM withdrawal WHERE siret = :siret AND undone_at IS NULL)"
# By structure_finess_idx.
IS_OURS = "SELECT EXISTS (SELECT FROM structure WHERE finess && ARRAY[CAST(:finess AS text)] AND register = 'finess')"
IS_KNOWN = """
SELECT EXISTS (SELECT FROM sirene_establishment WHERE siret = :siret)
    OR EXISTS (SELECT FROM masked_siret WHERE siret = :siret)
"""
# By the indexes of source_record and of the tables it would be told from; what was withdrawn or decided is held as a number.
IS_HELD = """
SELECT EXISTS (SELECT FROM sirene_establishment WHERE siret = :siret)
    OR EXISTS (SELECT FROM masked_siret WHERE siret = :siret)
    OR EXISTS (SELECT FROM source_record WHERE kind = 'siret' AND key = :siret)
    OR EXISTS (SELECT FROM withdrawal WHERE siret = :siret AND undone_at IS NULL)
    OR EXISTS (SELECT FROM link_decision WHERE siret = :siret AND undone_at IS NULL)
"""
# FINESS numbers whose structure carries it; `published`: by FINESS itself, not through a link. One scan an act.
CARRIERS = """
SELECT number, bool_or(CAST(:siret AS text) = ANY (CASE WHEN o.id IS NULL THEN s.siret ELSE o.siret END)) AS published
FROM structure AS s
CROSS JOIN LATERAL unnest(s.finess) AS number
LEFT JOIN structure_own AS o ON o.id = s.id
WHERE s.register = 'finess' AND (s.siret && ARRAY[CAST(:siret AS text)] OR o.siret && ARRAY[CAST(:siret AS text)])
GROUP BY number
ORDER BY number
"""
# Asked when an instance starts: a database as old as its backup may hold what its own registers withhold.
HOLDS_WITHHELD = f"""
SELECT EXISTS (
    SELECT FROM sirene_establishment AS e
    JOIN ({WITHHELD}) AS w USING (siret)
) OR EXISTS (
    SELECT FROM source_record AS r
    JOIN ({WITHHELD}) AS w
        ON r.kind = 'siret' AND r.key = w.siret
)
"""
