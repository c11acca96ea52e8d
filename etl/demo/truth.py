"""What is true of everything invented, whatever was published, masked or left out: the oracle of tests."""

from datetime import date
from pathlib import Path

import polars as pl

from etl.demo.events import SHOWN, TURNED_P
from etl.demo.facts import Entity, Establishment
from etl.demo.parts import Parts

NAME = "verite.parquet"
TRUTH = pl.Schema(
    {
        "finess": pl.String,  # null for what FINESS does not have
        "siret": pl.String,  # null for what SIRENE does not have
        "declared_siret": pl.String,  # what FINESS says, right or wrong
        "link": pl.String,  # declared, former, missing, head_office, none; null without FINESS number
        "name": pl.String,
        "categorie": pl.String,
        "commune": pl.String,
        "street": pl.String,
        "lon": pl.Float64,
        "lat": pl.Float64,
        "precision": pl.String,  # of what FINESS publishes: housenumber, street, locality, commune, none
        "damage": pl.String,  # of what FINESS publishes: zero, comma, elsewhere
        "open": pl.Boolean,
        "diffusion": pl.String,  # O or P: P when establishment or legal unit asked for it; null before it opens
        "successor": pl.String,  # the SIRET that went on after this one, sold or moved
        "duplicate_of": pl.String,  # the SIRET of the same establishment under its first SIREN
        "event": pl.String,  # what the API's pages say of it (etl.demo.events): closes, opens, masked…
        "diffusion_after": pl.String,  # the same as `diffusion`, after the pages
    }
)


class Truth:
    """Gathers the truth while files are written."""

    def __init__(self, out: Path, today: date) -> None:
        self._parts = Parts(out / NAME, TRUTH)
        self._today = today.toordinal()

    def add_establishments(self, entities: list[Entity]) -> None:
        rows = [self._row(entity, ege) for entity in entities for ege in entity.establishments]
        self._parts.add(pl.DataFrame(rows, schema=TRUTH, orient="row"))

    def add_frame(self, frame: pl.DataFrame) -> None:
        """What only SIRENE has; columns it lacks are null."""
        missing = [pl.lit(None, kind).alias(name) for name, kind in TRUTH.items() if name not in frame.columns]
        self._parts.add(frame.with_columns(missing))

    def finish(self) -> Path:
        return self._parts.finish()

    def _row(self, entity: Entity, ege: Establishment) -> tuple[object, ...]:
        diffusion = "P" if entity.hidden else "O"
        return (
            ege.finess,
            ege.siret,
            ege.declared_siret,
            _link(ege),
            ege.name,
            ege.sort.code,
            ege.commune.code,
            ege.street.line(),
            ege.at.lon,
            ege.at.lat,
            ege.precision,
            ege.damage if ege.precision != "none" else None,
            ege.is_open(self._today),
            diffusion if ege.siret else None,
            None,
            None,
            ege.event,
            diffusion_after(diffusion, ege.event) if ege.siret else None,
        )


def diffusion_after(diffusion: str, event: str | None) -> str:
    """O or P, once the API's pages are known."""
    return "P" if event in TURNED_P else "O" if event == SHOWN else diffusion


def _link(ege: Establishment) -> str:
    if ege.siret is None:
        return "none"
    if ege.declared_siret is None:
        return "missing"
    if ege.declared_siret in [past.siret for past in ege.pasts]:
        return "former"
    return "declared" if ege.declared_siret == ege.siret else "head_office"
