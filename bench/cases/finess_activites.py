"""The activities flow at its volume: waits for its pipeline."""

from collections.abc import Iterator
from importlib.util import find_spec

from bench.ground import Ground
from bench.measure import Measure, Skipped


def finess_activites(ground: Ground) -> Iterator[Measure]:
    if find_spec("etl.finess.activites") is None:
        raise Skipped("le flux des activités n’est pas encore lu (etl/finess/activites.py).")
    raise Skipped("le flux des activités est lu ; il reste à le mesurer ici.")
