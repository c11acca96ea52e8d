"""`/openapi.json` is true: valid, complete, and what it promises is what is answered, whatever is asked."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from api.app import create_app
from api.ogc.parameters import CommunesAsked, StructuresAsked
from api.parameters import RESERVED, Asked, ComesTo, Narrowing, Nothing, Typed, descriptions
from geo.settings import Settings

Client = TestClient[Any]
TILE = "/tiles/structures/{z}/{x}/{y}.mvt"
AREAS = "/tiles/areas/{z}/{x}/{y}.mvt"
PROMISES = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
READ_BY: Mapping[str, type[msgspec.Struct]] = {
    "/api/v1/search": Asked,
    "/api/v1/suggest": Typed,
    "/api/v1/interventions": ComesTo,
    "/api/v1/structures/{identifier}": Nothing,
    "/tiles/structures.json": Narrowing,
    TILE: Narrowing,
    AREAS: Narrowing,
    "/tiles/areas.json": Narrowing,
    "/ogc": Nothing,
    "/ogc/collections/structures/items": StructuresAsked,
    "/ogc/collections/structures/items/{identifier}": Nothing,
    "/ogc/collections/communes/items": CommunesAsked,
    "/ogc/collections/structures/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}": Narrowing,
}


@cache
def description() -> dict[str, Any]:
    """Described by the application alone: no data are needed."""
    app = create_app(Settings(home=Path("nulle-part"), database_url="postgresql://nulle/part"))
    found: dict[str, Any] = app.state.describe()
    return found


def parameters(path: str, place: str = "query") -> dict[str, Any]:
    return {p["name"]: p for p in description()["paths"][path]["get"]["parameters"] if p["in"] == place}


def test_it_is_openapi_3_1() -> None:
    assert description()["openapi"].startswith("3.1")
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(description())] == []


def test_the_one_served_is_this_one(client: Client) -> None:
    assert client.get("/openapi.json").json() == description()


@pytest.mark.parametrize("path", READ_BY)
def test_every_parameter_that_is_read_is_described_and_no_other(path: str) -> None:
    shape = READ_BY[path]
    assert list(parameters(path)) == list(shape.__struct_encode_fields__)
    assert {name: each["description"] for name, each in parameters(path).items()} == descriptions(shape)


def test_the_members_of_a_body_are_those_of_an_address() -> None:
    body = description()["paths"]["/api/v1/search"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema = description()["components"]["schemas"][body["$ref"].rsplit("/", 1)[1]]
    assert list(schema["properties"]) == list(parameters("/api/v1/search"))
    assert schema["additionalProperties"] is False


def test_bounds_and_choices_are_written() -> None:
    asked = parameters("/api/v1/search")
    assert asked["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100}
    assert (asked["radius"]["schema"]["minimum"], asked["radius"]["schema"]["maximum"]) == (0, 200_000)
    assert asked["open"]["schema"]["enum"] == ["all"]
    sorts = description()["components"]["schemas"]["Sort"]["enum"]
    assert (asked["sort"]["schema"], set(sorts)) == (
        {"$ref": "#/components/schemas/Sort"}, {"relevance", "distance", "name"},
    )  # fmt: skip
    assert (asked["categorie"]["explode"], asked["bbox"]["explode"]) == (True, False)
    assert "application/json" in asked["polygon"]["content"]


def test_answers_are_described_in_their_formats() -> None:
    paths = description()["paths"]
    search = paths["/api/v1/search"]
    assert set(search["get"]["responses"]["200"]["content"]) == {"application/json", "application/geo+json"}
    assert set(search["get"]["responses"]) == {"200", "400", "503"}
    assert set(search["post"]["responses"]) == {"200", "400", "413", "415", "503"}
    tile = paths[TILE]["get"]["responses"]
    assert set(tile) == {"200", "204", "304", "400", "404", "503"}
    assert list(tile["200"]["content"]) == ["application/vnd.mapbox-vector-tile"]
    structure = paths["/api/v1/structures/{identifier}"]["get"]["responses"]["200"]["content"]["application/json"]
    assert "StructurePage" in str(structure["schema"])
    assert "provenance" in description()["components"]["schemas"]["StructurePage"]["properties"]


def test_it_invents_neither_examples_nor_a_licence() -> None:
    written = msgspec.json.encode(description()).decode()
    assert '"example' not in written
    assert "license" not in description()["info"]


def test_no_reserved_name_is_read() -> None:
    assert RESERVED & set(Asked.__struct_fields__) == set()


OPERATIONS = [
    (path, method)
    for path, item in description()["paths"].items()
    for method, operation in item.items()
    if operation["parameters"] or "requestBody" in operation
]


FITTING, UNFITTING = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
# every text may be an identifier: nothing is unfitting there
ASKED = [
    (*each, mode)
    for each in OPERATIONS
    for mode in (FITTING, UNFITTING)
    if mode == FITTING or "{identifier}" not in each[0]
]


def as_httpx_says(asked: dict[str, Any]) -> dict[str, Any]:
    """A request in the words of `requests`, in httpx's."""
    said = {name: value for name, value in asked.items() if name not in ("cookies", "data")}
    return said | ({"content": asked["data"]} if asked.get("data") is not None else {})


@pytest.mark.parametrize(("path", "method", "mode"), ASKED)
def test_what_is_answered_is_what_is_described(client: Client, path: str, method: str, mode: Any) -> None:
    operation = schemathesis.openapi.from_dict(description())[path][method.upper()]

    @settings(
        max_examples=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        asked = case.as_transport_kwargs(base_url="http://testserver.local")
        try:
            answer = client.request(**as_httpx_says(asked))
        except httpx.InvalidURL:  # longer than this client sends
            reject()
        case.validate_response(answer, checks=PROMISES)

    holds()
