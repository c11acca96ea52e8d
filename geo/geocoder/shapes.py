"""What a geocoder is asked and what it answers, in the words of the BAN's contract (DATA-FACTS § 5.1)."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """`result_type`: what an answer is the position of."""

    HOUSENUMBER = "housenumber"
    STREET = "street"
    LOCALITY = "locality"
    MUNICIPALITY = "municipality"


class Status(StrEnum):
    """`result_status`."""

    OK = "ok"
    NOT_FOUND = "not-found"
    SKIPPED = "skipped"
    ERROR = "error"


class Question(msgspec.Struct, frozen=True):
    """One address, ready to be asked."""

    text: str  # « 12 BIS RUE DES LILAS »; the town's name alone where nothing better is known
    town: str | None = None  # its commune's name, asked beside the text
    postcode: str | None = None  # never a CEDEX one
    citycode: str | None = None  # INSEE code, a hard filter
    kind: Kind | None = None  # only answers of this kind


class Answer(msgspec.Struct, frozen=True):
    """What the geocoder says of one question."""

    status: Status
    kind: Kind | None = None  # result_type
    score: float | None = None
    score_next: float | None = None  # of the second best
    lon: float | None = None
    lat: float | None = None
    label: str | None = None
    id: str | None = None  # BAN interoperability key
    housenumber: str | None = None
    street: str | None = None  # result_street, or the name where the kind is street or locality
    postcode: str | None = None
    citycode: str | None = None
    city: str | None = None
