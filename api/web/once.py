"""What the page of a structure says once, and in words: nothing that is already above, no code that nobody explained."""

from collections.abc import Iterable

from api.structures.published import Coded, Contact, Engagement, PublishedAddress
from api.structures.schemas import StructurePage
from search.results import Address

# Type and subtype of an engagement. No table of ours explains the others: they keep their codes in
# the API and are not shown.
AGREEMENTS = {("CONV", "CPOM"): "Contrat pluriannuel d’objectifs et de moyens"}
SAYS_NOTHING = "Indéterminé"  # a label of the register for the lack of one


def in_words(codes: Iterable[Coded | None]) -> list[str]:
    """The labels that tell a reader something."""
    return [each.label for each in codes if each and each.label and each.label != SAYS_NOTHING]


def agreements(engagements: Iterable[Engagement]) -> list[tuple[str, Engagement]]:
    """Those that have words, with them, each once."""
    named = ((AGREEMENTS.get((e.type or "", e.subtype or "")) or e.name, e) for e in engagements)
    return list(dict.fromkeys((name, e) for name, e in named if name))


def elsewhere(addresses: Iterable[PublishedAddress], structure: StructurePage) -> list[PublishedAddress]:
    """Addresses of a legal entity that the page of its structure has not told: half of the seats are the place itself."""
    told = {_place(structure.address), *map(_place, structure.addresses)}
    return [each for each in addresses if _place(each) not in told]


def reached_at(structure: StructurePage) -> list[str]:
    """Every number and mail address that the page gives of the structure itself."""
    return [*structure.phones, *(each for contact in structure.contacts for each in _all_of(contact))]


def _all_of(contact: Contact) -> list[str]:
    return [*contact.phones, *contact.faxes, *([contact.email] if contact.email else [])]


def _place(address: Address | PublishedAddress) -> tuple[tuple[str, ...], str | None, str | None]:
    return tuple(address.lines), address.postcode, address.commune.code
