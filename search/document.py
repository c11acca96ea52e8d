"""A structure as the words index sees it: which of its words go into which field."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from geo.categories import Categorie, categories, categories_by_no, family_members
from geo.communes import area_names
from search.french import exact_form, tokens

# Asked by `embedded.index.build`; ordered by id so that ranks in the index and ids sort alike.
STRUCTURES = """
SELECT s.id, s.name, s.other_names || s.aliases AS other_names, s.categorie_no, s.ej_name, s.commune_name, s.postcode,
       s.commune, s.departement, s.region, s.epci, s.activites, s.publics, s.naf, s.statut,
       s.updated_on, s.open, s.lon, s.lat, s.name_key,
       cardinality(s.phones) > 0 AS has_phone, s.precision
FROM structure AS s
ORDER BY s.id
"""


class Document(msgspec.Struct, frozen=True):
    """Normalised words by field; `exact` is the whole name, compared as one."""

    exact: str
    name: str
    other: str
    categorie: str
    place: str
    entity: str
    name_length: int


def document_of(row: Mapping[str, object]) -> Document:
    """The document of one row of STRUCTURES."""
    name = tokens(str(row["name"]))
    others = " ".join(str(each) for each in row["other_names"] or ())  # type: ignore[attr-defined]
    return Document(
        exact=exact_form(str(row["name"])),
        name=" ".join(name),
        other=" ".join(tokens(others)),
        categorie=categorie_words(int(str(row["categorie_no"]))),
        place=_place_words(row["commune_name"], row["postcode"], row["departement"]),
        entity=" ".join(tokens(str(row["ej_name"] or ""))),
        name_length=len(name),
    )


@cache
def categorie_words(number: int) -> str:
    """The words of a category: its label, its family's, and what people say instead."""
    found = categories_by_no().get(number)
    if found is None:
        return ""
    said = [found.label, found.short_label, found.family_label, *synonyms().get(found.code, ())]
    return " ".join(dict.fromkeys(tokens(" ; ".join(said))))


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """What people type, by category code; a family's line holds for each of its members."""
    found: dict[str, tuple[str, ...]] = {}
    for line in (files("search") / "synonyms.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, said = line.partition(" : ")
            for member in (code,) if code in categories() else family_members(code):
                found[member] = (*found.get(member, ()), *(phrase.strip() for phrase in said.split(";")))
    return found


def said_of(categorie: Categorie) -> list[str]:
    """Everything a category answers to, its label first."""
    return [categorie.label, *synonyms().get(categorie.code, ())]


@cache
def _departement_words(code: str) -> str:
    return " ".join(tokens(area_names("departement").get(code, "")))


def _place_words(commune: object, postcode: object, departement: object) -> str:
    named = tokens(str(commune or "")) + ([str(postcode)] if postcode else [])
    return " ".join([*named, _departement_words(str(departement or ""))])
