"""Make what `structure` holds the thing served: projections beside the old ones, then one row moves."""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import OperationalError

from geo.database import planned, vacuum
from geo.errors import NotReady
from geo.publication import current_publication, load, publication, served_publication
from search import embedded
from tiles import counts

Step = Callable[[str], None]  # told the name of each step as it begins


ROWS_WORTH_ANALYZING = 0.05  # of the table: fewer changes leave the planner's view of it true


def publish(
    connection: Connection,
    search_root: Path,
    loads: Mapping[str, int],
    *,
    fictitious: bool,
    changed: int | None,
    step: Step,
) -> int:
    """Make the caller's transaction what is served, credited to these loads, by pipeline; commit makes it all true at once.

    `changed` rows of `structure` (None: unknown, rebuild). Without any, the version stays and only its credit moves: tiles,
    cursors and caches stay good. A crash before the commit leaves at most a folder that no version names; `sweep` removes it.
    """
    served = served_publication(connection)
    credited = _credited(connection, loads, fictitious)
    if changed == 0 and served is not None and served.fictitious == fictitious:
        connection.execute(update(publication).where(publication.c.version == served.version).values(loads=credited))
        return served.version
    return _published_anew(connection, search_root, credited, fictitious, changed, step)


def _published_anew(
    connection: Connection, search_root: Path, loads: list[int], fictitious: bool, changed: int | None, step: Step
) -> int:
    version: int = connection.execute(text("SELECT nextval('publication_version_seq')")).scalar_one()
    rows, placed = connection.execute(
        text("SELECT count(*), count(*) FILTER (WHERE open AND geom IS NOT NULL) FROM structure")
    ).one()
    if changed is None or changed > rows * ROWS_WORTH_ANALYZING:
        step("statistiques")
        connection.execute(text("ANALYZE structure"))
    step("grille des tuiles")
    counts.build(connection, whole=changed is None)
    step("index de recherche")
    embedded.build(connection, search_root / str(version))
    connection.execute(
        insert(publication).values(
            version=version, loads=loads, fictitious=fictitious, structures=rows, open_placed=placed
        )
    )
    serve(connection, version)
    return version


def rebuild(connection: Connection, search_root: Path, step: Step) -> int:
    """The projections of what is served, anew; its version."""
    served = connection.execute(
        select(publication).join(current_publication, current_publication.c.version == publication.c.version)
    ).one_or_none()
    if served is None:
        raise NotReady("Rien n’est encore publié : lancez d’abord ./lum1 refresh finess.")
    return _published_anew(connection, search_root, served.loads, served.fictitious, None, step)


def _credited(connection: Connection, loads: Mapping[str, int], fictitious: bool) -> list[int]:
    """The loads served, those of these pipelines replaced; those of the other world, invented or real, leave."""
    kept = connection.execute(
        select(load.c.id)
        .join_from(publication, current_publication, current_publication.c.version == publication.c.version)
        .join(load, load.c.id == func.any(publication.c.loads))
        .where(load.c.pipeline.not_in(list(loads)), load.c.fictitious == fictitious)
    ).scalars()
    return sorted([*kept, *loads.values()])


def serve(connection: Connection, version: int) -> None:
    """Move the one row that readers follow."""
    connection.execute(
        upsert(current_publication)
        .values(one=True, version=version)
        .on_conflict_do_update(index_elements=["one"], set_={"version": version})
    )


# Tables that a load writes by the thousand rows; it takes statistics of the projections on the way.
PROJECTED = ("structure", "tile_count", "drawn")
RECORDED = "source_record"


def tidy(engine: Engine) -> None:
    """After a large load."""
    vacuum(engine, *PROJECTED)
    vacuum(engine, RECORDED, options="ANALYZE")


# Whatever has ever held a person of SIRENE (`etl/registers/withheld.py`), or rows made of one.
OF_PERSONS = (
    "structure",
    "structure_own",
    "structure_change",
    "source_record",
    "sirene_establishment",
    "link",
    "tile_count",
    "tile_change",
    "drawn",
    "to_draw",
    "geocoded_answer",
    "geocoded_structure",
    "pin",
    "refused_point",
    "position_conflict",
    "intervention_zone",
    "link_decision",  # why, in an operator's words
    "load",  # numbers of rejected rows (etl/registers/samples.py)
    "outbox",  # ids, which have a SIRET in them
    "outbox_refused",
)


def _forget_deleted_rows(engine: Engine) -> bool:
    """A deleted row stays in its page and in indexes until a vacuum, its values among the planner's samples until an analysis.

    Bytes that nothing points to any more may stay in pages, in the journal (WAL) and in backups: docs/operations.md says so.
    False where somebody who reads an empty table keeps its samples from being dropped: answers do not wait behind that.
    """
    vacuum(engine, *OF_PERSONS, options="ANALYZE, INDEX_CLEANUP ON")
    try:
        with engine.begin() as connection, planned(connection, {"lock_timeout": PATIENCE}):
            for table, column, kind in connection.execute(text(SAMPLED), {"tables": list(OF_PERSONS)}).all():
                if not connection.execute(text(f"SELECT EXISTS (SELECT FROM {table})")).scalar_one():
                    connection.execute(text(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}"))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            return False
        raise
    return True


PATIENCE = "2s"  # of which everybody who reads the table waits too
# Asked by `_forget_deleted_rows`. An analysis leaves the samples of a table that is empty as they were: a column that is given
# its own type again loses them, and nothing is written anew. Those of `structure` make another (geom), and keep theirs.
SAMPLED = """
SELECT quote_ident(s.tablename) AS table, quote_ident(s.attname) AS column,
       concat_ws(' COLLATE ', format_type(a.atttypid, a.atttypmod), quote_ident(c.collname)) AS kind
FROM pg_stats AS s
JOIN pg_attribute AS a ON a.attrelid = to_regclass(quote_ident(s.tablename)) AND a.attname = s.attname
LEFT JOIN pg_collation AS c ON c.oid = a.attcollation
WHERE s.schemaname = current_schema() AND s.tablename = ANY (CAST(:tables AS text[])) AND s.tablename <> 'structure'
"""


def take_in(engine: Engine) -> None:
    """After a publication, under the lock of loads: the grid takes in what changed, which waited beside it."""
    with engine.begin() as connection:
        taken = counts.take_in(connection)
    if taken:
        vacuum(engine, counts.tile_change.name, options="ANALYZE")


def sweep(engine: Engine, search_root: Path, *, served_only: bool = False) -> bool:
    """After a publication: drop what older ones leave. `served_only`: of someone who must not be told any more, all of it.

    Whether that was all of it; what remains is to be swept again.
    """
    sweep_indexes(engine, search_root, served_only=served_only)
    if not served_only:
        return True
    take_in(engine)  # whose number is in what the grid loses, and in the grid until it does
    return _forget_deleted_rows(engine)


def sweep_indexes(engine: Engine, search_root: Path, *, served_only: bool = False) -> None:
    """Drop the words indexes of all but the served version and the one before it, whose last readers may still be at work.

    `served_only`: that one too; a reader then asks again.
    """
    with engine.connect() as connection:
        last = text("SELECT version FROM publication ORDER BY version DESC LIMIT :most")
        kept = set(connection.execute(last, {"most": 0 if served_only else 2}).scalars())
        kept |= set(connection.execute(text("SELECT version FROM current_publication")).scalars())
    for folder in search_root.glob("*") if search_root.is_dir() else ():
        if not (re.fullmatch(r"\d+", folder.name) and int(folder.name) in kept):
            shutil.rmtree(folder, ignore_errors=True)
