"""SIRENE's side of FINESS's entities: a row for each SIRET they have, had before, or have twice."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from etl.demo.facts import Entity, Establishment, Past
from etl.demo.names import STREET_WORDS, capitals, postal_name
from etl.demo.ranges import demo_siret
from etl.demo.sirene_units import UNIT, completed
from etl.demo.statutes import STATUTES
from etl.demo.trades import naf25

SIGNED = 0.5  # establishments of FINESS that have a sign in SIRENE
WRONGLY_CLOSED = 0.02  # open in FINESS, closed in SIRENE


def units_of_entities(entities: list[Entity], draw: np.random.Generator, today: int) -> pl.DataFrame:
    """SIRENE's side of FINESS: a row per SIRET, the head office first."""
    rows = [
        row for entity in entities for row in _rows_of_entity(entity, draw.random(len(entity.establishments)), today)
    ]
    return completed(pl.DataFrame(rows, schema=UNIT, orient="row").with_columns(naf25=naf25("naf")))


def _rows_of_entity(
    entity: Entity, chances: np.ndarray[tuple[int], np.dtype[np.float64]], today: int
) -> Iterator[tuple[object, ...]]:
    """Its office when that is a place of its own, or when SIRENE does not know the first establishment."""
    made = entity.establishments
    known = [ege for ege in made if ege.siret]
    if made and not known:
        return
    if entity.own_office or not made or made[0].siret is None:
        yield _row(entity, None, 1.0, today)
    seen: set[str] = set()
    for ege, chance in zip(made, chances.tolist(), strict=True):
        if ege.siret and ege.siret not in seen:
            seen.add(ege.siret)
            yield from (_past_row(entity, ege, rank) for rank in range(len(ege.pasts)))
            yield _row(entity, ege, chance, today)
    if entity.duplicate:
        yield _duplicate_row(entity, made[0], today)


def _past_row(entity: Entity, ege: Establishment, rank: int) -> tuple[object, ...]:
    """Closed under its former number; a seller's legal unit ended with it."""
    past = ege.pasts[rank]
    successor = ege.pasts[rank + 1].siret if rank + 1 < len(ege.pasts) else ege.siret
    row = _as_record(_row(entity, ege, 1.0, past.ended)) | {
        "siren": past.siret[:9],
        "siret": past.siret,
        "created": date.fromordinal(past.began),
        "since": date.fromordinal(past.ended),
        "open": False,
        "denomination": capitals(past.owner),
        "successor": successor,
        "event": None,
        **_place(past),
    }
    sold = past.siret[:9] != entity.siren
    head = {"head": True, "head_nic": past.siret[9:], "unit_open": False} if sold else {"head": False}
    return tuple((row | head).values())


def _duplicate_row(entity: Entity, ege: Establishment, today: int) -> tuple[object, ...]:
    """All the same, under the second SIREN."""
    siret = demo_siret(entity.duplicate or "", 1)
    numbers = {"siren": siret[:9], "siret": siret, "head": True, "head_nic": siret[9:], "duplicate_of": ege.siret}
    return tuple((_as_record(_row(entity, ege, 0.0, today)) | numbers).values())


def _as_record(row: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(UNIT, row, strict=True))


def _place(site: Entity | Establishment | Past) -> dict[str, object]:
    return {
        "commune": site.commune.code,
        "place": site.place,
        "town": postal_name(site.commune.name),
        "postcode": site.commune.postcodes[0],
        "number": site.street.number,
        "repetition": site.street.repetition,
        "street_kind": STREET_WORDS[site.street.kind] if site.street.kind else None,
        "street_name": site.street.name,
        "inside": site.street.inside,
        "box": site.street.box,
        "lon": site.at.lon,
        "lat": site.at.lat,
    }


def _row(entity: Entity, ege: Establishment | None, chance: float, today: int) -> tuple[object, ...]:
    site = ege or entity
    siret = (ege.siret if ege else None) or entity.siret
    ended = entity.closed is not None
    told = bool(ege and (ege.pasts or entity.duplicate))  # of these SIRENE speaks at length: it is not wrong too
    is_open = (ege.is_open(today) and (told or chance < 1 - WRONGLY_CLOSED)) if ege else not ended
    diffusion = "P" if entity.hidden else "O"
    name = capitals(ege.name) if ege else None
    began = date.fromordinal(ege.pasts[-1].ended if ege and ege.pasts else site.opened)
    return (
        entity.siren,
        siret,
        siret == entity.siret,
        entity.siret[9:],
        diffusion,
        diffusion,
        began,
        began,
        is_open,
        not ended,
        *_place(site).values(),
        name if chance < SIGNED else None,
        name if SIGNED < chance < SIGNED + 0.05 else None,
        capitals(entity.name),
        STATUTES[entity.statut].categorie_juridique,
        site.sort.apes[0],
        *(None,) * 7,  # NAF 2025, what only persons have, what is told of former and second numbers
        ege.event if ege else None,
    )
