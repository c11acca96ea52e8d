"""The tables of words that we keep as text, a line each."""

from importlib.resources import files


def lines_of(name: str) -> list[str]:
    """The lines of a file of this folder that say something: comments begin with `#`."""
    text = (files("search") / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
