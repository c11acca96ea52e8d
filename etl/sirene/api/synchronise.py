"""Days that Insee has and we have not, received one after the other; killed anywhere, it goes on from the last page kept."""

import logging
from collections.abc import Callable
from datetime import date, timedelta

import msgspec

from etl.sirene.api.client import Sirene
from etl.sirene.api.errors import Flipped
from etl.sirene.api.flatten import Flattened, flatten_units
from etl.sirene.api.members import ESTABLISHMENTS, UNITS, Collection
from etl.sirene.api.pages import Page, Pages, chain_in, pages_of, readable_among
from etl.sirene.api.spool import DayList, Spool
from etl.sirene.api.watermark import FOLLOWED, Informations
from geo.errors import Refused, Unreachable

MOST_FLIPS = 3  # data are replaced once a morning: more is trouble at Insee's

logger = logging.getLogger("lum1.sirene")


class Delta(msgspec.Struct, frozen=True):
    """What a day changed."""

    day: date
    establishments: Pages
    units: Flattened  # rows.UNIT
    doubt: str | None = None  # why this may not be all that was said


class Received(msgspec.Struct, frozen=True):
    """Days that are whole in the spool, oldest first; what Insee treated up to `left_to_the_stock`, only a stock can tell."""

    days: list[date]
    left_to_the_stock: date | None = None


def days_to_ask(last_done: date | None, stock_day: date, watermark: date) -> list[date]:
    """Every day up to the watermark since the last one done, or since the day of a stock that is newer.

    A stock « du 1er novembre » holds what was treated before that day.
    """
    first = max(stock_day, last_done + timedelta(days=1)) if last_done else stock_day
    return [first + timedelta(days=n) for n in range((watermark - first).days + 1)]


def synchronise(
    sirene: Sirene, spool: Spool, last_done: date | None, stock_day: date, step: Callable[[str], None] | None = None
) -> Received:
    """Receive every day that is missing.

    A day on which Insee treated millions of rows is three thousand pages, and empties the days before it, since a row is told
    on the day of its last treatment only: those are left to the next stock. Entries tell a whole row, so the days after rest
    on nothing that is missing.
    """
    informations = sirene.informations()
    days = days_to_ask(last_done, stock_day, informations.watermark)
    mass = informations.mass_treated_since(days[0]) if days else None
    days = [day for day in days if mass is None or day > mass]
    for day in days:
        for collection in FOLLOWED:
            if step:
                step(f"API Sirene : {collection.title.lower()} du {day:%d/%m/%Y}")
            informations = _receive_whole(sirene, spool.of(day, collection), day, collection, informations)
    return Received(days, left_to_the_stock=mass)


def read_day(spool: Spool, day: date) -> Delta:
    """What a day that is whole in the spool changed; in doubt, and told all the same, where a list is not what it announced."""
    units, of_units = _kept(spool, day, UNITS)
    establishments, of_establishments = _kept(spool, day, ESTABLISHMENTS)
    told = flatten_units(entry for page in units for entry in page.entries)
    doubts = [each for each in (of_units, of_establishments) if each]
    return Delta(day, pages_of([establishments] if establishments else []), told, " ".join(doubts) or None)


def _kept(spool: Spool, day: date, collection: Collection) -> tuple[list[Page], str | None]:
    """The pages of a list, and what is wrong with it."""
    received = spool.of(day, collection)
    if not received.is_complete:
        raise Refused(f"Le {day:%d/%m/%Y} n’est pas reçu en entier : relancez ./lum1 refresh sirene.")
    if not received.files:
        return [], None
    try:
        return chain_in(received.files, collection), None
    except Refused as trouble:
        return readable_among(received.files, collection), str(trouble)


def _receive_whole(
    sirene: Sirene, received: DayList, day: date, collection: Collection, informations: Informations
) -> Informations:
    """Receive what is missing of a list; one whose data flipped meanwhile is asked anew. Gives the newest informations."""
    for _ in range(MOST_FLIPS):
        if received.is_complete:
            return informations
        if received.begun != informations.of(collection).made_available:
            received.begin(informations.of(collection).made_available)
        try:
            _receive(sirene, received, day, collection)
        except Flipped:
            logger.warning("les données de l’Insee ont changé pendant la lecture du %s : jour redemandé", day)
            informations = sirene.informations()
            received.begin(informations.of(collection).made_available)
            continue
        if len(received.files) > 1:  # one page is of one moment
            informations = sirene.informations()
        if received.begun == informations.of(collection).made_available:
            received.finish()
    if received.is_complete:
        return informations
    raise Unreachable(
        f"Les données de l’Insee ont changé {MOST_FLIPS} fois pendant la lecture du {day:%d/%m/%Y} : réessayez plus tard."
    )


def _receive(sirene: Sirene, received: DayList, day: date, collection: Collection) -> None:
    last = received.last
    cursor = received.cursor
    if cursor is None:
        return
    for page in sirene.treated_on(day, collection, cursor, last.total if last else None):
        received.save(page)
