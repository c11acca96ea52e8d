"""What of a published record is content: the fields we know, and a hash that only a change of meaning changes.

The producer rewrites its files every night: technical dates move, texts get padded, the two pairs of coordinates change
places, keys and lists come in another order, phones lose their dots. None of that is a change of the world (DATA-FACTS
§ 1.3), and a field we don't know yet must not make a new version of every record: it is counted, and reported.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

from etl.cleaning import phone_numbers

Rule = Any  # a function of the value, or the fields of an object
Fields = dict[str, Rule]
Json = dict[str, Any]

COORDINATE_DECIMALS = 6  # of a degree: a tenth of a metre; projected metres keep more than they mean
_sorted = msgspec.json.Encoder(order="sorted")


def scalar(value: object) -> str | None:
    """A published value as text, without padding nor NUL (which PostgreSQL cannot hold).

    Drafts of the schema wrapped codes as `{"coding": {"code": …}}`.
    """
    if type(value) is str:
        return (value if "\0" not in value else value.replace("\0", "")).strip() or None
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        return scalar(value.get("coding", value.get("code")))
    if value is None:
        return None
    return str(value).strip() or None


def codes(value: object) -> list[str] | None:
    """A code or a list of codes, in one order."""
    found = {code for each in (value if isinstance(value, list) else [value]) if (code := scalar(each))}
    return sorted(found) or None


def phones(value: object) -> list[str] | None:
    """The numbers of a phone field, however they are written."""
    return sorted(phone_numbers(scalar(value))) or None


def point(value: object) -> list[object] | None:
    """The numbers of a point, whichever pair and whichever axis comes first, with its BAN key; its score promises nothing."""
    if not isinstance(value, dict):
        return None
    numbers = sorted({number for axis in AXES if (number := decimal(value.get(axis))) is not None})
    key = scalar(value.get("cleInInteropBAN"))
    return [numbers, key] if numbers or key else None


def decimal(value: object) -> float | None:
    """A number written with a point or a comma, None when it isn't one."""
    written = scalar(value)
    try:
        return round(float(written.replace(",", ".")), COORDINATE_DECIMALS) if written else None
    except ValueError:
        return None


def technical(value: object) -> None:
    """A field that says something of the file, not of the world."""


AXES = ("coordonneeX", "coordonneeY", "directionLatitude", "directionLongitude")


class Evenement(msgspec.Struct, omit_defaults=True, gc=False):
    """The content of an event."""

    evenementId: str | None = None
    codeEvenement: str | None = None
    dateEvenement: str | None = None
    typeObjet1: str | None = None
    typeObjet2: str | None = None
    identifiantObjet1: str | None = None
    identifiantObjet2: str | None = None
    etatObjet1: str | None = None
    etatObjet2: str | None = None
    systemeMaitre: str | None = None


EVENEMENT_NAMES = frozenset((*Evenement.__struct_fields__, "dateEnregistrement"))


def events(value: object, unknown: Counter[str], path: str) -> list[Evenement] | None:
    """Events by number, without the day they were typed in: nine tenths of a file, so the usual form has a short way."""
    if not isinstance(value, list) or not value:
        return None
    for each in value:
        if isinstance(each, dict) and not each.keys() <= EVENEMENT_NAMES:
            unknown.update(f"{path}.{name}" for name in each.keys() - EVENEMENT_NAMES)
    try:
        found = msgspec.convert(value, list[Evenement])
    except msgspec.ValidationError:
        return _in_order(_events_one_by_one(value))
    encoded = _sorted.encode(found)
    return _in_order(_events_one_by_one(value) if b' "' in encoded or b'" ' in encoded else found)


def _events_one_by_one(value: list[object]) -> list[Evenement]:
    """The same content from any other form: padded, wrapped."""
    return [
        Evenement(*(scalar(each.get(name)) for name in Evenement.__struct_fields__))
        for each in value
        if isinstance(each, dict)
    ]


def _in_order(found: list[Evenement]) -> list[Evenement]:
    numbers = {each.evenementId for each in found}
    if len(numbers) == len(found) and None not in numbers:
        return sorted(found, key=_number)
    return sorted(found, key=_sorted.encode)


_number: Callable[[Evenement], Any] = attrgetter("evenementId")

ENGAGEMENT: Fields = {
    **dict.fromkeys(("engagementId", "typeEngagement", "sousTypeEngagement", "nomEngagement"), scalar),
    **dict.fromkeys(("dateEffetEngagement", "dateSignatureEngagement", "dateCaduciteEngagement"), scalar),
    **dict.fromkeys(("dateFinEngagement", "dateNotificationEngagement"), scalar),
    **dict.fromkeys(("identifiantEngagement", "motifArrete"), scalar),
    "autoriteRegulationEngagement": {"autoriteRegulationId": scalar},
}
ADRESSE: Fields = {
    **dict.fromkeys(("usageAdresse", "numeroVoie", "typeVoie", "libelleVoie", "complementVoie"), scalar),
    **dict.fromkeys(("complementPointGeographique", "lieuDit", "cogCommune", "codePostal"), scalar),
    **dict.fromkeys(("ligneAcheminement", "ligneUne", "ligneDeux", "ligneTrois", "ligneQuatre"), scalar),
    **dict.fromkeys(("ligneCinq", "ligneSix"), scalar),
    "coordonneesGeographique": point,
}
CONTACT: Fields = {
    "typeContact": {"roleContact": scalar},
    "telecom": {"telephone": phones, "telecopie": phones, "courriel": scalar},
}
EGE: Fields = {
    "informationsGeneralesEGE": {
        **dict.fromkeys(("egeId", "numFinessEge", "nomEgeCourt", "nomEgeLong", "siret"), scalar),
        **dict.fromkeys(("complementDenominationEg", "dateOuverture", "datePremiereAutorisation"), scalar),
        **dict.fromkeys(("dateFermeture", "numeroEducationNationale", "numeroReferenceExterne"), scalar),
        "espic": codes,
    },
    "categorieentiteGeographiqueExercice": scalar,
    "modefixationtarifaire": scalar,
    "typeBudget": codes,
    "adresse": ADRESSE,
    "contact": CONTACT,
    "engagement": ENGAGEMENT,
    "evenement": events,
    "roleEge": {"idEgePorteuse": scalar, "idEgeNonPorteuse": scalar, "roleRelationEge": scalar},
    "etatObjet": scalar,
    "dateDerniereMaj": technical,
}
PMEJ: Fields = {
    "informationsGeneralesPMEJ": {
        **dict.fromkeys(("pmSmsseId", "numFinessPm", "denominationPm", "denominationLonguePmSmsse"), scalar),
        **dict.fromkeys(("complementAdressePmSmsse", "siren", "statutJuridique", "codeApe"), scalar),
        **dict.fromkeys(("dateCreation", "dateFermeture", "fonctionPublique", "typeGroupeGco"), scalar),
        **dict.fromkeys(("categorieentiteGeographiqueExercice", "typePersonneMorale"), scalar),
    },
    "adresse": ADRESSE,
    "contact": CONTACT,
    "engagement": ENGAGEMENT,
    "evenement": events,
    "roleEge": EGE["roleEge"],
    "etatObjet": scalar,
    "dateDerniereMaj": technical,
    "ege": technical,  # records of their own
}
MEMBRE: Fields = dict.fromkeys(("pmSmsseId", "egeId", "typeRoleEntiteGroupe"), scalar)
GCC: Fields = {
    **dict.fromkeys(("gccId", "nomGcc", "typeGcc", "gccIdentifiantExterne", "etatObjet"), scalar),
    "pmejDuGcc": MEMBRE,
    "egeDuGcc": MEMBRE,
    "engagement": ENGAGEMENT,
    "evenement": events,
    "dateDerniereMaj": technical,
}
GCO: Fields = {
    **dict.fromkeys(("pmSmsseId", "typeGco", "etatObjet"), scalar),
    "pmejDuGco": MEMBRE,
    "egeDuGco": MEMBRE,
    "dateDerniereMaj": technical,
}


def content(value: object, known: Rule, unknown: Counter[str], path: str) -> object:
    """What a published value says, None when it says nothing; fields that `known` lacks are counted under their path."""
    if type(known) is not dict:
        return events(value, unknown, path) if known is events else known(value)
    if type(value) is list:
        members = [found for each in value if (found := content(each, known, unknown, path)) is not None]
        return sorted(members, key=_sorted.encode) if len(members) > 1 else members or None
    if type(value) is not dict:
        return None
    fields: Json = {}
    for name, member in value.items():
        rule = known.get(name)
        if rule is scalar and type(member) is str:  # nine fields in ten
            if text := member.strip():
                fields[name] = text
        elif rule is None:
            unknown[f"{path}.{name}"] += 1
        elif rule is not technical and (cleaned := content(member, rule, unknown, f"{path}.{name}")) is not None:
            fields[name] = cleaned
    return fields or None


def content_hash(cleaned: object, *context: str | None) -> bytes:
    """Sixteen bytes that change when the content does, or what it hangs on (an establishment's legal entity)."""
    digest = hashlib.blake2b(_sorted.encode(cleaned), digest_size=16)
    for each in context:
        digest.update(b"\0" + (each or "").encode())
    return digest.digest()
