"""A question and its address: written in one way, read back the same, whoever wrote it first."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import cursors
from api.addressing import pairs_of, query_string_of, same_question
from api.parameters import Asked, asked_in
from api.questions import question_from, question_of
from geo.activites import NATURES
from geo.categories import categories, legal_statuses
from geo.communes import area_names, communes
from geo.position import PRECISIONS
from geo.reference.naf import codes_in_scope
from geo.statuts import SECTEURS
from search.query import Cursor, Facet

AGGREGATES = sorted({code for c in categories().values() for code in (c.family, c.group, c.branch) if code})
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


def some(values: Any, most: int = 4) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(values)), max_size=most)


REPEATED = {
    "commune": some(communes()),
    "epci": some(area_names("epci")),
    "departement": some(area_names("departement")),
    "region": some(area_names("region")),
    "categorie": st.one_of(some([*categories(), *AGGREGATES, "997"], 6), some(categories(), 60)),
    "domaine": some(("san", "SOC", "ens")),
    "activite": some((*NATURES, "AMM:QA014", "AMM:QA014:MO031")),
    "public": some(("700", "010")),
    "naf": some((*codes_in_scope(), "86", "86.2", "2025:86.9", "94.99Z")),
    "statut": some(legal_statuses()),
    "secteur": some(SECTEURS),
    "precision": some(PRECISIONS),
    "facets": some([facet.value for facet in Facet]),
}
POINTS = st.fixed_dictionaries(
    {"lat": st.floats(-90, 90), "lon": st.floats(-180, 180)}, optional={"radius": st.floats(0, 200_000)}
)
BOXES = st.tuples(st.floats(-180, 0), st.floats(-90, 0), st.floats(0.001, 180), st.floats(0.001, 90))
TRIANGLES = st.floats(0.001, 1).map(
    lambda side: f'{{"type":"Polygon","coordinates":[[[2,48],[{2 + side},48],[2,{48 + side}],[2,48]]]}}'
)
ONCE = st.fixed_dictionaries(
    {},
    optional={
        "q": TEXT,
        "bbox": BOXES.map(lambda box: ",".join(map(repr, box))),
        "polygon": TRIANGLES,
        "telephone": st.sampled_from(("true", "false")),
        "maj_depuis": st.dates(dt.date(1900, 1, 1)).map(str),
        "open": st.just("all"),
        "sort": st.sampled_from(("relevance", "name")),
        "limit": st.integers(1, 100).map(str),
        "total": st.sampled_from(("true", "false")),
        "explain": st.sampled_from(("true", "false")),
    },
)


@st.composite
def query_strings(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Names and values as anyone may write them: any order, doubles, families beside their members."""
    pairs = list(draw(ONCE).items()) + [(name, str(value)) for name, value in draw(st.just({}) | POINTS).items()]
    for name, values in draw(st.fixed_dictionaries({}, optional=REPEATED)).items():
        pairs += [(name, value) for value in values]
    return draw(st.permutations(pairs))


@settings(max_examples=300, deadline=None)
@given(query_strings())
def test_a_question_is_read_back_from_its_address(pairs: list[tuple[str, str]]) -> None:
    question = question_of(asked_in(pairs, Asked))
    address = query_string_of(question)
    assert question_from(address) == question
    assert query_string_of(question_from(address)) == address
    assert cursors.digest(question_from(address)) == cursors.digest(question)


@settings(max_examples=100, deadline=None)
@given(query_strings(), st.randoms(use_true_random=False))
def test_the_order_in_which_it_was_written_does_not_count(pairs: list[tuple[str, str]], draw: Any) -> None:
    shuffled = sorted(pairs, key=lambda _: draw.random())
    facets = [pair for pair in pairs if pair[0] == "facets"]  # these come back in the order asked
    rest = [pair for pair in shuffled if pair[0] != "facets"]
    assert query_string_of(question_of(asked_in([*rest, *facets], Asked))) == query_string_of(
        question_of(asked_in(pairs, Asked))
    )


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("", ""),
        ("sort=name&limit=20&total=true&explain=false", ""),
        ("lat=50.63&lon=3.06&radius=2000&sort=distance", "lat=50.63&lon=3.06&radius=2000"),
        ("categorie=620&categorie=500&categorie=620", "categorie=500&categorie=620"),
        ("categorie=4401&categorie=500", "categorie=4401"),  # of that family
        ("commune=75056", "commune=75056"),
        ("commune=75101", "commune=75101"),
        ("departement=2a&departement=01", "departement=01&departement=2A"),
        ("secteur=PUBLIC&domaine=SAN&precision=Street", "domaine=san&secteur=public&precision=street"),
        ("naf=86.23&telephone=1", "naf=86.23Z&telephone=true"),
        ("q=+ehpad++lille+&open=all", "q=ehpad+lille&open=all"),
    ],
)
def test_two_ways_of_asking_the_same_are_written_alike(asked: str, written: str) -> None:
    assert query_string_of(question_from(asked)) == written


def test_a_whole_branch_is_written_by_its_code_and_a_part_by_its_members() -> None:
    branch = [each.code for each in categories().values() if each.branch == "4000"]
    assert pairs_of(question_from("&".join(f"categorie={code}" for code in branch))) == [("categorie", "4000")]
    assert ("categorie", "4000") not in pairs_of(question_from("&".join(f"categorie={code}" for code in branch[1:])))


def test_a_cursor_belongs_to_a_question_whatever_is_shown_of_it() -> None:
    first = question_from("q=ehpad&limit=5&facets=secteur&total=false")
    cursor = cursors.encode(Cursor(1, 3.0, "f590000001", 5, cursors.digest(first)))
    assert cursors.decode(cursor, question_from("q=ehpad&limit=50&explain=true")).seen == 5
    assert same_question(first) == question_from("q=ehpad")
