"""How far a file may be from what is expected before it is refused: settings, each with its reason (DATA-FACTS § 1.3)."""

import os
from typing import Any

import msgspec

from geo.errors import Lum1Error


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Shares are of 1, sizes in bytes, ages in days."""

    anomalies: float = 0.01  # rejected rows: the live flow has fewer than one in a thousand
    repeated: float = 0.005  # numbers met twice: the register has none
    removed: float = 0.10  # numbers served yesterday and absent today: a real day removes a few dozen
    closed: float = 0.10  # open yesterday and not today: a real day closes a few dozen
    masked: float = 0.02  # told today and masked by the stock: some in a thousand a month turn to partial diffusion
    moved: float = 0.20  # points more than 500 m away: 6 % at the migration of July 2026, the worst day on record
    coordinates: float = 0.10  # unusable among those published: more means that their form or meaning has changed
    dates: float = 0.01  # of opening and closing that are no ISO dates: the register writes no other
    drift: float = 0.10  # fall of the share of establishments that the flow places: a pair that changed its meaning
    geocoding: float = (
        0.05  # structures that a geocoder placed and no longer does, or elsewhere: its index lost a part of France
    )
    geocoding_departement: float = 0.5  # the same, in the département that lost most
    coverage: float = 0.93  # open establishments on the map, all fallbacks used
    orphans: float = 0.01  # numbers of the activities flow that no structure has: a warning, the live flow had none
    min_bytes: int = 30_000_000  # of the download: the gzip has been 50 MB since it exists
    min_active: int = 50_000  # open establishments: 104,805 on 2026-10-01
    max_active: int = 200_000
    max_days_ahead: float = 1  # of the content: a producer's clock or time zone may differ from ours
    max_stock_age_days: int = 62  # of SIRENE's stock: monthly, and published some days into the month
    max_age_days: int = 10  # of the content: a flow that no longer moves must not pass for a success

    @classmethod
    def from_environment(cls) -> "Thresholds":
        """Each may be set by `LUM1_GATE_` and its name in capitals."""
        given = {name: f"LUM1_GATE_{name.upper()}" for name in cls.__struct_fields__}
        return cls(**{name: _number(variable, cls) for name, variable in given.items() if os.environ.get(variable)})


def _number(variable: str, thresholds: type[Thresholds]) -> Any:
    name, value = variable.removeprefix("LUM1_GATE_").lower(), os.environ[variable]
    kind = next(field.type for field in msgspec.structs.fields(thresholds) if field.name == name)
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        expected = "un nombre entier" if kind is int else "un nombre (un point pour la virgule)"
        raise Lum1Error(f"{variable} vaut « {value} » : {expected} est attendu.") from None
