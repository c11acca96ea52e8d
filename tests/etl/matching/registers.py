"""Two registers of a few rows: what a test says of a row, and plain values for the rest."""

from datetime import date, datetime
from typing import Any

import polars as pl

from etl.demo.ranges import demo_siren, demo_siret
from etl.matching.links import links
from etl.matching.shapes import DECISIONS, DUPLICATES, EGE, SUCCESSIONS
from etl.sirene.rows import MASKED, OPEN

MORLAIX, BREST, LYON_3, LYON_6, LYON = "29151", "29019", "69383", "69386", "69123"
FINESS = "29Z000011"
OUR_SIREN, OTHER_SIREN = demo_siren(1), demo_siren(2)
OURS, OUR_ANNEX, OUR_THIRD, OUR_FOURTH = (demo_siret(OUR_SIREN, rank) for rank in (1, 2, 3, 4))
OTHER, OTHER_ANNEX = (demo_siret(OTHER_SIREN, rank) for rank in (1, 2))


def an_ege(finess: str = FINESS, **said: Any) -> dict[str, Any]:
    """An EHPAD of Morlaix, whose legal entity has the SIREN of OURS; it declares nothing."""
    usual = {
        "finess": finess, "declared": None, "names": ["EHPAD LES GENETS"], "ej_name": "ASSOCIATION DES DUNES",
        "ej_siren": OURS[:9], "number": "12", "street": "R DE LA SOURCE", "commune": MORLAIX, "categorie": "500", "open": True,
    }  # fmt: skip
    return dict.fromkeys(EGE) | usual | said


def a_siret(siret: str = OURS, **said: Any) -> dict[str, Any]:
    """The same place as SIRENE tells it."""
    usual = {
        "siret": siret, "siren": siret[:9], "active": True, "natural_person": False, "naf": "87.10A",
        "nomenclature": "NAFRev2", "signs": ["RESIDENCE LES GENETS"], "usual_names": [], "denomination": "ASSOCIATION DES DUNES",
        "number": "12", "street_kind": "RUE", "street_name": "DE LA SOURCE", "commune": MORLAIX,
    }  # fmt: skip
    return dict.fromkeys(OPEN) | usual | said


def a_masked(siret: str = OURS, commune: str = MORLAIX) -> dict[str, Any]:
    return {
        "siret": siret,
        "siren": siret[:9],
        "diffusion": "P",
        "naf": "87.10A",
        "nomenclature": "NAFRev2",
        "commune": commune,
    }


def decided(finess: str, siret: str, verdict: str, day: int = 1) -> dict[str, Any]:
    return {
        "finess": finess,
        "siret": siret,
        "verdict": verdict,
        "by": "M. Le Goff",
        "decided_at": datetime(2026, 11, day),
    }


def took_over(predecessor: str, successor: str) -> dict[str, Any]:
    return {"predecessor": predecessor, "successor": successor, "on": date(2026, 1, 1)}


def linked(
    ege: list[dict[str, Any]],
    sirene: list[dict[str, Any]],
    masked: list[dict[str, Any]] | None = None,
    *,
    decisions: list[dict[str, Any]] | None = None,
    successions: list[dict[str, Any]] | None = None,
    duplicates: list[tuple[str, str]] | None = None,
    communes: set[str] | None = None,
) -> pl.DataFrame:
    """The links of a few rows."""
    return links(
        pl.DataFrame(ege, schema=EGE),
        pl.DataFrame(sirene, schema=OPEN),
        pl.DataFrame(masked or [], schema=MASKED),
        decisions=pl.DataFrame(decisions or [], schema=DECISIONS),
        successions=pl.DataFrame(successions or [], schema=SUCCESSIONS),
        duplicates=pl.DataFrame(duplicates or [], schema=DUPLICATES, orient="row"),
        communes=communes,
    )


def verdicts(found: pl.DataFrame) -> dict[str, str]:
    """Status by SIRET, when a single EGE is in view."""
    return dict(found.select("siret", "status").iter_rows())


def only(found: pl.DataFrame) -> dict[str, Any]:
    """The one link there is."""
    assert len(found) == 1, found
    return found.row(0, named=True)


def checks(found: pl.DataFrame, siret: str) -> list[str]:
    parts: dict[str, Any] = found.filter(siret=siret)["parts"].item()
    codes: list[str] = parts["checks"]
    return codes
