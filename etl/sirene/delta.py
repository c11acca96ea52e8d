"""What the API says of a day, parted at the door and completed with what only the stock knows."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time

import polars as pl
from sqlalchemy import Connection, text

from etl.sirene.api.flatten import Rejected
from etl.sirene.api.pages import Pages
from etl.sirene.api.synchronise import Delta
from etl.sirene.diffusion import masked_of, split, told_of_units, unit_is_masked
from etl.sirene.naf import in_scope
from etl.sirene.pipeline import Said
from etl.sirene.rows import TREATED, UNIT, insee_time
from etl.sirene.units import RECORDS, establishments_of, known_rows

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
    masked_units = _masked_units(units)
    opened, masked = _parted(pages.rows, masked_units)
    wanted = _of_field(pages.rows) | _known(connection, pages.rows["siret"].to_list())
    kept = pl.col("siret").is_in(list(wanted))
    of_field = opened.filter(kept)
    # one whose activity is hidden too may be of our field: her number is all there is to keep
    masked_of_field = masked.filter(kept | pl.col("naf").is_null())
    dated = told_of_units(last).join(last.select("siren", treated_now=TREATED), on="siren")
    touched = establishments_of(
        connection, dated.filter(~pl.col("siren").is_in(list(masked_units))), but_of=pages.rows["siret"].to_list()
    )
    reasons = [(each.siret, each.reason) for each in rejected]
    out_of_field = opened.height + masked.height - of_field.height - masked_of_field.height
    return Said(
        open=pl.concat([_with_known_points(connection, of_field), touched]).lazy(),
        masked=masked_of_field,
        masked_units=masked_units,
        unknown=pages.unknown,
        doubt=pages.doubt,
        rejected=reasons,
        read=units.height + len(reasons),
        counts={"entrees_hors_du_champ": out_of_field, "touches_par_leur_unite": touched.height},
    )


def _masked_units(units: pl.DataFrame) -> dict[str, datetime | None]:
    """Legal units that anything says are masked, by SIREN, and the last time it does; None where nothing says when."""
    masked = units.filter(unit_is_masked())
    moments = masked.group_by("siren").agg(insee_time(pl.col(TREATED), of_masked=True).max()).sort("siren")
    return dict(moments.iter_rows())


def _of_field(published: pl.DataFrame) -> set[str]:
    activity = in_scope(
        "activitePrincipaleEtablissement",
        "nomenclatureActivitePrincipaleEtablissement",
        "activitePrincipaleNAF25Etablissement",
    )
    return set(published.filter(activity)["siret"])


def _parted(published: pl.DataFrame, masked_units: Mapping[str, datetime | None]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Open and masked rows, these with when they were said; what an entry says of a legal unit holds for all that is no newer."""
    opened, masked = split(published)
    rows = list(masked_units.items())
    units = pl.DataFrame(rows, {"siren": pl.String, "hidden_at": pl.Datetime("us", "UTC")}, orient="row")
    judged = opened.join(units.with_columns(hidden=True), on="siren", how="left")
    newer = insee_time(pl.col("treated_at"), of_masked=False) > pl.col("hidden_at")
    of_masked_unit = pl.col("hidden").fill_null(False) & ~newer.fill_null(False)
    also = masked_of(judged.filter(of_masked_unit))
    moments = published.select("siret", said_at=insee_time(pl.col(TREATED), of_masked=True))
    told = judged.filter(~of_masked_unit).select(opened.columns)
    return told, pl.concat([masked, also]).join(moments, on="siret", how="left")


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
