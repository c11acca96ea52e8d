"""Filtering and counting by activity: SQL, the words index and tiles agree with a loop over the rows."""

import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import text

from geo.filters import Filters
from search.query import Facet, Origin, SearchQuery, Sort
from tests.builders import a_structure
from tests.places import BORDEAUX, LILLE, PARIS_13
from tests.search.conftest import Searchable
from tiles import counts, render
from tiles.grid import TileAddress

CHAINS = (
    ["AMM", "AMM:QA014", "AMM:QA014:MO031"],
    ["AMM", "AMM:QA014", "AMM:QA014:MO032"],
    ["AMM", "AMM:QA001"],
    ["EML", "EML:05602"],
    ["AMSR", "AMSR:924"],
)
ASKED = (("AMM",), ("AMM:QA014",), ("AMM:QA014:MO031",), ("EML:05602", "AMSR"), ("AER",), ("AMM", "EML", "AMSR"))


WORLD = (0, 0, 0)


def rows(count: int = 400) -> list[dict[str, Any]]:
    """A third without any activity, the others with up to three; one in ten is closed."""
    draw = random.Random(21)
    made = []
    for n in range(count):
        codes = {code for chain in draw.sample(CHAINS, draw.choice((0, 1, 3))) for code in chain}
        at = draw.choice((LILLE, BORDEAUX, PARIS_13)).moved(draw.gauss(0, 20_000), draw.gauss(0, 20_000))
        made.append(
            a_structure(
                finess=f"99{n:07d}", name=f"CENTRE {n}", at=at, activites=sorted(codes), open=draw.random() < 0.9
            )
        )
    return made


def having(rows: list[dict[str, Any]], asked: tuple[str, ...], *, open_only: bool = True) -> list[dict[str, Any]]:
    return [r for r in rows if set(asked) & set(r["activites"]) and (r["open"] or not open_only)]


@pytest.mark.parametrize("asked", ASKED, ids="+".join)
@pytest.mark.parametrize("words", ["", "centre"])
def test_any_of_the_codes_asked_is_enough_whatever_answers(
    searchable: Searchable, words: str, asked: tuple[str, ...]
) -> None:
    made = rows()
    searchable.index(*made)
    for open_only in (True, False):
        filters = Filters(activites=asked, open_only=open_only)
        found = searchable.ask(SearchQuery(words=words, filters=filters, sort=Sort.NAME, limit=len(made)))
        assert {hit.id for hit in found.hits} == {r["id"] for r in having(made, asked, open_only=open_only)}
        assert found.total == len(found.hits)


@pytest.mark.parametrize("words", ["", "centre"])
def test_the_facet_counts_each_structure_once_for_each_of_its_codes(searchable: Searchable, words: str) -> None:
    made = rows()
    searchable.index(*made)
    for asked in ((), ("AMM:QA014",)):
        found = searchable.ask(
            SearchQuery(words=words, filters=Filters(activites=asked), facets=(Facet.ACTIVITE,), sort=Sort.NAME)
        )
        # whatever is asked: the filter of its own name does not narrow a facet
        expected = Counter(code for r in made if r["open"] for code in r["activites"])
        assert {value.value: value.count for value in found.facets["activite"]} == expected


def test_the_facet_says_what_codes_mean(searchable: Searchable) -> None:
    searchable.index(a_structure(activites=[*CHAINS[0], "AMSR", "AMSR:840"]))
    found = searchable.ask(SearchQuery(facets=(Facet.ACTIVITE,)))
    assert {value.value: value.label for value in found.facets["activite"]} == {
        "AMM": "Activité de soins (activité, modalité, mention)",
        "AMM:QA014": "Médecine d'urgence",
        "AMM:QA014:MO031": "Médecine d'urgence – SMUR",
        "AMSR": "Activité médico-sociale régulée",
        "AMSR:840": "AMSR 840",
    }


def test_it_combines_with_the_other_conditions_and_with_nearness(searchable: Searchable) -> None:
    made = rows()
    searchable.index(*made)
    asked = ("AMM:QA014",)
    for words in ("", "centre"):
        query = SearchQuery(
            words=words,
            origin=Origin(LILLE.lon, LILLE.lat),
            sort=Sort.DISTANCE,
            filters=Filters(activites=asked, departements=(LILLE.departement,)),
        )
        expected = [r for r in having(made, asked) if r["departement"] == LILLE.departement]
        assert searchable.ask(query).total == len(expected) > 0


@pytest.mark.parametrize("words", ["", "centre"])
def test_tiles_draw_those_that_lists_find(searchable: Searchable, words: str) -> None:
    made = rows()
    searchable.index(*made)
    counts.build(searchable.connection)
    filters = Filters(activites=("EML:05602",))
    asked = (searchable.connection, words, filters, WORLD, searchable.publication)
    counted = searchable.engine.clusters(*asked)
    assert counted is not None
    assert sum(counted.n) == len(having(made, ("EML:05602",)))
    if not words:
        drawn = render.tile(searchable.connection, TileAddress(*WORLD), filters)
        assert drawn == render.clusters(searchable.connection, counted)


def test_structures_without_any_activity_are_indexed_all_the_same(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CENTRE"), a_structure(name="CENTRE"))
    query = SearchQuery(words="centre", filters=Filters(activites=("AMM",)), facets=(Facet.ACTIVITE,))
    found = searchable.ask(query)
    assert (found.total, found.facets) == (0, {"activite": []})


def test_one_index_answers_the_condition(searchable: Searchable) -> None:
    searchable.index(*rows())
    searchable.connection.execute(text("SET LOCAL enable_seqscan = off"))
    assert "structure_activites_idx" in searchable.plan(Filters(activites=("AMM",), open_only=False))
