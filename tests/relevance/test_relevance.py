"""Judged questions asked of the real engine: no mean falls by more than a point below the committed baseline."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from etl import demo
from tests.relevance import judged, measure
from tests.relevance.corpora import Corpus, structures_of
from tests.relevance.summary import PROPERTY

SETS = Path(__file__).parent
NATIONAL = "finess-structures-journalier-20261121.json.gz"
DEMO_SIZE, DEMO_SEED = 1_500, 5


def test_judged_questions_over_the_national_file(
    connection: Connection,
    shared_data: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    corpus = Corpus(connection, tmp_path, structures_of(shared_data / "official" / NATIONAL))
    check("national", corpus, request, record_property)


def test_judged_questions_over_a_demo(
    connection: Connection,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    files = demo.generate(tmp_path / "demo", size=DEMO_SIZE, seed=DEMO_SEED)
    corpus = Corpus(connection, tmp_path / "search", structures_of(files.finess))
    check("demo", corpus, request, record_property)


def check(
    name: str, corpus: Corpus, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    questions = judged.read(SETS / f"{name}.txt")
    answered = measure.ask(questions, judged.prepared(corpus.structures), corpus.answer)
    measured, before = measure.by_group(answered), measure.baseline(name)
    record_property(PROPERTY, measure.table(name, measured, before))
    if request.config.getoption("--new-baseline"):
        measure.write_baseline(name, measured)
        return
    assert before, f"aucun témoin de « {name} » : {measure.AGAIN} l’écrit"
    worst = sorted(answered, key=lambda each: each.ndcg)[:10]
    told = [f"« {each.question.words} » : {each.ndcg:.3f}" for each in worst]
    assert measure.falls(measured, before) == [], f"plus faibles : {told} ; si c’est voulu, {measure.AGAIN}"
