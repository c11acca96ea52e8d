"""What Insee's API can refuse.

Lum1Error
├── KeyRefused       no key, or one that is not ours to use
├── QuestionRefused  an answer that asking again would not change
└── (Unreachable     of etl.download: it does not answer, or not well, however often it is asked)

Flipped never leaves this package: the data changed while their pages were read.
"""

from geo.errors import Lum1Error


class KeyRefused(Lum1Error):
    """No key, or one that Insee refuses."""


class QuestionRefused(Lum1Error):
    """Asking again would not change the answer."""


class Flipped(Exception):
    """Insee put other data online between two pages of one list."""
