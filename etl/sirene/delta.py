"""What the API says of a day, parted at the door and completed with what only the stock knows."""

from collections.abc import Iterable
from datetime import datetime, time

import polars as pl
from sqlalchemy import Connection, text

from etl.sirene.api.flatten import Rejected
from etl.sirene.api.pages import Pages
from etl.sirene.api.synchronise import Delta
from etl.sirene.diffusion import PARTIAL, split, split_units
from etl.sirene.naf import in_scope
from etl.sirene.pipeline import Said
from etl.sirene.rows import MASKED, UNIT
from etl.sirene.units import RECORDS, establishments_of, known_rows

TREATED = "dateDernierTraitementEtablissement"
ADDRESS = ("number", "repetition", "street_kind", "street_name", "commune")
POINT = ("lon", "lat", "quality")


def said_by_pages(connection: Connection, pages: Pages) -> Said:
    """Pages of establishments: those of our field, those we know already, and what they say of their legal units."""
    return _said(connection, pages, _units_of(pages), pages.rejected)


def said_by_day(connection: Connection, delta: Delta) -> Said:
    """A day's establishments, and those of ours whose legal unit alone was treated."""
    treated = pl.lit(datetime.combine(delta.day, time.max)).alias(TREATED)
    units = pl.concat([_units_of(delta.establishments), delta.units.rows.with_columns(treated)])
    return _said(connection, delta.establishments, units, [*delta.establishments.rejected, *delta.units.rejected])


def _units_of(pages: Pages) -> pl.DataFrame:
    """Rows of UNIT, each with the treatment of the establishment that tells it."""
    return pages.rows.select(*UNIT.names(), TREATED)


def _said(connection: Connection, pages: Pages, units: pl.DataFrame, rejected: Iterable[Rejected]) -> Said:
    """`units`: rows of UNIT and when each was said, in no order."""
    last = units.sort(TREATED, maintain_order=True).unique("siren", keep="last")
    _, masked_units = split_units(units)
    told_units, _ = split_units(last)
    opened, masked = _parted(pages.rows, masked_units)
    known = _known(connection, [*opened["siret"], *masked["siret"]])
    of_field = in_scope() | pl.col("siret").is_in(list(known))
    opened_of_field = opened.filter(of_field)
    masked_of_field = masked.with_columns(naf25=pl.lit(None, pl.String)).filter(of_field).select(masked.columns)
    dated = told_units.join(last.select("siren", treated_now=TREATED), on="siren")
    touched = establishments_of(
        connection, dated.filter(~pl.col("siren").is_in(masked_units)), but_of=pages.rows["siret"].to_list()
    )
    reasons = [(each.siret, each.reason) for each in rejected]
    out_of_field = opened.height + masked.height - opened_of_field.height - masked_of_field.height
    return Said(
        open=pl.concat([_with_known_points(connection, opened_of_field), touched]).lazy(),
        masked=masked_of_field,
        masked_units=sorted(set(masked_units)),
        rejected=reasons,
        read=units.height + len(reasons),
        counts={"entrees_hors_du_champ": out_of_field, "touches_par_leur_unite": touched.height},
    )


def _parted(published: pl.DataFrame, masked_units: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Open and masked rows; what any entry of the day says of a legal unit holds for all of its establishments."""
    opened, masked = split(published)
    of_masked_unit = pl.col("siren").is_in(masked_units)
    also = opened.filter(of_masked_unit).with_columns(diffusion=pl.lit(PARTIAL)).select(MASKED.names())
    return opened.filter(~of_masked_unit), pl.concat([masked, also])


def _known(connection: Connection, sirets: list[str]) -> set[str]:
    return set(connection.execute(text(KNOWN), {"sirets": sirets}).scalars())


def _with_known_points(connection: Connection, opened: pl.DataFrame) -> pl.DataFrame:
    """The API gives no point: Insee's of the stock stands while the address does."""
    before = known_rows(connection, RECORDS, opened["siret"].to_list()).select("siret", *ADDRESS, *POINT)
    joined = opened.drop(*POINT).join(before, on="siret", how="left", suffix="_before")
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_before")) for name in ADDRESS)
    return joined.with_columns(pl.when(same).then(name).alias(name) for name in POINT).select(opened.columns)


KNOWN = """
SELECT siret FROM sirene_establishment WHERE siret = ANY (:sirets)
UNION
SELECT siret FROM masked_siret WHERE siret = ANY (:sirets)
UNION
SELECT each FROM unnest(CAST(:sirets AS text[])) AS each WHERE EXISTS (
    SELECT FROM structure AS s WHERE s.siret && ARRAY[each]
)
"""
