"""Errors of the domain as RFC 9457 problems: one table, one shape."""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Template
from litestar.types import ExceptionHandlersMap
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import OperationalError

from geo import discretion
from geo.errors import Gone, InvalidQuestion, Lum1Error, NotFound, NotReady

logger = logging.getLogger("lum1")

MAX_BODY_BYTES = 200_000  # a polygon of 200 vertices and lists of codes hold in a tenth of it
UNEXPECTED = "L’erreur est consignée ; réessayez, puis prévenez l’exploitant."

STATUS: dict[type[Exception], HTTPStatus] = {
    InvalidQuestion: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Gone: HTTPStatus.GONE,
    NotReady: HTTPStatus.SERVICE_UNAVAILABLE,
    OperationalError: HTTPStatus.SERVICE_UNAVAILABLE,
    QueryCanceled: HTTPStatus.SERVICE_UNAVAILABLE,
    Lum1Error: HTTPStatus.INTERNAL_SERVER_ERROR,
}
TITLES = {
    HTTPStatus.BAD_REQUEST: "Question invalide",
    HTTPStatus.NOT_FOUND: "Introuvable",
    HTTPStatus.GONE: "Cette fiche a été retirée",
    HTTPStatus.METHOD_NOT_ALLOWED: "Méthode non permise",
    HTTPStatus.NOT_ACCEPTABLE: "Format non disponible",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Demande trop longue",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Format non lu",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Erreur interne",
    HTTPStatus.SERVICE_UNAVAILABLE: "Indisponible pour le moment",
}
DETAILS = {
    HTTPStatus.NOT_FOUND: "Cette adresse ne mène nulle part.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Cette adresse existe, mais pas par cette méthode ; l’en-tête Allow dit lesquelles.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"{MAX_BODY_BYTES} octets au plus.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Le corps se donne en JSON (Content-Type: application/json).",
    HTTPStatus.INTERNAL_SERVER_ERROR: UNEXPECTED,
}
PROBLEM_JSON = "application/problem+json"
PAGES = {HTTPStatus.GONE: "retiree.html"}  # other problems share a page
HEADERS: dict[int, dict[str, str]] = {
    HTTPStatus.SERVICE_UNAVAILABLE: {"retry-after": "5"},
    HTTPStatus.GONE: {
        "cache-control": "no-cache"
    },  # caches may keep a 410 (RFC 9110 § 15.5.11): this one may be undone
}


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457; `parameter` names what to correct, when one is at fault."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    parameter: str | None = None


def problem_of(error: Exception) -> Problem:
    """The problem that an exception is; what is not ours to tell stays in the log."""
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        return Problem(TITLES.get(status, status.phrase), status, _detail(error), parameter=_parameter(error))
    status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    if took_too_long(error):
        return Problem(
            TITLES[status],
            status,
            "La réponse prend trop de temps ; précisez la question, ou réessayez dans un instant.",
        )
    if isinstance(error, OperationalError):
        return Problem(TITLES[status], status, "La base de données ne répond pas ; réessayez dans un instant.")
    if not isinstance(error, Lum1Error):
        return Problem(TITLES[status], status, UNEXPECTED)
    return Problem(TITLES[status], status, str(error), parameter=getattr(error, "parameter", None))


def took_too_long(error: Exception) -> bool:
    """Whether PostgreSQL ended a statement (geo.database.LONGEST_MS)."""
    return isinstance(getattr(error, "orig", error), QueryCanceled)


def problem_bytes(problem: Problem) -> bytes:
    """The body of a problem."""
    members = {name: value for name, value in msgspec.structs.asdict(problem).items() if value is not None}
    return msgspec.json.encode(members)


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Litestar's handler for every exception: a page for a person, problem+json for a program."""
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(
        error, NotReady | OperationalError | QueryCanceled
    ):
        logger.error("%s %s\n%s", request.method, request.url.path, discretion.told(error))
    if wants_page(request):
        page = PAGES.get(HTTPStatus(problem.status), "erreur.html")
        context = {"probleme": problem, "fragment": False}
        return Template(page, context=context, status_code=problem.status, headers=HEADERS.get(problem.status, {}))
    headers = dict(HEADERS.get(problem.status, {}))
    if isinstance(error, HTTPException) and error.headers:
        headers |= error.headers
    return Response(problem_bytes(problem), media_type=PROBLEM_JSON, status_code=problem.status, headers=headers)


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether a person is asking, not a program."""
    program = request.url.path.startswith(
        ("/api/v1/", "/ogc", "/tiles/", "/openapi", "/livez", "/readyz", "/metrics", "/static/", "/vendor/")
    )
    return not program and "text/html" in request.headers.get("accept", "")


def _parameter(error: HTTPException) -> str | None:
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    return first.get("key") if isinstance(first, dict) else None


def _detail(error: HTTPException) -> str:
    """Ours in French; of a framework's own words only the names of what it refused are kept."""
    named = [e["key"] for e in error.extra if "key" in e] if isinstance(error.extra, list) else []
    if named:
        return f"À corriger : {', '.join(named)}."
    return DETAILS.get(HTTPStatus(error.status_code), "La demande n’est pas lisible.")


EXCEPTION_HANDLERS: ExceptionHandlersMap = {Exception: answer_problem, HTTPException: answer_problem}
