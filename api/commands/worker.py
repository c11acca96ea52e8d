"""`worker`: what is scheduled, in the foreground; `start` runs the same apart from the terminal."""

import click

from api.machine.cluster import Cluster
from api.machine.home import Home
from api.machine.worker import Worker
from geo.errors import NotReady
from geo.settings import Settings


@click.command()
def worker() -> None:
    """Rester au premier plan et faire ce qui est planifié (conteneurs)."""
    settings = Settings.from_environment()
    home = Home(settings.home)
    if not settings.external_database and not Cluster(home).is_running():
        raise NotReady("PostgreSQL est arrêté : ./lum1 start le démarre, et lance aussi les tâches planifiées.")
    home.create()
    Worker(home).run_here()
