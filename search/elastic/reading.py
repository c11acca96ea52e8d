"""Which reading of a question answers it: the strictest that finds something in the country, as search.embedded.words decides."""

from collections.abc import Iterator

from elasticsearch import Elasticsearch

from geo.filters import Circle
from search.elastic.conditions import Query, all_of, among, equal, in_circle
from search.elastic.indices import Opened
from search.elastic.sought import may_find, query_of, thing
from search.french import name_form
from search.readings import Around, Question, Reading, Sought, readings
from search.results import Corrected
from search.spelling import as_written
from search.told import as_typed


class Reader:
    """Reads questions with one index."""

    def __init__(self, client: Elasticsearch, opened: Opened) -> None:
        self._client = client
        self._opened = opened

    def readings(self, question: Question) -> Iterator[tuple[Reading, Query]]:
        """The readings that may find something, each with what it seeks, filters aside.

        Around a town, one that finds nothing was asked already; of the others `finds` says.
        """
        for reading in readings(question, self._opened.vocabulary):
            if not may_find(reading, self._opened.vocabulary):
                continue
            sought = query_of(reading, self._opened.vocabulary)
            if (around := reading.around) and around.radius_m is not None:
                if found := self._around(reading, sought, around, around.radius_m):
                    yield reading, found
            else:
                yield reading, sought

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

    def corrected(self, question: Question, reading: Reading, query: Query) -> tuple[Corrected, ...]:
        """Each word that was taken for another one, where anything that is found holds that one and not it."""
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
        answer = self._client.search(index=self._opened.name, query=query, size=0, aggs=counts, track_total_hits=True)
        total = answer["hits"]["total"]["value"]
        held = {name: found["doc_count"] for name, found in answer["aggregations"].items()}
        return tuple(
            _told(question, slip, [held.get(f"{number}:{place}", 0) for place in range(1 + len(_each_meant(slip)))])
            for number, slip in enumerate(slips)
            if held.get(f"{number}:0", 0) < total
        )

    def _around(self, reading: Reading, sought: Query, around: Around, radius_m: float) -> Query | None:
        """What stands in a circle, of the kind asked for where some is; None when none is open: one wants to go there."""
        inside = [in_circle(Circle(*around.point, radius_m))]
        of_kind = [among("categorie_no")(sorted(reading.understood.kinds))]
        for narrowed in ([*inside, *of_kind], inside) if reading.understood.kinds else (inside,):
            if self.finds(all_of([sought, equal("open", True), *narrowed])):
                return {"bool": {"must": sought, "filter": narrowed}}
        return None


def _as_typed(slip: Sought) -> Sought:
    return Sought(slip.words, tuple(way for way in slip.ways if not way.meant))


def _each_meant(slip: Sought) -> list[Sought]:
    return [Sought(slip.words, (way,)) for way in slip.ways if way.meant]


def _told(question: Question, slip: Sought, held: list[int]) -> Corrected:
    """`held`: how many hold it as typed, then by each of the words that it may stand for."""
    likeliest = next(way for way, count in zip(_each_meant(slip), held[1:], strict=True) if count)
    (word,) = as_typed(question, slip.words)
    return Corrected(word, as_written(likeliest.ways[0].meant), instead=not held[0])
