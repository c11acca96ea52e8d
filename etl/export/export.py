"""One export: what is served, read once, written whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, text

from etl.export.files import check_target, written_whole
from etl.export.tables import TABLES
from etl.export.writers import WRITERS, sources_json
from geo.errors import NotReady
from geo.publication import served_publication

CSV_ONLY = ".sources.json"  # the other formats carry their sources inside


# Usage: `export structures --question`; the ids go down to the primary key.
AMONG = "SELECT * FROM ({query}) AS told WHERE id = ANY (:ids) ORDER BY id"


def export(connection: Connection, what: str, format_: str, out: Path, *, ids: Sequence[str] | None = None) -> int:
    """Write `structures`, `changes` or `links` as they are served to `out`, replaced only once complete; how many rows.

    `ids`: of the structures that are written, all of them by default.
    """
    check_target(out)
    beside = [out.with_name(out.name + CSV_ONLY)] if format_ == "csv" else []
    for other in beside:
        check_target(other)
    publication = served_publication(connection)
    if publication is None:
        raise NotReady("Rien n’est encore publié : lancez d’abord ./lum1 start.")
    table = TABLES[what]
    query, given = (table.query, {}) if ids is None else (AMONG.format(query=table.query), {"ids": list(ids)})
    rows = connection.execute(text(query).execution_options(yield_per=10_000), given)
    with written_whole(out, *beside) as (stream, *others):
        written = WRITERS[format_](iter(rows), table, publication, stream)
        for sources in others:
            sources.write(sources_json(publication, indented=True))
    return written
