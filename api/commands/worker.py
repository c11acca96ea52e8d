"""`worker`: what is scheduled, in the foreground; `start` runs the same apart from the terminal."""

import click

from api.commands.database import settings_with_database
from api.machine.home import Home
from api.machine.worker import Worker


@click.command()
def worker() -> None:
    """Rester au premier plan et faire ce qui est planifié (conteneurs)."""
    home = Home(settings_with_database().home)
    home.create()
    Worker(home).run_here()
