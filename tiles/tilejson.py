"""TileJSON 3.0 of structures, of the areas they are counted in, and of the base map."""

from collections.abc import Mapping
from typing import Any

from geo.publication import Publication
from tiles.areas import LEVELS, Counts, Level, breaks
from tiles.basemap import MAX_ZOOM as BASE_MAX_ZOOM
from tiles.points import POINT_MAX_ZOOM

FRANCE = [-179.0, -50.0, 170.0, 52.0]  # overseas included
CONTOURS = "Contours © IGN, Insee ; Natural Earth"
POPULATION = "Population : Insee, code officiel géographique 2026"


def structures(base_url: str, publication: Publication, query: str = "") -> dict[str, Any]:
    """What a map needs to draw structures; `query`: of the question, as tiles take it."""
    return {
        "tilejson": "3.0.0",
        "name": "Structures sanitaires et sociales",
        "tiles": [_addresses(base_url, "structures", query)],
        "minzoom": 0,
        "maxzoom": POINT_MAX_ZOOM,
        "bounds": FRANCE,
        "version": f"1.0.{publication.version}",
        "attribution": attribution(publication),
        "vector_layers": [
            {
                "id": "clusters",
                "minzoom": 0,
                "maxzoom": POINT_MAX_ZOOM,  # from 14 on, of tiles that hold too many points
                "fields": {"n": "combien de structures", "id": "de la structure, quand elle est seule"},
            },
            {
                "id": "structures",
                "minzoom": 14,
                "maxzoom": POINT_MAX_ZOOM,
                "fields": {
                    "id": "de la structure",
                    "categorie": "code",
                    "n": "combien de structures à cette même place, quand elles sont plusieurs",
                    "name": "nom, dès le zoom 16",
                },
            },
        ],
    }


def areas(base_url: str, publication: Publication, query: str = "") -> dict[str, Any]:
    """Régions, départements and communes with what is counted in each; `query`: of the question, as tiles take it."""
    fields = {
        "code": "Insee",
        "name": "nom",
        "n": "combien de structures de celles qui sont demandées",
        "population": "habitants de toute l’aire",
        "per_10000": "structures pour 10 000 habitants : une décimale, deux chiffres sous 1 ; absent sans habitants",
    }
    return {
        "tilejson": "3.0.0",
        "name": "Structures pour 10 000 habitants",
        "tiles": [_addresses(base_url, "areas", query)],
        "minzoom": LEVELS[0].min_zoom,
        "maxzoom": LEVELS[-1].max_zoom,
        "bounds": FRANCE,
        "version": f"1.0.{publication.version}",
        "attribution": " · ".join((attribution(publication), POPULATION, CONTOURS)),
        "vector_layers": [
            {"id": level.name, "minzoom": level.min_zoom, "maxzoom": level.max_zoom, "fields": fields}
            for level in LEVELS
        ],
    }


def classes(counts: Mapping[Level, Counts]) -> dict[str, list[float]]:
    """Where the classes of each layer begin, the first aside: any question gets colours that tell its areas apart."""
    return {level.name: breaks(level, counted) for level, counted in counts.items()}


def base(base_url: str) -> dict[str, Any]:
    """The base map: outlines and names."""
    return {
        "tilejson": "3.0.0",
        "name": "Fond de carte",
        "tiles": [_addresses(base_url, "base")],
        "minzoom": 0,
        "maxzoom": BASE_MAX_ZOOM,
        "bounds": [-180.0, -85.05, 180.0, 85.05],
        "attribution": CONTOURS,
        "vector_layers": [
            {"id": "land", "fields": {"kind": "monde, voisins, departement"}},
            {"id": "departements", "fields": {"code": "", "name": ""}},
            {"id": "communes", "fields": {"code": ""}},
            {"id": "labels", "fields": {"name": "", "kind": "ville, departement", "rank": "0 est le plus grand"}},
        ],
    }


def _addresses(base_url: str, name: str, query: str = "") -> str:
    return f"{base_url}/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt{'?' if query else ''}{query}"


def attribution(publication: Publication) -> str:
    """Who is credited, with dates (Licence Ouverte 2.0)."""
    return " · ".join(f"{s.name}, {s.as_of:%d/%m/%Y}" if s.as_of else s.name for s in publication.sources)
