"""From a bare home to a database with its tables and reference, each step skipped when it is done."""

from api.commands.terminal import Bars
from api.machine.assets import ensure_assets
from api.machine.cluster import Cluster
from api.machine.home import Home
from geo.database import engine_for
from geo.migrate import migrate
from geo.reference.load import load_reference
from geo.settings import Settings
from tiles import basemap


def prepare(home: Home, bars: Bars) -> Settings:
    """Web assets, cluster (unless `LUM1_DATABASE_URL` names a server), tables, reference, base map."""
    home.create()
    bars.step("ressources web")
    ensure_assets(home)
    settings = Settings.from_environment()
    if not settings.external_database:
        bars.step("PostgreSQL")
        Cluster(home).ensure()
        settings = Settings.from_environment()
    bars.step("tables")
    migrate(settings.database_url)
    engine = engine_for(settings.database_url)
    with engine.begin() as connection:
        bars.step("communes, contours et fond de carte")
        if load_reference(connection):
            basemap.build(connection)
    engine.dispose()
    return settings
