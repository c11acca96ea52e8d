"""`/openapi.json`: each operation described by the very types that read its questions and write its answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi.config import OpenAPIConfig
from litestar.routes import HTTPRoute

from api.errors import PROBLEM_JSON, Problem
from api.parameters import REPEATABLE, Nothing
from geo.version import VERSION

REFERENCE = "#/components/schemas/{name}"
BINARY = {"type": "string", "format": "binary"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One status: what it means, and the type (or JSON schema) of its body by media type."""

    meaning: str
    content: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Described:
    """What one operation takes and answers; its handler's docstring says the rest."""

    summary: str
    answers: Mapping[int, Answer]
    query: type[msgspec.Struct] = Nothing
    path: Mapping[str, Json] | None = None  # path parameters: description and schema by name
    address: str | None = None  # when a path parameter carries an ending that clients must write
    body: type[msgspec.Struct] | None = None


def json_of(meaning: str, kind: Any) -> Answer:
    return Answer(meaning, {"application/json": kind})


def problem(meaning: str) -> Answer:
    return Answer(meaning, {PROBLEM_JSON: Problem})


UNREADABLE = problem("Question invalide ; `parameter` dit laquelle de ses parties")
UNAVAILABLE = problem("Indisponible pour le moment : réessayez")


def document(handlers: Sequence[Any]) -> Json:
    """The OpenAPI 3.1 description of these handlers; an application of its own, so that no page of Litestar's is served."""
    config = OpenAPIConfig(
        title="lum1",
        version=VERSION,
        description="Annuaire cartographique des structures sanitaires et sociales (contrat v1).",
        create_examples=False,
    )
    app = Litestar(route_handlers=handlers, openapi_config=config)
    found: Json = app.openapi_schema.to_schema()
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for route in (each for each in app.routes if isinstance(each, HTTPRoute)):
        for handler in route.route_handlers:
            for method, said in handler.opt.get("described", {}).items():
                operations = found["paths"].pop(route.path_format)
                found["paths"][said.address or route.path_format] = operations
                operations[method] |= _operation(said, schemas)
    return found


def _operation(said: Described, schemas: Json) -> Json:
    in_path = [{"name": name, "in": "path", "required": True, **each} for name, each in (said.path or {}).items()]
    operation: Json = {
        "summary": said.summary,
        "parameters": [*in_path, *in_query(said.query, schemas)],
        "responses": {str(status): _answer(each, schemas) for status, each in said.answers.items()},
    }
    if said.body:
        operation["requestBody"] = {"required": True, "content": _content({"application/json": said.body}, schemas)}
        schemas[said.body.__name__]["additionalProperties"] = False  # msgspec refuses them, and does not say so
    return operation


def _answer(answer: Answer, schemas: Json) -> Json:
    content = _content(answer.content, schemas)
    return {"description": answer.meaning} | ({"content": content} if content else {})


def _content(content: Mapping[str, Any], schemas: Json) -> Json:
    return {media: {"schema": _schema(kind, schemas)} for media, kind in content.items()}


def _schema(kind: Any, schemas: Json) -> Json:
    """A JSON schema as it is, or the reference to that of a type, or of one of several; they join `schemas`."""
    if isinstance(kind, dict):
        return kind
    if isinstance(kind, tuple):
        return {"anyOf": [_schema(each, schemas) for each in kind]}
    (schema,), parts = msgspec.json.schema_components([kind], ref_template=REFERENCE)
    schemas |= parts
    return schema


def in_query(shape: type[msgspec.Struct], schemas: Json) -> list[Json]:
    """The parameters of a query string: those that the shape reads, and no other."""
    _, parts = msgspec.json.schema_components([shape], ref_template=REFERENCE)
    members = parts.pop(shape.__name__)["properties"]
    schemas |= parts
    return [_parameter(name, member["anyOf"][0], schemas) for name, member in members.items()]


def _parameter(name: str, member: Json, schemas: Json) -> Json:
    """A list is written as repeated names when repeatable, else with commas; an object as JSON in the address."""
    written = {key: value for key, value in member.items() if key != "description"}
    schema = _structured(written.get("anyOf", []), schemas) or written
    parameter: Json = {"name": name, "in": "query", "description": member["description"]}
    if _is_object(schema, schemas):
        return parameter | {"content": {"application/json": {"schema": schema}}}
    if schema.get("type") == "array":
        return parameter | {"schema": schema, "style": "form", "explode": name in REPEATABLE}
    return parameter | {"schema": schema}


def _structured(choices: Iterable[Json], schemas: Json) -> Json | None:
    return next((each for each in choices if each.get("type") == "array" or _is_object(each, schemas)), None)


def _is_object(schema: Json, schemas: Json) -> bool:
    resolved = schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    return bool(resolved.get("type") == "object")
