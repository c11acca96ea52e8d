"""A record of FINESS in the words of the API: its codes with their labels, its days as dates."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from api.structures.published import Coded, Contact, Engagement, Entity, Event, PublishedAddress
from etl.finess.layout import PUBLIC_CONTACT
from geo.categories import legal_statuses, natural_person_statuses
from geo.communes import communes, current_code
from search.results import Commune

Json = dict[str, Any]  # written by etl/finess/record.py

# The register's tables R206, R361, R376, R377 and R213 are not among our references: these are the codes that its
# documentation and its real files explain; any other keeps its code and no label.
USAGES = {"03": "Lieu d’exercice", "06": "Accueil", "02": "Siège"}
CONTACT_ROLES = {"01": "Contact public"}
EVENTS = {
    "001": "Création de l’entité juridique",
    "002": "Fermeture de l’entité juridique",
    "003": "Création de l’établissement",
    "005": "Fermeture",
    "007": "Ouverture de l’établissement",
    "010": "Événement d’une activité",
}
GROUP_ROLES = {"S": "Support", "M": "Membre"}
CIVILITY = re.compile(
    r"(MADAME|MONSIEUR|MME|MLLE|M\.|(LE )?DOCTEUR|DR)\.?\s", re.IGNORECASE
)  # « MR » is a maison de retraite
USAGE_ORDER = ("03", "06", "02")  # where it is, where one is received, its seat; then the rest


def coded(code: str | None, labels: Mapping[str, str]) -> Coded | None:
    """A code with its label, nothing for no code."""
    return Coded(code, labels.get(code)) if code else None


def day_of(published: str | None) -> dt.date | None:
    """A published day; « 2026-02-30 » stays in the record and is no day for a reader."""
    try:
        return dt.date.fromisoformat(published) if published else None
    except ValueError:
        return None


def addresses_of(record: Json) -> list[PublishedAddress]:
    """Every address, the place of practice first."""
    told = [_address(each) for each in record.get("adresses", [])]
    return sorted(told, key=lambda a: USAGE_ORDER.index(a.usage.code) if a.usage.code in USAGE_ORDER else 9)


def contacts_of(record: Json) -> list[Contact]:
    """The public ones: role 01, or none said."""
    public = [c for c in record.get("contacts", []) if c.get("role", PUBLIC_CONTACT) == PUBLIC_CONTACT]
    told = [
        Contact(
            coded(each.get("role"), CONTACT_ROLES),
            each.get("telephones", []),
            each.get("telecopies", []),
            each.get("courriel"),
        )
        for each in public
    ]
    return [each for each in told if each.phones or each.faxes or each.email]


def engagements_of(record: Json) -> list[Engagement]:
    """Agreements in their published order."""
    return [
        Engagement(
            each.get("type"),
            each.get("sous_type"),
            each.get("nom"),
            day_of(each.get("signature")),
            day_of(each.get("effet")),
            day_of(each.get("fin")),
        )
        for each in record.get("engagements", [])
    ]


def events_of(record: Json) -> list[Event]:
    """The official history, in the order of days."""
    events = [each for each in record.get("evenements", []) if each.get("code")]
    return [Event(each["code"], EVENTS.get(each["code"]), day_of(each.get("date"))) for each in events]


def entity_of(record: Json, name: str | None) -> Entity:
    """A legal entity in full; of a natural person, only what FINESS says on its establishments, whose name is given here."""
    if is_natural_person(record):
        return _natural_person(record, name)
    return Entity(
        finess=record["finess"],
        name=record.get("nom"),
        short_name=record.get("nom_court"),
        siren=record.get("siren"),
        legal_status=legal_status_of(record),
        ape=record.get("ape"),
        fonction_publique=coded(record.get("fonction_publique"), {}),
        created_on=day_of(record.get("creation")),
        closed_on=day_of(record.get("fermeture")),
        addresses=addresses_of(record),
        contacts=contacts_of(record),
        engagements=engagements_of(record),
        events=events_of(record),
    )


def is_natural_person(record: Json) -> bool:
    """By its legal status, or by a name that opens as a person's does: some are filed under the status of an association."""
    if record.get("statut_juridique") in natural_person_statuses():
        return True
    return any(CIVILITY.match(record.get(name, "")) for name in ("nom", "nom_court"))


def _natural_person(record: Json, name: str | None) -> Entity:
    """Who practises under their own name has a home, a mobile and agreements as everyone has: they help nobody find a place
    of care, which has an address and a phone of its own. Name, SIREN and legal status say who answers for it.
    """
    return Entity(finess=record["finess"], name=name, siren=record.get("siren"), legal_status=legal_status_of(record))


def legal_status_of(record: Json) -> Coded | None:
    """The legal status of a legal entity."""
    return coded(record.get("statut_juridique"), legal_statuses())


def _address(published: Json) -> PublishedAddress:
    code, usage = published.get("commune"), published.get("usage", "")
    known = communes().get(current_code(code) or "") if code else None
    return PublishedAddress(
        Coded(usage, USAGES.get(usage)),
        published.get("lignes", []),
        published.get("code_postal"),
        Commune(code, known.name if known else published.get("acheminement")),
    )
