"""A question written as a query string, in one way only: links, cursors, what people keep (`api.questions` reads it back).

Two questions that ask the same are written the same: values sorted, a whole family told by its code, what is usual left out.
"""

from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from msgspec.structs import replace

from geo.categories import Categorie, categories, categories_by_no, family_members
from geo.communes import communes
from geo.filters import Filters
from search.query import DEFAULT_LIMIT, SearchQuery, default_sort

Pairs = list[tuple[str, str]]


def query_string_of(question: SearchQuery) -> str:
    """Everything a question asks but the page one is at; `api.questions.question_from` reads it back."""
    return urlencode(pairs_of(question))


def pairs_of(question: SearchQuery) -> Pairs:
    """The same as names and values, in the contract's order."""
    filters, origin = question.filters, question.origin
    pairs: Pairs = [("q", question.words)] if question.words else []
    if origin:
        pairs += [("lat", _number(origin.lat)), ("lon", _number(origin.lon))]
    pairs += _of_places(filters)
    pairs += [("categorie", code) for code in _categories(filters.categories)]
    for name, codes in (
        ("domaine", map(str.lower, filters.domaines)),
        ("activite", filters.activites),
        ("public", filters.publics),
        ("naf", filters.naf),
        ("statut", filters.statuts),
        ("secteur", filters.secteurs),
        ("precision", filters.precisions),
    ):
        pairs += [(name, code) for code in codes]
    if filters.telephone is not None:
        pairs.append(("telephone", "true" if filters.telephone else "false"))
    if filters.maj_depuis:
        pairs.append(("maj_depuis", filters.maj_depuis.isoformat()))
    if not filters.open_only:
        pairs.append(("open", "all"))
    return pairs + _of_the_answer(question)


def same_question(question: SearchQuery) -> SearchQuery:
    """The question whatever is shown of it: page, its size, counts and explanations apart. What a cursor belongs to."""
    return replace(question, cursor=None, limit=DEFAULT_LIMIT, facets=(), total=True, explain=False)


def _of_places(filters: Filters) -> Pairs:
    pairs: Pairs = []
    if filters.circle:
        pairs.append(("radius", _number(filters.circle.radius_m)))
    if filters.bbox:
        pairs.append(("bbox", ",".join(map(_number, filters.bbox))))
    if filters.polygon:
        rings = ",".join("[" + ",".join(map(_place, ring)) + "]" for ring in filters.polygon)
        pairs.append(("polygon", f'{{"type":"Polygon","coordinates":[{rings}]}}'))
    for name, codes in (
        ("commune", _communes(filters.communes)),
        ("epci", filters.epcis),
        ("departement", filters.departements),
        ("region", filters.regions),
    ):
        pairs += [(name, code) for code in codes]
    return pairs


def _of_the_answer(question: SearchQuery) -> Pairs:
    pairs: Pairs = []
    if question.sort is not default_sort(question.words, question.origin):
        pairs.append(("sort", question.sort.value))
    if question.limit != DEFAULT_LIMIT:
        pairs.append(("limit", str(question.limit)))
    pairs += [("facets", facet.value) for facet in question.facets]
    if not question.total:
        pairs.append(("total", "false"))
    if question.explain:
        pairs.append(("explain", "true"))
    return pairs


def _place(place: tuple[float, float]) -> str:
    return f"[{_number(place[0])},{_number(place[1])}]"


def _number(value: float) -> str:
    """As short as a float can be read back from.

    >>> [_number(each) for each in (2000.0, 48.85, 1e-07)]
    ['2000', '48.85', '1e-07']
    """
    return repr(value + 0.0).removesuffix(".0")  # there is one zero


def _communes(codes: Iterable[str]) -> list[str]:
    """A town rather than its arrondissements, which it brings along."""
    asked = set(codes)
    return sorted(code for code in asked if code not in communes() or communes()[code].parent not in asked)


LEVELS: tuple[Callable[[Categorie], str], ...] = (lambda c: c.branch, lambda c: c.group, lambda c: c.family)


def _categories(numbers: Iterable[int]) -> list[str]:
    """The widest families that are asked whole, then categories one by one."""
    left, written = set(numbers), set()
    for level in LEVELS:
        for code in {level(categories_by_no()[number]) for number in left if number in categories_by_no()} - {""}:
            members = {categories()[member].no for member in family_members(code)}
            if len(members) > 1 and members <= left:
                written.add(code)
                left -= members
    known = categories_by_no()
    return sorted(written | {known[number].code if number in known else f"{number:03d}" for number in left})
