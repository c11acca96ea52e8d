"""`export structures --question`: the file holds what the page at that address finds. `search verify`: so does the index."""

import csv
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner, Result

from api.commands.records import export
from api.commands.searching import search
from geo.settings import Settings

QUESTIONS: tuple[dict[str, Any], ...] = (
    {"departement": "59"},
    {"departement": "59", "open": "all"},
    {"categorie": ["620", "500"], "lat": 50.63, "lon": 3.06, "radius": 50_000},
    {"q": "pharmacie"},
    {"q": "pharmacie lille"},
    {"q": "ehpad", "departement": ["59", "62"], "sort": "name"},
    {"q": "xyzxyz"},
    {"commune": "01001"},
)


def run(instance: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setenv("LUM1_HOME", str(instance.home))
    monkeypatch.setenv("LUM1_DATABASE_URL", instance.database_url)
    return CliRunner().invoke(export, arguments)


@pytest.mark.parametrize("asked", QUESTIONS)
def test_a_search_as_a_file_is_the_search(
    client: Any, demo_instance: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: dict[str, Any]
) -> None:
    found: list[str] = []
    page: dict[str, Any] = {"next": None}
    while True:
        more = {"cursor": page["next"]} if page["next"] else {}
        page = client.get("/api/v1/search", params={**asked, "limit": 100, **more}).json()
        found += [each["id"] for each in page["results"]]
        if not page["next"]:
            break
    out = tmp_path / "structures.csv"
    question = f"https://annuaire.example/?{urlencode(asked, doseq=True)}"
    done = run(demo_instance, monkeypatch, "structures", "-o", str(out), "--question", question)
    assert (done.exit_code, done.exception) == (0, None)
    with out.open(encoding="utf-8", newline="") as lines:
        assert [each["id"] for each in csv.DictReader(lines)] == sorted(found)
    assert len(found) == page["total"]


def test_a_number_typed_is_its_structure(
    client: Any, demo_instance: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (one,) = client.get("/api/v1/search", params={"q": "pharmacie", "limit": 1}).json()["results"]
    out = tmp_path / "structures.csv"
    assert run(
        demo_instance, monkeypatch, "structures", "-o", str(out), "--question", f"q={one['finess'][0]}"
    ).exit_code == 0  # fmt: skip
    with out.open(encoding="utf-8", newline="") as lines:
        assert one["id"] in [each["id"] for each in csv.DictReader(lines)]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("http://127.0.0.1:8640/?q=ehpad#carte=9/50.6/3", {"q": "ehpad"}),
        ("/?departement=59#carte=9/50.6/3", {"departement": "59"}),
        ("?q=ehpad", {"q": "ehpad"}),
        ("q=où est la pharmacie ?", {"q": "où est la pharmacie ?"}),
        ("q=h%C3%B4pital+lille", {"q": "hôpital lille"}),
        ("q=hôpital lille", {"q": "hôpital lille"}),
        ("http://127.0.0.1:8640/", {}),
        ("", {}),
    ],
)
def test_a_question_is_understood_as_people_write_it(
    client: Any,
    demo_instance: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    written: str,
    asked: dict[str, Any],
) -> None:
    done = run(demo_instance, monkeypatch, "structures", "-o", str(tmp_path / "structures.csv"), "--question", written)
    total = client.get("/api/v1/search", params={**asked, "limit": 1}).json()["total"]
    assert done.output.startswith(f"{total} structures")


def test_the_name_of_the_file_says_its_format(
    demo_instance: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "structures.geojson"
    assert run(demo_instance, monkeypatch, "structures", "-o", str(out), "--question", "departement=59").exit_code == 0
    assert out.read_bytes().startswith(b'{"type":"FeatureCollection"')


@pytest.mark.parametrize(
    ("what", "question", "said"),
    [
        ("structures", "departement=99999", "departement"),
        ("structures", "couleur=bleu", "couleur"),
        ("changes", "departement=59", "--question ne va qu’avec structures"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_nothing_is_written(
    demo_instance: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str, question: str, said: str
) -> None:
    out = tmp_path / "structures.csv"
    done = run(demo_instance, monkeypatch, what, "-o", str(out), "--question", question)
    assert done.exit_code != 0
    assert said in done.output + str(done.exception)
    assert not out.exists()


def test_the_index_is_compared_by_a_command_of_its_own(
    demo_instance: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUM1_HOME", str(demo_instance.home))
    monkeypatch.setenv("LUM1_DATABASE_URL", demo_instance.database_url)
    done = CliRunner().invoke(search, ["verify"])
    assert (done.exit_code, done.exception) == (0, None)
    assert "conformes à PostgreSQL" in done.output
