"""The archive of tiles, written where an operator says or kept in the home: made after a refresh, gone with who leaves."""

import sys
from pathlib import Path

from sqlalchemy import Connection, Engine

from etl.export.files import Removed, check_target, sweep_partials, written_whole
from geo import discretion
from geo.database import engine_for
from geo.errors import Lum1Error, NotReady
from geo.progress import Progress, Silent
from geo.publication import Publication, served_publication
from geo.settings import Settings
from tiles import archive

COMMAND = (sys.executable, "-m", "etl.tile_archive")


def export(engine: Engine, out: Path, progress: Progress, *, max_zoom: int = archive.MAX_ZOOM) -> int:
    """Write the archive of what is served, replaced only once complete; how many tiles."""
    check_target(out)
    # The file comes before the snapshot: what `forget` finds beside the archive holds all that may have been drawn before it.
    with written_whole(out) as (stream,), engine.connect() as connection:
        publication = _served(connection.execution_options(isolation_level="REPEATABLE READ"))
        return archive.write(connection, publication, stream, scratch=out.parent, max_zoom=max_zoom, progress=progress)


def keep(engine: Engine, home: Path, progress: Progress) -> int | None:
    """Have the home's archive be that of what is served: how many tiles were written, None when it was so."""
    out = archive.kept_in(home)
    with engine.connect() as connection:
        wanted = archive.metadata(_served(connection), archive.MAX_ZOOM)
    if archive.metadata_of(out) == wanted:
        return None
    out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return export(engine, out, progress)
    except Removed:  # somebody left meanwhile: what is drawn now is without them
        return export(engine, out, progress)


def forget(home: Path) -> None:
    """Somebody must not be told any more: the home's archive leaves, and what is being written of it never appears.

    In this order: one that is completed in between is removed as any other.
    """
    out = archive.kept_in(home)
    sweep_partials(out, of_the_living=True)
    out.unlink(missing_ok=True)


def forget_older(engine: Engine, home: Path) -> None:
    """When an instance starts: a home brought back from a copy may hold an archive of before somebody left."""
    said = archive.metadata_of(archive.kept_in(home))
    with engine.connect() as connection:
        publication = served_publication(connection)
    if said is None or publication is None or said["data"]["stamp"] != publication.stamp:
        forget(home)


def _served(connection: Connection) -> Publication:
    publication = served_publication(connection)
    if publication is None:
        raise NotReady("Rien n’est encore publié : lancez d’abord ./lum1 start.")
    return publication


def main() -> int:
    """What the worker runs apart, after a refresh."""
    settings = Settings.from_environment()
    engine = engine_for(settings.database_url)
    try:
        if (tiles := keep(engine, settings.home, Silent())) is not None:
            print(f"{tiles} tuiles archivées.")
    except Lum1Error as error:
        print(error)
        return 1
    finally:
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.excepthook = discretion.hook
    sys.exit(main())
