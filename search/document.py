"""A structure as the words index sees it: which of its words go into which field."""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import chain

import msgspec

from geo.categories import Categorie, categories, categories_by_no, family_members
from geo.communes import area_names
from search.french import stem, telling_words, tokens, words_said
from search.sigles import also_said, long_forms
from search.tables import lines_of

# Asked by `embedded.index.build` and `elastic.indexing`; ordered by id so that ranks in the index and ids sort alike.
STRUCTURES = """
SELECT s.id, s.name, s.other_names || s.aliases AS other_names, s.categorie_no,
       coalesce(c.code, s.categorie_no::text) AS categorie_code, coalesce(c.label, '') AS categorie_label,
       s.ej_finess, s.ej_name, s.ej_siren,
       s.commune, s.commune_name, s.postcode, s.departement, s.region, s.epci, s.address_lines,
       s.activites, s.publics, s.naf, s.statut, s.open, s.closed_on, s.updated_on,
       s.lon, s.lat, s.precision, s.position_source, s.name_key, s.finess, s.siret, s.siren, s.finess || s.siret AS numbers,
       s.phones, cardinality(s.phones) > 0 AS has_phone
FROM structure AS s
LEFT JOIN categorie AS c ON c.no = s.categorie_no
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
    typed: str  # words as written and as compared, that lines under the search box begin with; none of a closed one
    numbers: str  # FINESS and SIRET; none of a closed one


def document_of(row: Mapping[str, object]) -> Document:
    """The document of one row of STRUCTURES."""
    written = telling_words(str(row["name"]))
    name = list(map(stem, written))
    others = [tokens(str(each)) for each in row["other_names"] or ()]  # type: ignore[attr-defined]
    said = [word for each in (name, *others) for word in also_said(each)]
    return Document(
        exact=" ".join(written),
        name=" ".join(name),
        other=" ".join(dict.fromkeys([*chain.from_iterable(others), *said])),
        categorie=categorie_words(int(str(row["categorie_no"]))),
        place=_place_words(row["commune_name"], row["postcode"], row["departement"], row["region"]),
        entity=" ".join(tokens(str(row["ej_name"] or ""))),
        name_length=len(name),
        typed=" ".join(_written(row, [*name, *chain.from_iterable(others), *said])) if row["open"] else "",
        numbers=" ".join(row["numbers"] or ()) if row["open"] else "",  # type: ignore[arg-type]
    )


def _written(row: Mapping[str, object], named: Iterable[str]) -> Iterable[str]:
    """Its words as people begin them, of its names, its place, its category: as written, and as compared."""
    names = (row["name"], *(row["other_names"] or ()))  # type: ignore[misc]
    written = [word for each in names for word in words_said(str(each))]
    commune, kind = str(row["commune_name"] or ""), _categorie_said(int(str(row["categorie_no"])))
    place = (*_commune_said(commune), *_commune_words(commune), *([str(row["postcode"])] if row["postcode"] else ()))
    return dict.fromkeys([*written, *named, *place, *kind])


def completeness(has_phone: bool, precision: str) -> float:
    """0 to 1: can it be called, is it precisely on the map."""
    return 0.5 * has_phone + 0.5 * (precision in ("pin", "housenumber", "street"))


@cache
def categorie_words(number: int) -> str:
    """The words of a category: its label, its family's, and what people say instead."""
    found = categories_by_no().get(number)
    if found is None:
        return ""
    said = tokens(" ; ".join([found.label, found.short_label, found.family_label, *synonyms().get(found.code, ())]))
    in_full = [word for each in said for form in long_forms().get(each, ()) for word in form]
    return " ".join(dict.fromkeys([*said, *in_full]))


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """What people type, by category code; a family's line holds for each of its members."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines_of("synonyms.txt"):
        code, _, said = line.partition(" : ")
        for member in (code,) if code in categories() else family_members(code):
            found[member] = (*found.get(member, ()), *(phrase.strip() for phrase in said.split(";")))
    return found


def said_of(categorie: Categorie) -> list[str]:
    """Everything a category answers to, its label first."""
    return [categorie.label, *synonyms().get(categorie.code, ())]


@cache
def _area_words(kind: str, code: str) -> list[str]:
    return tokens(area_names(kind).get(code, ""))


def _place_words(commune: object, postcode: object, departement: object, region: object) -> str:
    """« Lorient 56100 56 Morbihan Bretagne »: people say any of them."""
    codes = [str(code).lower() for code in (postcode, departement) if code]
    above = [*_area_words("departement", str(departement)), *_area_words("region", str(region))]
    return " ".join(dict.fromkeys([*_commune_words(str(commune or "")), *codes, *above]))


@cache
def _categorie_said(number: int) -> tuple[str, ...]:
    return tuple(words_said(categorie_words(number)))


@lru_cache(maxsize=50_000)
def _commune_said(name: str) -> tuple[str, ...]:
    return tuple(words_said(name))


@lru_cache(maxsize=50_000)
def _commune_words(name: str) -> tuple[str, ...]:
    return tuple(tokens(name))
