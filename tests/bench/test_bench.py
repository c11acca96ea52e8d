"""The bench itself: a case from end to end on a few hundred establishments, and what happens to a wrong answer."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bench import files, ground, run, table
from bench.ground import Ground
from bench.measure import Measure, Skipped, check
from bench.memory import Peak
from bench.sizes import Sizes
from bench.tile_servers import SERVERS
from etl import demo
from geo.identifiers import Finess
from tests.etl.finess.published import a_file, many

TINY = Sizes(
    volume=300,
    raw_bytes=1_200_000,
    activities=1_000,
    tenfold=50,
    days=1_300,
    stock=30_000,
    country=5_000,
    documents=1_000,
    requests=3,
    heap_mib=512,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def outcome(server_url: str, template: str, folder: Path) -> run.Outcome:
    """All of them in one run, as an operator's: a country is drawn once for those who ask it."""
    names = (
        "facets",
        "nearby",
        "typeahead",
        "words",
        "tiles",
        "finess_activites",
        "finess_delta",
        "sirene_stock",
        "sirene_together",
    )
    return measured(server_url, template, folder, *names)


def measured(server_url: str, template: str, folder: Path, *names: str) -> run.Outcome:
    return run.measure(names, folder, server_url, TINY, lambda _: None, template=template)


def right(outcome: run.Outcome, name: str) -> list[Measure]:
    """What was measured, nothing of it wrong."""
    assert (outcome.skipped.get(name), outcome.wrong.get(name)) == (None, None)
    return outcome.measured[name]


def values_of(outcome: run.Outcome, name: str) -> dict[str, float]:
    return {each.label: each.value for each in right(outcome, name)}


def test_two_days_are_measured_and_their_changes_verified(outcome: run.Outcome) -> None:
    values = values_of(outcome, "finess_delta")
    assert values["second jour : versions écrites"] > 0
    for day in ("premier jour", "second jour", "second jour, encore"):  # the whole server's: other tests write too
        assert values[f"{day} : journal (WAL)"] > 0
    assert "second jour, écrit autrement" in outcome.as_text()


def test_databases_and_homes_leave_with_the_run(outcome: run.Outcome, folder: Path) -> None:
    assert outcome.measured
    assert list((folder / "instances").iterdir()) == []


def test_activities_are_measured_on_a_country_that_is_served(outcome: run.Outcome) -> None:
    assert 900 < values_of(outcome, "finess_activites")["activités"] <= 1_000


def test_facets_are_those_of_another_engine_before_they_are_timed(outcome: run.Outcome) -> None:
    measures = right(outcome, "facets")
    assert all(each.value > 0 and each.floor_label == "DuckDB" for each in measures)
    assert {each.label.partition(",")[0] for each in measures if each.target} == {
        "cadre de 2 km", "cadre de 10 km", "cadre de 50 km", "tout le pays",
    }  # fmt: skip


def test_the_nearest_are_those_of_brute_force_and_of_tipg_before_they_are_timed(outcome: run.Outcome) -> None:
    medians = [each for each in right(outcome, "nearby") if each.target]
    assert [each.floor_label for each in medians] == ["son SQL, préparé", "tipg", "sans catégorie", "sans catégorie"]


def test_lines_are_those_of_brute_force_before_they_are_timed_and_addok_has_the_same_documents(
    outcome: run.Outcome,
) -> None:
    beside = {each.label: each for each in right(outcome, "typeahead") if each.floor_label == "addok"}
    assert beside["une faute, même nom absent des 10 premiers"].held


def test_words_are_counted_as_brute_force_counts_them_before_they_are_timed(outcome: run.Outcome) -> None:
    assert len([each for each in right(outcome, "words") if each.target]) == 8


def test_tiles_are_exact_before_they_are_timed_and_a_few_changes_leave_the_grid_so(outcome: run.Outcome) -> None:
    values = values_of(outcome, "tiles")
    assert 0 < values["pire tuile, gzip"] < 100_000
    assert values["cellules qui changent"] > 0
    assert {"index de supercluster", "tuile gardée, dans le processus, médiane"} <= values.keys()


def test_tile_servers_are_measured_where_they_are_installed_and_a_word_says_which_are_not(
    outcome: run.Outcome,
) -> None:
    beside = {each.floor_label for each in right(outcome, "tiles")}
    not_installed = {name for name, why in outcome.skipped.items() if "pas installé" in why}
    assert {name: name in beside for name in SERVERS} == {name: name not in not_installed for name in SERVERS}
    assert "tipg" in beside


def test_a_country_is_kept_for_the_next_run_and_its_words_are_indexed_again_when_they_are_read_otherwise(
    server_url: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "WORTH_KEEPING", 1)
    said: list[str] = []
    try:
        for words_come_from in (("search",), ("search",), ("geo",)):
            monkeypatch.setattr(ground, "WORDS_COME_FROM", words_come_from)
            said.append("——")
            with Ground(tmp_path, server_url, TINY, said.append, template=template) as made:
                assert len(made.country(301).rows) == 301
    finally:
        for database in ground.Database.beginning_with(server_url, "pays_301_"):
            database.drop()
    first, again, otherwise = " ".join(said).split("——")[1:]
    assert "copie" in first
    assert again.split() == []
    assert otherwise.strip() == "index de recherche"


def test_a_stock_is_read_and_compared_with_its_generation(outcome: run.Outcome) -> None:
    values = values_of(outcome, "sirene_stock")
    assert values["établissements lus"] == TINY.stock
    assert values["durée"] > 0


def test_both_registers_are_measured_together(outcome: run.Outcome) -> None:
    values = values_of(outcome, "sirene_together")
    assert values["structures de SIRENE seul"] > 300
    assert values["même nom, même commune, après"] < values["en double sans rapprochement"] / 10


def test_a_wrong_answer_gives_no_number_and_the_next_case_goes_on(
    server_url: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(_: Ground) -> Iterator[Measure]:
        yield Measure(label="durée", value=1, unit="s")
        check("total", 3, 4)

    def absent(_: Ground) -> Iterator[Measure]:
        raise Skipped("rien ici.")

    def well(ground: Ground) -> Iterator[Measure]:
        with ground.part("voisin"):
            raise Skipped("personne.")
        yield Measure(label="durée", value=2, unit="s", floor=0.5, floor_label="rien", target=3)

    monkeypatch.setattr(run, "CASES", {"wrong": wrong, "absent": absent, "well": well})
    outcome = measured(server_url, template, tmp_path, "wrong", "absent", "well")
    assert outcome.wrong == {"wrong": "total : 3 au lieu de 4."}
    assert outcome.skipped == {"absent": "rien ici.", "voisin": "personne."}
    assert list(outcome.measured) == ["well"]
    assert "× 4" in outcome.as_text()
    assert "FAUX : total : 3 au lieu de 4." in outcome.as_text()
    assert json.loads(msgspec.json.encode(outcome))["machine"]["cores"] > 0


def test_ten_times_a_file_has_ten_times_its_numbers_all_well_formed(tmp_path: Path) -> None:
    source = a_file(tmp_path, *many(40))
    once = files.numbers(files.tenfold(source, tmp_path / "once.json.gz", 25, copies=1))
    tenfold = files.numbers(files.tenfold(source, tmp_path / "tenfold.json.gz", 25))
    assert (len(once), len(tenfold)) == (25, 250)
    assert once < tenfold
    assert {Finess.parse(number) for number in tenfold} == tenfold


def test_the_next_day_says_what_it_changed(tmp_path: Path) -> None:
    source = demo.generate(tmp_path, size=1_300).finess
    day = files.next_day(source, tmp_path / "next.json.gz")
    before, today = files.numbers(source), files.numbers(tmp_path / "next.json.gz")
    assert (day.added, day.dropped) == (len(today - before), len(before - today)) == (3, 2)


def test_a_peak_counts_children_too() -> None:
    hold = "b = bytearray(80_000_000); import time; time.sleep(0.6)"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    with subprocess.Popen([sys.executable, "-c", nested]) as running, Peak(running.pid) as peak:
        running.wait()
    assert peak.mib > 75


@pytest.mark.parametrize(
    ("value", "written"),
    [(1_234_567.0, "1 234 567"), (123.4, "123"), (12.34, "12,3"), (0.5, "0,50"), (0.00123, "0,0012")],
)
def test_numbers_are_written_as_french_does(value: float, written: str) -> None:
    assert table.number(value) == written.replace(" ", table.NARROW)
