"""The map's style: our own base map and structures, light or dark, nothing from elsewhere."""

from functools import cache
from typing import Any

from geo.categories import categories
from geo.publication import Publication
from tiles import tilejson
from tiles.areas import LEVELS

FONT = ["Atkinson Hyperlegible Next"]  # drawn by the browser from the page's own typeface: no glyph server

LIGHT = {
    "sea": "#d5e4ea",
    "land": "#efece6",
    "france": "#faf8f4",
    "border": "#b9b2a4",
    "departement": "#cfc8ba",
    "commune": "#ddd7cb",
    "text": "#4a4b52",
    "halo": "#faf8f4",
    "cluster": "#14505c",
    "cluster_text": "#ffffff",
    "ring": "#ffffff",
    "region": "#a49c8b",
}
DARK = {
    "sea": "#10181c",
    "land": "#1b2226",
    "france": "#232b30",
    "border": "#4a555c",
    "departement": "#39444a",
    "commune": "#2e383d",
    "text": "#c3ccd0",
    "halo": "#1b2226",
    "cluster": "#7fc7d1",
    "cluster_text": "#0c1a1e",
    "ring": "#10181c",
    "region": "#6b7982",
}
# Classes of areas, the fewest structures first: one way from light to dark (the other way on a dark map), told apart by lightness
# alone, so that any eye reads their order (after ColorBrewer's YlGnBu).
LIGHT_CLASSES = ("#d7eec8", "#95d3b8", "#44afc4", "#2a76b2", "#25358c")
DARK_CLASSES = ("#24465c", "#226a86", "#2f949e", "#70bfa6", "#d8eda3")
# By branch of the FINESS nomenclature: told apart by lightness too, for eyes that confuse hues.
BRANCH_COLOURS = {
    "1000": "#b3364f",  # hôpitaux et cliniques
    "2000": "#1f6f8b",  # soins de ville et prévention
    "3000": "#2f8f5b",  # pharmacies, laboratoires
    "4000": "#c9741a",  # hébergement, handicap, enfance, personnes âgées
    "5000": "#7a4fa3",  # aide à la famille
    "6000": "#5c6670",  # formation
}
# What SIRENE alone knows has no branch: professions are told apart from establishments.
FAMILY_COLOURS = {"lib": "#3f51b5"}
OTHER_COLOUR = "#5c6670"


def style(publication: Publication, *, dark: bool, base_url: str = "") -> dict[str, Any]:
    """A MapLibre style; without a host for the page, which makes addresses absolute from its own, whatever proxy is between."""
    colours = DARK if dark else LIGHT
    return {
        "version": 8,
        "name": "lum1",
        "sources": {
            "base": _source(tilejson.base(base_url)),
            "structures": _source(tilejson.structures(base_url, publication)),
            "areas": _source(tilejson.areas(base_url, publication)),
            "selection": {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}},
        },
        "layers": _over(_base_layers(colours), "france", _area_layers(colours)) + _structure_layers(colours),
        # what the page colours areas by, once it knows the classes of a question (/tiles/areas.json)
        "metadata": {"classes": list(DARK_CLASSES if dark else LIGHT_CLASSES), "none": colours["france"]},
    }


def colour_of(category: str) -> str:
    """The colour of a category's points; lists use it too."""
    known = categories().get(category)
    if known is None:
        return OTHER_COLOUR
    return FAMILY_COLOURS.get(known.family) or BRANCH_COLOURS.get(known.branch, OTHER_COLOUR)


def _source(described: dict[str, Any]) -> dict[str, Any]:
    known = ("tiles", "minzoom", "maxzoom", "bounds", "attribution")
    return {"type": "vector"} | {name: described[name] for name in known}


def _base_layers(c: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"id": "sea", "type": "background", "paint": {"background-color": c["sea"]}},
        _layer("land", "fill", "land", paint={"fill-color": c["land"]}),
        _layer("france", "fill", "departements", paint={"fill-color": c["france"]}),
        _layer("borders", "line", "land", paint={"line-color": c["border"], "line-width": 0.6}),
        _layer("communes", "line", "communes", minzoom=10, paint={"line-color": c["commune"], "line-width": 0.8}),
        _layer(
            "departements", "line", "departements",
            paint={"line-color": c["departement"], "line-width": ["interpolate", ["linear"], ["zoom"], 4, 0.5, 9, 1.6]},
        ),
        _layer("cities", "symbol", "labels", filter=["==", ["get", "kind"], "ville"], layout=_text(11, 14), paint=_halo(c)),
        _layer(
            "departement-names", "symbol", "labels", minzoom=7.5, maxzoom=9.5,
            filter=["==", ["get", "kind"], "departement"],
            layout=_text(11, 12) | {"text-transform": "uppercase", "text-letter-spacing": 0.12},
            paint=_halo(c) | {"text-opacity": 0.6},
        ),
    ]  # fmt: skip


def _area_layers(c: dict[str, str]) -> list[dict[str, Any]]:
    """Hidden, and asked of nobody, until the page shows them; the last level is enlarged as far as the map goes."""
    found = []
    for level in LEVELS:
        zooms = {"minzoom": level.min_zoom} | ({"maxzoom": level.max_zoom + 1} if level is not LEVELS[-1] else {})
        kept: dict[str, Any] = {"source": "areas", **zooms, "layout": {"visibility": "none"}}
        line = {"line-color": c["region"], "line-width": 0.6}
        found += [
            _layer(f"areas-{level.name}", "fill", level.name, **kept, paint={"fill-color": c["france"]}),
            _layer(f"areas-{level.name}-edges", "line", level.name, **kept, paint=line),
        ]
    return found


def _over(layers: list[dict[str, Any]], under: str, added: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The layers with others just above one of them: areas are under lines and names."""
    place = next(rank for rank, layer in enumerate(layers) if layer["id"] == under) + 1
    return layers[:place] + added + layers[place:]


def _structure_layers(c: dict[str, str]) -> list[dict[str, Any]]:
    return [
        _layer(
            "clusters", "circle", "clusters", source="structures",
            paint={
                "circle-color": c["cluster"],
                "circle-opacity": 0.88,
                "circle-stroke-color": c["ring"],
                "circle-stroke-width": 1.5,
                "circle-radius": _radius_of_count(),
            },
        ),
        _layer(
            "cluster-counts", "symbol", "clusters", source="structures", filter=[">", ["get", "n"], 1],
            layout=_text(11, 12) | {"text-field": _short_count(), "text-allow-overlap": True, "text-ignore-placement": True},
            paint={"text-color": c["cluster_text"]},
        ),
        _layer(
            "points", "circle", "structures", source="structures", minzoom=14,
            paint={
                "circle-color": _colour_of_category(),
                "circle-radius": ["interpolate", ["linear"], ["zoom"], 14, _if_together(9, 6), 18, _if_together(14, 10)],
                "circle-stroke-color": c["ring"],
                "circle-stroke-width": 1.5,
            },
        ),
        _layer(
            "together", "symbol", "structures", source="structures", minzoom=14, filter=_if_together(True, False),
            layout=_text(11, 12) | {"text-field": ["to-string", ["get", "n"]]},
            paint={"text-color": c["ring"]},
        ),
        _layer(
            "names", "symbol", "structures", source="structures", minzoom=16,
            layout=_text(11, 13) | {
                "text-field": _if_together(["concat", ["to-string", ["get", "n"]], " structures"], ["get", "name"]),
                "text-anchor": "top", "text-offset": [0, 1.1], "text-max-width": 12,
            },
            paint=_halo(c),
        ),
        {
            "id": "selection", "type": "circle", "source": "selection",
            "paint": {
                "circle-radius": 13, "circle-color": "rgba(0,0,0,0)", "circle-stroke-width": 4, "circle-stroke-color": "#e4b400"
            },
        },
    ]  # fmt: skip


def _layer(name: str, kind: str, source_layer: str, *, source: str = "base", **more: Any) -> dict[str, Any]:
    return {"id": name, "type": kind, "source": source, "source-layer": source_layer, **more}


def _text(small: int, large: int) -> dict[str, Any]:
    return {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 5, small, 12, large],
        "symbol-sort-key": ["coalesce", ["get", "rank"], 0],
    }


def _halo(c: dict[str, str]) -> dict[str, Any]:
    return {"text-color": c["text"], "text-halo-color": c["halo"], "text-halo-width": 1.4}


def _if_together(several: Any, alone: Any) -> list[Any]:
    """Of a point: whether others stand at the very same place, under it."""
    return ["case", [">", ["coalesce", ["get", "n"], 1], 1], several, alone]


def _radius_of_count() -> list[Any]:
    """By powers of ten: an area in proportion would hide the country under Paris."""
    magnitude = ["log10", ["max", 1, ["get", "n"]]]
    return ["interpolate", ["linear"], magnitude, 0, 6, 1, 11, 2, 15, 3, 19, 5, 26]


def _short_count() -> list[Any]:
    """12 as it is, 1 240 as « 1,2 k », 15 457 as « 15 k »."""
    n = ["get", "n"]
    one = {"locale": "fr", "max-fraction-digits": 1}
    none = {"locale": "fr", "max-fraction-digits": 0}
    thousands = ["/", n, 1000]
    return [
        "case",
        ["<", n, 1000], ["to-string", n],
        ["<", n, 10_000], ["concat", ["number-format", thousands, one], " k"],
        ["concat", ["number-format", thousands, none], " k"],
    ]  # fmt: skip


@cache
def _colour_of_category() -> list[Any]:
    by_colour: dict[str, list[str]] = {}
    for each in categories().values():
        by_colour.setdefault(colour_of(each.code), []).append(each.code)
    pairs = [part for colour, codes in by_colour.items() if colour != OTHER_COLOUR for part in (codes, colour)]
    return ["match", ["get", "categorie"], *pairs, OTHER_COLOUR]
