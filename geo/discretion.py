"""Errors told without a row: what a database or a reader of files says of one may quote a person's name or address."""

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType

import psycopg
from sqlalchemy.exc import StatementError

OF_POLARS = ("polars", "pyo3_runtime")  # by its name: a server of answers never loads it; the other is how it panics


def said(error: BaseException) -> str:
    """An error as a public ledger or a log tells it: of the database's and of polars', the name alone."""
    if _quotes_rows(error):
        cause = getattr(error, "orig", None) or error
        state = getattr(cause, "sqlstate", None)
        return type(cause).__name__ + (f" ({state})" if state else "")
    if any(_quotes_rows(each) for each in chain(error)):  # it may say their words again
        return type(error).__name__
    return f"{type(error).__name__} : {error}"


def told(error: BaseException) -> str:
    """A traceback: where, and what is said of each error that led to this one."""
    parts = [f"{''.join(traceback.format_tb(each.__traceback__))}{said(each)}\n" for each in chain(error)]
    return "\n".join(reversed(parts))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, then what caused it, and so on; a group's own come after it."""
    waiting, met = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in met:
            continue
        met.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


class Discreet(logging.Formatter):
    """Lines of a log whose tracebacks quote no row."""

    def formatException(self, ei: object) -> str:
        error = ei[1] if isinstance(ei, tuple) else None
        return told(error).rstrip("\n") if isinstance(error, BaseException) else ""


def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """In place of Python's own: what nobody caught, on standard error."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(KeyboardInterrupt, KeyboardInterrupt(), None)
    else:
        print(told(error), file=sys.stderr, flush=True)


def _quotes_rows(error: BaseException) -> bool:
    return isinstance(error, StatementError | psycopg.Error) or type(error).__module__.split(".")[0] in OF_POLARS
