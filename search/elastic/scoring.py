"""The parts of a score by name: one script that adds them for every match, and each of them for the page's."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from geo.position import distance_m
from search import ranking
from search.elastic.scripts import Script, script
from search.elastic.sought import SCALE
from search.french import name_form
from search.query import Origin, SearchQuery
from search.readings import Question, Reading

# Of each hit, for the parts of its score.
FIELDS = (
    "exact",
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

Held = Mapping[str, Any]  # a hit's values by field, None where it has none


class Scoring(msgspec.Struct, frozen=True):
    """What a question's score is made of."""

    query: SearchQuery
    question: Question
    reading: Reading

    @property
    def point(self) -> Origin | None:
        """What is near it counts more."""
        centre = self.reading.centre
        return self.query.origin or (Origin(*centre) if centre else None)

    @property
    def names(self) -> tuple[str, ...]:
        """The name that was typed, whether or not something was said around it."""
        return (name_form(self.query.words), " ".join(self.question.written))

    @property
    def named_of_kind(self) -> bool:
        """« Pharmacie » is hardly a name: only of a pharmacy, and not of one far from who asks."""
        return self.reading.understood.kind_words.issuperset(self.question.words)

    def script(self) -> Script:
        """The sum, for every match."""
        named, point = self.reading.understood, self.point
        return script(
            "relevance",
            scale=SCALE,
            kinds=sorted(named.kinds),
            kind=ranking.KIND,
            communes=dict(named.communes),
            departements=dict(named.departements),
            regions=dict(named.regions),
            names=self.names,
            named_of_kind=self.named_of_kind,
            from_a_point=self.query.origin is not None,
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
            nearness=ranking.NEARNESS,
            half=ranking.DISTANCE_HALF_M,
        )

    def parts(self, held: Held, words: float) -> dict[str, float]:
        """Each part of one hit's score; `words`: the server's own, of the words."""
        return {name: round(part, 6) for name, part in self._parts(held, words / SCALE)}

    def _parts(self, held: Held, words: float) -> Iterator[tuple[str, float]]:
        of_kind = held["categorie_no"] in self.reading.understood.kinds
        yield "words", words
        yield "kind", ranking.KIND * of_kind
        yield "place", self._place(held)
        yield "exact_name", ranking.EXACT_NAME * self._is_named_so(held, of_kind)
        yield "coverage", ranking.COVERAGE * min(1.0, len(self.question.words) / max(1, held["name_length"]))
        yield "complete", ranking.COMPLETE * held["completeness"]
        yield "closed", 0.0 if self.query.filters.open_only else ranking.CLOSED * (not held["open"])
        for word in self.left_out:
            yield f"left_out:{word}", ranking.LEFT_OUT
        if point := self.point:
            metres = _metres(held, point)
            yield "nearness", 0.0 if metres is None else ranking.NEARNESS / (1.0 + metres / ranking.DISTANCE_HALF_M)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The words given up, as typed."""
        written = dict(zip(self.question.words, self.question.written, strict=True))
        return tuple(written.get(word, word) for word in self.reading.left_out)

    def _place(self, held: Held) -> float:
        named = self.reading.understood
        worths = (("commune", named.communes), ("departement", named.departements), ("region", named.regions))
        return max(worth.get(held[level], 0.0) for level, worth in worths)

    def _is_named_so(self, held: Held, of_kind: bool) -> bool:
        if held["exact"] not in self.names:
            return False
        return not self.named_of_kind or (of_kind and self.query.origin is None)


def _metres(held: Held, point: Origin) -> float | None:
    return None if held["lon"] is None else distance_m(held["lon"], held["lat"], point.lon, point.lat)
