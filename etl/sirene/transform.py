"""From open rows to the rows people find: active establishments of our field, named, addressed, placed."""

from datetime import date

import polars as pl

from etl.merge import NAMES
from etl.placing import with_commune
from etl.sirene.addresses import with_address_lines
from etl.sirene.naf import categorie, categorie_no
from etl.sirene.names import NAMELESS, with_names
from etl.sirene.positions import fall_back_on_commune_centre, locate, noticed
from geo.identifiers import structure_id_of_siret
from geo.text import sort_key

UNKNOWN_DAY = date(1900, 1, 1)  # what the register writes for a creation that nobody dated


def structures(opened: pl.DataFrame, today: date) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows of OPEN as columns of etl.merge.COLUMNS; closed, out of our field or announced for later, they make none."""
    of_field = opened.with_columns(categorie_no=categorie_no(categorie())).filter(
        pl.col("active"), pl.col("categorie_no").is_not_null()
    )
    begun = of_field.filter((pl.col("created_on") <= today).fill_null(True))
    located = begun.pipe(with_commune, "commune").pipe(locate)
    made = located.pipe(fall_back_on_commune_centre).pipe(with_names).pipe(with_address_lines).pipe(_our_columns)
    return made, noticed(located) | {
        "pas_encore_ouvertes": of_field.height - begun.height,
        "sans_commune_connue": int(made["commune"].is_null().sum()),
        "sans_position": int(made["lon"].is_null().sum()),
        "sans_nom": int(made["name"].eq(NAMELESS).sum()),
    }


def _our_columns(named: pl.DataFrame) -> pl.DataFrame:
    nothing, no_text = pl.lit([], pl.List(pl.String)), pl.lit(None, pl.String)
    columns = {
        "id": pl.col("siret").map_elements(structure_id_of_siret, return_dtype=pl.String),
        "name_key": pl.col("name").map_elements(sort_key, return_dtype=pl.String),
        "finess": nothing,
        "siret": pl.concat_list("siret"),
        "ej_finess": no_text,
        "ej_name": no_text,
        "ej_siren": no_text,
        "commune_name": pl.coalesce("commune_name", "town"),
        "phones": nothing,
        "open": pl.lit(True),
        "opened_on": pl.when(pl.col("created_on") > UNKNOWN_DAY).then("created_on"),
        "closed_on": pl.lit(None, pl.Date),
        "updated_on": pl.col("treated_at").dt.date(),
    }
    return named.select(columns.get(name, pl.col(name)).alias(name) for name in NAMES)
