"""A page that shows an archive of tiles from any file server, with all it needs beside it: nothing from elsewhere."""

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from sqlalchemy import Engine, text

from api.web.templates import template_config
from etl.export.files import CannotWrite, check_target, written_whole
from geo.errors import NotReady
from geo.publication import Publication, served_publication
from geo.settings import Settings
from tiles.style import style

OURS = Path(__file__).parent / "archive"
THEIRS = (  # with the licences that ask to go along
    ("maplibre-gl/dist/maplibre-gl.mjs", "maplibre-gl.mjs"),
    ("maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre-gl-worker.mjs"),
    ("maplibre-gl/dist/maplibre-gl.css", "maplibre-gl.css"),
    ("maplibre-gl/LICENSE.txt", "maplibre-gl.LICENSE.txt"),
    ("pmtiles/dist/pmtiles.js", "pmtiles.js"),
)
# Said by the page itself: whoever serves it may say nothing. MapLibre decodes images from data and blob addresses.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
    )
)
# Asked once a page: the contours of a middle zoom, some hundred thousand characters.
CONTOURS = """
SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
    'type', 'Feature', 'properties', json_build_object('code', code, 'name', name),
    'geometry', CAST(ST_AsGeoJSON(ST_Transform(geom, 4326), 4) AS json)
) ORDER BY code), '[]'))::text
FROM base_shape
WHERE layer = 'departements' AND 6 BETWEEN min_zoom AND max_zoom
"""


def page_of(archive: Path) -> Path:
    return archive.with_suffix(".html")


def folder_of(archive: Path) -> Path:
    """What the page needs."""
    return archive.with_name(f"{archive.stem}-page")


def check(archive: Path, settings: Settings) -> None:
    """Before minutes of work: that all it needs is here, and its place free."""
    if page_of(archive) == archive:
        raise CannotWrite("Avec --page, l’archive ne peut pas porter le nom de la page : -o structures.pmtiles.")
    check_target(archive)
    check_target(page_of(archive))
    if not all((settings.web_assets / source).is_file() for source, _ in THEIRS):
        raise NotReady("Les ressources web manquent ou sont d’une autre version : ./lum1 start les installe.")


def write(engine: Engine, archive: Path, settings: Settings) -> None:
    """The page of an archive that was just written, and its folder."""
    folder = folder_of(archive)
    folder.mkdir(exist_ok=True)
    for source, name in THEIRS:
        shutil.copyfile(settings.web_assets / source, folder / name)
    for each in OURS.iterdir():
        shutil.copyfile(each, folder / each.name)
    with engine.connect() as connection:
        publication = served_publication(connection)
        contours: str = connection.execute(text(CONTOURS)).scalar_one()
    assert publication is not None  # its archive was written
    (folder / "fond.geojson").write_text(contours, encoding="utf-8")
    (folder / "style.json").write_bytes(msgspec.json.encode(style_of(publication)))
    with written_whole(page_of(archive)) as (stream,):
        stream.write(_page(publication, archive, settings.public_url).encode())


def style_of(publication: Publication) -> dict[str, Any]:
    """The map's style, on contours in a file; its script says where the archive and they are."""
    whole = style(publication, dark=False)
    layers = [_on_contours(each) for each in whole["layers"] if _is_drawn(each)]
    whole.pop("metadata")  # of what is not drawn here
    return whole | {"sources": {"base": {"type": "geojson"}, "structures": {"type": "vector"}}, "layers": layers}


def _is_drawn(layer: dict[str, Any]) -> bool:
    source = layer.get("source")
    return source in (None, "structures") or (source == "base" and layer["source-layer"] == "departements")


def _on_contours(layer: dict[str, Any]) -> dict[str, Any]:
    of_a_file = layer.get("source") == "base"
    return {name: value for name, value in layer.items() if not (of_a_file and name == "source-layer")}


def _page(publication: Publication, archive: Path, site: str) -> str:
    template = template_config().engine_instance.engine.get_template("archive.html")
    return template.render(
        publication=publication,
        archive=quote(archive.name),
        dossier=quote(folder_of(archive).name),
        site=site,
        politique=POLICY,
    )
