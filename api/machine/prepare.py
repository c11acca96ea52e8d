"""From a bare home to a database with its tables and reference, each step skipped when it is done."""

from api.commands.terminal import Bars
from api.machine.assets import ensure_assets
from api.machine.cluster import Cluster
from api.machine.home import Home
from etl import ledger
from etl.registers import acts
from geo.database import engine_for, vacuum
from geo.migrate import migrate
from geo.publication import served_publication
from geo.reference.load import REFERENCE, load_reference
from geo.settings import Settings
from search import embedded
from tiles import basemap, counts


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
        is_new = load_reference(connection)
        is_drawn = basemap.is_current(connection)
        if not is_drawn:
            basemap.build(connection)
    if is_new or not is_drawn:
        vacuum(engine, *REFERENCE, basemap.base_shape.name)
    if left := acts.reapply(acts.Instance(engine, settings.home, settings.search_root), bars):
        bars.step(f"registres : {left} fiches retirées de nouveau")
    engine.dispose()
    return settings


def ensure_projections(settings: Settings, bars: Bars) -> None:
    """What is drawn and found of what is served, made again where it is missing, damaged or another program's."""
    engine = engine_for(settings.database_url)
    try:
        with engine.connect() as connection:
            served = served_publication(connection)
            is_drawn = counts.is_current(connection)
        if served is None:
            return
        if not is_drawn:
            bars.step("grille des tuiles")
            with ledger.only_load(engine), engine.begin() as connection:  # `structure` is what is served between loads
                counts.build(connection)
            vacuum(engine, *counts.TABLES)
        if embedded.opens(settings.search_root / str(served.version)):
            return
        bars.step("index de recherche")
        with ledger.only_load(engine), engine.connect() as connection:
            if served := served_publication(connection):
                embedded.build(connection, settings.search_root / str(served.version))
    finally:
        engine.dispose()
