"""How far Insee's data go, and when they were last replaced: the API's « informations »."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from etl.sirene.api.errors import QuestionRefused
from etl.sirene.api.members import ESTABLISHMENTS, UNITS, Collection
from etl.sirene.api.pages import NotAPage

FOLLOWED = (ESTABLISHMENTS, UNITS)


class Reach(msgspec.Struct, frozen=True):
    """Of one collection: put online at this moment, treated up to that one, and the last treatment of millions."""

    made_available: datetime
    treated_until: datetime
    mass_treated: datetime | None


class Informations(msgspec.Struct, frozen=True):
    """Reaches by collection's title."""

    reaches: dict[str, Reach]

    @property
    def watermark(self) -> date:
        """The last day that both collections have in full."""
        return min(reach.treated_until for reach in self.reaches.values()).date()

    def of(self, collection: Collection) -> Reach:
        """One collection's."""
        return self.reaches[collection.title]

    def mass_treated_since(self, day: date) -> date | None:
        """The last day, from this one on, on which Insee touched millions of rows at once: one to three times a year."""
        treated = [reach.mass_treated.date() for reach in self.reaches.values() if reach.mass_treated]
        return max((each for each in treated if each >= day), default=None)


def informations_of(body: bytes) -> Informations:
    """Read an answer; QuestionRefused where it does not say what is needed of the two collections."""
    try:
        reaches = dict(_reaches(msgspec.json.decode(body)))
        return Informations({each.title: reaches[each.title.casefold()] for each in FOLLOWED})
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAPage("ce n’est pas du JSON entier") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise QuestionRefused(
            "L’API Sirene ne dit pas de quand sont ses données («\u202finformations\u202f» illisible)."
        ) from error


def _reaches(document: dict[str, Any]) -> Iterator[tuple[str, Reach]]:
    """By folded title: « Unités légales » has been written with and without its second capital."""
    for each in document["datesDernieresMisesAJourDesDonnees"]:
        mass = each.get("dateDernierTraitementDeMasse")
        if each.get("collection", "").casefold() in {followed.title.casefold() for followed in FOLLOWED}:
            yield (
                each["collection"].casefold(),
                Reach(
                    made_available=_moment(each["dateDerniereMiseADisposition"]),
                    treated_until=_moment(each["dateDernierTraitementMaximum"]),
                    mass_treated=_moment(mass) if mass else None,
                ),
            )


def _moment(text: str) -> datetime:
    """Paris time; a day alone is its midnight."""
    return datetime.fromisoformat(text).replace(tzinfo=None)
