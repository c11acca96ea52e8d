"""What an establishment is called: its sign, else its usual name, else its legal unit; everything else stays findable."""

import polars as pl

from etl.sirene.capitals import begun, proper, restored

SIGNS = USUAL_NAMES = 3  # as many columns as Insee has
NAMELESS = "Établissement sans nom"
# In the order in which one is shown: a woman who practises under her married name is called so, and found by the other too.
PLACES = (*(f"sign_{rank}" for rank in range(SIGNS)), "usual_name", "denomination")
PERSONS = ("by_married_name", "by_surname")
UNITS = (*(f"usual_name_{rank}" for rank in range(USUAL_NAMES)), "sigle", "pseudonym")
ORDER = (*PLACES, *PERSONS, *UNITS)


def with_names(opened: pl.DataFrame) -> pl.DataFrame:
    """Adds `name` and `other_names` to rows of OPEN: aliases, and the published form of a name whose capitals changed."""
    published = opened.select(_published())
    written = published.select(_written(name) for name in ORDER)
    shown = pl.coalesce(*ORDER, pl.lit(NAMELESS)).alias("name")
    as_published = published.select(as_published=pl.coalesce(*ORDER))
    aliases = pl.concat_list(*ORDER, "as_published").list.drop_nulls().list.unique(maintain_order=True)
    named = pl.concat([written, as_published], how="horizontal").with_columns(shown)
    others = aliases.list.slice(1)  # the first one is the name
    return pl.concat([opened, named.select("name", other_names=others)], how="horizontal")


def _published() -> list[pl.Expr]:
    """Every way it is called, in the columns of ORDER."""
    return [
        *(pl.col("signs").list.get(rank, null_on_oob=True).alias(f"sign_{rank}") for rank in range(SIGNS)),
        pl.col("usual_name"),
        pl.col("denomination"),
        _person("married_name").alias("by_married_name"),
        _person("surname").alias("by_surname"),
        *(
            pl.col("usual_names").list.get(rank, null_on_oob=True).alias(f"usual_name_{rank}")
            for rank in range(USUAL_NAMES)
        ),
        pl.col("sigle"),
        pl.col("pseudonym"),
    ]


def _person(surname: str) -> pl.Expr:
    """First name, then surname; null without the surname."""
    return pl.when(pl.col(surname).is_not_null()).then(
        pl.concat_str("first_name", surname, separator=" ", ignore_nulls=True)
    )


def _written(column: str) -> pl.Expr:
    if column == "sigle":
        return pl.col(column)
    write = _person_written if column in (*PERSONS, "pseudonym") else restored
    return pl.col(column).map_elements(write, return_dtype=pl.String)


def _person_written(name: str) -> str:
    return begun(proper(name))
