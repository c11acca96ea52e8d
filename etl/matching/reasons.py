"""Why a link is what it is, in a sentence that whoever reviews it reads first."""

import polars as pl

from etl.matching.deciding import ACCEPTED, REVIEW

# The heaviest finding first: it is the one said.
FINDINGS = {
    "absent": "SIRET déclaré inconnu de SIRENE",
    "ferme": "SIRET déclaré fermé dans SIRENE",
    "autre_commune": "SIRET déclaré situé dans une autre commune",
}


def reason() -> pl.Expr:
    """Of a decided pair."""
    return pl.when(pl.col("verdict").is_not_null()).then(by_a_person()).when("declared").then(_declared()).otherwise(_found())


def by_a_person() -> pl.Expr:
    accepted = pl.col("verdict") == ACCEPTED
    return (
        pl.when(accepted).then(pl.lit("Lien confirmé par ")).otherwise(pl.lit("Lien écarté par "))
        + pl.col("by").fill_null("une personne")
        + pl.lit(".")
    )


def _declared() -> pl.Expr:
    checks = pl.col("checks")
    malformed = checks.list.contains("forme") & checks.list.contains("absent")
    said = pl.when(malformed).then(pl.lit("SIRET déclaré mal formé"))
    said = said.when(checks.list.contains("cle") & checks.list.contains("absent")).then(
        pl.lit("SIRET déclaré dont la clé est fausse")
    )
    for code, sentence in FINDINGS.items():
        said = said.when(checks.list.contains(code)).then(pl.lit(sentence))
    wrong = (
        said.when(pl.col("shared") & ~pl.col("right"))
        .then(pl.lit("SIRET déclaré aussi par d’autres adresses"))
        .when(~pl.col("confirmed"))
        .then(pl.lit("Commune inconnue : rien à comparer"))
        .otherwise(pl.lit("Un autre établissement de la même entité est à cette adresse"))
    )
    confirmed = (
        pl.when(pl.col("masked"))
        .then(pl.lit("SIRET déclaré confirmé par ses numéros et sa commune (diffusion partielle)"))
        .otherwise(pl.lit("SIRET déclaré présent, actif et dans la même commune"))
    )
    aside = pl.when(checks.list.contains("autre_siren")).then(pl.lit(", d’une autre entité juridique")).otherwise(pl.lit(""))
    return pl.when("right").then(confirmed + aside).otherwise(wrong + aside) + pl.lit(".")


def _found() -> pl.Expr:
    unit = pl.when(pl.col("identifiers") == 100).then(pl.lit("même entité juridique, ")).otherwise(pl.lit(""))
    words = (
        pl.lit("nom ")
        + pl.col("name").fill_null(0).round(0).cast(pl.Int64).cast(pl.String)
        + pl.lit(" %, adresse ")
        + pl.col("address").fill_null(0).round(0).cast(pl.Int64).cast(pl.String)
        + pl.lit(" %")
    )
    heir = pl.when("heir").then(pl.lit("Successeur du SIRET déclaré selon l’Insee : ")).otherwise(pl.lit("Trouvé : "))
    doubt = (
        pl.when(pl.col("status") != REVIEW).then(pl.lit(""))
        .when(pl.col("rank") > 1).then(pl.lit(" ; un autre candidat est devant"))
        .otherwise(pl.lit(" ; à vérifier"))
    )  # fmt: skip
    return heir + unit + words + doubt + pl.lit(".")
