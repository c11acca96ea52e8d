"""What the ledger says that we know of SIRENE: which stock, up to which day of the API, whose status was asked again."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, text

from etl.rhythm import PARIS
from etl.sirene.files import STOCK_ETABLISSEMENT

TITLED = re.compile(
    rf"\b{STOCK_ETABLISSEMENT.name}-(\d{{4}})-(\d{{2}})\b"
)  # how etl/sirene/download.py names its files
AFTER_THE_FIRST = timedelta(days=5)  # a file made, or a row treated, in the first days of the month that its title says


class Stock(msgspec.Struct, frozen=True):
    """The newest stock that was published."""

    load: int
    source: str
    produced_at: datetime

    @property
    def month(self) -> date:
        """The first of its month: « du 1er novembre » for what was treated until the end of October."""
        if titled := TITLED.search(self.source):
            return date(int(titled[1]), int(titled[2]), 1)
        last = self.produced_at.astimezone(PARIS).date() - AFTER_THE_FIRST
        return (last.replace(day=1) + timedelta(days=31)).replace(day=1)

    @property
    def day(self) -> date:
        """From which on the API has to tell what changed."""
        return self.month if TITLED.search(self.source) else self.produced_at.astimezone(PARIS).date()


class Turn(msgspec.Struct, frozen=True):
    """How far statuses were asked for: since which stock and which day of millions, up to which number; none once all were."""

    stock: int
    until: str | None
    mass: date | None = None


class LastTurn(msgspec.Struct, frozen=True):
    """The newest of them, and whether it is of this day, in Paris."""

    turn: Turn
    today: bool


def stock(connection: Connection) -> Stock | None:
    """The one that was published, of the newest content; None before the first."""
    row = connection.execute(text(STOCK)).one_or_none()
    return Stock(*row) if row else None


def last_day(connection: Connection) -> date | None:
    """The last day of the API that was applied."""
    found: date | None = connection.execute(text(LAST_DAY)).scalar_one()
    return found


def last_turn(connection: Connection) -> LastTurn | None:
    """How far statuses have been asked for."""
    row = connection.execute(text(LAST_TURN)).one_or_none()
    return LastTurn(msgspec.convert(row.statuses, Turn), row.today) if row else None


def refused_since(connection: Connection, month: date, moment: datetime) -> int | None:
    """The load that a stock of this month was refused as, since then."""
    given = {"named": f"{STOCK_ETABLISSEMENT.name}-{month:%Y-%m}", "moment": moment}
    found: int | None = connection.execute(text(REFUSED), given).scalar_one()
    return found


def is_needless(connection: Connection, served: Row[Any], sha1: str) -> bool:
    """Whether the file with this sum is served already, and nothing since then lets it say more than it did."""
    if served.sha1 != sha1:
        return False
    return not connection.execute(text(SAYS_MORE), {"served": served.id}).scalar_one()


# Somebody whose withdrawal was undone comes back with it, and what FINESS names since may be read of it. Loads and acts never
# overlap.
SAYS_MORE = """
SELECT EXISTS (
    SELECT FROM withdrawal WHERE undone_at >= (SELECT started_at FROM load WHERE id = :served)
) OR EXISTS (
    SELECT FROM load WHERE pipeline = 'finess' AND state = 'published' AND id > :served
)
"""
# Only loads of what stands today: from invented to real data, everything of the other world was forgotten.
_OURS = """
WHERE pipeline = 'sirene' AND state = 'published' AND id >= (SELECT min(load_id) FROM source_record WHERE kind = 'siret')
"""
STOCK = f"""
SELECT id, source, produced_at FROM load {_OURS} AND counts ->> 'said_by' = 'stock'
ORDER BY produced_at DESC, id DESC LIMIT 1
"""
LAST_DAY = f"SELECT max(CAST(counts ->> 'api_day' AS date)) FROM load {_OURS}"
LAST_TURN = f"""
SELECT counts -> 'statuses' AS statuses,
       CAST(started_at AT TIME ZONE 'Europe/Paris' AS date) = CAST(now() AT TIME ZONE 'Europe/Paris' AS date) AS today
FROM load {_OURS} AND counts ? 'statuses'
ORDER BY id DESC LIMIT 1
"""
REFUSED = """
SELECT max(id) FROM load
WHERE pipeline = 'sirene' AND state = 'refused' AND origin = 'live' AND started_at >= :moment
  AND starts_with(source, :named)
"""
