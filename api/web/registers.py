"""What the page of a structure says of the registers behind it: activity codes, how numbers were matched, who says what."""

from collections.abc import Iterable, Mapping
from functools import cache

from api.structures.registers import DECLARED, Matched
from api.structures.schemas import StructurePage
from geo.naf import REV2
from geo.reference.naf import naf_codes
from geo.text import sort_key
from search.results import Naf

NOMENCLATURES = {REV2: "NAF rév. 2"}
# Members of the API's answer, as people call them.
FIELDS = {
    "name": "nom",
    "aliases": "autres noms",
    "categorie": "catégorie",
    "naf": "activité principale",
    "finess": "numéro FINESS",
    "siret": "SIRET",
    "siren": "SIREN",
    "entite_juridique": "entité juridique",
    "address": "adresse",
    "phones": "téléphone",
    "open": "ouverture ou fermeture",
    "position": "position",
    "activities": "activités autorisées",
}
STATUS = {
    ("declared", "accepted"): "Déclaré par FINESS, confirmé par Sirene",
    ("declared", "review"): "Déclaré par FINESS, à vérifier",
    ("declared", "rejected"): "Déclaré par FINESS, non confirmé par Sirene",
    ("scoring", "accepted"): "Trouvé dans Sirene par ressemblance",
    ("human", "accepted"): "Confirmé par une personne",
}
UNCONFIRMED = "SIRET publié par FINESS"


def main_activities(codes: Iterable[Naf]) -> list[str]:
    """Codes with their words where our field has them, NAF rév. 2 first.

    >>> main_activities([Naf("NAFRev2", "86.21Z"), Naf("NAFRev2", "01.11Z")])
    ['86.21Z, Activité des médecins généralistes (NAF rév. 2)', '01.11Z (NAF rév. 2)']
    """
    told = sorted(codes, key=lambda each: (each.nomenclature != REV2, each.code))
    return [_activity(each) for each in told]


def other_names(structure: StructurePage) -> list[str]:
    """Names that registers give it and that the page says nowhere else."""
    said = {sort_key(each) for each in (structure.name, structure.short_name, structure.name_complement) if each}
    once = {
        sort_key(each): each for each in structure.aliases
    }  # of two that differ by capitals, the one written as people write
    return [name for key, name in once.items() if key not in said]


def matched(number: Matched) -> str:
    """How one SIRET and the structure were brought together, in a sentence."""
    if number.status is None:
        return f"{UNCONFIRMED}."
    findings = ", ".join(each.removeprefix(DECLARED) for each in number.findings)
    said = STATUS.get((number.source, number.status), UNCONFIRMED)
    if findings and number.status == "accepted":
        return f"{said} ; {findings}."
    if findings:
        return f"Déclaré par FINESS, {findings}."
    score = f" ({number.score:.0f} sur 100)" if number.source == "scoring" and number.score is not None else ""
    return f"{said}{score}."


def fields_in_words(names: Iterable[str]) -> str:
    """Members of an answer as people call them.

    >>> fields_in_words(["name", "closed_on", "siret"])
    'Nom, SIRET'
    """
    said = ", ".join(FIELDS[name] for name in names if name in FIELDS)
    return said[:1].upper() + said[1:]


def _activity(naf: Naf) -> str:
    label = _labels().get((naf.nomenclature, naf.code))
    words = f", {label}" if label else ""
    return f"{naf.code}{words} ({NOMENCLATURES.get(naf.nomenclature, 'NAF 2025')})"


@cache
def _labels() -> Mapping[tuple[str, str], str]:
    return {(each.nomenclature, each.code): each.libelle for each in naf_codes()}
