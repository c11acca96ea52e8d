"""Questions answered by the server: one request for a page, its total and its facets."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
from elasticsearch import Elasticsearch, NotFoundError
from msgspec.structs import replace
from sqlalchemy import Connection

from geo import sirene
from geo.errors import NotAnswering
from geo.filters import Circle, Filters
from geo.proximity import same_m
from geo.publication import Publication
from geo.search_server import SearchServer
from search import suggestions, told
from search.elastic import facets as counting
from search.elastic import tiles
from search.elastic.conditions import EVERY, Query, all_of, bears, conditions, in_circle
from search.elastic.connect import connected, flavour_of, in_our_words
from search.elastic.indices import CATCH_UP, Indices, Opened, OpenIndices
from search.elastic.ordering import Order, after, order_of, public_key, roughly_by_distance
from search.elastic.reading import Reader
from search.elastic.scoring import FIELDS, Held, Scoring, metres_between
from search.elastic.typed import Lines
from search.embedded.index import WordIndex
from search.engine import Recalled, Speaks, Tile
from search.identifiers import number_in, typed_number
from search.query import Cursor, Origin, SearchQuery, Sort
from search.readings import in_vain, question_of
from search.results import UNPLACED, Clusters, Found, Hit, Placed, Suggestion
from search.rows import read_told

NAME = "elasticsearch"
SLACK_M = 0.001  # rounding of two ways to measure one distance
AT_ONCE = 10_000  # positions in a request: the most that the server gives

Answer = Any  # the server's, as JSON
A = TypeVar("A")


class Asked(msgspec.Struct, frozen=True):
    """What must be found, filters aside; `scoring`: of a question with words.

    `proof`: where the filters leave nothing, it is the answer if that finds something in the country; None: it is.
    """

    query: Query
    scoring: Scoring | None = None
    proof: Query | None = None


class Rows(msgspec.Struct, frozen=True):
    """Lines as search.suggestions asks for them: what is said, elsewhere, of the structures that the server names."""

    told: Callable[[Sequence[str]], list[Any]]
    lines: Lines

    def typed(self, words: str, origin: Origin | None, limit: int) -> list[Any]:
        return self.told(self.lines.typed(words, origin, limit))

    def numbers(self, digits: str, limit: int) -> list[Any]:
        return self.told(self.lines.numbers(digits, limit))


class ElasticEngine:
    """The engine of search.engine.Engine on a server; safe between threads."""

    is_replaced = False

    def __init__(
        self,
        server: SearchServer,
        client: Elasticsearch | None = None,
        *,
        kept: Callable[[Publication], WordIndex | None] = lambda _: None,
    ) -> None:
        """`kept`: an index of a publication that says of each structure what a page shows, so that PostgreSQL need not."""
        self.kept = kept
        self._client = client or connected(server)
        self._open = OpenIndices(self._client, Indices(self._client, server.name))
        self._current = server.fallback
        suggestions.warm_up()

    def search(self, connection: Connection, query: SearchQuery, publication: Publication) -> Found:
        """The page of hits that a question gets."""
        return self._found(query, publication)

    def recalled(self, query: SearchQuery, publication: Publication) -> Recalled | None:
        """The same with the structures of the page, where they are kept here."""
        rows = self.kept(publication)
        if rows is None:
            return None
        found = self._found(query, publication)
        return found, rows.structures(found.hits, explain=query.explain)

    def _found(self, query: SearchQuery, publication: Publication) -> Found:
        return self._asked_of(publication, lambda opened: self._searched(opened, query))

    def _searched(self, opened: Opened, query: SearchQuery) -> Found:
        reader = Reader(self._client, opened)
        for asked in _asked(reader, query):
            answer = self._page(opened, asked, query)
            if answer["hits"]["hits"] or _is_answer(reader, asked):
                return _corrected(_found(answer, asked.scoring, query), reader, asked, query.filters)
        question = question_of(query.words)
        return Found(
            hits=[],
            total=0 if query.total else None,
            more=False,
            facets={each.value: [] for each in query.facets},
            engine=NAME,
            around=told.surroundings(question, in_vain(question)),
        )

    def suggest(
        self, connection: Connection, words: str, origin: Origin | None, limit: int, publication: Publication
    ) -> list[Suggestion]:
        """Lines for what is typed so far."""
        number = typed_number(words)
        if number is not None:
            return suggestions.bearing(connection, number, limit)
        return self._lines(partial(read_told, connection), words, origin, limit, publication)

    def suggested(
        self, words: str, origin: Origin | None, limit: int, publication: Publication
    ) -> list[Suggestion] | None:
        """The same without PostgreSQL, as `recalled`."""
        rows = self.kept(publication)
        if rows is None or typed_number(words) is not None:
            return None
        return self._lines(rows.told, words, origin, limit, publication)

    def _lines(
        self,
        told: Callable[[Sequence[str]], list[Any]],
        words: str,
        origin: Origin | None,
        limit: int,
        publication: Publication,
    ) -> list[Suggestion]:
        with_sirene = sirene.PIPELINE in publication.days

        def lines(opened: Opened) -> list[Suggestion]:
            rows = Rows(told, Lines(self._client, opened))
            return suggestions.suggest(rows, words, origin, limit, with_sirene=with_sirene)

        return self._asked_of(publication, lines)

    def placed(self, connection: Connection, words: str, filters: Filters, publication: Publication) -> Placed:
        """Every structure with a position that the words and filters find, by id."""
        hits = self._asked_of(publication, lambda opened: self._standing(opened, words, filters, None))
        held = [_held(hit) for hit in hits]
        return Placed([hit["_id"] for hit in hits], [h["lon"] for h in held], [h["lat"] for h in held])

    def standing(
        self, connection: Connection, words: str, filters: Filters, tile: Tile, publication: Publication
    ) -> list[str]:
        """Ids of what they find in a tile, and around it in a tile smaller than a cell."""
        hits = self._asked_of(publication, lambda opened: self._standing(opened, words, filters, tile))
        return [hit["_id"] for hit in hits]

    def _standing(self, opened: Opened, words: str, filters: Filters, tile: Tile | None) -> list[Answer]:
        for kept, is_answer in self._readings(opened, words, filters):
            here = kept if tile is None else all_of([kept, tiles.in_tile(tile)])
            hits = list(self._every(opened, here))
            if hits or is_answer():
                return hits
        return []

    def clusters(
        self, connection: Connection, words: str, filters: Filters, tile: Tile, publication: Publication
    ) -> Clusters:
        """The same counted by cell."""
        return self._asked_of(publication, lambda opened: self._clusters(opened, words, filters, tile))

    def _clusters(self, opened: Opened, words: str, filters: Filters, tile: Tile) -> Clusters:
        for kept, is_answer in self._readings(opened, words, filters):
            here = all_of([kept, tiles.in_tile(tile)])
            answer = self._client.search(index=opened.name, query=here, size=0, aggs=tiles.counted(tile))
            buckets = answer["aggregations"]["cells"]["buckets"]
            if buckets or is_answer():
                return tiles.read(tile, buckets, self._alone(opened, here, tiles.alone(tile, buckets)))
        return Clusters([], [], [], [])

    def _alone(self, opened: Opened, here: Query, alone: Query | None) -> dict[int, str]:
        """Ids of what stands alone, by cell."""
        if alone is None:
            return {}
        hits = self._client.search(
            index=opened.name,
            query=all_of([here, alone]),
            size=tiles.MOST,
            track_total_hits=False,
            source=False,
            docvalue_fields=_columns("cell"),
        )["hits"]["hits"]
        return {hit["fields"]["cell"][0]: hit["_id"] for hit in hits}

    def _readings(self, opened: Opened, words: str, filters: Filters) -> Iterator[tuple[Query, Callable[[], bool]]]:
        """What has a position, under each reading of a question; and whether it is the answer where nothing of it is here."""
        reader = Reader(self._client, opened)
        for asked in _asked(reader, SearchQuery(words=words, filters=filters)):
            kept = all_of([asked.query, *conditions(filters).values(), {"exists": {"field": "lon"}}])
            yield kept, partial(_is_answer, reader, asked)

    def check(self, publication: Publication) -> Speaks:
        """Raise NotReady unless the server is one that we know, and its index is there and answers."""
        flavour_of(self._client)
        self._asked_of(publication, self._answers)
        return Speaks(NAME)

    def _answers(self, opened: Opened) -> None:
        self._client.search(index=opened.name, size=0, terminate_after=1, track_total_hits=False)

    def _asked_of(self, publication: Publication, question: Callable[[Opened], A]) -> A:
        """What one index answers; of one that was deleted since it was found (`search build --alone`), what the next does."""
        with in_our_words():
            try:
                return question(self._served(publication))
            except NotFoundError:
                return question(self._served(publication, again=True))

    def _served(self, publication: Publication, *, again: bool = False) -> Opened:
        """The index behind the alias: of the publication asked about where another engine may answer of it, else of any."""
        opened = self._open.served(publication.stamp if self._current else None, again=again)
        if self._current and opened.meta.stamp != publication.stamp:
            raise NotAnswering(f"L’index {opened.name} est d’une autre publication : {CATCH_UP} le met à jour.")
        return opened

    def _page(self, opened: Opened, asked: Asked, query: SearchQuery) -> Answer:
        sort, order = order_of(query, asked.scoring)
        found: dict[str, Any] = {
            "sort": order,
            "search_after": self._after(opened, query.cursor, sort, order),
            "size": query.limit + 1,
            "track_scores": asked.scoring is not None,
            "source": False,
            "docvalue_fields": _columns(*FIELDS),
        }
        if sort is Sort.DISTANCE and query.filters.circle is None and (near := self._near(opened, asked, query)):
            passing = [*conditions(query.filters).values(), near]
            page = self._client.search(
                index=opened.name, query=_sought(asked, passing), track_total_hits=False, **found
            ).body
            if not (query.total or query.facets):
                return page
            counts = self._client.search(index=opened.name, size=0, **_counting(asked, query)).body
            return counts | {"hits": page["hits"] | {"total": counts["hits"].get("total")}}
        return self._client.search(index=opened.name, **_counting(asked, query), **found)

    def _after(self, opened: Opened, cursor: Cursor | None, sort: Sort, order: Order) -> list[Any] | None:
        """Where the page before ended, in the server's own rounding: another engine may have given that page."""
        ended = after(cursor, sort)
        if cursor is None or ended is None or sort is not Sort.DISTANCE:
            return ended
        query = {"ids": {"values": [cursor.id]}}
        hits = self._client.search(index=opened.name, query=query, sort=order, size=1, source=False)["hits"]["hits"]
        same = bool(hits) and abs(hits[0]["sort"][0] - ended[0]) <= same_m(ended[0])
        return hits[0]["sort"] if same else ended

    def _near(self, opened: Opened, asked: Asked, query: SearchQuery) -> Query | None:
        """A circle that holds the page: it reaches to the farthest of as many as are wanted, which the server finds roughly.

        None where so few have a position that the page may end with some that have none.
        """
        assert query.origin is not None
        seen = query.cursor
        if seen is not None and seen.key == UNPLACED:
            return None
        before = [] if seen is None else [in_circle(Circle(query.origin.lon, query.origin.lat, float(seen.key)))]
        hits = self._client.search(
            index=opened.name,
            query={
                "bool": {
                    "must": roughly_by_distance(query.origin),
                    "filter": [asked.query, *conditions(query.filters).values()],
                    "must_not": before,
                }
            },
            size=query.limit + 1,
            track_total_hits=False,
            source=False,
            docvalue_fields=_columns("lon", "lat"),
        )["hits"]["hits"]
        if len(hits) <= query.limit:
            return None
        reach = max(metres_between(_held(hit), query.origin) or 0.0 for hit in hits)
        return in_circle(Circle(query.origin.lon, query.origin.lat, reach + SLACK_M))

    def _every(self, opened: Opened, query: Query) -> Iterator[Answer]:
        last = None
        while True:
            hits = self._client.search(
                index=opened.name,
                query=query,
                sort=[{"id": "asc"}],
                search_after=last,
                size=AT_ONCE,
                track_total_hits=False,
                source=False,
                docvalue_fields=_columns("lon", "lat"),
            )["hits"]["hits"]
            yield from hits
            if len(hits) < AT_ONCE:
                return
            last = hits[-1]["sort"]


def _asked(reader: Reader, query: SearchQuery) -> Iterator[Asked]:
    """What a question may ask, the strictest reading first: the first that finds something in the country is the answer."""
    if not query.words:
        yield Asked(EVERY)
    elif borne := number_in(query.words):
        yield Asked(bears(borne))
    else:
        question = question_of(query.words)
        name = reader.name_in(query.words, question)
        for read in reader.readings(question, open_only=query.filters.open_only):
            yield Asked(read.sought, Scoring(query, question, read.reading, name), read.proof)


def _counting(asked: Asked, query: SearchQuery) -> dict[str, Any]:
    """What passes the filters of a question, its total, its facets, each without its own filter."""
    tests = conditions(query.filters)
    apart = counting.loosened(tests, query.facets)
    return {
        "query": _sought(asked, [test for name, test in tests.items() if name not in apart]),
        "post_filter": all_of(tests[name] for name in sorted(apart)) if apart else None,
        "aggs": counting.counted(tests, query.facets) or None,
        "track_total_hits": query.total,
    }


def _sought(asked: Asked, passing: Sequence[Query]) -> Query:
    named = asked.scoring.named() if asked.scoring else []
    return {"bool": {"must": asked.query, "filter": list(passing), "should": named}}


def _is_answer(reader: Reader, asked: Asked) -> bool:
    return asked.proof is None or reader.finds(asked.proof)


def _corrected(found: Found, reader: Reader, asked: Asked, filters: Filters) -> Found:
    if asked.scoring is None:
        return found
    question, reading = asked.scoring.question, asked.scoring.reading
    return replace(found, corrected=reader.corrected(question, reading, asked.query, conditions(filters).values()))


def _found(answer: Answer, scoring: Scoring | None, query: SearchQuery) -> Found:
    hits: Sequence[Answer] = answer["hits"]["hits"]
    sort, _ = order_of(query, scoring)
    tests = conditions(query.filters)
    return Found(
        hits=[_hit(each, scoring, query, sort) for each in hits[: query.limit]],
        total=answer["hits"]["total"]["value"] if query.total else None,
        more=len(hits) > query.limit,
        facets=counting.read(tests, query.facets, answer["aggregations"]) if query.facets else {},
        engine=NAME,
        left_out=told.left_out(scoring.question, scoring.reading) if scoring else (),
        around=told.surroundings(scoring.question, scoring.reading) if scoring else None,
    )


def _hit(hit: Answer, scoring: Scoring | None, query: SearchQuery, sort: Sort) -> Hit:
    held, key = _held(hit), hit["sort"][0]
    parts = scoring.parts(held, hit["_score"]) if scoring else {}
    score = key if sort is Sort.RELEVANCE else round(sum(parts.values()), 6)
    return Hit(
        id=hit["_id"],
        key=public_key(key, sort),
        distance_m=_metres(held, query.origin or (scoring.point if scoring else None)),
        score=score if scoring else None,
        explanation=parts if scoring and query.explain else None,
    )


def _held(hit: Answer) -> Held:
    """A hit's values by field; the server gives lists, and nothing of what has none."""
    fields = hit.get("fields", {})
    return {name: fields[name][0] if name in fields else None for name in FIELDS}


def _columns(*names: str) -> list[dict[str, str]]:
    return [{"field": name} for name in names]


def _metres(held: Held, point: Origin | None) -> float | None:
    return metres_between(held, point) if point else None
