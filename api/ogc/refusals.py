"""What a filter is refused for, in words; and how large one may be."""

from geo.errors import InvalidQuestion

MAX_NODES = 1_000  # properties, values and operators of a filter
MAX_DEPTH = 20


def too_much() -> InvalidQuestion:
    return refusal(f"trop longue ou trop emboîtée ({MAX_NODES} éléments et {MAX_DEPTH} niveaux au plus)")


def refusal(reason: str) -> InvalidQuestion:
    return InvalidQuestion(f"« filter » : {reason}.", parameter="filter")
