"""The producer's files: found in its catalogue, fetched whole and checked, whatever the network does meanwhile."""

from etl.download.catalogue import latest
from etl.download.errors import Absent, Damaged, Unwritable
from etl.download.flows import ACTIVITES, ANCIEN_CSV, FLOWS, STRUCTURES, Flow
from etl.download.obtain import obtain
from etl.download.resource import Resource
from etl.download.transfer import fetch
from geo.errors import Unreachable
from geo.patience import Patience

__all__ = [
    "ACTIVITES",
    "ANCIEN_CSV",
    "FLOWS",
    "STRUCTURES",
    "Absent",
    "Damaged",
    "Flow",
    "Patience",
    "Resource",
    "Unreachable",
    "Unwritable",
    "fetch",
    "latest",
    "obtain",
]
