"""Links of OGC API documents: absolute, each with its relation and its format."""

from typing import Any
from urllib.parse import quote

from litestar import Request
from litestar.datastructures import State

from api.dependencies import settings_of
from api.negotiation import GEOJSON

JSON = "application/json"
SCHEMA = "application/schema+json"
MVT = "application/vnd.mapbox-vector-tile"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"  # what the register of IANA does not name

Link = dict[str, Any]


def root_of(request: Request[Any, Any, Any], state: State) -> str:
    """Where others reach `/ogc`: the operator's word, else the address asked. Forwarded headers are anyone's word."""
    return (settings_of(state).public_url or str(request.base_url).rstrip("/")) + "/ogc"


def link(rel: str, href: str, media_type: str = JSON, title: str | None = None) -> Link:
    written = {"rel": rel, "href": href, "type": media_type}
    return written | ({"title": title} if title else {})


def self_link(request: Request[Any, Any, Any], root: str, media_type: str = JSON) -> Link:
    """The address that was asked, by the name that others reach it under."""
    query = request.scope["query_string"].decode("ascii")
    path = quote(request.url.path.removeprefix("/ogc").rstrip("/"))
    return link("self", f"{root}{path}{f'?{query}' if query else ''}", media_type)


def items_link(root: str, collection: str) -> Link:
    return link("items", f"{root}/collections/{collection}/items", GEOJSON, "Les objets, page après page")
