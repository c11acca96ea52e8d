"""What the API says of a day, parted at the door and completed with what only the stock knows."""

from collections.abc import Iterable

import msgspec
import polars as pl
from sqlalchemy import Connection, text

from etl.sirene.api.flatten import Rejected
from etl.sirene.api.pages import Pages
from etl.sirene.api.synchronise import Delta
from etl.sirene.diffusion import ACTIVE, PARTIAL, split, split_units
from etl.sirene.naf import in_scope
from etl.sirene.pipeline import Said
from etl.sirene.rows import MASKED, UNIT
from etl.sirene.units import RECORDS, establishments_of, known_rows

ADDRESS = ("number", "repetition", "street_kind", "street_name", "commune")
POINT = ("lon", "lat", "quality")


def said_by_pages(connection: Connection, pages: Pages) -> Said:
    """Pages of establishments: those of our field, and those we know already."""
    return _said(connection, pages, pl.DataFrame(schema=UNIT), pages.rejected)


def said_by_day(connection: Connection, delta: Delta) -> Said:
    """A day's establishments, and those of ours whose legal unit alone was treated."""
    pages, units = delta.establishments, delta.units.rows
    said = _said(connection, pages, units, [*pages.rejected, *delta.units.rejected])
    told, _ = split_units(units.unique("siren", keep="last"))
    touched = establishments_of(connection, told, delta.day, but_of=pages.rows["siret"].to_list())
    kept = touched.filter(~pl.col("siren").is_in(list(said.masked_units)))
    counts = {**said.counts, "touches_par_leur_unite": kept.height}
    return msgspec.structs.replace(said, open=pl.concat([said.open, kept.lazy()]), counts=counts)


def _said(connection: Connection, pages: Pages, units: pl.DataFrame, rejected: Iterable[Rejected]) -> Said:
    told = pl.concat([pages.rows.select(UNIT.names()), units])
    _, masked_units = split_units(told)
    ceased = told.filter(pl.col("etatAdministratifUniteLegale").ne_missing(ACTIVE))
    opened, masked = _parted(pages.rows, masked_units)
    known = _known(connection, [*opened["siret"], *masked["siret"]])
    of_field = in_scope() | pl.col("siret").is_in(list(known))
    opened_of_field = opened.filter(of_field)
    masked_of_field = masked.with_columns(naf25=pl.lit(None, pl.String)).filter(of_field).select(masked.columns)
    reasons = [(each.siret, each.reason) for each in rejected]
    return Said(
        open=_with_known_points(connection, opened_of_field).lazy(),
        masked=masked_of_field,
        masked_units=sorted(set(masked_units)),
        ceased_units=ceased["siren"].unique().sort().to_list(),
        rejected=reasons,
        read=told.height + len(reasons),
        counts={
            "entrees_hors_du_champ": opened.height + masked.height - opened_of_field.height - masked_of_field.height
        },
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
