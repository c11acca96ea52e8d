"""The statements that draw tiles, one file each."""

from functools import cache
from importlib.resources import files

from sqlalchemy import text

from geo.compiled import Compiled


@cache
def statement(name: str) -> str:
    """The text of `name`.sql."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


@cache
def stated(name: str) -> Compiled:
    """The same, as it is said to the driver."""
    return Compiled(text(statement(name)))
