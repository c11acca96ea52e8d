"""SIRENE into the served publication: the monthly stock, then what the API says day by day on top of it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import polars as pl
from sqlalchemy import Connection, Engine, text

from etl import gates as common_gates
from etl import history, ledger, publish, running
from etl.ledger import Source
from etl.load import Progress, Silent, Steps
from etl.registers import establishments, journal, withheld
from etl.registers.together import bring_together
from etl.report import Report
from etl.running import Attempt, Tried
from etl.sirene import gates
from etl.sirene.records import records_of
from etl.sirene.scratch import scratch
from etl.sirene.transform import made_of
from geo.errors import Refused
from geo.identifiers import is_siret
from geo.publication import served_publication
from geo.sirene import KIND, PIPELINE

ROWS_AT_ONCE = 20_000
PARIS = ZoneInfo("Europe/Paris")  # Insee's instants
