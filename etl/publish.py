"""Make what `structure` holds the thing served: projections beside the old ones, then one row moves."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, text
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.publication import current_publication, publication
from search import embedded
from tiles import counts

Step = Callable[[str], None]  # told the name of each step as it begins


def publish(connection: Connection, search_root: Path, loads: list[int], *, fictitious: bool, step: Step) -> int:
    """Build the projections of the caller's transaction and move the served version; commit makes it all true at once.

    A crash before the commit leaves at most a folder that no version names; `sweep` removes it.
    """
    version: int = connection.execute(text("SELECT nextval('publication_version_seq')")).scalar_one()
    step("statistiques")
    connection.execute(text("ANALYZE structure"))
    step("grille des tuiles")
    counts.build(connection)
    step("index de recherche")
    embedded.build(connection, search_root / str(version))
    totals = connection.execute(
        text("SELECT count(*), count(*) FILTER (WHERE open AND geom IS NOT NULL) FROM structure")
    ).one()
    connection.execute(
        insert(publication).values(
            version=version, loads=loads, fictitious=fictitious, structures=totals[0], open_placed=totals[1]
        )
    )
    serve(connection, version)
    return version


def serve(connection: Connection, version: int) -> None:
    """Move the one row that readers follow."""
    connection.execute(
        upsert(current_publication)
        .values(one=True, version=version)
        .on_conflict_do_update(index_elements=["one"], set_={"version": version})
    )


def sweep(engine: Engine, search_root: Path) -> None:
    """Drop the words indexes of all but the served version and the one before it, whose last readers may still be at work."""
    with engine.connect() as connection:
        kept = set(connection.execute(text("SELECT version FROM publication ORDER BY version DESC LIMIT 2")).scalars())
        kept |= set(connection.execute(text("SELECT version FROM current_publication")).scalars())
    for folder in search_root.glob("*") if search_root.is_dir() else ():
        if not (re.fullmatch(r"\d+", folder.name) and int(folder.name) in kept):
            shutil.rmtree(folder, ignore_errors=True)
