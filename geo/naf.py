"""Activity codes with the nomenclature they belong to: NAF rév. 2 and NAF 2025 share shapes, not meanings."""

import re

REV2, NAF2025 = "NAFRev2", "NAF2025"  # as Sirene writes them beside a code
PREFIX_2025 = "2025:"
FILTERED = re.compile(r"(?:2025:)?[0-9]{2}\.[0-9]{2}[A-Z]")  # what naf= takes

BEGUN = re.compile(r"(?:2025:)?[0-9]{2}(?:\.[0-9]{1,2})?")  # a division, a group or a class: what naf= takes too


def parted(code: str) -> tuple[str, str]:
    """The nomenclature and the code of a `structure.naf`.

    >>> parted("86.21Z"), parted("2025:86.21Y")
    (('NAFRev2', '86.21Z'), ('NAF2025', '86.21Y'))
    """
    return (NAF2025, code.removeprefix(PREFIX_2025)) if code.startswith(PREFIX_2025) else (REV2, code)
