"""`/donnees/positions`: where structures are placed, by whom, how precisely, and what could not be; without JavaScript."""

from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.response import Template

from api.dependencies import reading
from api.positions import service
from api.positions.queries import Kept
from api.positions.schemas import Quality
from api.positions.words import SHORT, sentence
from api.web.charts import Part
from api.web.columns import columns, order_asked
from api.web.pages import page
from etl.coverage import UNKNOWN
from etl.labels import label

LEAST_PRECISE_SHOWN = 8  # beside the map, as high as it is


@get("/donnees/positions", include_in_schema=False, sync_to_thread=True)
def positions(request: Request[Any, Any, Any], state: State) -> Template:
    """Sums of the publication served, counted once for all who ask."""
    order = order_asked(request, ["departement", "ouvertes", "precises", *service.PRECISIONS, "geocodeur"])
    with reading(state) as view:
        kept: Kept = state.positions
        quality = kept.quality(view.connection, view.publication)
        context = _context(quality, order) | {"trie": "tri" in request.query_params}
        return page(request, view.publication, "positions.html", context)


def _context(quality: Quality, order: str) -> dict[str, Any]:
    geocoding = quality.geocoding
    orders = {name: each for name, each in service.PRECISIONS.items() if each in quality.precisions}
    headings = {
        "departement": "Département",
        "ouvertes": "Ouvertes",
        "precises": "Précises",
        **{name: SHORT[each].capitalize() for name, each in orders.items()},
        "geocodeur": "Géocodeur",
    }
    classes = service.bars("precision", quality.precisions, quality.open)
    return {
        "qualite": quality,
        "precisions": classes,
        "parts": [Part(each.key, each.label, each.value) for each in classes],
        "entetes": [(name, SHORT[name].capitalize()) for name in quality.precisions],
        "carte_precises": {row.code: service.share_of(row) for row in quality.departements if row.code != UNKNOWN},
        "departements": service.departements_by(quality.departements, order),
        "moins_precis": service.least_precise(quality.departements, LEAST_PRECISE_SHOWN),
        "colonnes": columns(headings, order),
        "part_precise": service.share_of,
        "nom_du_departement": service.name_of,
        "par_le_geocodeur": sum(row.geocoder for row in quality.departements),
        "non_trouvees": service.bars("position_reason", geocoding.not_found, sort=True),
        "moins": service.bars("position_reason", geocoding.less, sort=True),
        "ecartes": service.bars("rule", quality.refused),
        "libelle": label,
        "sens": sentence,
    }


route_handlers = [positions]
