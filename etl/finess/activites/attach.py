"""`structure.activites`, `structure.publics`: the codes of what each structure may do and does, and of whom it serves.

They are rewritten only where they differ, and come from the structure's own numbers and from the authorisations of its legal
entity that name it.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
import psycopg
from sqlalchemy import Connection, text

from etl import ledger
from geo.activites import KIND, PIPELINE, Json, active_codes, publics

FETCH_ROWS = 500  # records read at once: some have thousands of activities


class Standing(msgspec.Struct, frozen=True):
    """What stands under a number: the codes of its activities, and those of the people they serve."""

    number: str
    codes: list[str]
    publics: list[str]


def standing_of(number: str, activites: Sequence[Json], day: date) -> Standing:
    """What stands that day of these activities."""
    return Standing(number, active_codes(activites, day), publics(activites, day))


def create_standing(connection: Connection) -> None:
    """Codes by FINESS number, in tables of this transaction's own."""
    connection.execute(text(CREATE))


def write_standing(connection: Connection, standing: Iterable[Standing], named: Iterable[Standing] = ()) -> None:
    """COPY codes by FINESS number, and by an egeId whose number `resolve_named` looks for."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor:
        for table, rows in (("standing", standing), ("named", named)):
            with cursor.copy(f"COPY {table} (number, codes, publics) FROM STDIN") as copy:
                for each in rows:
                    if each.codes or each.publics:
                        copy.write_row((each.number, each.codes, each.publics))


def resolve_named(connection: Connection) -> None:
    """Give their FINESS number to establishments that only the structures flow knows by their egeId."""
    if connection.execute(text("SELECT EXISTS (SELECT FROM named)")).scalar_one():
        connection.execute(text(RESOLVE))


def attach_all(connection: Connection) -> int:
    """Make every structure say what the tables say; how many were rewritten."""
    connection.execute(text("ANALYZE standing"))
    rewritten: int = connection.execute(text(ATTACH.format(which="true"))).rowcount
    return rewritten


def attach_activities(connection: Connection) -> int:
    """Give their activities to structures that a merge inserted or rewrote since the activities were loaded; how many changed.

    To call after every merge of structures, before it is published: nothing is asked of structures that the activities' own
    load has already seen.
    """
    served = ledger.served_load(connection, PIPELINE)
    if served is None:
        return 0
    since = {"since": served.id}
    create_standing(connection)
    known = connection.execute(text(KNOWN).execution_options(yield_per=FETCH_ROWS), {"kind": KIND} | since)
    for rows in known.partitions():
        day = served.produced_at.date()
        write_standing(connection, [standing_of(number, each or (), day) for number, each in rows])
    attached: int = connection.execute(text(ATTACH.format(which="s.load_id > :since")), since).rowcount
    connection.execute(text("DROP TABLE standing, named"))
    return attached


CREATE = """
CREATE TEMPORARY TABLE standing (number text, codes text[], publics text[]) ON COMMIT DROP;
CREATE TEMPORARY TABLE named (number text, codes text[], publics text[]) ON COMMIT DROP
"""
# Asked once a run, only when an entity names an establishment that it doesn't list: a scan of today's establishments.
RESOLVE = """
INSERT INTO standing (number, codes, publics)
SELECT r.key, named.codes, named.publics
FROM named
JOIN source_record AS r ON r.kind = 'ege' AND r.valid_to IS NULL AND r.record ->> 'ege_id' = named.number
"""
# Asked once a run. Two hash joins on numbers; rows whose codes stay are not written, so that a day's few hundred changes cost
# a few hundred rows of journal.
ATTACH = """
WITH wanted AS (
    SELECT s.id, coalesce(array_agg(DISTINCT code ORDER BY code) FILTER (WHERE code IS NOT NULL), '{{}}') AS codes,
           coalesce(array_agg(DISTINCT public ORDER BY public) FILTER (WHERE public IS NOT NULL), '{{}}') AS publics
    FROM structure AS s
    LEFT JOIN LATERAL unnest(s.finess) AS mine (number) ON true
    LEFT JOIN standing USING (number)
    LEFT JOIN LATERAL (
        SELECT code, NULL AS public FROM unnest(standing.codes) AS code
        UNION ALL
        SELECT NULL, public FROM unnest(standing.publics) AS public
    ) AS said ON true
    WHERE {which}
    GROUP BY s.id
)
UPDATE structure AS s
SET activites = wanted.codes, publics = wanted.publics
FROM wanted
WHERE wanted.id = s.id AND (s.activites, s.publics) IS DISTINCT FROM (wanted.codes, wanted.publics)
"""
# Asked by `attach_activities`: by each number of a structure that changed since, its own activities and those that its legal
# entity is authorised to have there. One probe of source_record_current_idx for each.
KNOWN = """
WITH mine AS (
    SELECT unnest(finess) AS number, ej_finess FROM structure WHERE load_id > :since
)
SELECT mine.number, own.record -> 'activites'
FROM mine
JOIN source_record AS own ON own.kind = :kind AND own.key = mine.number AND own.valid_to IS NULL
UNION ALL
SELECT mine.number, jsonb_path_query_array(
    entity.record, '$.activites[*] ? (@.ege_id == $id)', jsonb_build_object('id', ege.record -> 'ege_id')
)
FROM mine
JOIN source_record AS entity ON entity.kind = :kind AND entity.key = mine.ej_finess AND entity.valid_to IS NULL
JOIN source_record AS ege ON ege.kind = 'ege' AND ege.key = mine.number AND ege.valid_to IS NULL
"""
