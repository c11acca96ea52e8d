"""GDAL, a client that is not ours, reads `/ogc` from a running server: `ogr2ogr` and `ogrinfo` of Debian."""

import csv
import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geo.settings import Settings
from tests.e2e.conftest import served, web_assets  # noqa: F401 (a server as an operator runs it)

pytestmark = pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="GDAL manque : apt-get install gdal-bin")
DEPARTEMENT = "59"


@pytest.fixture(scope="module")
def address(demo_instance: Settings, web_assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: F811
    """Beside the browser's own server, a home of another name."""
    home = tmp_path_factory.mktemp("ogc") / "home"
    shutil.copytree(demo_instance.home, home, symlinks=True, ignore=shutil.ignore_patterns("web"))
    instance = Settings(home=home, database_url=demo_instance.database_url)
    with served(instance, web_assets) as address:
        yield address


def run(*command: str, **options: str) -> str:
    """A program of GDAL's, told nothing of proxies; its words, or what it complained of."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()} | options
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def searched(address: str, query: str) -> Any:
    with urllib.request.urlopen(f"{address}/api/v1/search?{query}") as answer:
        return json.load(answer)


def test_a_whole_departement_is_read_page_after_page(address: str, tmp_path: Path) -> None:
    out = tmp_path / "structures.csv"
    only = ("-where", f"departement = '{DEPARTEMENT}'", "-oo", "PAGE_SIZE=7", "-lco", "GEOMETRY=AS_XY")
    run("ogr2ogr", "-f", "CSV", str(out), f"OAPIF:{address}/ogc", "structures", *only)
    with out.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids)) == searched(address, f"departement={DEPARTEMENT}")["total"] > 7
    assert {row["departement"] for row in rows} == {DEPARTEMENT}
    known = {each["id"]: each for each in searched(address, f"departement={DEPARTEMENT}&limit=100")["results"]}
    placed = [row for row in rows if row["id"] in known and row["X"]]
    assert placed
    for row in placed:
        place = known[row["id"]]["position"]
        assert (row["name"], float(row["X"]), float(row["Y"])) == pytest.approx(
            (known[row["id"]]["name"], place["lon"], place["lat"])
        )


def test_both_collections_are_seen_with_their_fields_and_counts(address: str) -> None:
    said = run("ogrinfo", "-ro", "-so", f"OAPIF:{address}/ogc", "structures")
    assert f"Feature Count: {searched(address, '')['total']}" in said
    assert "Geometry: Point" in said
    assert re.search(r"^updated_on: Date", said, re.MULTILINE)
    assert re.search(r"^open: Integer\(Boolean\)", said, re.MULTILINE)
    assert "communes" in run("ogrinfo", "-ro", f"OAPIF:{address}/ogc")


def test_a_condition_of_ogrinfo_is_pushed_to_the_server(address: str) -> None:
    where = f"departement = '{DEPARTEMENT}' AND (categorie = '620' OR categorie = '500') AND open = 1"
    said = run("ogrinfo", "-ro", "-so", "-where", where, f"OAPIF:{address}/ogc", "structures", CPL_DEBUG="ON")
    expected = searched(address, f"departement={DEPARTEMENT}&categorie=620&categorie=500")["total"]
    assert f"Feature Count: {expected}" in said
    assert expected > 0
    assert re.search(r"items\?\S*filter=\S*departement\S*&filter-lang=cql-text", said)
    assert "evaluated on client side" not in said


def test_a_box_is_pushed_to_the_server(address: str) -> None:
    said = run(
        "ogrinfo",
        "-ro",
        "-so",
        "-spat",
        "1.5",
        "48.5",
        "3.5",
        "49.5",
        f"OAPIF:{address}/ogc",
        "structures",
        CPL_DEBUG="ON",
    )
    assert f"Feature Count: {searched(address, 'bbox=1.5,48.5,3.5,49.5')['total']}" in said
    assert "bbox=1.5" in said


def test_contours_of_communes_are_read(address: str) -> None:
    said = run("ogrinfo", "-ro", "-al", "-where", "departement = '2A'", f"OAPIF:{address}/ogc", "communes")
    assert "Geometry: Multi Polygon" in said or "MULTIPOLYGON" in said
    assert "Ajaccio" in said


def test_a_tile_is_decoded(address: str, tmp_path: Path) -> None:
    """From a file: the driver OGCAPI of GDAL 3.6 knows matrix sets of a draft only, and MVT puts the column first."""
    file = tmp_path / "0.mvt"
    with urllib.request.urlopen(f"{address}/ogc/collections/structures/tiles/WebMercatorQuad/0/0/0") as answer:
        file.write_bytes(answer.read())
    said = run("ogrinfo", "-ro", "-al", str(file))
    counts = [int(each) for each in re.findall(r"^ +n \(Integer\) = (\d+)", said, re.MULTILINE)]
    assert "Layer name: clusters" in said
    with urllib.request.urlopen(f"{address}/ogc/collections/structures/items?limit=1000") as answer:
        every = json.load(answer)
    assert len(every["features"]) == every["numberMatched"]
    assert sum(counts) == sum(1 for each in every["features"] if each["geometry"])
