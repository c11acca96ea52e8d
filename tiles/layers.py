"""What the grid counts apart: everything, each category, and the families and domains that people filter by."""

from collections.abc import Iterable
from functools import cache

from geo.categories import DOMAINES, FAMILIES, categories, domaine_members, family_members

ALL = 0  # a category's layer is its own number
# Below zero, so that no category meets them; they follow from the codes, and survive a nomenclature that grows.
DOMAINE_LAYERS = {code: -1 - rank for rank, code in enumerate(DOMAINES)}
FAMILY_LAYERS = {code: -20_000 - rank for rank, code in enumerate(FAMILIES)}


@cache
def together() -> dict[int, tuple[int, ...]]:
    """The categories of each layer that counts several, the widest first; never two layers of the same ones."""
    found = {DOMAINE_LAYERS[code]: domaine_members(code) for code in DOMAINES}
    known = categories()
    # Groups, between them, are sums of a few families.
    for code in sorted({level for each in known.values() for level in (each.family, each.branch) if level}):
        found[FAMILY_LAYERS.get(code) or -int(code)] = tuple(sorted(known[each].no for each in family_members(code)))
    distinct = {members: layer for layer, members in found.items() if len(members) > 1}
    return {layer: distinct_members for distinct_members, layer in sorted(distinct.items(), key=_widest)}


def layers_of(numbers: Iterable[int]) -> list[int]:
    """As few layers as add up to these categories.

    >>> layers_of(domaine_members("SAN")) == [DOMAINE_LAYERS["SAN"]]
    True
    """
    left, found = set(numbers), []
    for layer, members in together().items():
        if left.issuperset(members):
            found.append(layer)
            left.difference_update(members)
    return found + sorted(left)


def _widest(layer: tuple[tuple[int, ...], int]) -> tuple[int, int]:
    members, number = layer
    return (-len(members), number)
