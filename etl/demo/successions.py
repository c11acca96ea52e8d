"""Insee's two small files: which establishment went on after which, and legal units that have two SIREN."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from etl.demo.parts import Parts
from etl.demo.sirene_layout import DUPLICATES, DUPLICATES_NAME, SUCCESSIONS, SUCCESSIONS_NAME
from etl.demo.sirene_units import treated_on

Draw = np.random.Generator


class Successions:
    """Receives units and writes who went on after them; once a link that turns in a circle and one of a SIRET to itself."""

    def __init__(self, out: Path, today: date) -> None:
        self._links, self._doubles = (
            Parts(out / SUCCESSIONS_NAME, SUCCESSIONS),
            Parts(out / DUPLICATES_NAME, DUPLICATES),
        )
        self._today = today
        self._first: pl.DataFrame | None = None

    def add(self, units: pl.DataFrame, draw: Draw) -> None:
        """The links of units that have a successor, the pairs of units that are a duplicate."""
        gone = units.filter(pl.col("successor").is_not_null())
        links = gone.select(
            siretEtablissementPredecesseur="siret",
            siretEtablissementSuccesseur="successor",
            dateLienSuccession="since",
            transfertSiege=pl.col("successor").str.slice(0, 9) == pl.col("siren"),
            continuiteEconomique=True,
            dateDernierTraitementLienSuccession=pl.max_horizontal(
                treated_on(pl.Series(draw.random(len(gone))), self._today), pl.col("since").cast(pl.Datetime("us"))
            ),
        )
        if self._first is None and len(links):
            self._first = links.head(1)
            links = pl.concat([links, _impossible(self._first)])
        self._links.add(links)
        doubles = units.filter(pl.col("duplicate_of").is_not_null())
        self._doubles.add(
            doubles.select(
                pl.col("duplicate_of").str.slice(0, 9).alias("siren"),
                sirenDoublon="siren",
                dateDernierTraitementDoublon=treated_on(pl.Series(draw.random(len(doubles))), self._today),
            )
        )

    def finish(self) -> tuple[Path, Path]:
        """Both files: successions, duplicates."""
        return self._links.finish(), self._doubles.finish()


def _impossible(link: pl.DataFrame) -> pl.DataFrame:
    """What the real file has now and then: the way back, and one after itself."""
    before, after = pl.col("siretEtablissementPredecesseur"), pl.col("siretEtablissementSuccesseur")
    back = link.with_columns(siretEtablissementPredecesseur=after, siretEtablissementSuccesseur=before)
    return pl.concat([back, link.with_columns(siretEtablissementPredecesseur=after)])
