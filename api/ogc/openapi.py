"""`/ogc/api`: what `/openapi.json` says of `/ogc`, in OpenAPI 3.0, which is what OGC's clients read."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def described_to_clients(document: Json, root: str) -> Json:
    """The operations below `/ogc`, their paths from there, with the schemas that they name."""
    paths = {
        path.removeprefix("/ogc") or "/": each for path, each in document["paths"].items() if path.startswith("/ogc")
    }
    schemas, wanted = document["components"]["schemas"], list(_named(paths))
    kept: Json = {}
    while wanted:
        name = wanted.pop()
        if name not in kept:
            kept[name] = schemas[name]
            wanted += _named(schemas[name])
    found: Json = _as_3_0({"paths": paths, "components": {"schemas": kept}})
    return {"openapi": "3.0.3", "info": document["info"], "servers": [{"url": root}], **found}


def _named(node: Any) -> Iterator[str]:
    """The schemas that a part refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[1]
        for each in node.values():
            yield from _named(each)
    elif isinstance(node, list):
        for each in node:
            yield from _named(each)


def _as_3_0(node: Any) -> Any:
    """JSON Schema of 2020-12 in the dialect of OpenAPI 3.0: null is no type there, and a constant is a choice of one."""
    if isinstance(node, list):
        return [_as_3_0(each) for each in node]
    if not isinstance(node, dict):
        return node
    written = {name: _as_3_0(each) for name, each in node.items()}
    if "const" in written:
        written["enum"] = [written.pop("const")]
    choices = written.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        others = [each for each in choices if each != {"type": "null"}]
        del written["anyOf"]
        return written | {"nullable": True} | (others[0] if len(others) == 1 else {"anyOf": others})
    return written
