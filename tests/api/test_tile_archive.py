"""The archive of tiles: read back it is what the API draws; written whole or not at all; served by ranges."""

import gzip
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from click.testing import CliRunner, Result
from litestar.testing import TestClient
from pmtiles.reader import MemorySource, Reader, all_tiles
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from sqlalchemy import text

from api.app import create_app
from api.commands.tiles import tiles
from etl import tile_archive
from etl.export.files import CannotWrite
from geo.database import engine_for
from geo.progress import Silent
from geo.settings import REPOSITORY, Settings
from tests.etl.test_export_changes import full_disk, leftovers
from tiles import archive

Tiles = dict[tuple[int, int, int], bytes]
COARSE = 9  # enough for a process to die amid hundreds of tiles
SAMPLED = 5  # of the many fine tiles, one in so many is asked of the API


def written(instance: Settings, out: Path, **how: Any) -> int:
    engine = engine_for(instance.database_url)
    try:
        return tile_archive.export(engine, out, Silent(), **how)
    finally:
        engine.dispose()


def run(instance: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str, **settings: str) -> Result:
    given = {"LUM1_HOME": str(instance.home), "LUM1_DATABASE_URL": instance.database_url} | settings
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(tiles, ["export", *arguments])


def values(instance: Settings, statement: str) -> list[Any]:
    engine = engine_for(instance.database_url)
    with engine.connect() as connection:
        rows = list(connection.execute(text(statement)))
    engine.dispose()
    return rows


@pytest.fixture(scope="module")
def made(demo_instance: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's archive."""
    out = tmp_path_factory.mktemp("archive") / "structures.pmtiles"
    assert written(demo_instance, out) > 0
    return out


@pytest.fixture(scope="module")
def held(made: Path) -> Tiles:
    """Its tiles, decompressed, by address."""
    return {address: gzip.decompress(body) for address, body in all_tiles(MemorySource(made.read_bytes()))}


def features(encoded: bytes, layer: str) -> list[dict[str, Any]]:
    return [each["properties"] for each in mapbox_vector_tile.decode(encoded)[layer]["features"]]


def test_every_tile_is_the_one_that_the_api_draws(client: Any, held: Tiles) -> None:
    asked = [address for rank, address in enumerate(sorted(held)) if address[0] <= 6 or rank % SAMPLED == 0]
    different = []
    for z, x, y in asked:
        answer = client.get(f"/tiles/structures/{z}/{x}/{y}.mvt")
        if (answer.status_code, answer.content) != (200, held[z, x, y]):
            different.append((z, x, y))
    assert different == []
    assert len(asked) > 500


def test_beside_its_tiles_the_api_draws_nothing(client: Any, held: Tiles) -> None:
    around = {
        (z, x + right, y + down)
        for rank, (z, x, y) in enumerate(sorted(held))
        if z in (3, 9, 13, 14) and rank % SAMPLED == 0
        for right in (-1, 0, 1)
        for down in (-1, 0, 1)
        if 0 <= x + right < 1 << z and 0 <= y + down < 1 << z
    }
    drawn = [
        "/".join(map(str, address))
        for address in sorted(around - held.keys())
        if client.get("/tiles/structures/{}/{}/{}.mvt".format(*address)).status_code != 204
    ]
    assert drawn == []
    assert len(around - held.keys()) > 500


def test_each_zoom_has_every_open_structure_that_has_a_position(demo_instance: Settings, held: Tiles) -> None:
    ((expected,),) = values(demo_instance, "SELECT count(*) FROM structure WHERE open AND lon IS NOT NULL")
    counted: Counter[int] = Counter()
    for (z, _, _), encoded in held.items():
        counted[z] += (
            sum(each["n"] for each in features(encoded, "clusters"))
            if z <= 13
            else len(features(encoded, "structures"))
        )
    assert counted == dict.fromkeys(range(15), expected)


def test_its_header_says_what_it_holds_and_where(demo_instance: Settings, made: Path, held: Tiles) -> None:
    header = Reader(MemorySource(made.read_bytes())).header()
    ((west, south, east, north),) = values(demo_instance, archive.BOUNDS)
    assert (header["version"], header["tile_type"], header["tile_compression"]) == (3, TileType.MVT, Compression.GZIP)
    assert (header["min_zoom"], header["max_zoom"], header["center_zoom"]) == (0, 14, 5)
    bounds = [header[f"{name}_e7"] for name in ("min_lon", "min_lat", "max_lon", "max_lat")]  # type: ignore[literal-required]
    assert bounds == [round(each * 10_000_000) for each in (west, south, east, north)]
    assert header["addressed_tiles_count"] == len(held)
    assert header["tile_contents_count"] == len(set(held.values())) <= header["tile_entries_count"]
    assert made.stat().st_size == header["tile_data_offset"] + header["tile_data_length"]


def test_its_tiles_follow_one_another_along_hilbert_s_curve(made: Path) -> None:
    content = MemorySource(made.read_bytes())
    assert Reader(content).header()["clustered"]
    ids = [zxy_to_tileid(*address) for address, _ in all_tiles(content)]
    assert ids == sorted(set(ids))


def test_its_metadata_is_the_tilejson_and_which_data_these_are(client: Any, made: Path) -> None:
    said = archive.metadata_of(made)
    assert said is not None
    tilejson = client.get("/tiles/structures.json").json()
    data = client.get("/api/v1/search", params={"limit": 1}).json()["data"]
    for name in ("name", "attribution", "version"):
        assert said[name] == tilejson[name]
    clusters, structures = tilejson["vector_layers"]
    as_far = {"maxzoom": 14}  # as this archive goes
    assert said["vector_layers"] == [clusters | as_far, structures | as_far]
    assert len(said["data"].pop("stamp")) == 36
    assert said["data"] == data
    assert said["data"]["sources"][0]["licence"] == "lov2"
    assert said["licence"] == "Licence Ouverte 2.0 (https://www.etalab.gouv.fr/licence-ouverte-open-licence/)"
    assert said["description"].startswith("Données fictives")
    assert said["generator"].startswith("lum1 ")


def test_the_same_publication_gives_the_same_bytes(demo_instance: Settings, made: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.pmtiles"
    program = (
        "import sys; from pathlib import Path; from etl import tile_archive; from geo.database import engine_for\n"
        "from geo.progress import Silent\n"
        "tile_archive.export(engine_for(sys.argv[1]), Path(sys.argv[2]), Silent())"
    )  # in another process, which hashes otherwise
    subprocess.run([sys.executable, "-c", program, demo_instance.database_url, again], cwd=REPOSITORY, check=True)
    assert again.read_bytes() == made.read_bytes()


@pytest.mark.parametrize(("max_zoom", "layers"), [(4, ["clusters"]), (16, ["clusters", "structures"])])
def test_it_goes_as_far_as_it_is_asked_to(
    demo_instance: Settings, tmp_path: Path, max_zoom: int, layers: list[str]
) -> None:
    out = tmp_path / "structures.pmtiles"
    written(demo_instance, out, max_zoom=max_zoom)
    content = MemorySource(out.read_bytes())
    assert Reader(content).header()["max_zoom"] == max_zoom
    assert [each["id"] for each in Reader(content).metadata()["vector_layers"]] == layers
    named = {
        each["id"]: each["name"]
        for (z, _, _), body in all_tiles(content)
        if z == 16
        for each in features(gzip.decompress(body), "structures")
    }
    ((placed,),) = values(demo_instance, "SELECT count(*) FROM structure WHERE open AND lon IS NOT NULL")
    assert len(named) == (placed if max_zoom == 16 else 0)


DIES = """
import os, signal, sys
from pathlib import Path
from etl import tile_archive
from geo.database import engine_for

class Deadly:
    name = ""
    def step(self, name):
        self.name = name
        self.advance(0, 1)
    def advance(self, done, total):
        if sys.argv[3] == self.name and done >= int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)

tile_archive.export(engine_for(sys.argv[1]), Path(sys.argv[2]), Deadly(), max_zoom=9)
"""


@pytest.mark.parametrize(
    ("step", "after"), [("adresses des tuiles", 0), ("tuiles", 0), ("tuiles", 200), ("écriture de l’archive", 0)]
)
def test_killed_it_leaves_the_old_one_and_the_next_one_sweeps(
    demo_instance: Settings, tmp_path: Path, step: str, after: int
) -> None:
    out, undisturbed = tmp_path / "structures.pmtiles", tmp_path / "autre.pmtiles"
    out.write_bytes(b"hier")
    ended = subprocess.run(
        [sys.executable, "-c", DIES, demo_instance.database_url, out, step, str(after)], cwd=REPOSITORY, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert out.read_bytes() == b"hier"
    assert len(leftovers(tmp_path)) == 1
    for each in (out, undisturbed):
        written(demo_instance, each, max_zoom=COARSE)
    assert out.read_bytes() == undisturbed.read_bytes()
    assert leftovers(tmp_path) == []


def test_one_that_another_process_writes_now_is_not_swept(demo_instance: Settings, tmp_path: Path) -> None:
    out = tmp_path / "structures.pmtiles"
    waits = DIES.replace("signal.SIGKILL", "signal.SIGSTOP")
    with subprocess.Popen(
        [sys.executable, "-c", waits, demo_instance.database_url, out, "tuiles", "200"], cwd=REPOSITORY
    ) as other:
        os.waitid(os.P_PID, other.pid, os.WSTOPPED)
        (partial,) = leftovers(tmp_path)
        written(demo_instance, out, max_zoom=COARSE)
        assert leftovers(tmp_path) == [partial]
        other.kill()


@pytest.mark.parametrize("share", [0.01, 0.6, 0.99])
def test_a_full_disk_leaves_what_was_there(demo_instance: Settings, tmp_path: Path, share: float) -> None:
    out = tmp_path / "structures.pmtiles"
    written(demo_instance, out, max_zoom=COARSE)
    size = out.stat().st_size
    out.write_bytes(b"hier")
    with full_disk(after=int(size * share)), pytest.raises(CannotWrite, match="ne peut pas être écrit"):
        written(demo_instance, out, max_zoom=COARSE)
    assert out.read_bytes() == b"hier"
    assert leftovers(tmp_path) == []


def test_the_command_says_how_many_or_why_not(
    demo_instance: Settings, held: Tiles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "structures.pmtiles"
    done = run(demo_instance, monkeypatch, "-o", str(out))
    assert done.exit_code == 0
    assert done.stdout == f"{len(held):,} tuiles dans {out}\n".replace(",", "\u202f")
    absent = run(demo_instance, monkeypatch, "-o", str(tmp_path / "absent" / "structures.pmtiles"))
    assert "absent » n’existe pas" in str(absent.exception)
    nowhere = run(demo_instance, monkeypatch)
    assert (nowhere.exit_code, "LUM1_TILES_ARCHIVE=1" in nowhere.stderr) == (2, True)
    too_fine = run(demo_instance, monkeypatch, "-o", str(out), "--max-zoom", "17")
    assert too_fine.exit_code == 2


@pytest.fixture(scope="module")
def serving(demo_instance: Settings) -> Iterator[TestClient[Any]]:
    """An instance that keeps its archive."""
    engine = engine_for(demo_instance.database_url)
    assert tile_archive.keep(engine, demo_instance.home, Silent())
    assert tile_archive.keep(engine, demo_instance.home, Silent()) is None
    engine.dispose()
    settings = Settings(home=demo_instance.home, database_url=demo_instance.database_url, tiles_archive=True)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client
    tile_archive.forget(demo_instance.home)


ADDRESS = "/tiles/structures.pmtiles"


def test_whole_it_is_the_file_and_a_head_says_how_long(serving: Any, made: Path) -> None:
    whole, head = serving.get(ADDRESS), serving.head(ADDRESS)
    assert (whole.status_code, whole.content) == (200, made.read_bytes())
    assert (head.status_code, head.content) == (200, b"")
    for answer in (whole, head):
        assert answer.headers["content-length"] == str(made.stat().st_size)
        assert answer.headers["content-type"] == "application/vnd.pmtiles"
        assert answer.headers["accept-ranges"] == "bytes"
        assert "content-encoding" not in answer.headers
        assert "no-transform" in answer.headers["cache-control"]
    assert whole.headers["etag"] == head.headers["etag"]
    assert not whole.headers["etag"].startswith("W/")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-126", 0, 126),
        ("bytes=127-127", 127, 127),
        ("bytes=-10", -10, -1),
        ("bytes=500-", 500, -1),
        ("bytes=100-999999999", 100, -1),
        ("bytes=-999999999", 0, -1),
        ("Bytes=0-5", 0, 5),
    ],
)
def test_a_range_is_that_part(serving: Any, made: Path, asked: str, first: int, last: int) -> None:
    content, size = made.read_bytes(), made.stat().st_size
    answer = serving.get(ADDRESS, headers={"range": asked})
    first, last = first % size, last % size
    assert (answer.status_code, answer.content) == (206, content[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
    assert answer.headers["content-length"] == str(last + 1 - first)


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=999999999-1000000000", "bytes=-0"])
def test_a_range_beyond_its_end_is_refused_with_its_size(serving: Any, made: Path, asked: str) -> None:
    answer = serving.get(ADDRESS, headers={"range": asked})
    assert (answer.status_code, answer.headers["content-type"]) == (416, "application/problem+json")
    assert answer.headers["content-range"] == f"bytes */{made.stat().st_size}"


@pytest.mark.parametrize(
    "asked", ["octets=0-1", "bytes=", "bytes=-", "bytes=2-1", "bytes=0-1,5-6", "bytes=a-b", f"bytes={'9' * 400}-"]
)
def test_what_is_no_range_is_as_if_nothing_was_asked(serving: Any, made: Path, asked: str) -> None:
    answer = serving.get(ADDRESS, headers={"range": asked})
    assert (answer.status_code, len(answer.content)) == (200, made.stat().st_size)


def test_a_range_goes_on_of_the_same_archive_only(serving: Any) -> None:
    etag = serving.head(ADDRESS).headers["etag"]
    part = {"range": "bytes=0-6"}
    assert serving.get(ADDRESS, headers=part | {"if-range": etag}).content == b"PMTiles"
    for other in ('"autre"', f"W/{etag}", "Fri, 27 Nov 2026 03:00:00 GMT"):
        assert serving.get(ADDRESS, headers=part | {"if-range": other}).status_code == 200
    assert serving.get(ADDRESS, headers=part | {"if-none-match": etag}).status_code == 304


def test_read_over_http_it_gives_its_tiles(serving: Any, held: Tiles) -> None:
    def get_bytes(offset: int, length: int) -> bytes:
        answer = serving.get(ADDRESS, headers={"range": f"bytes={offset}-{offset + length - 1}"})
        assert answer.status_code == 206
        return bytes(answer.content)

    reader = Reader(get_bytes)
    for address in sorted(held)[:: len(held) // 20]:
        assert gzip.decompress(reader.get(*address)) == held[address]
    assert reader.get(14, 0, 0) is None


def test_an_instance_without_one_says_how_to_have_it(client: Any) -> None:
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "LUM1_TILES_ARCHIVE=1" in answer.json()["detail"]


def test_its_question_takes_nothing(serving: Any) -> None:
    assert serving.get(f"{ADDRESS}?categorie=620").status_code == 400
