"""The parts of a score by name: one script that adds them for every match, and each of them for the page's."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from geo.position import distance_m
from search import ranking, told
from search.elastic.conditions import Query, equal
from search.elastic.scripts import Script, script
from search.elastic.sought import SCALE
from search.query import Origin, SearchQuery
from search.readings import Question, Reading

# Of each hit, for the parts of its score.
FIELDS = (
    "categorie_no",
    "commune",
    "departement",
    "region",
    "name_length",
    "completeness",
    "open",
    "lon",
    "lat",
)

# What the name that was typed adds to the server's own score: more than all the words of a question, and their sum is exact.
NAMED = 8_000_000.0

Held = Mapping[str, Any]  # a hit's values by field, None where it has none


class Scoring(msgspec.Struct, frozen=True):
    """What a question's score is made of."""

    query: SearchQuery
    question: Question
    reading: Reading
    name: str  # that would be its own: the whole of what was typed, or without what was said around it

    @property
    def point(self) -> Origin | None:
        return told.counted_from(self.reading, self.query.origin)

    def named(self) -> list[Query]:
        """What those that bear the name that was typed score more."""
        if not told.names_one(self.question, self.reading, from_a_point=self.query.origin is not None):
            return []
        return [{"constant_score": {"filter": equal("exact", self.name), "boost": NAMED}}]

    def script(self) -> Script:
        """The sum, for every match."""
        named, around, point = self.reading.understood, self.reading.around, self.point
        return script(
            "relevance",
            scale=SCALE,
            named=NAMED,
            of_kinds=bool(named.kinds),
            kinds=sorted(named.kinds),
            kind=ranking.KIND,
            in_places=bool(named.communes or named.departements or named.regions),
            communes=dict(named.communes),
            departements=dict(named.departements),
            regions=dict(named.regions),
            exact_name=ranking.EXACT_NAME,
            asked=len(self.question.words),
            coverage=ranking.COVERAGE,
            complete=ranking.COMPLETE,
            closed_too=not self.query.filters.open_only,
            closed=ranking.CLOSED,
            words_left_out=len(self.reading.left_out),
            left_out=ranking.LEFT_OUT,
            nearer=point is not None,
            lon=point.lon if point else 0.0,
            lat=point.lat if point else 0.0,
            around=around is not None,
            surroundings=ranking.SURROUNDINGS,
            reach=around.reach_m if around else 1.0,
            nearness=ranking.NEARNESS,
            half=ranking.DISTANCE_HALF_M,
        )

    def parts(self, held: Held, score: float) -> dict[str, float]:
        """Each part of one hit's score; `score`: the server's own."""
        is_named = score >= NAMED
        words = (score - NAMED if is_named else score) / SCALE
        return {name: round(part, 6) for name, part in self._parts(held, words, is_named=is_named)}

    def _parts(self, held: Held, words: float, *, is_named: bool) -> Iterator[tuple[str, float]]:
        of_kind = held["categorie_no"] in self.reading.understood.kinds
        yield "words", words
        yield "kind", ranking.KIND * of_kind
        yield "place", self._place(held)
        yield "exact_name", ranking.EXACT_NAME * is_named
        yield "coverage", ranking.COVERAGE * min(1.0, len(self.question.words) / max(1, held["name_length"]))
        yield "complete", ranking.COMPLETE * held["completeness"]
        yield "closed", 0.0 if self.query.filters.open_only else ranking.CLOSED * (not held["open"])
        for word in told.left_out(self.question, self.reading):
            yield f"left_out:{word}", ranking.LEFT_OUT
        if point := self.point:
            yield "nearness", self._nearness(metres_between(held, point))

    def _nearness(self, metres: float | None) -> float:
        """Around a town that has none of what is asked for, it is what one looks for."""
        if metres is None:
            return 0.0
        if self.reading.around is None:
            return ranking.NEARNESS / (1.0 + metres / ranking.DISTANCE_HALF_M)
        return ranking.SURROUNDINGS * max(0.0, 1.0 - metres / self.reading.around.reach_m)

    def _place(self, held: Held) -> float:
        named = self.reading.understood
        worths = (("commune", named.communes), ("departement", named.departements), ("region", named.regions))
        return max(worth.get(held[level], 0.0) for level, worth in worths)


def metres_between(held: Held, point: Origin) -> float | None:
    """From a hit to a point; None without a position."""
    return None if held["lon"] is None else distance_m(held["lon"], held["lat"], point.lon, point.lat)
