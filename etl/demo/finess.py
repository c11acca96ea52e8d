"""The facts in the published JSON's shape, with what the real flow does to them (DATA-FACTS § 1.3)."""

import random
from itertools import pairwise

from etl.demo.addresses import address
from etl.demo.country import Country
from etl.demo.facts import Entity, Establishment
from etl.demo.history import History, iso
from etl.demo.names import as_published, pick
from etl.demo.phones import contacts
from etl.demo.statutes import STATUTES

Json = dict[str, object]

PADDED = 0.08  # records whose texts are padded to the widths of the old file
SHORT, LONG = 32, 60  # characters of a name
OTHER_ADDRESS_BEFORE, OTHER_ADDRESS_AFTER = 0.020, 0.031  # usage 03 is not always the first (§ 1.3, 1)
ACTIVITY_EVENT_BYTES = 225  # of one event of an activity, comma included
ENTITY_BYTES, ESTABLISHMENT_BYTES = 800, 1_400  # about, without activities' events


class Flow:
    """Writes entities one after the other; events are numbered through the whole file."""

    def __init__(self, country: Country, seed: int, raw_size: int | None, size: int) -> None:
        self._today = country.today
        self._chances = random.Random(f"{seed}/flow")
        self._wanted_per_establishment = raw_size / size if raw_size else 0.0
        self._history = History(self._chances, country.today)
        self._owed = 0.0

    def entity(self, entity: Entity) -> Json:
        """One `pmej` item."""
        chances, closed = self._chances, entity.closed is not None
        activities = self._activities_owed(len(entity.establishments))
        written: Json = {
            "informationsGeneralesPMEJ": self._about_entity(entity),
            "adresse": [address(chances, entity, "02", padded=chances.random() < PADDED)],
            "contact": contacts(chances, entity.commune.departement),
            "engagement": [],
            "evenement": list(self._history.of_entity(entity)),
            "ege": [self._establishment(e, activities) for e in entity.establishments],
        }
        if len(entity.establishments) > 1:
            written["roleEge"] = _roles(entity.establishments)
        return written | {
            "etatObjet": "I" if closed else "A",
            "dateDerniereMaj": self._updated(entity.closed or entity.opened),
        }

    def wrote(self, count: int) -> None:
        """Tells how many bytes the last entity took: what is missing or too much goes to the next ones."""
        self._owed -= count

    def _activities_owed(self, establishments: int) -> int:
        """Events of activities for each establishment, so that the file gets as large as wanted."""
        self._owed += self._wanted_per_establishment * establishments
        missing = self._owed - ENTITY_BYTES - ESTABLISHMENT_BYTES * establishments
        return max(0, round(missing / ACTIVITY_EVENT_BYTES / max(establishments, 1)))

    def _about_entity(self, entity: Entity) -> Json:
        chances, statut = self._chances, STATUTES[entity.statut]
        pad = chances.random() < PADDED
        name = as_published(chances, entity.name)
        about: Json = {"pmSmsseId": str(entity.number)}
        if chances.random() < 0.6:
            about["codeApe"] = pick(chances, entity.sort.apes)
        about["dateCreation"] = iso(entity.opened)
        if entity.closed is not None:
            about["dateFermeture"] = iso(entity.closed)
        about["denominationLonguePmSmsse"] = _padded(name[:LONG], LONG, pad)
        about["denominationPm"] = _padded(name[:SHORT], SHORT, pad)
        about["numFinessPm"] = entity.finess
        if statut.hospital_service:
            about["fonctionPublique"] = "01"
        return about | {"siren": entity.declared_siren, "statutJuridique": entity.statut, "typePersonneMorale": "01"}

    def _establishment(self, ege: Establishment, activities: int) -> Json:
        chances = self._chances
        pad = chances.random() < PADDED
        written: Json = {
            "informationsGeneralesEGE": self._about(ege, pad),
            "categorieentiteGeographiqueExercice": _padded(ege.sort.code, 4, pad),
            "modefixationtarifaire": pick(chances, ege.sort.tarifs),
        }
        if chances.random() < 0.3:
            written["typeBudget"] = ["01"]
        return written | {
            "adresse": self._addresses(ege, pad),
            "contact": contacts(chances, ege.commune.departement),
            "engagement": self._history.commitments(ege),
            "evenement": list(self._history.of_establishment(ege, activities)),
            "roleEge": [],
            "etatObjet": "A" if ege.active else "I",
            "dateDerniereMaj": self._updated(min(ege.closed or ege.opened, self._today - 30)),
        }

    def _about(self, ege: Establishment, pad: bool) -> Json:
        chances = self._chances
        name = as_published(chances, ege.name)
        about: Json = {"egeId": str(ege.number)}
        if ege.closed is not None:
            about["dateFermeture"] = iso(ege.closed)
        about["dateOuverture"] = iso(ege.opened)
        about["datePremiereAutorisation"] = iso(ege.opened - int(chances.random() * 400) * (chances.random() < 0.2))
        about["nomEgeCourt"] = _padded(name[:SHORT], SHORT, pad)
        about["nomEgeLong"] = _padded(name[:LONG], LONG, pad)
        about["numFinessEge"] = ege.finess
        if chances.random() < 0.12:
            about["espic"] = [pick(chances, ("1", "1", "1", "0", "6", "9", "7"))]
        if ege.declared_siret:
            about["siret"] = ege.declared_siret
        return about

    def _addresses(self, ege: Establishment, pad: bool) -> list[Json]:
        """The place is the one of usage 03, wherever it stands; a desk (06) or a head office (02) may stand beside."""
        place = address(self._chances, ege, "03", padded=pad)
        chance = self._chances.random()
        if chance >= OTHER_ADDRESS_BEFORE + OTHER_ADDRESS_AFTER:
            return [place]
        other = address(self._chances, ege, pick(self._chances, ("06", "06", "02")), padded=pad, elsewhere=True)
        return [other, place] if chance < OTHER_ADDRESS_BEFORE else [place, other]

    def _updated(self, since: int) -> str:
        """A technical day between the last event and yesterday."""
        return f"{iso(since + int(self._chances.random() * max(1, self._today - since)))} 00:00:00"


def _roles(establishments: list[Establishment]) -> list[Json]:
    """Two numbers on one site: the first carries the second (primary and secondary)."""
    same_site = [(a, b) for a, b in pairwise(establishments) if a.at == b.at]
    return [
        {"idEgePorteuse": str(a.number), "idEgeNonPorteuse": str(b.number), "roleRelationEge": "01"}
        for a, b in same_site
    ]


def _padded(text: str, width: int, pad: bool) -> str:
    return text.ljust(width) if pad else text
