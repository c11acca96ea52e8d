"""The application, assembled top to bottom: state, routes, errors, headers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial

from litestar import Litestar
from litestar.datastructures import State

from api import description, operations
from api.errors import EXCEPTION_HANDLERS, MAX_BODY_BYTES
from api.interventions.routes import route_handlers as intervention_routes
from api.loads.routes import route_handlers as load_routes
from api.methods import Application
from api.ogc.routes import COUNTS_BYTES
from api.ogc.routes import route_handlers as ogc_routes
from api.positions.queries import Kept
from api.positions.routes import route_handlers as position_routes
from api.search.addresses import Addresses
from api.search.routes import route_handlers as search_routes
from api.security.headers import add_security_headers
from api.structures.routes import route_handlers as structure_routes
from api.tiles.archive import route_handlers as archive_routes
from api.tiles.routes import route_handlers as tile_routes
from api.tiles.statements import Statements
from api.web.routes import route_handlers as web_routes
from api.web.routes import static_routes
from api.web.templates import template_config
from geo.asking import Asking
from geo.database import reading_engine_for
from geo.nomenclatures import LabelReader
from geo.publication import PublicationReader
from geo.recent import Recent
from geo.settings import Settings
from search.engine import engine_of


def create_app(settings: Settings | None = None) -> Litestar:
    """An application on one instance; without settings, on the one the environment names."""
    chosen = settings or Settings.from_environment()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.settings = chosen
        app.state.engine = reading_engine_for(chosen.database_url)
        app.state.statements = Statements(chosen.database_url)
        app.state.search = engine_of(chosen)
        app.state.addresses = Addresses.from_settings(chosen)
        app.state.publications = PublicationReader()
        app.state.asking = Asking(chosen.database_url)
        app.state.labels = LabelReader()
        app.state.positions = Kept()
        app.state.counts = Recent(COUNTS_BYTES)
        yield
        app.state.asking.close()
        await app.state.statements.close()
        app.state.engine.dispose()

    handlers = [
        *operations.route_handlers,
        *search_routes,
        *structure_routes,
        *tile_routes,
        *archive_routes,
        *ogc_routes,
        *load_routes,
        *position_routes,
        *intervention_routes,
        *web_routes,
        *static_routes(chosen),
    ]
    return Application(
        route_handlers=handlers,
        lifespan=[lifespan],
        exception_handlers=EXCEPTION_HANDLERS,
        template_config=template_config(),
        before_send=[add_security_headers],
        openapi_config=None,  # ours is api/description.py: Litestar's would serve pages with others' scripts
        state=State({"describe": cache(partial(description.document, handlers))}),
        request_max_body_size=MAX_BODY_BYTES,
    )
