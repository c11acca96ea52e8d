"""What Prometheus reads: the age of what is served, what became of the last loads, the worker's heartbeat."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from geo import freshness, outbox
from geo.publication import served_publication

MEDIA_TYPE = "text/plain; version=0.0.4"  # Litestar adds the charset

# What became of the last load of each pipeline, and when each ending was last seen. Asked at each scrape; the ledger grows
# by a row a day, and is read whole.
LOADS = """
SELECT pipeline, state, max(coalesce(ended_at, started_at)) AS at, max(id) = max(max(id)) OVER (PARTITION BY pipeline) AS last
FROM load
GROUP BY pipeline, state
ORDER BY pipeline, state
"""


class Metric(msgspec.Struct):
    """One name, what it is, and its values by their labels."""

    name: str
    help: str
    values: list[tuple[dict[str, str], float]]


class SearchServerSeen(msgspec.Struct, frozen=True):
    """The search server as this process and the outbox know it."""

    consumer: str
    fallback: bool  # another engine answers for it


def as_text(connection: Connection, server: SearchServerSeen | None = None) -> str:
    """Every metric in the text format; one without a value is left out."""
    return "".join(map(_lines, _metrics(connection, server, datetime.now(UTC))))


def _metrics(connection: Connection, server: SearchServerSeen | None, now: datetime) -> Iterator[Metric]:
    if server is not None:
        yield from _of_search(connection, server, now)
    if publication := served_publication(connection):
        yield Metric("lum1_publication_version", "Version served.", [({}, publication.version)])
        yield Metric("lum1_structures", "Structures served, closed ones included.", [({}, publication.structures)])
        yield Metric("lum1_fictitious", "1 when what is served was invented.", [({}, int(publication.fictitious))])
    served = freshness.served(connection)
    if served and (age := served.age(now)) is not None:
        yield Metric(
            "lum1_content_age_seconds", "Age of what is served, by its producer’s date.", [({}, age.total_seconds())]
        )
    loads = connection.execute(text(LOADS)).all()
    if loads:
        yield Metric(
            "lum1_load_last_state", "1 for the ending of a pipeline’s last load.", [_last(row) for row in loads]
        )
        yield Metric("lum1_load_timestamp_seconds", "When a load last ended so.", [_at(row) for row in loads])
    silence = freshness.worker_silence(connection)
    if silence is not None:
        yield Metric(
            "lum1_worker_heartbeat_age_seconds", "Since the worker was heard.", [({}, silence.total_seconds())]
        )
    yield Metric("lum1_worker_alive", "1 when a worker was heard lately.", [({}, int(freshness.is_alive(silence)))])


def _of_search(connection: Connection, server: SearchServerSeen, now: datetime) -> Iterator[Metric]:
    help_ = "1 while this process answers without its search server."
    yield Metric("lum1_search_fallback", help_, [({}, int(server.fallback))])
    if late := outbox.late(connection, server.consumer):
        since = (now - late.since).total_seconds() if late.since else 0.0
        yield Metric(
            "lum1_search_pending", "Changed structures that the search server was not told.", [({}, late.pending)]
        )
        yield Metric("lum1_search_late_seconds", "Since the first of them changed.", [({}, since)])
        yield Metric("lum1_search_refused", "Structures that the search server refused.", [({}, late.refused)])


def _last(row: Any) -> tuple[dict[str, str], float]:
    return {"pipeline": row.pipeline, "state": row.state}, int(row.last)


def _at(row: Any) -> tuple[dict[str, str], float]:
    return {"pipeline": row.pipeline, "state": row.state}, row.at.timestamp()


def _lines(metric: Metric) -> str:
    """All are gauges; labels are ours, without quotes or backslashes to escape."""
    lines = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
    for labels, value in metric.values:
        inside = ",".join(f'{name}="{label}"' for name, label in labels.items())
        lines.append(f"{metric.name}{{{inside}}} {value}" if inside else f"{metric.name} {value}")
    return "\n".join(lines) + "\n"
