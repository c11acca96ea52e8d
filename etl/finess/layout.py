"""The published JSON's names, and the flat record we read each establishment into."""

import polars as pl

SUPPORTED_SCHEMA_MAJOR = "1"  # "v1.0.0" and "1.0.0" were both seen
GZIP_MAGIC = b"\x1f\x8b"

# Which address is the place people go to: 03 is the geographic site. 01 and 05 stand in for it, 06 is a reception desk
# elsewhere on the site; 02, the head office, is another place and is never used (DATA-FACTS § 1.3, 1).
PLACE_USAGES = ("03", "01", "05", "06")
PUBLIC_CONTACT = "01"

# One establishment as published: text trimmed, nothing else changed. Several phone fields are joined by a newline.
PUBLISHED = pl.Schema(
    {
        "finess": pl.String,
        "nom_court": pl.String,
        "nom_long": pl.String,
        "complement_nom": pl.String,
        "siret": pl.String,
        "categorie": pl.String,
        "etat": pl.String,
        "date_ouverture": pl.String,
        "date_fermeture": pl.String,
        "date_maj": pl.String,
        "telephones": pl.String,
        "ej_finess": pl.String,
        "ej_nom": pl.String,
        "ej_siren": pl.String,
        "ej_statut": pl.String,
        "numero_voie": pl.String,
        "type_voie": pl.String,
        "libelle_voie": pl.String,
        "complement_voie": pl.String,
        "complement_point": pl.String,
        "lieu_dit": pl.String,
        "ligne_quatre": pl.String,
        "code_postal": pl.String,
        "cog_commune": pl.String,
        "ligne_acheminement": pl.String,
        "coordonnee_x": pl.String,
        "coordonnee_y": pl.String,
        "direction_longitude": pl.String,
        "direction_latitude": pl.String,
        "cle_ban": pl.String,
    }
)
