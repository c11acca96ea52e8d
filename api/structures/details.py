"""The page of a structure with all that FINESS publishes of it: its record, its legal entity's, their ties, their history."""

from collections.abc import Iterator
from typing import Any

import msgspec

from api.dependencies import Reading
from api.structures import wording
from api.structures.known import Known, Served, known_of
from api.structures.published import Coded, Group, Link
from api.structures.schemas import StructurePage
from api.structures.wording import Json, coded, day_of
from geo import sirene
from geo.publication import replayed, went_back_to


def with_details(view: Reading, pages: list[StructurePage]) -> list[StructurePage]:
    """These pages with what history knows of each; as they are where it knows nothing."""
    served = Served(replayed(view.connection, "finess"), went_back_to(view.connection, sirene.PIPELINE))
    known = known_of(view.connection, pages, served)
    return [
        msgspec.structs.replace(
            page,
            **_of_establishment(view, known.ege(page)),
            **_of_entity(page, known),
            history=known.changes.get(page.id, []),
        )
        for page in pages
    ]


def _of_establishment(view: Reading, ege: Json) -> dict[str, Any]:
    mft, espic = (view.labels.of(view.connection, kind, view.publication.version) for kind in ("mft", "espic"))
    return {
        "short_name": ege.get("nom_court"),
        "name_complement": ege.get("complement_nom"),
        "authorised_on": day_of(ege.get("premiere_autorisation")),
        "mft": coded(ege.get("mft"), mft),
        "espic": [Coded(code, espic.get(code)) for code in ege.get("espic", [])],
        "budgets": [Coded(code, None) for code in ege.get("budgets", [])],
        "uai": ege.get("uai"),
        "external_reference": ege.get("reference_externe"),
        "addresses": wording.addresses_of(ege),
        "contacts": wording.contacts_of(ege),
        "engagements": wording.engagements_of(ege),
        "events": wording.events_of(ege),
    }


def _of_entity(page: StructurePage, known: Known) -> dict[str, Any]:
    pmej = known.pmej(page)
    told_on_its_establishments = page.entite_juridique.name if page.entite_juridique else None
    entity = wording.entity_of(pmej, told_on_its_establishments) if pmej else None
    return {
        "entity": entity,
        "legal_status": entity.legal_status if entity else None,
        "groups": list(_groups(page, known)),
        "links": [
            Link(role, s.finess, s.id, s.name) for number, role in known.ties(page) if (s := known.sites.get(number))
        ],
    }


def _groups(page: StructurePage, known: Known) -> Iterator[Group]:
    ege, pmej = known.ege(page), known.pmej(page)
    for kind, group in known.groups:
        role, kind_of_group = _role_in(group, ege, pmej), coded(group.get("type"), {})
        if role is not None:
            yield Group(kind, group.get("nom"), kind_of_group, coded(role, wording.GROUP_ROLES))
        elif pmej and group.get("pm_id") == pmej.get("pm_id"):  # it is the group: a cooperation is a legal entity
            yield Group(kind, pmej.get("nom"), kind_of_group, None)


def _role_in(group: Json, ege: Json, pmej: Json) -> str | None:
    """The role in a group, empty when none is said; None for who is not in it."""
    for members, record, number in (("membres", pmej, "pm_id"), ("etablissements", ege, "ege_id")):
        for member in group.get(members, []):
            if number in record and member.get(number) == record[number]:
                return str(member.get("role", ""))
    return None
