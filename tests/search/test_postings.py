"""Postings, whole names and what they find, against a reading of the documents one by one."""

import itertools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import text

from geo.filters import Circle, Filters
from geo.position import distance_m
from geo.recent import Recent
from search import ranking
from search.document import STRUCTURES, Document, document_of
from search.embedded import finding, words
from search.embedded.index import WordIndex
from search.embedded.names import Names, NamesFiles
from search.embedded.postings import FIELDS, Postings, PostingsFiles
from search.embedded.sphere import at_least, at_most, lines, on_sphere
from search.french import name_form
from search.query import Cursor, Origin, SearchQuery, Sort
from search.readings import Sought, Way, question_of, readings
from tests.builders import a_structure
from tests.places import BORDEAUX, LILLE, PARIS_13
from tests.search.conftest import Searchable

WORDS = ("ehpad", "centre", "centrale", "sante", "sant", "lille", "59", "pasteur", "pasteurs", "œillet", "a")


def a_document(**fields: str) -> Document:
    empty = dict.fromkeys(("exact", "name", "other", "categorie", "place", "entity", "typed", "numbers"), "")
    return Document(**(empty | fields), name_length=1)  # type: ignore[arg-type]


DOCUMENTS = st.lists(
    st.fixed_dictionaries({field: st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join) for field in FIELDS}).map(
        lambda fields: a_document(**fields)
    ),
    max_size=12,
)


def written(folder: Path, batches: Sequence[Sequence[Document]]) -> Postings:
    with PostingsFiles(folder) as files:
        rank = 0
        for batch in batches:
            files.append(rank, batch)
            rank += len(batch)
        files.finish()
    return Postings.open(folder)


@settings(max_examples=60, deadline=None)
@given(st.lists(DOCUMENTS, max_size=4))
def test_every_word_has_the_structures_and_fields_that_hold_it(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Document]]
) -> None:
    postings = written(tmp_path_factory.mktemp("postings"), batches)
    documents = [document for batch in batches for document in batch]
    held = {
        word: {
            rank: sum(1 << bit for bit, field in enumerate(FIELDS) if word in getattr(document, field).split())
            for rank, document in enumerate(documents)
        }
        for word in WORDS
    }
    for word in WORDS:
        where = {rank: mask for rank, mask in held[word].items() if mask}
        number = postings.number(word)
        assert (number is None) == (not where)
        if number is not None:
            ranks, fields = postings.of(range(number, number + 1))
            assert dict(zip(ranks.tolist(), fields.tolist(), strict=True)) == where
            assert ranks.tolist() == sorted(where)
            in_fields = [sum(mask >> bit & 1 for mask in where.values()) for bit in range(len(FIELDS))]
            assert postings.found(range(number, number + 1)).tolist() == [in_fields]
    there = sorted((word for word in WORDS if any(held[word].values())), key=str.encode)
    assert postings.words(range(len(postings))) == there
    for beginning in ("", "c", "centr", "sant", "œ", "z"):
        assert postings.words(postings.begun_by(beginning)) == [word for word in there if word.startswith(beginning)]
    assert postings.are_complete()


def test_a_file_cut_short_is_not_whole(tmp_path: Path) -> None:
    documents = [a_document(name="centre pasteur"), a_document(name="centre")]
    for name in ("ranks", "fields", "found", "starts", "line_starts"):
        folder = tmp_path / name
        written(folder, [documents])
        np.save(folder / f"{name}.npy", np.load(folder / f"{name}.npy")[:-1])
        assert not Postings.open(folder).are_complete(), name


def test_a_whole_name_is_found_by_it_alone(tmp_path: Path) -> None:
    files = NamesFiles(tmp_path)
    files.append([a_document(exact="clinique pasteur"), a_document(exact="clinique pasteur annexe")])
    files.append([a_document(exact=""), a_document(exact="clinique pasteur")])
    files.finish()
    names = Names.open(tmp_path)
    assert names.called(["clinique pasteur"]).tolist() == [0, 3]
    assert names.called(["", "clinique pasteur annexe"]).tolist() == [1, 2]
    assert names.called(["pasteur"]).tolist() == []
    assert names.are_complete()


def test_the_least_recently_asked_leaves_first() -> None:
    kept: Recent[str] = Recent(max_bytes=10)
    kept.put("a", "A", 4)
    kept.put("b", "B", 4)
    assert kept.get("a") == "A"
    kept.put("c", "C", 4)
    assert [kept.get(key) for key in "abc"] == ["A", None, "C"]
    kept.put("c", "C2", 6)
    assert [kept.get(key) for key in "ac"] == ["A", "C2"]
    kept.put("d", "D", 11)
    assert [kept.get(key) for key in "acd"] == ["A", "C2", None]
    kept.put("e", "E", 10)
    assert [kept.get(key) for key in "ace"] == [None, None, "E"]


# What questions find.

NAMES = (
    "CLINIQUE",
    "PASTEUR",
    "CENTRE",
    "SANTE",
    "LES",
    "TILLEULS",
    "DOMUS",
    "VI",
    "DOMUSVI",
    "HAD",
    "PARC",
    "PARIS",
    "LILLE",
    "SAINT",
    "MARTIN",
)
ASKED = (
    *NAMES,
    "ehpad",
    "pharmacie",
    "nord",
    "59",
    "cliniqe",
    "past",
    "cent",
    "tilleul",
    "korian",
    "dentiste",
    "de",
    "introuvable",
    "sa",
    "pa",
)


def rows(count: int = 300) -> Iterator[dict[str, Any]]:
    draw = random.Random(11)
    for n in range(count):
        place = draw.choice((LILLE, BORDEAUX, PARIS_13)).moved(draw.gauss(0, 9_000), draw.gauss(0, 9_000))
        yield a_structure(
            at=place if draw.random() > 0.1 else None,
            finess=f"99{n:07d}",
            name=" ".join(draw.sample(NAMES, draw.choice((1, 1, 2, 3)))),
            other_names=[" ".join(draw.sample(NAMES, 2))] if draw.random() < 0.3 else [],
            categorie_no=draw.choice((620, 500, 355, 127)),
            ej_name=draw.choice(("KORIAN", "ASSOCIATION DU PARC", None)),
            open=draw.random() < 0.9,
        )


class BruteForce:
    """The same questions, every document read for each word; also the vocabulary that typos are looked for in."""

    def __init__(self, documents: Sequence[Document], most: int) -> None:
        self._documents = [{f: set(getattr(each, f).split()) for f in FIELDS} for each in documents]
        self._exact = [each.exact for each in documents]
        self._most = most
        self._found = Counter(word for each in self._documents for f in FIELDS for word in each[f])

    def frequency(self, word: str) -> int:
        return self._found[word]

    def beginning_with(self, letter: str) -> list[str]:
        return [word for word in self._found if word.startswith(letter)]

    def match(self, typed: str) -> tuple[dict[int, float], set[int]]:
        """Scores by rank, and those of exactly this name; surroundings, which look at the map, aside."""
        question = question_of(typed)
        called = {name_form(typed), " ".join(question.written)}
        for reading in (each for each in readings(question, self) if each.around is None):
            scores = {rank: self._score(rank, reading.sought) for rank in range(len(self._documents))}
            found = {rank: round(score, 4) for rank, score in scores.items() if score is not None}
            if found:
                return found, {rank for rank in found if self._exact[rank] in called}
        return {}, set()

    def _score(self, rank: int, sought: Sequence[Sought]) -> float | None:
        of_each = [
            [s for w in each.ways if (s := self._of_way(rank, w, len(each.words))) is not None] for each in sought
        ]
        return sum(map(max, of_each)) if all(of_each) else None

    def _of_way(self, rank: int, way: Way, words_typed: int) -> float | None:
        best = [self._best(rank, term, begun=way.begun) for term in way.terms]
        return None if None in best else sum(b * way.share * words_typed / len(way.terms) for b in best if b)

    def _best(self, rank: int, term: str, *, begun: bool) -> float | None:
        held = self._documents[rank]
        found = [f for f in FIELDS if held[f] & (self._commonest_begun(f, term) if begun else {term})]
        return max((ranking.BY_FIELD[f] for f in found), default=None)

    def _commonest_begun(self, field: str, beginning: str) -> set[str]:
        often = Counter(word for each in self._documents for word in each[field] if word.startswith(beginning))
        return set(sorted(often, key=lambda word: (-often[word], word))[: self._most])


QUESTIONS = st.lists(st.sampled_from(ASKED), min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize("most", [2, 300])
def test_a_question_finds_what_a_reading_of_every_document_finds(
    searchable: Searchable, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(finding, "MAX_EXPANSIONS", most)
    index, documents = indexed(searchable)
    brute = BruteForce(documents, most)

    @settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(QUESTIONS)
    def check(typed: str) -> None:
        found = words.match(index, typed, Filters(open_only=False))
        assume(found.reading.around is None)
        scores, exact = brute.match(typed)
        assert found.ranks.tolist() == sorted(scores)
        assert found.words.tolist() == pytest.approx([scores[rank] for rank in sorted(scores)], abs=1e-9)
        assert set(found.ranks[found.exact].tolist()) == exact

    check()


def test_a_place_on_the_map_never_changes_what_is_found_in_it(
    searchable: Searchable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether words are looked for in the country, or first among what stands there."""
    index, _ = indexed(searchable)
    circles = st.builds(
        lambda at, radius: Filters(circle=Circle(at.lon, at.lat, radius), open_only=False),
        st.sampled_from((LILLE, BORDEAUX, PARIS_13)),
        st.sampled_from((500.0, 8_000.0, 150_000.0)),
    )

    @settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(QUESTIONS, circles)
    def check(typed: str, filters: Filters) -> None:
        everywhere = words.match(index, typed, Filters(open_only=False))
        kept = everywhere.those(np.flatnonzero(index.columns.passing(filters, everywhere.ranks)))
        monkeypatch.setattr(words, "FEW", 0)
        index.matches.clear()
        near = words.match(index, typed, filters)
        near = near.those(np.flatnonzero(index.columns.passing(filters, near.ranks)))
        monkeypatch.undo()
        for got, want in ((near.ranks, kept.ranks), (near.words, kept.words), (near.exact, kept.exact)):
            assert got.tolist() == want.tolist()
        assert near.reading == everywhere.reading

    check()


@pytest.mark.parametrize("sort", [Sort.RELEVANCE, Sort.DISTANCE])
def test_what_is_not_measured_was_too_far(searchable: Searchable, monkeypatch: pytest.MonkeyPatch, sort: Sort) -> None:
    """Among many matches only those that may be on the page are measured on the sphere."""
    searchable.index(*rows())
    index = WordIndex(searchable.root / str(searchable.publication.version))
    for typed, at, limit in itertools.product(("clinique", "pharmacie", "lille"), (LILLE, BORDEAUX), (1, 7, 30)):
        query = SearchQuery(words=typed, origin=Origin(at.lon, at.lat), sort=sort, limit=limit)
        every_one = words.search(index, query)
        monkeypatch.setattr(words, "MANY_PAGES", 1)
        assert words.search(index, query) == every_one
        monkeypatch.undo()


@settings(deadline=None)
@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(-80, 80), st.floats(-40, 40))
def test_an_arc_lies_between_what_its_line_says(lon: float, lat: float, east: float, north: float) -> None:
    there = lon + east, max(-90.0, min(90.0, lat + north))
    line = lines(on_sphere(np.array([there[0]]), np.array([there[1]])), lon, lat)
    assert at_least(line)[0] <= distance_m(lon, lat, *there) <= at_most(line)[0]


def test_what_was_found_is_kept_for_the_next_tile(searchable: Searchable) -> None:
    index, _ = indexed(searchable)
    assert words.match(index, "clinique") is words.match(index, "clinique")


def test_pages_by_name_follow_each_other_without_a_gap(searchable: Searchable) -> None:
    names = ["CENTRE B", "CENTRE A", "CENTRE C", "CENTRE B", "CENTRE D"]
    searchable.index(*(a_structure(finess=f"99000000{n}", name=name) for n, name in enumerate(names)))
    query = SearchQuery(words="centre", sort=Sort.NAME, limit=2)
    found = []
    while True:
        answer = searchable.ask(query)
        found += [hit.id for hit in answer.hits]
        if not answer.more:
            break
        query = replace(query, cursor=Cursor(1, answer.hits[-1].key, answer.hits[-1].id, len(found), ""))
    assert found == ["f990000001", "f990000000", "f990000003", "f990000002", "f990000004"]


def indexed(searchable: Searchable) -> tuple[WordIndex, list[Document]]:
    searchable.index(*rows())
    index = WordIndex(searchable.root / str(searchable.publication.version))
    found = searchable.connection.execute(text(STRUCTURES)).mappings()
    return index, [document_of(row) for row in found]  # type: ignore[arg-type]
