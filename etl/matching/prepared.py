"""Both registers in one form: where, which legal unit, which words."""

import polars as pl

from etl.matching.places import good_point, with_town
from etl.matching.successions import one_unit
from etl.matching.words import by_word, core, house_number, name_key, shortened
from geo.addresses import street_key

# What matching reads of an open row of SIRENE beside its state, its legal unit and its commune.
READ = (
    "siret", "active", "natural_person", "naf", "signs", "usual_name", "denomination", "usual_names", "sigle",
    "first_name", "surname", "married_name", "pseudonym", "number", "street_kind", "street_name", "lon", "lat", "quality",
)  # fmt: skip


def prepared_ege(ege: pl.DataFrame, duplicates: pl.DataFrame) -> pl.DataFrame:
    """Adds town, arrondissement, unit, house, way (the street's key) and good (its point)."""
    siren = pl.col("ej_siren").str.strip_chars()
    return with_town(ege).with_columns(
        unit=one_unit(pl.when(siren.str.contains(r"^\d{9}$")).then(siren), duplicates),
        house=house_number(pl.col("number"), pl.col("street")),
        way=by_word(ege["street"], street_key),
        good=good_point(pl.col("precision"), finess=True) & pl.col("lon").is_not_null(),
    )


def prepared_sirene(sirene: pl.DataFrame) -> pl.DataFrame:
    """The same of rows that have their town and unit already."""
    street = pl.concat_str("street_kind", "street_name", separator=" ", ignore_nulls=True)
    written = sirene.with_columns(street=pl.when(street != "").then(street))
    return written.with_columns(
        house=house_number(pl.col("number"), pl.col("street")),
        way=by_word(written["street"], street_key),
        good=good_point(pl.col("quality"), finess=False) & pl.col("lon").is_not_null(),
    )


def names_of_ege(ege: pl.DataFrame) -> pl.DataFrame:
    """finess, key, core, manager: a row per name; the legal entity's too (many sites bear no other in SIRENE)."""
    own = _keys(ege.select("finess", name="names"), "finess").with_columns(manager=False)
    manager = _keys(ege.select("finess", name=pl.concat_list("ej_name")), "finess").with_columns(manager=True)
    return pl.concat([own, manager])


def names_of_sirene(sirene: pl.DataFrame) -> pl.DataFrame:
    """siret, key, core: signs, usual names, denomination, sigle, and a person's name."""
    person = pl.concat_str("first_name", pl.coalesce("married_name", "surname"), separator=" ")
    signs = pl.col("signs").list.join(" ")  # a name that is too long for one goes on in the next
    said = pl.concat_list("signs", signs, "usual_name", "denomination", "usual_names", "sigle", "pseudonym", person)
    return _keys(sirene.select("siret", name=said), "siret")


def _keys(names: pl.DataFrame, owner: str) -> pl.DataFrame:
    each = names.explode("name", empty_as_null=True).drop_nulls()
    keyed = each.select(owner, key=by_word(each["name"], name_key)).drop_nulls().unique(maintain_order=True)
    return keyed.with_columns(key=shortened(pl.col("key")), core=core(pl.col("key")))
