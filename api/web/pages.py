"""A page as every handler answers it: whole, or only what changes when the page itself asks for the next one."""

from typing import Any

from litestar import Request
from litestar.response import Template

from api.dependencies import addresses_of
from api.web import choices
from geo.publication import Publication


def page(
    request: Request[Any, Any, Any],
    publication: Publication | None,
    name: str,
    context: dict[str, Any],
    status: int = 200,
) -> Template:
    """The template with what every page shows; without a publication, without its credits."""
    everywhere = {
        "fragment": request.headers.get("x-lum1-fragment") == "1",
        "fixes": choices.fixed(),
        "demande": context.get("demande", {}),
        "geocodeur": addresses_of(request.app.state),
    }
    if publication is not None:
        everywhere["publication"] = publication
    headers = {"vary": "X-Lum1-Fragment", "cache-control": "no-cache"}
    return Template(name, context=everywhere | context, status_code=status, headers=headers)
