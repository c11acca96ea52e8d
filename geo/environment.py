"""Settings that are numbers, read from the environment."""

import os

from geo.errors import Lum1Error


def whole_number(name: str, default: int) -> int:
    """A setting that is a whole number from 0 up, or its default where it is absent or empty."""
    text = os.environ.get(name) or str(default)
    if not text.strip().isdecimal():
        raise Lum1Error(f"{name} vaut « {text} » : un nombre entier, positif ou nul, est attendu.")
    return int(text)
