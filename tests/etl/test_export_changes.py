"""`export changes`: the feed as a file; and what an export never does to the place it is written to."""

import csv
import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl.export import export, writers
from etl.export.files import CannotWrite
from geo.errors import NotReady
from geo.settings import REPOSITORY
from tests.etl.finess.published import a_file, an_ege
from tests.etl.instance import Instance
from tests.places import LILLE

COLUMNS = ["seen_on", "effective_on", "structure", "kind", "before", "after"]
NEXT_DAY = {"generatedAt": "2026-11-22T02:09:17Z", "name": "finess-structures-journalier-20261122.json.gz"}
STAYS, RENAMED, CLOSED = "590000001", "590000002", "590000003"


@pytest.fixture
def changed(instance: Instance, tmp_path: Path) -> Instance:
    """Two days: one establishment renamed, one closed."""
    instance.refresh(a_file(tmp_path, an_ege(STAYS), an_ege(RENAMED, "AVANT; OU"), an_ege(CLOSED)))
    closed = an_ege(CLOSED, about={"dateFermeture": "2026-11-20"}, etatObjet="I")
    report = instance.refresh(
        a_file(tmp_path, an_ege(STAYS), an_ege(RENAMED, "APRÈS"), closed, **NEXT_DAY), accept=("closed", "removed")
    )
    assert report.state == "published", report
    return instance


def written(instance: Instance, what: str, format_: str, out: Path) -> int:
    with instance.engine.connect() as connection:
        return export(connection, what, format_, out)


def leftovers(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if "partial" in each.name]


def test_changes_as_csv_are_in_the_order_of_the_feed_with_sources_beside(changed: Instance, tmp_path: Path) -> None:
    out = tmp_path / "changes.csv"
    assert written(changed, "changes", "csv", out) == 2
    header, *rows = csv.reader(out.read_text(encoding="utf-8").splitlines())
    assert header == COLUMNS
    assert rows == [
        ["2026-11-22", "", f"f{RENAMED}", "renamed", "AVANT; OU", "APRÈS"],
        ["2026-11-22", "2026-11-20", f"f{CLOSED}", "closed", "open", "closed"],
    ]
    assert [f"{r.structure} {r.kind}" for r in changed.rows("SELECT * FROM structure_change ORDER BY id")] == [
        f"{row[2]} {row[3]}" for row in rows
    ]
    sources = json.loads((tmp_path / "changes.csv.sources.json").read_bytes())
    assert sources["sources"][0]["as_of"] == "2026-11-22"


def test_changes_as_geojson_stand_where_the_structure_is_today_or_nowhere(changed: Instance, tmp_path: Path) -> None:
    with changed.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM structure WHERE id = 'f{CLOSED}'")
    out = tmp_path / "changes.geojson"
    written(changed, "changes", "geojson", out)
    told = json.loads(out.read_bytes())
    renamed, closed = told["features"]
    assert renamed["geometry"] == {"type": "Point", "coordinates": [LILLE.lon, LILLE.lat]}
    assert list(renamed["properties"]) == COLUMNS
    assert closed["geometry"] is None
    assert renamed["id"] < closed["id"]
    assert told["data"]["fictitious"] is False


def test_changes_as_parquet_have_their_types_and_sources(changed: Instance, tmp_path: Path) -> None:
    out = tmp_path / "changes.parquet"
    written(changed, "changes", "parquet", out)
    frame = pl.read_parquet(out)
    assert frame.schema["seen_on"] == frame.schema["effective_on"] == pl.Date
    assert frame["kind"].to_list() == ["renamed", "closed"]
    assert "lum1.sources" in pl.read_parquet_metadata(out)


@pytest.mark.parametrize("format_", writers.FORMATS)
def test_a_number_that_the_register_withdrew_is_in_no_export(instance: Instance, tmp_path: Path, format_: str) -> None:
    new = [{"typeContact": {"roleContact": "01"}, "telecom": {"telephone": "0320111213"}}]
    instance.refresh(a_file(tmp_path, an_ege(STAYS), an_ege(RENAMED)))
    instance.refresh(a_file(tmp_path, an_ege(STAYS, contact=new), an_ege(RENAMED, contact=[]), **NEXT_DAY))
    out = tmp_path / "changes"
    assert written(instance, "changes", format_, out) == 2
    if format_ == "parquet":
        kinds = pl.read_parquet(out).select("kind", "before", "after").rows()
        assert kinds == [("phone_changed", None, "03 20 11 12 13"), ("phone_changed", None, None)]
    else:
        assert "03 20 11 12 13" in out.read_text()
        assert "03 20 00 00 00" not in out.read_text()


@pytest.mark.parametrize("format_", writers.FORMATS)
def test_a_first_load_is_no_change_and_its_export_an_empty_table(
    instance: Instance, tmp_path: Path, format_: str
) -> None:
    instance.refresh(a_file(tmp_path, an_ege()))
    assert written(instance, "changes", format_, tmp_path / "changes") == 0
    assert (tmp_path / "changes").stat().st_size > 0


def test_nothing_published_is_nothing_written(instance: Instance, tmp_path: Path) -> None:
    with pytest.raises(NotReady):
        written(instance, "changes", "csv", tmp_path / "changes.csv")
    assert not (tmp_path / "changes.csv").exists()


def a_folder(path: Path) -> None:
    path.mkdir()


def a_link(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("make", [a_folder, os.mkfifo, a_link])
@pytest.mark.parametrize("what", ["structures", "changes"])
def test_what_is_not_an_ordinary_file_is_never_replaced(
    changed: Instance, tmp_path: Path, make: Any, what: str
) -> None:
    out = tmp_path / "out"
    make(out)
    before = out.lstat()
    with pytest.raises(CannotWrite, match="pas un fichier ordinaire"):
        written(changed, what, "geojson", out)
    assert (out.lstat().st_ino, out.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert leftovers(tmp_path) == []


def test_sources_that_cannot_stand_beside_leave_the_export_as_it_was(changed: Instance, tmp_path: Path) -> None:
    (tmp_path / "changes.csv").write_text("hier")
    (tmp_path / "changes.csv.sources.json").mkdir()
    with pytest.raises(CannotWrite):
        written(changed, "changes", "csv", tmp_path / "changes.csv")
    assert (tmp_path / "changes.csv").read_text() == "hier"


def test_a_folder_that_does_not_exist_is_one_sentence(changed: Instance, tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"^Le dossier « .*/absent » n’existe pas"):
        written(changed, "changes", "csv", tmp_path / "absent" / "changes.csv")


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes: what a full disk or a quota does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("format_", writers.FORMATS)
def test_an_export_that_fails_half_way_leaves_what_was_there(changed: Instance, tmp_path: Path, format_: str) -> None:
    out = tmp_path / "changes"
    out.write_text("hier")
    with full_disk(after=60), pytest.raises(CannotWrite, match="ne peut pas être écrit"):
        written(changed, "changes", format_, out)
    assert out.read_text() == "hier"
    assert leftovers(tmp_path) == []


def test_an_export_is_readable_as_the_operator_s_umask_says(changed: Instance, tmp_path: Path) -> None:
    out = tmp_path / "structures.csv"
    before = os.umask(0o022)
    try:
        written(changed, "structures", "csv", out)
    finally:
        os.umask(before)
    for file in (out, tmp_path / "structures.csv.sources.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o644


def commanded(instance: Instance, *arguments: str) -> subprocess.CompletedProcess[str]:
    url = instance.url
    command = [sys.executable, "-m", "api.cli", "export", *arguments]
    environment = os.environ | {"LUM1_DATABASE_URL": url}
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=REPOSITORY, check=False)


def test_the_command_says_how_many_and_where_or_why_not(changed: Instance, tmp_path: Path) -> None:
    out = tmp_path / "changes.csv"
    assert commanded(changed, "changes", "-o", str(out)).stdout == f"2 changements dans {out}\n"
    refused = commanded(changed, "changes", "-o", str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"lum1 : « {tmp_path} » existe et n’est pas un fichier ordinaire")
    assert refused.stderr.count("\n") == 1
