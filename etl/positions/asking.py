"""A geocoder asked about every structure that a register does not place at its door, each question once.

Answers are kept as they come, batch after batch: who is killed goes on from there. What they say of structures is the caller's to
publish or to refuse, with the run. Structures are read under the lock of loads, so that nobody can be masked between the reading
and the question: who must not be told has no structure, and is never asked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, Engine, Row, text

from etl.copying import copy_rows, create_temporary
from etl.positions.addresses import Address, address_of
from etl.positions.climbing import best_rung, next_rung
from etl.positions.ladder import Rung, key_of, ladder
from etl.positions.verdict import Reason, Verdict, judged
from geo.geocoder import AT_ONCE, Answer, Geocoder, Status
from geo.position import MORE_PRECISE_FIRST, Precision
from geo.position_tables import ADDRESS_HASH
from geo.progress import Progress

STRUCTURES_AT_ONCE = AT_ONCE  # so that their first questions make one batch


class Said(msgspec.Struct, frozen=True):
    """What was asked, and what came of it."""

    structures: int = 0  # that wanted a better position
    without_question: int = 0  # whose address says nothing that a geocoder could find
    questions: int = 0  # different ones that their addresses needed
    asked: int = 0  # of them, not known before
    unanswered: int = 0  # of these: asked again by the next run
    precisions: Mapping[str, int] = {}  # structures by precision found
    reasons: Mapping[str, int] = {}  # structures by why nothing, or less than their address says


class Index(msgspec.Struct, frozen=True):
    """Where answers come from: another geocoder or another index of addresses may answer otherwise."""

    geocoder: str
    indexed_on: date


class _Sought(msgspec.Struct):
    """One structure and how far its questions went."""

    id: str
    address: str  # ADDRESS_HASH
    commune: str | None
    rungs: Sequence[Rung]
    verdicts: dict[int, Verdict] = msgspec.field(default_factory=dict)

    @property
    def next(self) -> Rung | None:
        """The one to ask next, None once the best is known."""
        at = next_rung(self.rungs, self.verdicts)
        return None if at is None else self.rungs[at]

    def climb(self, answers: Mapping[str, Answer]) -> Rung | None:
        """Judge what is answered; the rung that has no answer yet, None once the best is known."""
        while (at := next_rung(self.rungs, self.verdicts)) is not None:
            rung = self.rungs[at]
            answer = answers.get(key_of(rung.question))
            if answer is None:
                return rung
            self.verdicts[at] = judged(rung.question, answer, rung.gave_up, self.commune)
        return None


def ask(connection: Connection, geocoder: Geocoder, index: Index, progress: Progress) -> Said:
    """Ask what is not known yet; the best answer about each structure waits in this transaction for `keep`."""
    tally, engine = _Tally(), connection.engine
    create_temporary(connection, "best", BEST)
    with engine.connect() as reading:
        wanted = reading.execute(text(COUNT)).scalar_one()
        for rows in _wanted(reading):
            progress.advance(tally.structures, wanted)
            best = _best(*_resolved(engine, geocoder, index, rows, tally), index, tally)
            copy_rows(connection, "best", BEST, best)
        progress.advance(wanted, wanted)
    return tally.said()


def keep(connection: Connection) -> None:
    """What `ask` found becomes what is known of structures (`geocoded_structure`), and of those that it asked about alone."""
    connection.exec_driver_sql("ANALYZE best")
    connection.execute(text(KEEP_BEST))
    connection.execute(text(FORGET_OTHERS))


class _Tally:
    def __init__(self) -> None:
        self.structures = self.without_question = self.asked = self.unanswered = 0
        self.needed: set[str] = set()
        self.precisions: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def said(self) -> Said:
        return Said(
            structures=self.structures,
            without_question=self.without_question,
            questions=len(self.needed),
            asked=self.asked,
            unanswered=self.unanswered,
            precisions=dict(self.precisions),
            reasons=dict(self.reasons),
        )


def _wanted(connection: Connection) -> Iterator[Sequence[Row[tuple[object, ...]]]]:
    """Rows of WANTED, some thousands at a time."""
    found = connection.execution_options(yield_per=STRUCTURES_AT_ONCE).execute(text(WANTED))
    yield from found.partitions()


def _resolved(
    engine: Engine, geocoder: Geocoder, index: Index, rows: Sequence[Row[tuple[object, ...]]], tally: _Tally
) -> tuple[list[_Sought], dict[str, Answer]]:
    """These structures, each as far as its answers go, and the answers, kept."""
    tally.structures += len(rows)
    sought = [each for row in rows if (each := _sought(row)) is not None]
    tally.without_question += len(rows) - len(sought)
    every = {key_of(rung.question) for each in sought for rung in each.rungs}
    answers = _known(engine, index, every)
    while missing := _missing(sought, answers):
        _attach(engine, index, sought, missing)
        asked = dict(zip(missing, geocoder.search_csv([rung.question for rung in missing.values()]), strict=True))
        _keep(engine, index, asked)
        answers |= asked
        tally.asked += len(asked)
        tally.unanswered += sum(not _is_an_answer(each) for each in asked.values())
    return sought, answers


def _sought(row: Row[tuple[object, ...]]) -> _Sought | None:
    """None where no question could tell more than what is known."""
    values = row._mapping
    address = address_of(values["address_lines"], values["postcode"], values["commune"], values["commune_name"])
    if not values["in_doubt"] and not _may_tell_more(address, values["precision"]):
        return None
    rungs = ladder(address)
    return _Sought(values["id"], values["address"], values["commune"], rungs) if rungs else None


def _may_tell_more(address: Address, precision: str) -> bool:
    """Whether the best answer that this address can have is more precise than the point that a register gives."""
    best = Precision.HOUSENUMBER if address.number else Precision.STREET if address.street else Precision.LOCALITY
    return MORE_PRECISE_FIRST.index(best) < MORE_PRECISE_FIRST.index(Precision(precision))


def _missing(sought: Sequence[_Sought], answers: Mapping[str, Answer]) -> dict[str, Rung]:
    """The next question of each structure that has one, by key; at most as many as are asked at once."""
    missing: dict[str, Rung] = {}
    for each in sought:
        if (rung := each.climb(answers)) is not None:
            missing.setdefault(key_of(rung.question), rung)
        if len(missing) == AT_ONCE:
            break
    return missing


def _is_an_answer(answer: Answer) -> bool:
    return answer.status in (Status.OK, Status.NOT_FOUND)


def _known(engine: Engine, index: Index, keys: set[str]) -> dict[str, Answer]:
    given = {"keys": sorted(keys), "geocoder": index.geocoder, "indexed_on": index.indexed_on}
    with engine.connect() as connection:
        found = connection.execute(text(KNOWN), given).all()
    return {key: msgspec.convert(answer, Answer) for key, answer in found}


def _attach(engine: Engine, index: Index, sought: Sequence[_Sought], missing: Mapping[str, Rung]) -> None:
    """Whose questions these are, before they are asked: if somebody must be told no more, what was answered leaves with her."""
    rows = [
        {"id": each.id, "address": each.address, "key": key}
        for each in sought
        if (rung := each.next) is not None and (key := key_of(rung.question)) in missing
    ]
    given = {"rows": msgspec.json.encode(rows).decode(), "indexed_on": index.indexed_on}
    with engine.begin() as connection:
        connection.execute(text(ATTACH), given)


def _keep(engine: Engine, index: Index, answers: Mapping[str, Answer]) -> None:
    """Committed at once: what was paid for by a question is not asked twice."""
    rows = [
        {"key": key, "answer": msgspec.json.encode(answer).decode()}
        for key, answer in answers.items()
        if _is_an_answer(answer)
    ]
    given = {"geocoder": index.geocoder, "indexed_on": index.indexed_on}
    with engine.begin() as connection:
        connection.execute(text(KEEP), given | {"rows": msgspec.json.encode(rows).decode()})


BEST = {
    "id": "text", "address": "text", "asked": "text[]", "kept": "text", "lon": "float8", "lat": "float8",
    "precision": "text", "score": "float8", "reason": "text", "gave_up": "text", "indexed_on": "date",
}  # fmt: skip


NOTHING, NOWHERE = Answer(Status.NOT_FOUND), (Precision.NONE, None)


def _best(
    sought: Sequence[_Sought], answers: Mapping[str, Answer], index: Index, tally: _Tally
) -> Iterator[tuple[object, ...]]:
    """A row of BEST for each."""
    for each in sought:
        asked = [key_of(each.rungs[at].question) for at in sorted(each.verdicts)]
        tally.needed.update(asked)
        best = best_rung(each.verdicts)
        kept = key_of(each.rungs[best].question) if best is not None else None
        answer = answers[kept] if kept is not None else NOTHING
        precision, gave_up = (
            (each.verdicts[best].precision, each.verdicts[best].gave_up) if best is not None else NOWHERE
        )
        reason = _reason(each, best)
        tally.reasons.update([reason.value] if reason else [])
        tally.precisions[precision.value] += 1
        point = (answer.lon, answer.lat, precision, answer.score)
        yield (each.id, each.address, asked, kept, *point, reason, gave_up, index.indexed_on)


def _reason(sought: _Sought, best: int | None) -> Reason | None:
    """Why its address has no position, or a less precise one than it says: what was said of the first question."""
    reasons = [verdict.reason for at, verdict in sorted(sought.verdicts.items()) if best is None or at <= best]
    if best is None and Reason.SANS_REPONSE in reasons:
        return Reason.SANS_REPONSE  # what it has not said may be better
    if best is not None and reasons[-1] is not None:
        return reasons[-1]
    return next((reason for reason in reasons if reason is not None), None)


# Open structures that no register places at their door, that two registers place far apart, or that the geocoder places today:
# once a run, one pass over `structure`. A point that plausibility refused is not theirs any more (etl/registers/placed.py).
_WANTED = """
FROM structure AS s
WHERE s.open AND (
    s.position_source IS NULL OR s.position_source IN ('commune', 'geocoder', 'administrator')
    OR s.precision IN ('street', 'locality', 'commune', 'none')
    OR EXISTS (SELECT FROM position_conflict AS c WHERE c.structure = s.id AND 'geocoder' NOT IN (c.source, c.other))
)
"""
COUNT = f"SELECT count(*) {_WANTED}"
WANTED = f"""
SELECT s.id, {ADDRESS_HASH} AS address, s.address_lines, s.postcode, s.commune, s.commune_name,
       CASE WHEN s.position_source IN ('commune', 'geocoder', 'administrator') THEN 'none' ELSE s.precision END AS precision,
       EXISTS (SELECT FROM position_conflict AS c WHERE c.structure = s.id) AS in_doubt
{_WANTED}
ORDER BY s.id
"""
# By geocoded_answer's primary key.
KNOWN = """
SELECT key, answer FROM geocoded_answer
WHERE key = ANY (:keys) AND geocoder = :geocoder AND indexed_on = :indexed_on
"""
KEEP = """
INSERT INTO geocoded_answer (key, geocoder, indexed_on, answer)
SELECT key, :geocoder, :indexed_on, CAST(answer AS jsonb)
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (key text, answer text)
ON CONFLICT (key) DO UPDATE
SET geocoder = excluded.geocoder, indexed_on = excluded.indexed_on, asked_at = now(), answer = excluded.answer
"""
ATTACH = """
INSERT INTO geocoded_structure AS g (id, address, asked, precision, reason, indexed_on)
SELECT id, address, ARRAY[key], 'none', 'sans_reponse', :indexed_on
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (id text, address text, key text)
ON CONFLICT (id) DO UPDATE
SET asked = g.asked || excluded.asked
WHERE NOT g.asked @> excluded.asked
"""
# A geocoder that did not answer takes nothing away of what it said before of the same address.
_NAMES = ", ".join(BEST)
_KNOWN, _FOUND = (", ".join(f"{table}.{name}" for name in BEST) for table in ("g", "excluded"))
KEEP_BEST = f"""
INSERT INTO geocoded_structure AS g ({_NAMES})
SELECT {_NAMES} FROM best
ON CONFLICT (id) DO UPDATE
SET ({_NAMES}) = ({_FOUND})
WHERE (g.address <> excluded.address OR excluded.reason IS DISTINCT FROM 'sans_reponse')
  AND ({_KNOWN}) IS DISTINCT FROM ({_FOUND})
"""
FORGET_OTHERS = "DELETE FROM geocoded_structure AS g WHERE NOT EXISTS (SELECT FROM best WHERE best.id = g.id)"
