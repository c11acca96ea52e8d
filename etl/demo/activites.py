"""The second FINESS flow: what each invented establishment is authorised to do and does, in the published form.

As in the live file, an activity stands twice: authorised, at the legal entity; practised, at the establishment, which names its
authorisation. A few authorisations are not practised yet and name their establishment themselves.
"""

import csv
import random
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from etl.demo.facts import Entity, Establishment
from etl.demo.history import iso
from etl.demo.names import pick

Json = dict[str, object]

NOT_YET_PRACTISED = 0.03
INACTIVE = 0.35  # the live file keeps what is over: 45 % of it
ENDING = 0.13  # authorisations with a term
RECORDED_ON = "2025-10-21 19:34:49"  # the migration of FINESS
FIRST_NUMBER = 9_000_000
WITH_ZONE = ("354", "209", "460")  # services that go to people's homes
ZONE_SHARE = 0.3
PLACES = "02"
AUTHORISED, INSTALLED = "01", "09"
BLOCK_NAMES = {
    "AMM": ("activiteAMM", "modaliteAMM"),
    "AMF": ("activiteAMF", "modaliteActivite"),
    "AASA": ("activiteSanitaireRegulee", "modaliteActivite"),
    "ASR": ("activiteSanitaireRegulee", "modaliteActivite"),
    "EML": ("typeEmlId", None),
    "ASDR": ("activiteSanitaireDiverseRegulee", None),
    "AMSR": ("activiteSocialeRegulee", None),
    "ASOCR": ("activiteSocialeRegulee", None),
}
OWN_NUMBER = {
    "AMM": "aaSoinAmmId",
    "AMF": "aaSoinAmfId",
    "AASA": "aaAutreActSoinId",
    "ASR": "aaSoumiseAReconnaissanceId",
    "EML": "aaEmlId",
    "ASDR": "aaSanitaireDiverseReguleeId",
    "AMSR": "aaSocialeReguleeId",
    "ASOCR": "aaSocialeReguleeId",
}


class Kind(msgspec.Struct, frozen=True):
    """An activity that establishments of some categories have, and how often."""

    chance: float
    nature: str
    block: Json
    low: int
    high: int


class Activities:
    """Writes entities one after the other; activities are numbered through the whole file."""

    def __init__(self, seed: int, today: int, wanted_per_establishment: float | None) -> None:
        self._draw = random.Random(f"{seed}/activites")
        self._today = today
        self._wanted = wanted_per_establishment
        self._owed = 0.0
        self._number = FIRST_NUMBER
        self.begun = False  # whether an entity was written

    def entity(self, entity: Entity) -> Json | None:
        """One `pmej` item, None for an entity that has no activity."""
        authorised: list[Json] = []
        practised = [(ege, self._of(ege, authorised)) for ege in entity.establishments]
        if not authorised:
            return None
        return {
            "numFiness": entity.finess,
            "pmSmsseId": str(entity.number),
            "activitesAutorisees": authorised,
            "ege": [
                {"egeId": str(ege.number), "numFinessEge": ege.finess, "activitesExercees": activities}
                for ege, activities in practised
                if activities
            ],
        }

    def _of(self, ege: Establishment, authorised: list[Json]) -> list[Json]:
        practised: list[Json] = []
        for kind in self._kinds(ege):
            number, named = self._next(), self._draw.random() < NOT_YET_PRACTISED
            dates = self._dates(ege)
            places = self._draw.randint(kind.low, kind.high) if kind.high else 0
            generic = self._generic(number, dates, ege_id=str(ege.number) if named else None)
            authorised.append(
                self._activity(generic | {"pmSmsseExploitanteId": None}, kind, number, [(AUTHORISED, places)], ege)
            )
            if not named:
                own = self._next()
                generic = self._generic(own, dates, ege_id=str(ege.number), authorisation=number)
                installed = [(INSTALLED, max(0, places - self._draw.randint(0, 3)))]
                practised.append(self._activity(generic | {"egeExploitanteId": None}, kind, own, installed, None))
        return practised

    def _kinds(self, ege: Establishment) -> Iterator[Kind]:
        """As often as such establishments have them, or as many as the file was asked to hold."""
        usual = kinds().get(ege.sort.code) or kinds()[""]
        if self._wanted is None:
            yield from (kind for kind in usual if self._draw.random() < kind.chance)
            return
        self._owed += self._wanted / (2 - NOT_YET_PRACTISED)
        for _ in range(int(self._owed)):
            yield pick(self._draw, usual)
        self._owed %= 1

    def _dates(self, ege: Establishment) -> tuple[str, str | None, str | None, str]:
        """Beginning, term, end in fact, state."""
        begun = ege.opened + int(self._draw.random() * max(1, (ege.closed or self._today) - ege.opened))
        if ege.closed is not None or self._draw.random() < INACTIVE:
            over = min(self._today, begun + int(self._draw.random() * 4000))
            return iso(begun), None, iso(over) if self._draw.random() < 0.1 else None, "I"
        term = self._today + self._draw.randint(-60, 2500) if self._draw.random() < ENDING else None
        return iso(begun), iso(term) if term else None, None, "A"

    def _generic(
        self, number: str, dates: tuple[str, str | None, str | None, str], *, ege_id: str | None, **more: str
    ) -> Json:
        begun, term, over, state = dates
        return {
            "activiteAeId": number,
            "etatObjet": state,
            "identifiantAutorisation": more.get("authorisation"),
            "numAutorisationArhgos": None,
            "dateDebutActiviteAutorisee": begun,
            "dateFinActiviteAutorisee": term,
            "dateFinEffectiveActivite": over,
            "dateCaduciteAutorisation": None,
            "egeId": ege_id,
            "typeActiviteSMSSE": str(self._draw.randint(100, 5000)),
        }

    def _activity(
        self, generic: Json, kind: Kind, number: str, capacities: list[tuple[str, int]], zone_of: Establishment | None
    ) -> Json:
        own: Json = {OWN_NUMBER[kind.nature]: None, "activiteAeId": None, f"typeActivite{kind.nature}": kind.block}
        return {
            "caracteristiquesGeneriques": generic,
            "nature": {"codeNature": kind.nature, "caracteristiquesSpecifiques": own},
            "evenement": [self._event(number, str(generic["dateDebutActiviteAutorisee"]))],
            "engagement": [],
            "capacite": [self._capacity(number, status, places) for status, places in capacities if places],
            "zoneIntervention": self._zone(number, zone_of) if zone_of else None,
        }

    def _event(self, number: str, day: str) -> Json:
        return {
            "evenementId": self._next(), "dateEnregistrement": RECORDED_ON, "dateEvenement": day, "etatObjet1": "010",
            "identifiantObjet1": number, "systemeMaitre": "02", "typeObjet1": "AC", "codeEvenement": "010",
        }  # fmt: skip

    def _capacity(self, number: str, status: str, places: int) -> Json:
        return {
            "idCapacite": self._next(), "nombre": str(places), "precision": None, "variation": None,
            "activiteAeId": number, "engagementId": None, "habilitation": None, "statutCapacite": status,
            "modeFinancement": None, "uniteMesureCapacite": PLACES, "typeLogement": None, "genre": None,
        }  # fmt: skip

    def _zone(self, number: str, ege: Establishment) -> Json | None:
        """In the form of the producer's schema 1.0.1; none of its samples has one."""
        if ege.sort.code not in WITH_ZONE or self._draw.random() >= ZONE_SHARE:
            return None
        return {
            "zoneInterventionAutoriseeId": self._next(),
            "libelleZI": None,
            "activiteAeId": number,
            "communeZI": [{"commune": ege.commune.code}],
        }

    def _next(self) -> str:
        self._number += 1
        return str(self._number)


@cache
def kinds() -> dict[str, tuple[Kind, ...]]:
    """By category of establishment; those of the others under an empty code. Codes are real, shares are invented."""
    found: dict[str, list[Kind]] = {}
    with (files("etl.demo") / "activites.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            kind = Kind(float(row["chance"]), row["nature"], _block(row), int(row["bas"]), int(row["haut"]))
            for category in row["categories"].split() or [""]:
                found.setdefault(category, []).append(kind)
    return {category: tuple(each) for category, each in found.items()}


def _block(row: dict[str, str]) -> Json:
    activity, modality = BLOCK_NAMES[row["nature"]]
    block: Json = {activity: row["activite"]}
    if modality:
        block[modality] = row["modalite"]
    if row["nature"] == "AMM":
        block |= {"mentionAMM": row["mention"], "ptsAMM": row["pratique"], "declarationAMM": row["declaration"]}
    elif modality:
        block["formeActivite"] = row["mode"]
    elif row["mode"]:
        block |= {"modeFonctionnement": row["mode"], "public": row["public"]}
    return block
