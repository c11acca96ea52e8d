"""Who may still be shown, asked anew: Insee changes a status of diffusion without a treatment that a day would tell.

The stock tells every month who turned to partial diffusion. What it lags behind on, what a day of millions that nobody can read
hid, and what the API alone may lift, is asked of the API: first who was masked on its word, then the natural persons whom we
show, so many questions a day until all were asked.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec
import polars as pl
from sqlalchemy import Connection, Engine, text

from etl.ledger import Source
from etl.load import Steps
from etl.registers import withheld
from etl.report import Report
from etl.rhythm import PARIS
from etl.sirene import gates, known, pipeline
from etl.sirene.api import Sirene, Status
from etl.sirene.api.client import SIRETS_A_QUESTION
from etl.sirene.diffusion import OPEN_TO_ALL, PARTIAL, masked_of
from etl.sirene.known import Turn
from etl.sirene.pipeline import Asked, How, Said
from etl.sirene.rows import MASKED
from etl.sirene.units import RECORDS, closed, known_rows
from geo.progress import Progress

# One group of numbers that Insee answers nothing of, or one in a hundred of a day's, is trouble at Insee's, not a farewell.
GONE_AT_MOST, GONE_SHARE = 10, 0.01
NUMBERS = {"siret": pl.String, "siren": pl.String}


class Asking(msgspec.Struct, frozen=True):
    """The numbers of one day, and where they lead."""

    sirets: list[str]
    turn: Turn
    produced_at: datetime  # of what is known: a status adds nothing to it


def reconcile(engine: Engine, sirene: Sirene, questions: int, how: How, progress: Progress) -> Report | None:
    """One day's share of statuses, and what they change published; None when nobody is to be asked about today."""
    if questions == 0:
        return None
    mass = sirene.informations().mass_treated_since(date.min)
    with engine.connect() as connection:
        asking = _asking(connection, questions * SIRETS_A_QUESTION, mass)
    if asking is None:
        return None
    progress.step(f"API Sirene : statuts de diffusion ({len(asking.sirets)})")
    heard_at = datetime.now(UTC)  # before any answer: no later saying is taken for an earlier one
    statuses = list(sirene.diffusion_statuses(asking.sirets))
    asked = Asked(
        source=_source(statuses, asking),
        produced_at=asking.produced_at,
        said_by="api",
        said=lambda connection, work: _said(connection, statuses, heard_at),
        gates=gates.PAGES_GATES,
        how=how,
        steps=Steps(progress),
        heard_at=heard_at,
        about={"statuses": msgspec.to_builtins(asking.turn)},
    )
    return pipeline.run(engine, asked)


def _asking(connection: Connection, most: int, mass: date | None) -> Asking | None:
    """Where the last turn stopped; from the beginning once it is over and a newer stock, or another day of millions, came."""
    stock, last = known.stock(connection), known.last_turn(connection)
    if stock is None or (last and last.today):
        return None
    goes_on = last is not None and last.turn.until is not None
    if last and not goes_on and last.turn.stock == stock.load and last.turn.mass == mass:
        return None
    turn = last.turn if last and goes_on else Turn(stock.load, until=None, mass=mass)
    masked = [] if goes_on else list(connection.execute(text(MASKED_BY_THE_API)).scalars())
    room = max(0, most - len(masked))
    shown = list(connection.execute(text(SHOWN), {"after": turn.until or "", "most": room}).scalars())
    produced_at = connection.execute(text(PRODUCED_AT)).scalar_one()
    until = None if len(shown) < room else (shown or [""])[-1]
    return Asking([*masked, *shown], Turn(turn.stock, until, turn.mass), produced_at)


def _said(connection: Connection, statuses: Sequence[Status], heard_at: datetime) -> Said:
    gone = [each.siret for each in statuses if each.is_gone]
    masked = [each for each in statuses if not each.is_gone and not _is_open(each)]
    doubt = None
    if len(gone) > max(GONE_AT_MOST, len(statuses) * GONE_SHARE):
        doubt = (
            f"L’API Sirene ne répond rien de {len(gone)} des {len(statuses)} établissements demandés : "
            "rien d’autre n’en est cru que les diffusions partielles, ils seront demandés de nouveau."
        )
    shown = [each.siret for each in statuses if _is_open(each)]
    lifted = withheld.note_open(connection, _shown(shown, heard_at), "api")
    return Said(
        open=_gone(connection, gone).lazy(),
        masked=_masked(connection, [each.siret for each in masked]),
        masked_units=dict.fromkeys(sorted({each.siret[:9] for each in masked if each.unit != OPEN_TO_ALL})),
        doubt=doubt,
        read=len(statuses),
        counts={"masques_entre_temps": len(masked), "disparus_du_registre": len(gone), "plus_masques": lifted},
    )


def _is_open(status: Status) -> bool:
    return status.establishment == OPEN_TO_ALL and status.unit == OPEN_TO_ALL


def _gone(connection: Connection, sirets: list[str]) -> pl.DataFrame:
    """Closed, as of the last treatment that we know, which a record does not follow."""
    last = connection.execute(text(TREATED_AT), {"sirets": sirets}).all()
    moments = pl.DataFrame([tuple(row) for row in last], {"siret": pl.String, "last": pl.Datetime("us")}, orient="row")
    known = known_rows(connection, RECORDS, sirets)
    dated = known.join(moments, on="siret", how="left")
    return dated.with_columns(closed(pl.lit(True)), treated_at=pl.coalesce("last", "treated_at")).select(known.columns)


def _shown(sirets: list[str], heard_at: datetime) -> pl.DataFrame:
    return pl.DataFrame(
        {"siret": sirets, "siren": [siret[:9] for siret in sirets]}, schema_overrides=NUMBERS
    ).with_columns(said_at=pl.lit(heard_at).cast(withheld.SAID_AT))


def _masked(connection: Connection, sirets: list[str]) -> pl.DataFrame:
    """Rows of MASKED; of one that was masked before nothing is known but her number."""
    known_open = masked_of(known_rows(connection, RECORDS, sirets))
    others = [siret for siret in sirets if siret not in set(known_open["siret"])]
    numbers = [(siret, siret[:9], PARTIAL, None, None, None) for siret in others]
    return pl.concat([known_open, pl.DataFrame(numbers, schema=MASKED, orient="row")])


def _source(statuses: Sequence[Status], asking: Asking) -> Source:
    """Of answers that are not kept: their sum alone."""
    today: date = datetime.now(PARIS).date()
    answers = msgspec.json.encode([today.isoformat(), asking.turn, statuses])
    return Source(
        name=f"API Sirene, statuts de diffusion, {today:%d/%m/%Y}",
        origin="live",
        fictitious=False,
        sha1=hashlib.sha1(answers, usedforsecurity=False).hexdigest(),
        size=len(answers),
        produced_at=asking.produced_at.astimezone(UTC),
    )


MASKED_BY_THE_API = "SELECT siret FROM masked_siret WHERE said_by = 'api' ORDER BY siret"
# By sirene_establishment_pkey, from where the last share stopped.
SHOWN = """
SELECT siret FROM sirene_establishment
WHERE siret > :after AND active AND natural_person AND categorie_no IS NOT NULL
ORDER BY siret
LIMIT :most
"""
TREATED_AT = "SELECT siret, treated_at FROM sirene_establishment WHERE siret = ANY (:sirets)"
PRODUCED_AT = "SELECT max(produced_at) FROM load WHERE pipeline = 'sirene' AND state = 'published'"
