"""A structure as the words index sees it: which of its words go into which field."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from geo.categories import Categorie, categories, categories_by_no, family_members
from geo.communes import area_names
from search import ranking
from search.french import beginnings, exact_form, tokens, words_said
from search.squares import cells

# Asked by `embedded.index.build`; ordered by id so that ranks in the index and ids sort alike.
STRUCTURES = """
SELECT s.id, s.name, s.other_names || s.aliases AS other_names, s.categorie_no, s.ej_name, s.commune_name, s.postcode,
       s.commune, s.departement, s.region, s.epci, s.activites, s.naf, s.open, s.lon, s.lat, s.name_key,
       cardinality(s.phones) > 0 AS has_phone, s.precision, s.finess || s.siret AS numbers
FROM structure AS s
ORDER BY s.id
"""


OPEN = "o"  # a word of `sieve`


class Document(msgspec.Struct, frozen=True):
    """Normalised words by field; `exact` is the whole name, compared as one."""

    exact: str
    name: str
    other: str
    categorie: str
    place: str
    entity: str
    name_length: int
    typed: str  # words as written, with their beginnings (embedded.typed)
    sieve: str  # squares it stands in, and whether it is open
    numbers: str  # FINESS and SIRET
    quality: int


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
        typed=" ".join(beginnings(_written(row, others))),
        sieve=" ".join([OPEN] * bool(row["open"]) + cells(row["lon"], row["lat"])),  # type: ignore[arg-type]
        numbers=" ".join(row["numbers"] or ()),  # type: ignore[arg-type]
        quality=quality(int(str(row["categorie_no"])), completeness(bool(row["has_phone"]), str(row["precision"]))),
    )


def _written(row: Mapping[str, object], others: str) -> list[str]:
    """Its words as people begin them: of its names, its place, its category."""
    said = (row["name"], others, row["commune_name"], row["postcode"], categorie_words(int(str(row["categorie_no"]))))
    return [word for each in said if each for word in words_said(str(each))]


def completeness(has_phone: bool, precision: str) -> float:
    """0 to 1: can it be called, is it precisely on the map."""
    return 0.5 * has_phone + 0.5 * (precision in ("pin", "housenumber", "street"))


def quality(categorie_no: int, complete: float) -> int:
    """What orders structures far away, where only some of those that match are looked at: 0 to 30."""
    return 20 * (categorie_no in ranking.LOOKED_FOR_BY_NAME) + round(10 * complete)


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
