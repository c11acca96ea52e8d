"""What matching is given and what it says; SIRENE's rows have their own shapes (etl.sirene.rows)."""

import polars as pl

from etl.sirene.rows import Columns

PAIR = ("finess", "siret")
EGE = pl.Schema(
    Columns(
        {
            "finess": pl.String,
            "declared": pl.String,  # SIRET as published: malformed at times
            "names": pl.List(pl.String),  # long, short, complement
            "ej_name": pl.String,
            "ej_siren": pl.String,
            "ej_finess": pl.String,
            "number": pl.String,
            "street": pl.String,  # kind and name
            "commune": pl.String,  # arrondissements included
            "postcode": pl.String,
            "lon": pl.Float64,
            "lat": pl.Float64,
            "precision": pl.String,  # geo.position.Precision
            "categorie": pl.String,
            "open": pl.Boolean,
        }
    )
)
DECISIONS = pl.Schema(
    Columns(
        {
            "finess": pl.String,
            "siret": pl.String,
            "verdict": pl.String,  # accepted, rejected
            "by": pl.String,
            "decided_at": pl.Datetime("us"),
        }
    )
)
SUCCESSIONS = pl.Schema({"predecessor": pl.String, "successor": pl.String, "on": pl.Date})
DUPLICATES = pl.Schema({"siren": pl.String, "siren_doublon": pl.String})  # two numbers that Insee gave to one unit

# What was found of the SIRET that FINESS declares. Nothing found: it is right.
CHECKS = ("forme", "cle", "absent", "masque", "ferme", "autre_commune", "autre_siren")
PARTS = pl.Struct(
    {
        "name": pl.Float64,  # 0 to 100, like those below; null: nothing to compare
        "address": pl.Float64,
        "identifiers": pl.Float64,  # the SIREN of the legal entity
        "naf": pl.Float64,
        "distance_m": pl.Float64,  # when both points are good
        "strength": pl.Float64,  # the score, beyond 100 too: who is ahead among equals
        "heir": pl.Boolean,  # Insee says it took over from the one declared
        "checks": pl.List(pl.String),  # of the declared one
    }
)
LINKS = pl.Schema(
    Columns(
        {
            "finess": pl.String,
            "siret": pl.String,  # as published when it has not the form of one: rejected then
            "score": pl.Float64,
            "parts": PARTS,
            "source": pl.String,  # declared, scoring, human
            "status": pl.String,  # accepted, review, rejected
            "reason": pl.String,
        }
    )
)
