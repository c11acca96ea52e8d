"""The legacy CSV's lines and fields by name (DATA-FACTS § 1.4): no header row, the order is the contract."""

import re

import polars as pl

SOURCE = "etalab-cs1100507"

# `finess;etalab;98;2026-05-04`: the second number changes from one file to the next, the date is the extraction's.
RECORD_LINE = re.compile(r"finess;etalab;\d+;(\d{4}-\d{2}-\d{2});*$")

# The fields after each line's tag.
STRUCTUREET = (
    "nofinesset", "nofinessej", "rs", "rslongue", "complrs", "compldistrib", "numvoie", "typvoie", "voie", "compvoie",
    "lieuditbp", "commune", "departement", "libdepartement", "ligneacheminement", "telephone", "telecopie", "categetab",
    "libcategetab", "categagretab", "libcategagretab", "siret", "codeape", "codemft", "libmft", "codesph", "libsph",
    "dateouv", "dateautor", "datemaj", "numuai",
)  # fmt: skip
# The published name of the last is datemaj too: renamed, since both rows of an establishment end in one record.
GEOLOCALISATION = ("nofinesset", "coordxet", "coordyet", "sourcecoordet", "datemaj_geolocalisation")
# A few hundred values each: kept as numbers in memory.
REPEATED = (
    "typvoie", "libdepartement", "categetab", "libcategetab", "categagretab", "libcategagretab", "codeape", "codemft",
    "libmft", "codesph", "libsph",
)  # fmt: skip
DATES = ("dateouv", "dateautor", "datemaj", "datemaj_geolocalisation")  # 1900-01-01 stands for "unknown"

# Each kind of label: the field of its codes, the field of its labels.
LABELS = {
    "mft": ("codemft", "libmft"),
    "espic": ("codesph", "libsph"),
    "categorie": ("categetab", "libcategetab"),
    "agregat": ("categagretab", "libcategagretab"),
}

# In 2016 the commas of sourcecoordet were semicolons: its 7 tokens stand as so many fields.
TOKENS_OF_2016 = 7

# FINESS's own codes of overseas départements, and what the commune's three digits follow to make the INSEE code: 9B + 207
# is 97207. Wallis (9J) was never in 97.
OVERSEAS = {"9A": "97", "9B": "97", "9C": "97", "9D": "97", "9E": "97", "9F": "97", "9J": "98"}


def insee_commune() -> pl.Expr:
    """The five characters of the commune's code as published then (97123 is Saint-Barthélemy's old one)."""
    code = pl.col("departement").replace(OVERSEAS) + pl.col("commune").str.zfill(3)
    return pl.when(code.str.contains(r"^(?:\d\d|2[AB])\d{3}$")).then(code)
