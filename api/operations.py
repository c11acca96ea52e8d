"""`/livez`, `/readyz`, `/metrics`, `/openapi.json`: what operators and their tools ask."""

from datetime import UTC, date, datetime

import msgspec
from litestar import MediaType, Response, get
from litestar.datastructures import State

from api import metrics
from api.dependencies import engine_of, reading, search_of, settings_of
from geo import freshness


class Ready(msgspec.Struct):
    """Served, and how fresh: old data and a dead worker are told, and do not take the map away."""

    ready: bool
    status: str  # ok, or degraded: see `stale`, `worker`, `engine` and `words`
    version: int
    structures: int
    data_date: date | None  # the producer's; none for fictitious data, which do not age
    age_days: int | None
    stale: bool
    worker: bool | None  # whether one is alive; none where LUM1_SCHEDULE=0
    engine: str  # which answers: degraded where the search server does not
    words: bool  # whether questions with words have an answer


@get("/livez", sync_to_thread=False, media_type=MediaType.TEXT, include_in_schema=False)
def livez() -> str:
    """The process answers."""
    return "ok\n"


@get("/readyz", sync_to_thread=True, include_in_schema=False)
def readyz(state: State) -> Ready:
    """The database answers, a publication is served and its index opens; else 503 says which is missing.

    A search server that is away is told, and is no 503: something else answers.
    """
    settings, now = settings_of(state), datetime.now(UTC)
    with reading(state) as view:
        speaks = search_of(state).check(view.publication)
        served = freshness.served(view.connection)
        worker = freshness.worker_is_alive(view.connection) if settings.schedule else None
    age = served.age(now) if served else None
    days = settings.max_age_days
    stale = bool(served and (served.is_stale(now, days) or served.stock_is_stale(now, days)))
    return Ready(
        ready=True,
        status="degraded" if stale or worker is False or speaks.stands_in else "ok",
        version=view.publication.version,
        structures=view.publication.structures,
        data_date=(now - age).date() if age else None,
        age_days=age.days if age else None,
        stale=stale,
        worker=worker,
        engine=speaks.engine,
        words=speaks.words,
    )


@get("/metrics", sync_to_thread=True, include_in_schema=False)
def metrics_page(state: State) -> Response[str]:
    """Numbers for Prometheus."""
    server = settings_of(state).search_server
    seen = metrics.SearchServerSeen(server.consumer, search_of(state).is_replaced) if server else None
    with engine_of(state).connect() as connection:
        return Response(metrics.as_text(connection, seen), media_type=metrics.MEDIA_TYPE)


@get("/openapi.json", sync_to_thread=True, include_in_schema=False)
def openapi(state: State) -> Response[bytes]:
    """The contract, as OpenAPI 3.1."""
    return Response(msgspec.json.encode(state.describe()), media_type="application/vnd.oai.openapi+json")


route_handlers = [livez, readyz, metrics_page, openapi]
