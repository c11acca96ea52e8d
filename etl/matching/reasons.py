"""Why a link is what it is, in a sentence that whoever reviews it reads first."""

import polars as pl

from etl.matching.deciding import ACCEPTED, REVIEW

CONFIRMED = "SIRET déclaré présent, actif et dans la même commune"
MASKED = "SIRET déclaré confirmé par ses numéros et sa commune (diffusion partielle)"


def reason() -> pl.Expr:
    """Of a decided pair."""
    return (
        pl.when(pl.col("verdict").is_not_null())
        .then(by_a_person())
        .when("declared")
        .then(_declared())
        .otherwise(_found())
    )


def by_a_person() -> pl.Expr:
    accepted = pl.col("verdict") == ACCEPTED
    return (
        pl.when(accepted).then(pl.lit("Lien confirmé par ")).otherwise(pl.lit("Lien écarté par "))
        + pl.col("by").fill_null("une personne")
        + pl.lit(".")
    )


def _declared() -> pl.Expr:
    right = pl.when("masked").then(pl.lit(MASKED)).otherwise(pl.lit(CONFIRMED))
    aside = pl.when(_has("autre_siren")).then(pl.lit(", d’une autre entité juridique")).otherwise(pl.lit(""))
    return pl.when("right").then(right).otherwise(_what_is_wrong()) + aside + pl.lit(".")


def _what_is_wrong() -> pl.Expr:
    """The heaviest finding: it is the one said."""
    absent = _has("absent")
    return (
        pl.when(absent & _has("forme")).then(pl.lit("SIRET déclaré mal formé"))
        .when(absent & _has("cle")).then(pl.lit("SIRET déclaré dont la clé est fausse"))
        .when(absent).then(pl.lit("SIRET déclaré inconnu de SIRENE"))
        .when(_has("ferme")).then(pl.lit("SIRET déclaré fermé dans SIRENE"))
        .when(_has("autre_commune")).then(pl.lit("SIRET déclaré situé dans une autre commune"))
        .when("shared").then(pl.lit("SIRET déclaré aussi par d’autres adresses"))
        .when("confirmed").then(pl.lit("Un autre établissement de la même entité est à cette adresse"))
        .otherwise(pl.lit("Commune inconnue : rien à comparer"))
    )  # fmt: skip


def _has(check: str) -> pl.Expr:
    return pl.col("checks").list.contains(check).fill_null(False)


def _found() -> pl.Expr:
    unit = pl.when(pl.col("identifiers") == 100).then(pl.lit("même entité juridique, ")).otherwise(pl.lit(""))
    words = (
        pl.lit("nom ")
        + pl.col("name").fill_null(0).round(0).cast(pl.Int64).cast(pl.String)
        + pl.lit(" %, adresse ")
        + pl.col("address").fill_null(0).round(0).cast(pl.Int64).cast(pl.String)
        + pl.lit(" %")
    )
    heir = pl.when("heir").then(pl.lit("Successeur du SIRET déclaré selon l’Insee : ")).otherwise(pl.lit("Trouvé : "))
    doubt = (
        pl.when(pl.col("status") != REVIEW).then(pl.lit(""))
        .when(pl.col("rank") > 1).then(pl.lit(" ; un autre candidat est devant"))
        .when("eligible").then(pl.lit(" ; un autre candidat est aussi proche"))
        .otherwise(pl.lit(" ; à vérifier"))
    )  # fmt: skip
    return heir + unit + words + doubt + pl.lit(".")
