"""Insee's API Sirene 3.11: what each day changed in the register, and who may still be shown."""

from etl.sirene.api.client import Sirene, Status
from etl.sirene.api.errors import KeyRefused, QuestionRefused
from etl.sirene.api.pages import Page, Pages, read_pages
from etl.sirene.api.quota import Quota
from etl.sirene.api.spool import Spool
from etl.sirene.api.synchronise import Delta, Received, days_to_ask, read_day, synchronise

__all__ = [
    "Delta",
    "KeyRefused",
    "Page",
    "Pages",
    "QuestionRefused",
    "Quota",
    "Received",
    "Sirene",
    "Spool",
    "Status",
    "days_to_ask",
    "read_day",
    "read_pages",
    "synchronise",
]
