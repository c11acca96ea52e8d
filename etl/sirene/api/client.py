"""What we ask Insee's API: how far its data go, what a day changed, who may still be shown."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from etl.sirene.api.errors import Flipped, QuestionRefused
from etl.sirene.api.flatten import SIRET_FORM
from etl.sirene.api.members import ESTABLISHMENTS, UNIT_MEMBER, Collection
from etl.sirene.api.pages import START, NotAPage, Page, page_of
from etl.sirene.api.question import Questions
from etl.sirene.api.quota import Quota
from etl.sirene.api.watermark import Informations, informations_of
from geo.patience import Patience
from geo.settings import Settings

PAGE_ENTRIES = 1000  # Insee's most
SIRETS_A_QUESTION = 30  # some eighty codes make the address too long (414)
STATUSES = ("siret", "statutDiffusionEtablissement", "statutDiffusionUniteLegale")


class Status(msgspec.Struct, frozen=True):
    """Whether an establishment and its legal unit may be shown; neither is said of one that the register has no more."""

    siret: str
    establishment: str | None = None
    unit: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the register answers nothing of it."""
        return self.establishment is None and self.unit is None


class Sirene:
    """The API with one key; every question passes by one quota."""

    def __init__(self, base_url: str, key: str, quota: Quota | None = None, patience: Patience | None = None) -> None:
        self._questions = Questions(base_url, key, quota or Quota(), patience or Patience.from_environment())

    @classmethod
    def from_settings(cls, settings: Settings) -> "Sirene":
        """The operator's address, key and share of the quota."""
        return cls(settings.sirene_api_url, settings.sirene_api_key, Quota(settings.sirene_per_minute))

    def informations(self) -> Informations:
        """How far the data go, and when they were last replaced."""
        found = self._questions.ask("informations", {}, informations_of)
        if found is None:
            raise QuestionRefused(
                "L’API Sirene ne dit pas de quand sont ses données («\u202finformations\u202f» introuvable)."
            )
        return found

    def treated_on(
        self, day: date, collection: Collection, cursor: str = START, total: int | None = None
    ) -> Iterator[Page]:
        """What was last treated on this day, page after page from `cursor` on.

        Flipped when the list is not any more the one that had this `total`.
        """
        asked = {
            "q": collection.treated_on(day),
            "champs": ",".join(collection.asked),
            "nombre": str(PAGE_ENTRIES),
        }
        while True:
            page = self._page(collection, asked | {"curseur": cursor})
            if page is None and cursor == START:
                return
            if page is None or (total is not None and page.total != total):
                raise Flipped
            yield page
            if page.is_last:
                return
            cursor, total = page.following or START, page.total

    def diffusion_statuses(self, sirets: Sequence[str]) -> Iterator[Status]:
        """One status for each siret, in their order: statuses change without a treatment that a day would show."""
        for start in range(0, len(sirets), SIRETS_A_QUESTION):
            group = [siret for siret in sirets[start : start + SIRETS_A_QUESTION] if re.fullmatch(SIRET_FORM, siret)]
            found = self._statuses(group) if group else {}
            yield from (found.get(siret, Status(siret)) for siret in sirets[start : start + SIRETS_A_QUESTION])

    def _statuses(self, sirets: Sequence[str]) -> dict[str, Status]:
        page = self._page(
            ESTABLISHMENTS,
            {
                "q": f"siret:({' OR '.join(sirets)})",
                "champs": ",".join(STATUSES),
                "nombre": str(PAGE_ENTRIES),
                "curseur": START,
            },
        )
        return {status.siret: status for status in map(_status, page.entries if page else [])}

    def _page(self, collection: Collection, asked: dict[str, str]) -> Page | None:
        def read(body: bytes) -> Page:
            page = page_of(body, collection)
            if page.cursor != asked["curseur"]:
                raise NotAPage(f"la page du curseur {page.cursor} au lieu de {asked['curseur']}")
            return page

        return self._questions.ask(collection.endpoint, asked, read)


def _status(entry: Any) -> Status:
    try:
        return Status(
            entry["siret"], entry["statutDiffusionEtablissement"], entry[UNIT_MEMBER]["statutDiffusionUniteLegale"]
        )
    except (KeyError, TypeError) as error:
        raise QuestionRefused("L’API Sirene ne dit pas les statuts de diffusion qui lui sont demandés.") from error
