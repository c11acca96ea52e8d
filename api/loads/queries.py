"""The ledger, newest first; one load, the one before it, and nothing that is not for everyone."""

import re
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, select, text

from api.loads.schemas import Load, Page
from etl.counts import counts_of
from etl.report import Report, report_of
from geo.errors import Lum1Error, NotFound
from geo.publication import current_publication, load, publication

PAGE_SIZE = 20
LARGEST_ID = 2**31 - 1
INTERNAL_ERROR = "erreur interne, voir le journal"
# an absolute path, a traceback, a statement: sentences of ours have none, so what has one is not a sentence of ours
_NOT_FOR_EVERYONE = re.compile(r"(?<![\w:/.])/[\w.+-]+|\n|Traceback|\[SQL|\b(SELECT|INSERT|UPDATE|DELETE)\b")


def loads_before(connection: Connection, before: int | None) -> Page:
    """A page of the ledger, from the newest or from just before this id."""
    query = _ledger_query().order_by(load.c.id.desc()).limit(PAGE_SIZE + 1)
    if before is not None:
        query = query.where(load.c.id < min(before, LARGEST_ID))
    found = [_load(row) for row in connection.execute(query)]
    return Page(found[:PAGE_SIZE], found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None)


def load_numbered(connection: Connection, number: int) -> Load:
    """The load of this number, or NotFound."""
    row = connection.execute(_ledger_query().where(load.c.id == min(max(number, 0), LARGEST_ID))).one_or_none()
    if row is None:
        raise NotFound(f"Aucun chargement n’a le numéro {number}.")
    return _load(row)


def published_before(connection: Connection, one: Load) -> Load | None:
    """What this load is compared with: the last one before it, of its pipeline and origin, that was published."""
    query = (
        _ledger_query()
        .where(
            load.c.id < one.id,
            load.c.pipeline == one.report.pipeline,
            load.c.origin == one.report.origin,
            load.c.state == "published",
            load.c.counts.has_key("read"),  # one that went back read nothing
        )
        .order_by(load.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return _load(row) if row else None


def served_among(connection: Connection, numbers: list[str]) -> set[str]:
    """Those of these FINESS numbers that a page answers to, an establishment's or a legal entity's."""
    return set(connection.execute(text(SERVED_AMONG), {"numbers": numbers}).scalars()) if numbers else set()


# The samples of a load's page that are links. At most a few dozen numbers; structure_finess_idx (GIN, &&) answers the
# first half, structure_ej_finess_idx the second.
SERVED_AMONG = """
SELECT number
FROM unnest(CAST(:numbers AS text[])) AS number
WHERE EXISTS (SELECT FROM structure WHERE finess && ARRAY[number])
   OR EXISTS (SELECT FROM structure WHERE ej_finess = number)
"""


def _ledger_query() -> Select[Any]:
    """Rows of the ledger with their publication. The primary key answers, backwards; publications are few."""
    made = select(func.min(publication.c.version)).where(load.c.id == func.any(publication.c.loads))
    served = (
        select(1)
        .join_from(current_publication, publication, publication.c.version == current_publication.c.version)
        .where(load.c.id == func.any(publication.c.loads))
        .exists()
    )
    return select(
        *(column for column in load.c if column.name not in ("started_at", "ended_at", "produced_at")),
        *(_in_paris(load.c[name]).label(name) for name in ("started_at", "ended_at", "produced_at")),
        made.scalar_subquery().label("publication"),
        served.label("served"),
    )


def _in_paris(moment: Any) -> Any:
    """Readers' time; by the database, which always has the table of time zones."""
    return func.timezone("Europe/Paris", moment)


def _load(row: Row[Any]) -> Load:
    return Load(
        report=_for_everyone(report_of(row)),
        counts=counts_of(row.counts),
        fictitious=row.fictitious,
        size=row.bytes,
        sha1=row.sha1,
        licence=row.licence,
        produced_at=row.produced_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        publication=row.publication,
        served=row.served,
    )


def _for_everyone(report: Report) -> Report:
    source = report.source.rsplit("/", 1)[-1]  # an address or a path says where an operator keeps things
    return msgspec.structs.replace(report, source=source, error=public_error(report.state, report.error))


def public_error(state: str, error: str | None) -> str | None:
    """A refusal's sentence, a domain error's without its class; of anything else only that it happened."""
    if not error or state == "interrupted":  # its state says it all
        return None
    sentence = error
    if state != "refused":
        kind, _, sentence = error.partition(" : ")
        if kind not in _domain_errors():
            return INTERNAL_ERROR
    return INTERNAL_ERROR if _NOT_FOR_EVERYONE.search(sentence) else sentence


def _domain_errors(root: type[Lum1Error] = Lum1Error) -> set[str]:
    """Names of the classes whose messages are written for people (geo/errors.py)."""
    return {root.__name__}.union(*(_domain_errors(each) for each in root.__subclasses__()))
