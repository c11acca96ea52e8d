"""The demo's second flow: as many activities as asked, in the published form, that the pipeline reads whole."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from etl import demo
from etl.finess.activites.extract import chunks, read_header
from etl.finess.activites.records import read
from etl.load import TallyByNumber
from geo.activites import NATURES
from tests.etl.demo.conftest import DAY


@pytest.fixture(scope="session")
def second_flow(france: demo.DemoFiles) -> dict[str, Any]:
    with gzip.open(france.activites) as text:
        found: dict[str, Any] = json.load(text)
        return found


def activities(flow: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Authorised, practised."""
    practised = [each for entity in flow["pmej"] for ege in entity["ege"] for each in ege["activitesExercees"]]
    return [each for entity in flow["pmej"] for each in entity["activitesAutorisees"]], practised


def generic(activity: Any) -> dict[str, Any]:
    found: dict[str, Any] = activity["caracteristiquesGeneriques"]
    return found


def test_it_stands_beside_the_first_with_the_same_day(france: demo.DemoFiles) -> None:
    assert france.activites.name == f"finess-activites-journalier-{DAY:%Y%m%d}.json.gz"
    header = read_header(france.activites)
    assert (header.fictitious, header.generated_at.date()) == (True, DAY)


def test_the_pipeline_reads_all_of_it_without_a_field_it_does_not_know(france: demo.DemoFiles) -> None:
    tally = TallyByNumber()
    for chunk in chunks(france.activites):
        read(chunk, date(2026, 11, 23), tally)
    assert tally.read > 2_000
    assert (tally.rejected, tally.unknown) == ({}, {})


def test_every_practised_activity_names_its_authorisation_at_the_legal_entity(second_flow: dict[str, Any]) -> None:
    authorised, practised = activities(second_flow)
    numbers = {generic(each)["activiteAeId"] for each in authorised}
    assert {generic(each)["identifiantAutorisation"] for each in practised} <= numbers
    named = [each for each in authorised if generic(each)["egeId"]]
    assert 0.01 < len(named) / len(authorised) < 0.06


def test_natures_are_those_of_the_register_and_establishments_those_of_the_first_flow(
    second_flow: dict[str, Any], flow: dict[str, Any]
) -> None:
    authorised, practised = activities(second_flow)
    assert {each["nature"]["codeNature"] for each in (*authorised, *practised)} <= NATURES.keys()
    known = {ege["informationsGeneralesEGE"]["numFinessEge"] for entity in flow["pmej"] for ege in entity["ege"]}
    assert {ege["numFinessEge"] for entity in second_flow["pmej"] for ege in entity["ege"]} <= known


@pytest.mark.parametrize("wanted", [300, 4_000])
def test_there_are_as_many_activities_as_asked(tmp_path: Path, wanted: int) -> None:
    files = demo.generate(tmp_path, size=200, seed=3, produced_on=DAY, activities=wanted)
    with gzip.open(files.activites) as text:
        authorised, practised = activities(json.load(text))
    assert len(authorised) + len(practised) == pytest.approx(wanted, rel=0.05)
