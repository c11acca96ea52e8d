"""`/donnees/chargements`: the ledger, and one load with its charts; pages without JavaScript, public like the data."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.params import PathParameter
from litestar.response import Template
from sqlalchemy import Connection

from api.dependencies import engine_of
from api.loads import service
from api.loads.gates import gates_of
from api.loads.queries import LARGEST_ID, load_numbered, loads_before, published_before, served_among
from api.loads.schemas import Departement, Load
from api.web.charts import Part
from api.web.columns import columns, in_order, order_asked
from api.web.pages import page
from etl.counts import Counts, together
from etl.labels import counted, label
from geo.errors import InvalidQuestion
from geo.publication import served_publication

Number = Annotated[int, PathParameter(description="Numéro d’un chargement.")]
HEADINGS = {  # of the coverage table, by the order that each asks for
    "departement": "Département",
    "ouvertes": "Ouvertes",
    "placees": "Placées",
    "precises": "Précises",
    "telephone": "Tél.",
}
MEMBERS = {"ouvertes": "open", "placees": "placed", "precises": "precise", "telephone": "phone"}


@get("/donnees/chargements", include_in_schema=False, sync_to_thread=True)
def loads(request: Request[Any, Any, Any], state: State) -> Template:
    """The ledger, newest first; it answers before the first publication too: a first refusal must be readable."""
    before = _before(request.query_params.get("avant"))
    with engine_of(state).connect() as connection:
        context = {
            "registre": loads_before(connection, before),
            "debut": before is None,
            "libelle": label,
            "compte": counted,
        }
        return page(request, served_publication(connection), "chargements.html", context)


@get("/donnees/chargements/{number:int}", include_in_schema=False, sync_to_thread=True)
def one_load(number: Number, request: Request[Any, Any, Any], state: State) -> Template:
    """One load: its verdict, what was read and what changed, compared with the one published before it."""
    order = order_asked(request, [*HEADINGS])
    with engine_of(state).connect() as connection:
        found = load_numbered(connection, number)
        context = _context(connection, found, order) | {"trie": "tri" in request.query_params}
        return page(request, served_publication(connection), "chargement.html", context)


def _context(connection: Connection, load: Load, order: str) -> dict[str, Any]:
    previous = published_before(connection, load)
    now, before = load.counts, previous.counts if previous else Counts()
    samples = sorted({each for numbers in now.samples.values() for each in numbers})
    departements = service.departements_of(now, before)
    return {
        "chargement": load,
        "precedent": previous,
        "verdict": service.verdict_of(load),
        "chiffres": service.figures_of(now, before, load.report.pipeline),
        "portes": gates_of(load),
        "rejets": service.rejections_of(now, served_among(connection, samples)),
        "structures": service.lines("structures", now.structures, before.structures),
        "etablissements": service.lines("establishments", now.establishments, before.establishments),
        "rapprochement": service.lines("together", together(now), together(before)),
        "changements": service.lines("change", service.changes_of(now), service.changes_of(before)),
        "registres": [(label("record", kind), versions) for kind, versions in now.records.items()],
        "remarques": service.lines(
            "noticed", {k: n for k, n in now.noticed.items() if n or before.noticed.get(k)}, before.noticed
        ),
        "durees": service.lines("step", now.seconds, {}),
        "champs": sorted(now.unknown_fields.items()),
        "precisions": (slices := service.slices_of(now, before)),
        "parts": [Part(each.key, each.label, each.count) for each in slices],
        "cartes": {m: {d.code: getattr(d, m) for d in departements} for m in ("placed", "precise", "phone")},
        "departements": sorted_by(departements, order),
        "colonnes": columns(HEADINGS, order),
        "libelle": label,
    }


def sorted_by(rows: list[Departement], order: str) -> list[Departement]:
    """Rows of the coverage table by one column; those without a share last, ties in the order of codes."""
    if order.removeprefix("-") not in MEMBERS:
        return rows[::-1] if order.startswith("-") else rows
    return in_order(rows, order, lambda row, name: getattr(row, MEMBERS[name]))


def _before(typed: str | None) -> int | None:
    if not typed:
        return None
    if not typed.isascii() or not typed.isdecimal() or int(typed[:12]) > LARGEST_ID:
        raise InvalidQuestion("avant prend le numéro d’un chargement.", parameter="avant")
    return int(typed)


route_handlers = [loads, one_load]
