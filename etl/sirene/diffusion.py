"""The door: what anyone may use on one side, of the others six columns (DESIGN.md decision 5).

The Code de commerce (art. R123-232-1) lets a unit ask that its data not be handed on in full. Insee tells it by a status on the
establishment or on the legal unit, which may disagree, and by « [ND] » in place of what is hidden. Any of them is enough.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import polars as pl
from polars.datatypes import DataTypeClass

from etl.sirene import rows

HIDDEN = "[ND]"
SAYS_HIDDEN = "says_hidden"  # of a row in its file: « [ND] » stands in it, be it in a column that nobody keeps
OPEN_TO_ALL = "O"
PARTIAL = "P"
ACTIVE = "A"
NATURAL_PERSON = 1000

PARTED = pl.Schema({**rows.PUBLISHED, SAYS_HIDDEN: pl.Boolean()})  # what `split` judges
Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

# What an open row takes from its legal unit, its state apart: a row holds that of both as one.
OF_THE_UNIT = (
    "natural_person",
    "categorie_juridique",
    "denomination",
    "usual_names",
    "sigle",
    "first_name",
    "surname",
    "married_name",
    "pseudonym",
)


def says_hidden(found: pl.Schema) -> pl.Expr:
    """SAYS_HIDDEN of a file that has these columns: all its texts, and what its CSV form said before it was typed."""
    said = [pl.col(name) for name, kind in found.items() if name == SAYS_HIDDEN and kind == pl.Boolean]
    hidden = [
        HOLDS_MASK[kind.base_type()](pl.col(name)) for name, kind in found.items() if kind.base_type() in HOLDS_MASK
    ]
    return pl.any_horizontal(pl.lit(False), *said, *hidden).fill_null(False).alias(SAYS_HIDDEN)


def split(published: Frame) -> tuple[Frame, Frame]:
    """Rows of PUBLISHED, or of JOINED (the API gives no position), as rows of OPEN and rows of MASKED.

    SAYS_HIDDEN, where they have it, is heard beside what they say themselves.
    """
    judged = _completed(published).with_columns(masked=is_masked(PARTED))
    return judged.filter(~pl.col("masked")).select(_open()), judged.filter(pl.col("masked")).select(_of_masked())


def told_of_units(units: pl.DataFrame) -> pl.DataFrame:
    """Rows of UNIT that anyone may use, as SIREN, `active` and OF_THE_UNIT."""
    active = pl.col("etatAdministratifUniteLegale").eq_missing(ACTIVE)
    columns = _open_columns()
    return units.filter(~unit_is_masked()).select(
        _text("siren").alias("siren"), active.alias("active"), *(columns[name].alias(name) for name in OF_THE_UNIT)
    )


def unit_is_masked() -> pl.Expr:
    """Whether a row of UNIT hides its legal unit."""
    return pl.col("statutDiffusionUniteLegale").ne_missing(OPEN_TO_ALL) | says_hidden(rows.UNIT)


def masked_of(opened: pl.DataFrame) -> pl.DataFrame:
    """Rows of OPEN of units that turn out to be masked, as rows of MASKED."""
    return opened.with_columns(diffusion=pl.lit(PARTIAL)).select(rows.MASKED.names())


def _completed(published: Frame) -> Frame:
    known = published.lazy().collect_schema().names()
    return published.with_columns(pl.lit(None, kind).alias(name) for name, kind in PARTED.items() if name not in known)


def is_masked(columns: pl.Schema) -> pl.Expr:
    """Whether a row of these columns, JOINED's and maybe more, hides its establishment.

    Without its legal unit it does: nobody has said that it may be shown.
    """
    return (
        pl.col("statutDiffusionEtablissement").ne_missing(OPEN_TO_ALL)
        | pl.col("statutDiffusionUniteLegale").ne_missing(OPEN_TO_ALL)
        | says_hidden(columns)
    )


def _holds_mask(text: pl.Expr) -> pl.Expr:
    return text.str.contains(HIDDEN, literal=True)


# A column that nobody documented comes as its writer's library liked: text, ranks in a list of texts, bytes.
HOLDS_MASK: Mapping[DataTypeClass, Callable[[pl.Expr], pl.Expr]] = {
    pl.String: _holds_mask,
    pl.Categorical: lambda column: _holds_mask(column.cast(pl.String)),
    pl.Enum: lambda column: _holds_mask(column.cast(pl.String)),
    pl.Binary: lambda column: column.bin.contains(HIDDEN.encode()),
}


def _open() -> list[pl.Expr]:
    columns = _open_columns()
    return [columns[name].cast(kind).alias(name) for name, kind in rows.OPEN.items()]


def _open_columns() -> dict[str, pl.Expr]:
    return {
        "siret": _text("siret"),
        "siren": _text("siren"),
        "created_on": pl.col("dateCreationEtablissement"),
        "since": pl.col("dateDebut"),
        "treated_at": pl.col("dateDernierTraitementEtablissement"),
        "head": pl.col("etablissementSiege"),
        "active": (
            pl.col("etatAdministratifEtablissement").eq_missing(ACTIVE)
            & pl.col("etatAdministratifUniteLegale").eq_missing(ACTIVE)
        ),
        "natural_person": pl.col("categorieJuridiqueUniteLegale").eq_missing(NATURAL_PERSON),
        "categorie_juridique": pl.col("categorieJuridiqueUniteLegale").cast(pl.String),
        "naf": _text("activitePrincipaleEtablissement"),
        "nomenclature": _text("nomenclatureActivitePrincipaleEtablissement"),
        "naf25": _text("activitePrincipaleNAF25Etablissement"),
        "signs": _texts("enseigne1Etablissement", "enseigne2Etablissement", "enseigne3Etablissement"),
        "usual_name": _text("denominationUsuelleEtablissement"),
        "denomination": _text("denominationUniteLegale"),
        "usual_names": _texts(*(f"denominationUsuelle{rank}UniteLegale" for rank in (1, 2, 3))),
        "sigle": _text("sigleUniteLegale"),
        "first_name": pl.coalesce(_text("prenomUsuelUniteLegale"), _text("prenom1UniteLegale")),
        "surname": _text("nomUniteLegale"),
        "married_name": _text("nomUsageUniteLegale"),
        "pseudonym": _text("pseudonymeUniteLegale"),
        "complement": _text("complementAdresseEtablissement"),
        "number": _text("numeroVoieEtablissement"),
        "repetition": _text("indiceRepetitionEtablissement"),
        "street_kind": _text("typeVoieEtablissement"),
        "street_name": _text("libelleVoieEtablissement"),
        "box": _text("distributionSpecialeEtablissement"),
        "postcode": _text("codePostalEtablissement"),
        "town": _text("libelleCommuneEtablissement"),
        "commune": _text("codeCommuneEtablissement"),
        "lambert_x": _text("coordonneeLambertAbscisseEtablissement"),
        "lambert_y": _text("coordonneeLambertOrdonneeEtablissement"),
        "lon": pl.col("x_longitude").fill_nan(None),
        "lat": pl.col("y_latitude").fill_nan(None),
        "quality": _text("qualite_xy"),
    }


def _of_masked() -> list[pl.Expr]:
    return [
        _text("siret").alias("siret"),
        _text("siren").alias("siren"),
        pl.lit(PARTIAL).alias("diffusion"),
        _unless_hidden("activitePrincipaleEtablissement").alias("naf"),
        _unless_hidden("nomenclatureActivitePrincipaleEtablissement").alias("nomenclature"),
        _unless_hidden("codeCommuneEtablissement").alias("commune"),
    ]


def _text(column: str) -> pl.Expr:
    stripped = (
        pl.col(column).str.replace_all("\0", "", literal=True).str.strip_chars()
    )  # PostgreSQL has no such character
    return pl.when(stripped != "").then(stripped)


def _unless_hidden(column: str) -> pl.Expr:
    return pl.when(~pl.col(column).str.contains(HIDDEN, literal=True)).then(_text(column))


def _texts(*columns: str) -> pl.Expr:
    return pl.concat_list(*(_text(column) for column in columns)).list.drop_nulls()
