"""The bench of a search server, at a tiny size: with clusters, since it takes a minute where cores are busy."""

from pathlib import Path

import pytest

from bench import run
from tests.bench.test_bench import TINY
from tests.opensearch.peer import missing


def test_both_engines_are_found_to_answer_alike_before_either_is_timed(
    server_url: str, template: str, tmp_path: Path
) -> None:
    if why := missing():
        pytest.skip(why)
    outcome = run.measure(["search_server"], tmp_path, server_url, TINY, lambda _: None, template=template)
    assert (outcome.skipped, outcome.wrong) == ({}, {})
    measures = {each.label: each for each in outcome.measured["search_server"]}
    assert measures["structures indexées"].value == TINY.country
    assert measures["synchronisation de 250 changements"].value > 0
    promised = [each for each in measures.values() if each.target]
    assert len(promised) == 12
    assert all(each.floor_label == "took + aller et retour" for each in promised)
