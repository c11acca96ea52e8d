"""What there is: the landing page, what it conforms to, the collections and where each is."""

from typing import Any

from api.ogc import communes, structures
from api.ogc.links import CRS84, JSON, OPENAPI, RELATION, SCHEMA, Link, items_link, link
from geo.communes import communes as every_commune
from geo.publication import Publication

SPEC = "http://www.opengis.net/spec"
# Classes that hold whole, each tested (tests/api/test_ogc*.py). Left out, because they hold in part: CQL2's spatial and temporal
# functions beyond these, `queryables-query-parameters`, other CRSs, HTML.
CONFORMS_TO = [
    f"{SPEC}/ogcapi-common-1/1.0/conf/core",
    f"{SPEC}/ogcapi-common-2/1.0/conf/collections",
    f"{SPEC}/ogcapi-features-1/1.0/conf/core",
    f"{SPEC}/ogcapi-features-1/1.0/conf/geojson",
    f"{SPEC}/ogcapi-features-1/1.0/conf/oas30",
    f"{SPEC}/ogcapi-features-3/1.0/conf/queryables",
    f"{SPEC}/ogcapi-features-3/1.0/conf/filter",
    f"{SPEC}/ogcapi-features-3/1.0/conf/features-filter",
    f"{SPEC}/cql2/1.0/conf/cql2-text",
    f"{SPEC}/cql2/1.0/conf/cql2-json",
    f"{SPEC}/cql2/1.0/conf/basic-cql2",
    f"{SPEC}/cql2/1.0/conf/advanced-comparison-operators",
    f"{SPEC}/cql2/1.0/conf/case-insensitive-comparison",
    f"{SPEC}/cql2/1.0/conf/basic-spatial-functions",
    f"{SPEC}/cql2/1.0/conf/basic-spatial-functions-plus",
    f"{SPEC}/ogcapi-tiles-1/1.0/conf/core",
    f"{SPEC}/ogcapi-tiles-1/1.0/conf/tileset",
    f"{SPEC}/ogcapi-tiles-1/1.0/conf/tilesets-list",
    f"{SPEC}/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    f"{SPEC}/ogcapi-tiles-1/1.0/conf/mvt",
    f"{SPEC}/tms/2.0/conf/json-tilematrixset",
]
COLLECTIONS: Any = {each.ID: each for each in (structures, communes)}

Json = dict[str, Any]


def landing(root: str, myself: Link, publication: Publication) -> Json:
    return {
        "title": "lum1",
        "description": "Annuaire cartographique des structures sanitaires et sociales.",
        "attribution": attribution(publication),
        "links": [
            myself,
            link("service-desc", f"{root}/api", OPENAPI, "La description OpenAPI de ces adresses"),
            link("conformance", f"{root}/conformance", JSON, "Les classes de conformité"),
            link("data", f"{root}/collections", JSON, "Les collections"),
            link(f"{RELATION}tiling-schemes", f"{root}/tileMatrixSets", JSON, "Les pavages"),
        ],
    }


def collection(root: str, name: str, publication: Publication, time: tuple[str | None, str | None] | None) -> Json:
    """One of them. Its extent in space is that of all the communes there are."""
    address, described = f"{root}/collections/{name}", COLLECTIONS[name]
    extent: Json = {"spatial": {"bbox": [_extent()], "crs": CRS84}}
    if time:
        extent["temporal"] = {"interval": [time], "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"}
    links = [
        link("self", address),
        items_link(root, name),
        link(f"{RELATION}queryables", f"{address}/queryables", SCHEMA, "Les propriétés qu’un filtre peut nommer"),
    ]
    if name == structures.ID:
        links.append(link(f"{RELATION}tilesets-vector", f"{address}/tiles", JSON, "Les tuiles vectorielles"))
    return {
        "id": name,
        "title": described.TITLE,
        "description": described.DESCRIPTION,
        "attribution": attribution(publication),
        "extent": extent,
        "itemType": "feature",
        "crs": [CRS84],
        "links": links,
    }


def attribution(publication: Publication) -> str:
    """Who is credited, as of when (Licence Ouverte 2.0)."""
    return " ; ".join(
        f"{each.name} ({each.as_of.isoformat()})" if each.as_of else each.name for each in publication.sources
    )


def _extent() -> list[float]:
    west, south, east, north = zip(*(each.bounds for each in every_commune().values()), strict=True)
    return [min(west), min(south), max(east), max(north)]
