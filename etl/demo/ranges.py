"""Numbers that cannot be real, so that nobody takes an invented structure for one that exists (docs/demo.md)."""

from functools import cache

from geo.identifiers import luhn

FINESS_MARK = "Z"  # third character: real numbers have a digit there, whatever the département
SIREN_MARK = "00"  # INSEE has never given a SIREN that begins so
# Ranges that ARCEP keeps for fiction (décision 2018-0881, annexe), by the first digits of the real plan.
PHONE_PREFIXES = {"1": "019900", "2": "026191", "3": "035301", "4": "046571", "5": "053649", "mobile": "063998"}


def demo_finess(departement: str, number: int) -> str:
    """Nine characters, accepted wherever a FINESS number is."""
    return f"{departement[:2]}{FINESS_MARK}{number:06d}"


def is_demo_finess(finess: str) -> bool:
    """Whether this number is one of ours."""
    return len(finess) == 9 and finess[2] == FINESS_MARK


@cache
def demo_siren(number: int) -> str:
    """Nine digits with a valid key: the pipelines check it as they do a real one's."""
    return _with_key(f"{SIREN_MARK}{number:06d}")


def demo_siret(siren: str, establishment: int) -> str:
    """Fourteen digits with a valid key."""
    return _with_key(f"{siren}{establishment:04d}")


def demo_phone(zone: str, number: int) -> str:
    """Ten digits in a range kept for fiction."""
    return f"{PHONE_PREFIXES[zone]}{number % 10_000:04d}"


def _with_key(digits: str) -> str:
    return next(digits + key for key in "0123456789" if luhn(digits + key))
