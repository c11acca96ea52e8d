"""Which register speaks for which field of a structure that several know, in one table.

The first of a field's registers that knows the structure is heard; `every` means that all are, one after the other. What people
say (an administrator's edit, a pin) comes before any register. Held by tests/etl/registers/test_precedence.py.
"""

from collections.abc import Mapping
from types import MappingProxyType

from geo.position import PositionSource

EVERY = "every"
PRECEDENCE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": ("finess", "sirene"),  # SIRENE's are names of legal units and signs: found by, as aliases
        "other_names": (EVERY, "finess", "sirene"),
        "categorie": ("finess", "sirene"),  # SIRENE's is a profession derived from an activity code
        "naf": ("sirene",),  # FINESS publishes none for an establishment
        "siret": (EVERY, "finess", "sirene"),  # declared ones, then those that links found
        "siren": ("finess", "sirene"),
        "entite_juridique": ("finess",),
        "address": ("finess", "sirene"),  # SIRENE's may be the head office's
        "phones": ("finess",),  # SIRENE has none
        "open": ("finess", "sirene"),  # the authorisation decides, not the tax office
        # the most precise; in this order where equal (etl/registers/placed.py)
        "position": ("administrator", "finess", "finess_ancien", "sirene", "geocoder", "commune"),
    }
)
# DESIGN.md decision 7: a precise point of FINESS, then Insee's (never of quality 33), then less precise ones. The source that
# says more precisely where is heard (geo.position.MORE_PRECISE_FIRST); in this order where both are as precise: what a register
# says comes before what was found from its words.
TRUSTED_FIRST = (
    PositionSource.ADMINISTRATOR.value,
    PositionSource.FINESS.value,
    PositionSource.FINESS_ANCIEN.value,
    PositionSource.INSEE.value,
    PositionSource.GEOCODER.value,
    PositionSource.COMMUNE.value,
)
