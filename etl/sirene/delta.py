"""What the API says of a day, parted at the door and completed with what only the stock knows."""

from collections.abc import Iterable

import polars as pl
from sqlalchemy import Connection, text

from etl.registers.links import open_frame
from etl.sirene.api.flatten import Rejected
from etl.sirene.api.pages import Pages
from etl.sirene.diffusion import ACTIVE, masked_of, split
from etl.sirene.naf import in_scope
from etl.sirene.pipeline import Said

ADDRESS = ("number", "repetition", "street_kind", "street_name", "commune")
POINT = ("lon", "lat", "quality")


def said_by_pages(connection: Connection, pages: Pages, units: pl.DataFrame | None = None) -> Said:
    """Pages of establishments, and `units` (rows.UNIT) of legal units: those of our field, and those we know already."""
    opened, masked = split(pages.rows)
    of_units = _units(pages.rows, units)
    masked_units = of_units.filter(pl.col("statutDiffusionUniteLegale").ne_missing("O"))["siren"].unique(
        maintain_order=True
    )
    of_hidden_units = pl.col("siren").is_in(
        masked_units.implode()
    )  # one answer may be of the day before her unit turned
    masked = pl.concat([masked, masked_of(opened.filter(of_hidden_units))])
    opened = opened.filter(~of_hidden_units)
    known = _known(connection, [*opened["siret"], *masked["siret"]])
    of_field = in_scope() | pl.col("siret").is_in(list(known))
    masked_of_field = masked.with_columns(naf25=pl.lit(None, pl.String)).filter(of_field).select(masked.columns)
    return Said(
        open=_with_known_points(connection, opened.filter(of_field)).lazy(),
        masked=masked_of_field,
        masked_units=masked_units.to_list(),
        ceased_units=of_units.filter(pl.col("etatAdministratifUniteLegale").ne_missing(ACTIVE))["siren"].to_list(),
        rejected=_reasons(pages.rejected),
        read=pages.rows.height + len(pages.rejected),
        counts={
            "entrees_hors_du_champ": opened.height
            + masked.height
            - opened.filter(of_field).height
            - masked_of_field.height
        },
    )


def _units(rows: pl.DataFrame, units: pl.DataFrame | None) -> pl.DataFrame:
    """SIREN, status and state of every legal unit spoken of."""
    told = ["siren", "statutDiffusionUniteLegale", "etatAdministratifUniteLegale"]
    spoken = rows.select(told) if units is None else pl.concat([rows.select(told), units.select(told)])
    return spoken.unique(maintain_order=True)


def _known(connection: Connection, sirets: list[str]) -> set[str]:
    return set(connection.execute(text(KNOWN), {"sirets": sirets}).scalars())


def _with_known_points(connection: Connection, opened: pl.DataFrame) -> pl.DataFrame:
    """The API gives no point: Insee's of the stock stands while the address does."""
    records = connection.execute(text(RECORDS), {"sirets": opened["siret"].to_list()}).scalars()
    before = open_frame(records).select("siret", *ADDRESS, *POINT)
    joined = opened.drop(*POINT).join(before, on="siret", how="left", suffix="_before")
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_before")) for name in ADDRESS)
    return joined.with_columns(pl.when(same).then(name).alias(name) for name in POINT).select(opened.columns)


def _reasons(rejected: Iterable[Rejected]) -> list[tuple[str | None, str]]:
    return [(each.siret, each.reason) for each in rejected]


KNOWN = """
SELECT siret FROM sirene_establishment WHERE siret = ANY (:sirets)
UNION
SELECT siret FROM masked_siret WHERE siret = ANY (:sirets)
UNION
SELECT each FROM unnest(CAST(:sirets AS text[])) AS each WHERE EXISTS (
    SELECT FROM structure AS s WHERE s.siret && ARRAY[each]
)
"""
# By source_record_current_idx, one probe a number.
RECORDS = """
SELECT record FROM source_record WHERE kind = 'siret' AND key = ANY (:sirets) AND valid_to IS NULL ORDER BY key
"""
