"""Errors in the words of the domain.

Lum1Error
├── InvalidQuestion          the question cannot be asked as it is written
│   ├── InvalidIdentifier    a FINESS, SIRET or SIREN number that cannot exist
│   ├── InvalidPosition      a longitude or latitude that is not on Earth, or not in the territory it should be in
│   ├── NotAvailableYet      a filter whose data do not exist yet
│   └── InvalidCursor        a cursor we did not make, or made for another question
├── NotFound                 no structure under this identifier
├── Gone                     a structure that was told and must not be any more
├── Refused                  a source file that must not be published
├── Unreachable              a producer or a service that does not answer, or not well, however often it is asked
├── NotAGeocoder             what answers at LUM1_GEOCODER_URL is none that we can use
└── NotReady                 the instance has nothing to serve yet
    └── NotAnswering         the search server does not answer, or not well: another engine may
"""


class Lum1Error(Exception):
    """Anything this program says to a person: the message is in French and says what to do."""


class InvalidQuestion(Lum1Error):
    """The question cannot be asked as written."""

    def __init__(self, message: str, *, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class InvalidIdentifier(InvalidQuestion):
    """An identifier whose form or key is wrong."""


class InvalidPosition(InvalidQuestion):
    """A position that is not on Earth or in its territory, or an area without extent."""


class NotAvailableYet(InvalidQuestion):
    """A reserved filter: its name is taken, its data do not exist yet."""


class InvalidCursor(InvalidQuestion):
    """A cursor that is damaged or belongs to another question."""


class NotFound(Lum1Error):
    """Nothing is known under this identifier."""


class Gone(Lum1Error):
    """What was told under this identifier must not be told any more: the message names nobody."""


class Refused(Lum1Error):
    """A source file that must not be published; yesterday's data stay served."""


class Unreachable(Lum1Error):
    """A producer or a service that cannot be reached from here, or not any more; another day may mend it."""


class NotAGeocoder(Lum1Error):
    """What answers at the geocoder's address refuses all that is asked: waiting would not mend it."""


class NotReady(Lum1Error):
    """Nothing has been published yet."""


class NotAnswering(NotReady):
    """The search server has no answer to a question that can be answered; `absent`: nor to any other."""

    def __init__(self, message: str, *, absent: bool = False) -> None:
        super().__init__(message)
        self.absent = absent
