"""What an index holds of a structure: the compared words of search.document, the filters' columns, the place.

Words are normalised by us before they are sent, and split at spaces only: both engines compare the same ones. Nothing is kept of
where or how often a word stands, since nothing of it counts (search/ranking.py).
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from geo.search_server import SearchServer

FORM = "3"  # of what is written; an index of another one would miss what is asked
# What the words of a document are made by: an index that was made by others is of another form too.
MADE_BY = {
    "search": ("document.py", "french.py", "sigles.py", "sigles.txt", "synonyms.txt"),
    "search.elastic": ("documents.py",),
    "geo": ("cells.py",),
    "geo.reference": ("categories_finess.csv", "professions.csv"),
}
WORDS = ("name", "other", "categorie", "place", "entity", "typed")
CODES = ("commune", "departement", "region", "epci", "statut", "precision", "activites", "publics", "naf")
NUMBERS = ("finess", "siret", "phones", "ej_finess", "siren")  # that may be typed in the box

_KEYWORD = {"type": "keyword"}
_WORDS = {"type": "text", "analyzer": "whitespace", "norms": False, "index_options": "docs"}
PROPERTIES: dict[str, Any] = {
    "id": _KEYWORD,  # ties break on it: `_id` has no column to sort by
    "name_key": _KEYWORD,
    "exact": _KEYWORD,
    **dict.fromkeys(WORDS, _WORDS),
    "name_length": {"type": "integer"},
    "numbers": _KEYWORD,  # of the open ones: lines under the search box begin with them
    **dict.fromkeys((*CODES, *NUMBERS), _KEYWORD),
    "categorie_no": {"type": "integer"},
    "open": {"type": "boolean"},
    "has_phone": {"type": "boolean"},
    "completeness": {"type": "float"},  # 0, 0.5 or 1
    "updated_on": {"type": "date", "format": "strict_date"},
    # A geo_point is kept to the centimetre: it is the first sieve, these say what is on the edge and which is nearer.
    "lon": {"type": "double"},
    "lat": {"type": "double"},
    "position": {"type": "geo_point"},
    # Where tiles count it (geo.cells): units of zoom 13, and the finest cell.
    "x": {"type": "integer", "index": False},
    "y": {"type": "integer", "index": False},
    "cell": {"type": "long"},
}
# Every word of the index, thousands in a document: read whole, never sought in. Each synchronisation writes them anew under the
# next generation, beside those that are read until then; `before` is what a structure's words were, while one is under way.
VOCABULARY = {
    "generation": {"type": "integer"},
    "number": {"type": "integer"},
    "before": _KEYWORD,
    "words": {"type": "object", "enabled": False},
}
# A deletion is remembered for so long: a request that was cut off may still be on its way, with the document in it.
DELETIONS_KEPT = "1h"


@cache
def form() -> str:
    """FORM, and the sum of what makes the words."""
    made_by = (files(package) / name for package, names in MADE_BY.items() for name in names)
    digest = hashlib.sha256(b"".join(each.read_bytes() for each in made_by))
    return f"{FORM}-{digest.hexdigest()[:12]}"


def structures_body(server: SearchServer, meta: Mapping[str, Any]) -> dict[str, Any]:
    """An index for structures; not copied while it is filled, nor ever refreshed by itself: what is written shows all at once."""
    return {
        "settings": {
            "number_of_shards": server.shards,
            "number_of_replicas": 0,
            "refresh_interval": "-1",
            "gc_deletes": DELETIONS_KEPT,
            "merge.policy.expunge_deletes_allowed": 0,  # percent: what somebody is forgotten by leaves nothing in a segment
        },
        "mappings": {"dynamic": "strict", "_meta": meta, "properties": PROPERTIES},
    }


def vocabulary_body() -> dict[str, Any]:
    """An index for the words of another one."""
    return {
        "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
        "mappings": {"dynamic": "strict", "properties": VOCABULARY},
    }


def filled(server: SearchServer) -> dict[str, Any]:
    """The settings of an index once it is filled: copied."""
    return {"number_of_replicas": server.replicas}
