"""Which question of a ladder comes next, and which of its answers is kept."""

from collections.abc import Mapping, Sequence

from etl.positions.ladder import GaveUp, Rung
from etl.positions.verdict import Reason, Verdict
from geo.position import MORE_PRECISE_FIRST, Precision


def next_rung(rungs: Sequence[Rung], verdicts: Mapping[int, Verdict]) -> int | None:
    """The rung to be asked after those already judged (by their rank on the ladder), None when the best is known.

    A service that didn't answer is no reason to ask for less: the same rung waits for another day.
    """
    last = max(verdicts, default=-1)
    if last in verdicts and verdicts[last].reason is Reason.SANS_REPONSE:
        return None
    return next((at for at in range(last + 1, len(rungs)) if _is_worth_asking(rungs, at, verdicts)), None)


def best_rung(verdicts: Mapping[int, Verdict]) -> int | None:
    """The rung whose answer is kept: the most precise, the first of equals; None where every answer is refused."""
    kept = [at for at, verdict in verdicts.items() if verdict.precision is not Precision.NONE]
    return min(kept, key=lambda at: (MORE_PRECISE_FIRST.index(verdicts[at].precision), at), default=None)


def _is_worth_asking(rungs: Sequence[Rung], at: int, verdicts: Mapping[int, Verdict]) -> bool:
    rung, best = rungs[at], best_rung(verdicts)
    several = [verdicts[other].reason is Reason.AMBIGUE for other in verdicts if rungs[other].gave_up is rung.gave_up]
    if rung.if_ambiguous and not any(several):
        return False
    if best is None or not verdicts[best].is_precise:
        return True
    return (
        rung.gave_up is GaveUp.SUFFIX and verdicts[best].reason is Reason.NUMERO_ABSENT
    )  # 12 may be there without its BIS
