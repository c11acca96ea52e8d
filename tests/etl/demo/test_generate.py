"""The files as a whole: the same bytes for the same wishes, the size that was asked for, the published format."""

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import ijson
import pytest

from etl import demo
from tests.etl.demo.conftest import DAY, SIZE

# Optional in the published schema, in none of the samples.
NEVER_SAMPLED = {"root.fictif"}


def test_the_same_size_seed_and_day_give_the_same_bytes(tmp_path: Path, france: demo.DemoFiles) -> None:
    again = demo.generate(tmp_path, size=SIZE, seed=7, produced_on=DAY, sirene=True)
    assert [path.name for path in again.written()] == [path.name for path in france.written()]
    for one, other in zip(again.written(), france.written(), strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_another_seed_gives_another_country(tmp_path: Path) -> None:
    one, other = (demo.generate(tmp_path / str(seed), size=50, seed=seed, produced_on=DAY) for seed in (1, 2))
    assert one.finess.read_bytes() != other.finess.read_bytes()


def test_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    files = demo.generate(tmp_path, size=50, seed=1, produced_on=DAY, sirene=True)
    assert sorted(tmp_path.iterdir()) == sorted(files.written())


@pytest.mark.parametrize("size", [1, 2, 333])
def test_there_are_as_many_establishments_as_asked(tmp_path: Path, size: int) -> None:
    files = demo.generate(tmp_path, size=size, seed=3, produced_on=DAY)
    assert len(_streamed_establishments(files.finess)) == size


def test_the_flow_is_read_as_a_stream_as_the_real_one_is(france: demo.DemoFiles) -> None:
    numbers = _streamed_establishments(france.finess)
    assert len(set(numbers)) == len(numbers) == SIZE


def test_the_flow_is_as_large_as_wanted(tmp_path: Path) -> None:
    wanted = 500 * 4_100  # the live flow: 715 MB for 175,000 establishments
    files = demo.generate(tmp_path, size=500, seed=3, produced_on=DAY, raw_size=wanted)
    with gzip.open(files.finess) as text:
        assert len(text.read()) == pytest.approx(wanted, rel=0.02)


def test_progress_ends_with_everything_done(tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    demo.generate(tmp_path, size=120, seed=3, produced_on=DAY, progress=lambda done, size: said.append((done, size)))
    assert said[-1] == (120, 120)
    assert said == sorted(said)


def test_the_root_says_that_all_is_invented(flow: dict[str, Any]) -> None:
    assert list(flow) == ["schemaVersion", "generatedAt", "fictif", "gcc", "gco", "pmej"]
    assert flow["fictif"] is True
    assert flow["generatedAt"].startswith("2026-11-23T")


def test_everything_below_the_root_is_text_as_published(flow: dict[str, Any]) -> None:
    kinds = {type(value) for entity in flow["pmej"] for value in _leaves(entity)}
    assert kinds == {str, type(None)}


def test_no_key_is_unknown_to_the_official_samples_and_none_of_theirs_is_missing(
    flow: dict[str, Any], shared_data: Path
) -> None:
    with gzip.open(shared_data / "official" / "finess-structures-journalier-20261121.json.gz") as text:
        official = _keys({"pmej": list(islice(ijson.items(text, "pmej.item"), 4_000))}, "root")
    excerpt = json.loads((shared_data / "finess-plus" / "structures-20260309-extrait.json").read_text(encoding="utf-8"))
    ours = _keys(flow, "root")
    assert ours - NEVER_SAMPLED <= official | _keys(excerpt, "root")  # the excerpt has the groups and the root
    assert official <= ours


def test_entities_with_hundreds_of_establishments_stand_beside_many_with_one(flow: dict[str, Any]) -> None:
    sizes = [len(entity["ege"]) for entity in flow["pmej"]]
    assert 0.6 < sizes.count(1) / len(sizes) < 0.9
    assert sizes.count(0) > 0
    assert max(sizes) > 15


def test_hospital_groups_are_made_of_entities_of_the_file(flow: dict[str, Any]) -> None:
    known = {entity["informationsGeneralesPMEJ"]["pmSmsseId"] for entity in flow["pmej"]}
    members = {member["pmSmsseId"] for group in flow["gcc"] for member in group["pmejDuGcc"]}
    assert members
    assert members | {group["pmSmsseId"] for group in flow["gco"]} <= known


def _streamed_establishments(path: Path) -> list[str]:
    with gzip.open(path) as text:
        return [e["informationsGeneralesEGE"]["numFinessEge"] for p in ijson.items(text, "pmej.item") for e in p["ege"]]


def _leaves(value: Any) -> list[object]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if children is None else [leaf for child in children for leaf in _leaves(child)]


def _keys(value: Any, path: str) -> set[str]:
    if isinstance(value, list):
        return set().union(*(_keys(each, path) for each in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    below = (_keys(each, f"{path}.{name}") for name, each in value.items())
    return {f"{path}.{name}" for name in value}.union(*below)
