"""What a log tells of an error: where it happened and its kind, never a row."""

import logging

import polars as pl
import pytest
from sqlalchemy import Engine, text

from geo.discretion import Discreet, said, told
from geo.errors import Lum1Error

REFUSED = "SELECT CAST('yquelvort' AS integer)"


def failing(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text(REFUSED))


def raised_by_the_database(engine: Engine) -> Exception:
    with pytest.raises(Exception, match="yquelvort") as caught:
        failing(engine)
    return caught.value


def test_an_error_of_the_database_is_its_kind_and_code(engine: Engine) -> None:
    error = raised_by_the_database(engine)
    assert said(error) == "InvalidTextRepresentation (22P02)"
    assert "in failing" in told(error)
    assert "yquelvort" not in told(error)


def test_an_error_of_polars_is_its_kind() -> None:
    with pytest.raises(pl.exceptions.PolarsError, match="yquelvort") as caught:
        pl.Series(["yquelvort"]).cast(pl.Int64)
    assert said(caught.value) == "InvalidOperationError"


def test_what_repeats_the_words_of_such_an_error_is_its_kind_too(engine: Engine) -> None:
    error = raised_by_the_database(engine)
    repeated, quiet = RuntimeError(f"en chargeant : {error}"), ValueError(str(error))
    repeated.__cause__ = error
    quiet.__context__, quiet.__suppress_context__ = error, True  # raised « from None »
    assert said(repeated) == "RuntimeError"
    for each in (repeated, quiet, ExceptionGroup("à deux", [quiet])):
        assert "yquelvort" not in told(each)


def test_an_error_of_ours_keeps_its_words() -> None:
    assert said(Lum1Error("le fichier manque")) == "Lum1Error : le fichier manque"
    assert said(KeyError("siret")) == "KeyError : 'siret'"


def test_a_log_tells_a_traceback_without_its_row(engine: Engine) -> None:
    error = raised_by_the_database(engine)
    record = logging.LogRecord(
        "lum1", logging.ERROR, "jobs.py", 1, "tâche", None, (type(error), error, error.__traceback__)
    )
    line = Discreet("%(message)s").format(record)
    assert line.startswith("tâche\n")
    assert "in failing" in line
    assert "yquelvort" not in line
