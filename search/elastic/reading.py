"""Which reading of a question answers it: the strictest that finds something in the country, as search.embedded.words decides."""

from collections.abc import Collection, Iterable, Iterator

import msgspec
from elasticsearch import Elasticsearch

from search.elastic.conditions import CONDITIONS, Query, all_of, conditions, equal
from search.elastic.indices import Opened
from search.elastic.sought import may_find, query_of, thing
from search.french import name_form
from search.readings import Around, Question, Reading, Sought, readings
from search.results import Corrected
from search.spelling import as_written
from search.told import as_typed

of_categories = CONDITIONS["categories"]


class Read(msgspec.Struct, frozen=True):
    """A reading, what it seeks, filters aside, and what must find something in the country for it to be the answer."""

    reading: Reading
    sought: Query
    proof: Query | None  # None: it was asked already


class Reader:
    """Reads questions with one index."""

    def __init__(self, client: Elasticsearch, opened: Opened) -> None:
        self._client = client
        self._opened = opened

    def readings(self, question: Question, *, open_only: bool) -> Iterator[Read]:
        """The readings that may find something, the strictest first.

        `open_only`: what is asked for in a town must be open there; who would go looks around it else.
        """
        for reading in readings(question, self._opened.vocabulary):
            if not may_find(reading, self._opened.vocabulary):
                continue
            sought = query_of(reading, self._opened.vocabulary)
            if reading.around:
                if found := self._around(sought, reading.around, reading.understood.kinds):
                    yield Read(reading, found, None)
            else:
                yield Read(reading, sought, _open(sought) if open_only and reading.is_in_a_town else sought)

    def finds(self, query: Query) -> bool:
        """Whether it finds anything in the country."""
        answer = self._client.search(
            index=self._opened.name, query=query, size=0, terminate_after=1, track_total_hits=1
        )
        return bool(answer["hits"]["total"]["value"])

    def name_in(self, typed: str, question: Question) -> str:
        """The name that was typed; where no structure has it, what was said around it is left out."""
        whole, bare = name_form(typed), " ".join(question.written)
        return whole if whole == bare or self.finds(equal("exact", whole)) else bare

    def corrected(
        self, question: Question, reading: Reading, query: Query, filters: Iterable[Query]
    ) -> tuple[Corrected, ...]:
        """Each word that was taken for another one, where anything that is found holds that one and not it.

        Where the filters leave nothing, what the words find without them says it.
        """
        slips = [each for each in reading.sought if any(way.meant for way in each.ways)]
        if not slips:
            return ()
        asked = {
            f"{number}:{place}": each
            for number, slip in enumerate(slips)
            for place, each in enumerate((_as_typed(slip), *_each_meant(slip)))
        }
        vocabulary = self._opened.vocabulary
        counts = {
            name: {"filter": thing(each, vocabulary)}
            for name, each in asked.items()
            if may_find(Reading((each,)), vocabulary)
        }
        for asked_of in (all_of([query, *filters]), query):
            answer = self._client.search(
                index=self._opened.name, query=asked_of, size=0, aggs=counts, track_total_hits=True
            )
            total = answer["hits"]["total"]["value"]
            if total:
                break
        held = {name: found["doc_count"] for name, found in answer["aggregations"].items()}
        return tuple(
            _told(question, slip, [held.get(f"{number}:{place}", 0) for place in range(1 + len(_each_meant(slip)))])
            for number, slip in enumerate(slips)
            if held.get(f"{number}:0", 0) < total
        )

    def _around(self, sought: Query, around: Around, kinds: Collection[int]) -> Query | None:
        """What stands in the surroundings, of the kind asked for where some is, or must be; None when none is open.

        One who asks wants to go there.
        """
        inside = list(conditions(around.area).values())
        if kinds and self.finds(_open(sought, *inside, of_categories(sorted(kinds)))):
            return {"bool": {"must": sought, "filter": [*inside, of_categories(sorted(around.kept(kinds)))]}}
        if around.of_kind or not self.finds(_open(sought, *inside)):
            return None
        return {"bool": {"must": sought, "filter": inside}}


def _open(*queries: Query) -> Query:
    return all_of([*queries, equal("open", True)])


def _as_typed(slip: Sought) -> Sought:
    return Sought(slip.words, tuple(way for way in slip.ways if not way.meant))


def _each_meant(slip: Sought) -> list[Sought]:
    return [Sought(slip.words, (way,)) for way in slip.ways if way.meant]


def _told(question: Question, slip: Sought, held: list[int]) -> Corrected:
    """`held`: how many hold it as typed, then by each of the words that it may stand for."""
    likeliest = next(way for way, count in zip(_each_meant(slip), held[1:], strict=True) if count)
    (word,) = as_typed(question, slip.words)
    return Corrected(word, as_written(likeliest.ways[0].meant), instead=not held[0])
