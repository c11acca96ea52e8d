"""Licences by name and address, where data.gouv.fr gives a code."""

OPEN_LICENCES = ("lov2", "fr-lo")  # the Licence Ouverte 2.0
OPEN = "Licence Ouverte 2.0"
OPEN_ADDRESS = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"


def name_of(code: str) -> str:
    """A licence by its name."""
    return OPEN if code in OPEN_LICENCES else code


def with_address(code: str) -> str:
    """The same with where to read it."""
    return f"{OPEN} ({OPEN_ADDRESS})" if code in OPEN_LICENCES else code
