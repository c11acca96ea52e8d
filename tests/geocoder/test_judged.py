"""From a register's lines through a real addok to a verdict: what the geocoder likes is not always what was asked."""

import pytest

from etl.positions.addresses import address_of
from etl.positions.ladder import ladder
from etl.positions.verdict import Verdict, judged
from geo.geocoder import Geocoder
from geo.position import Precision

LILLE = "59350"


def verdicts(addok: Geocoder, line: str) -> list[Verdict]:
    rungs = ladder(address_of([line], "59000", LILLE, "LILLE"))
    answers = addok.search_csv([rung.question for rung in rungs])
    return [judged(rung.question, answer, rung.gave_up, LILLE) for rung, answer in zip(rungs, answers, strict=True)]


@pytest.mark.parametrize(
    "line", ["12 RUE DES LILAS", "12 BIS RUE DES LILAS", "12 RUE D", "12 ALLEE L", "12 RUE C MONET"]
)
def test_a_street_that_is_there_is_found_at_its_number(addok: Geocoder, line: str) -> None:
    assert verdicts(addok, line)[0].precision is Precision.HOUSENUMBER


@pytest.mark.parametrize(
    "line",
    [
        "12 RUE", "12 RUE A", "12 RUE L", "12 ALLEE A", "12 ALLEE D",  # rue D and allée L are there
        "5 RUE PORTE 3", "12 CHE DU BP",
        "12 RUE CLAUDE MANET", "12 RUE MARTIN", "12 RUE DU DOCTEUR ROUX",
    ],
)  # fmt: skip
def test_a_street_that_is_not_there_is_not_another(addok: Geocoder, line: str) -> None:
    precise = [verdict for verdict in verdicts(addok, line) if verdict.is_precise]
    assert precise == []
