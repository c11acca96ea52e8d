"""What the server works out for each structure, in its own language (painless/): distances and sums, ours to the row."""

from functools import cache
from importlib.resources import files
from typing import Any

from geo.position import EARTH_RADIUS_M

Script = dict[str, Any]

ON_THE_SPHERE = frozenset({"within", "distance", "relevance", "typed"})


def script(name: str, /, **params: Any) -> Script:
    """A script of painless/ with what a question gives it: compiled once by the server, whatever the parameters."""
    known = {"earth": EARTH_RADIUS_M} if name in ON_THE_SPHERE else {}
    return {"lang": "painless", "source": _source(name), "params": known | params}


@cache
def _source(name: str) -> str:
    needed = ("metres", name) if name in ON_THE_SPHERE else (name,)
    return "\n".join(_text(each) for each in needed)


def _text(name: str) -> str:
    return (files("search.elastic") / "painless" / f"{name}.painless").read_text(encoding="utf-8")
