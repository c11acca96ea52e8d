"""Questions asked of an engine, their answers graded, the means beside those of the committed baseline."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import msgspec
import polars as pl

from search.query import SearchQuery, Sort
from tests.relevance import judged, metrics
from tests.relevance.judged import Judged

BASELINE = Path(__file__).parent / "baseline.json"
WHOLE = "ensemble"
POINT = 0.01  # a fall of more is a regression
AGAIN = "./lum1 test tests/relevance --new-baseline"

Answer = Callable[[SearchQuery], Sequence[str]]  # the ids of the first page


class Measured(msgspec.Struct, frozen=True):
    """Means of some questions."""

    questions: int
    ndcg: float
    mrr: float
    hit: float


class Answered(msgspec.Struct, frozen=True):
    """What one question is worth."""

    question: Judged
    ndcg: float
    mrr: float
    hit: float


def ask(questions: Sequence[Judged], structures: pl.DataFrame, answer: Answer) -> list[Answered]:
    """Each question's worth; a question that no structure answers is a mistake of its rules."""
    return [_answered(question, judged.grades(question, structures), answer) for question in questions]


def by_group(answered: Sequence[Answered]) -> dict[str, Measured]:
    """The means of each group, in the order of the file, and of all."""
    groups = dict.fromkeys(each.question.group for each in answered)
    return {name: _means([a for a in answered if a.question.group == name]) for name in groups} | {
        WHOLE: _means(answered)
    }


def baseline(of: str) -> dict[str, Measured]:
    """What was committed of this set; nothing when there is none."""
    if not BASELINE.exists():
        return {}
    return msgspec.convert(json.loads(BASELINE.read_text(encoding="utf-8")).get(of, {}), dict[str, Measured])


def write_baseline(of: str, measured: Mapping[str, Measured]) -> None:
    """Commit to this from now on."""
    held = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    held[of] = {name: msgspec.to_builtins(each) for name, each in measured.items()}
    BASELINE.write_text(json.dumps(held, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def falls(measured: Mapping[str, Measured], before: Mapping[str, Measured]) -> list[str]:
    """Which means fell by more than a point, as sentences; a group that is gone is one."""
    gone = [f"le groupe « {name} » n’est plus mesuré" for name in before if name not in measured]
    return gone + [
        f"{name} : {member} {getattr(measured[name], member):.3f}, {getattr(was, member):.3f} auparavant"
        for name, was in before.items()
        for member in ("ndcg", "mrr", "hit")
        if name in measured and getattr(measured[name], member) < getattr(was, member) - POINT
    ]


def table(of: str, measured: Mapping[str, Measured], before: Mapping[str, Measured]) -> list[str]:
    """What the end of the tests shows."""
    lines = [f"{of:<28}{'questions':>10}{'nDCG@10':>16}{'MRR':>16}{'1er juste':>16}"]
    for name, now in measured.items():
        was = before.get(name)
        cells = (_cell(getattr(now, m), was and getattr(was, m)) for m in ("ndcg", "mrr", "hit"))
        lines.append(f"{name:<28}{now.questions:>10}" + "".join(f"{cell:>16}" for cell in cells))
    return lines


def _cell(now: float, was: float | None) -> str:
    moved = "" if was is None or abs(now - was) < 0.0005 else f" ({now - was:+.3f})"
    return f"{now:.3f}{moved}"


def _answered(question: Judged, grades: Mapping[str, int], answer: Answer) -> Answered:
    if max(grades.values(), default=0) < 3:
        raise ValueError(f"« {question.words} » : aucune structure n’a la note 3")
    query = SearchQuery(words=question.words, origin=question.origin, sort=Sort.RELEVANCE, limit=metrics.DEPTH)
    given = [grades.get(each, 0) for each in answer(query)]
    return Answered(
        question,
        metrics.ndcg(given, list(grades.values())),
        metrics.reciprocal_rank(given, 3),
        metrics.hit(given, 3),
    )


def _means(answered: Sequence[Answered]) -> Measured:
    ndcg, mrr, hit = (round(fmean(getattr(a, member) for a in answered), 4) for member in ("ndcg", "mrr", "hit"))
    return Measured(len(answered), ndcg, mrr, hit)
