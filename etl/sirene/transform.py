"""From open rows to `sirene_establishment`: named, addressed, placed, in a category when they are of our field."""

from datetime import date

import polars as pl

from etl.placing import with_commune
from etl.registers.establishments import NAMES
from etl.sirene.addresses import with_address_lines
from etl.sirene.naf import categorie, categorie_no
from etl.sirene.names import NAMELESS, with_names
from etl.sirene.positions import fall_back_on_commune_centre, locate, noticed
from geo.naf import NAF2025, PREFIX_2025, REV2
from geo.statuts import statut_of_insee
from geo.text import sort_key

UNKNOWN_DAY = date(1900, 1, 1)  # what the register writes for a creation that nobody dated


def establishments_of(opened: pl.DataFrame, today: date) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows of OPEN in the columns of etl.registers.establishments; one that is announced for later is not active yet."""
    begun = (pl.col("created_on") <= today).fill_null(True)
    known = opened.with_columns(categorie_no=categorie_no(categorie()), active=pl.col("active") & begun)
    located = known.pipe(with_commune, "commune").pipe(locate)
    made = located.pipe(fall_back_on_commune_centre).pipe(with_names).pipe(with_address_lines).pipe(_our_columns)
    told = made.filter(pl.col("active"), pl.col("categorie_no").is_not_null())
    return made, noticed(located) | {
        "actifs_du_champ": told.height,
        "annonces_pour_plus_tard": opened.filter(pl.col("active"), ~begun).height,
        "sans_commune_connue": int(told["commune"].is_null().sum()),
        "sans_position": int(told["lon"].is_null().sum()),
        "sans_nom": int(told["name"].eq(NAMELESS).sum()),
    }


def _our_columns(named: pl.DataFrame) -> pl.DataFrame:
    columns = {
        "naf": _codes(),
        "statut": pl.col("categorie_juridique").map_elements(statut_of_insee, return_dtype=pl.String),
        "name_key": pl.col("name").map_elements(sort_key, return_dtype=pl.String),
        "commune_name": pl.coalesce("commune_name", "town"),
        "opened_on": pl.when(pl.col("created_on") > UNKNOWN_DAY).then("created_on"),
        "closed_on": pl.when(~pl.col("active")).then("since"),
        "updated_on": pl.col("treated_at").dt.date(),
        "treated_at": pl.col("treated_at").fill_null(pl.lit(UNKNOWN_DAY)),
    }
    return named.select(columns.get(name, pl.col(name)).alias(name) for name in NAMES)


def _codes() -> pl.Expr:
    """What `structure.naf` holds: a code of an older nomenclature than these two is nothing to filter by."""
    rev2 = pl.when(pl.col("nomenclature") == REV2).then("naf")
    switched = pl.when(pl.col("nomenclature") == NAF2025).then("naf")
    of_2025 = pl.coalesce("naf25", switched)
    return pl.concat_list(rev2, pl.lit(PREFIX_2025) + of_2025).list.drop_nulls()
