"""`tiles`: every tile of structures in one archive, and a page that shows it from any file server."""

from pathlib import Path

import click

from api.commands.database import an_engine, settings_with_database
from api.commands.terminal import Bars
from etl import tile_archive
from geo.figures import number
from geo.settings import Settings
from tiles import archive


@click.group()
def tiles() -> None:
    """Les tuiles de structures."""


@tiles.command("export")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Fichier à écrire. Sans lui : l’archive que sert cette instance (LUM1_TILES_ARCHIVE=1).",
)
@click.option(
    "--max-zoom",
    type=click.IntRange(0, archive.MAX_ZOOM_ASKED),
    default=archive.MAX_ZOOM,
    show_default=True,
    help="Zoom le plus fin ; les noms sont dans les tuiles à partir de 16.",
)
@click.option(
    "--page",
    is_flag=True,
    help="Écrire à côté une page qui montre l’archive, et ce qu’il lui faut : à déposer sur n’importe quel serveur de fichiers.",
)
def export(output: Path | None, max_zoom: int, page: bool) -> None:
    """Écrire toutes les tuiles de structures dans une archive PMTiles."""
    settings = settings_with_database()
    if output is None:
        _keep(settings, max_zoom, page)
        return
    from api.web import standalone  # templates take a third of a second that the archive of the home need not

    with Bars() as bars, an_engine(settings) as engine:
        if page:
            standalone.check(output, settings)
        written = tile_archive.export(engine, output, bars, max_zoom=max_zoom)
        if page:
            bars.step("page")
            standalone.write(engine, output, settings)
    click.echo(f"{number(written)} tuiles dans {output}")
    if page:
        click.echo(f"Page : {standalone.page_of(output)}, et le dossier {standalone.folder_of(output)}")


def _keep(settings: Settings, max_zoom: int, page: bool) -> None:
    if not settings.tiles_archive:
        raise click.UsageError(
            "-o FICHIER est demandé, ou LUM1_TILES_ARCHIVE=1 pour l’archive que sert cette instance."
        )
    if page or max_zoom != archive.MAX_ZOOM:
        raise click.UsageError("--page et --max-zoom ne vont qu’avec -o FICHIER.")
    with Bars() as bars, an_engine(settings) as engine:
        written = tile_archive.keep(engine, settings.home, bars)
    said = "elle était déjà celle de ce qui est servi" if written is None else f"{number(written)} tuiles"
    click.echo(f"Archive de l’instance : {said}.")
