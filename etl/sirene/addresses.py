"""The postal lines between the name and the postcode."""

import polars as pl

from etl.sirene.capitals import begun, restored, street

REPETITIONS = {"B": "bis", "T": "ter", "Q": "quater", "C": "quinquies", "BIS": "bis", "TER": "ter", "QUATER": "quater"}
# Insee's `typeVoie`: the code of the nomenclature in older rows, the word in newer ones.
KINDS = {
    "ALL": "allée", "AV": "avenue", "BD": "boulevard", "CAR": "carrefour", "CHE": "chemin", "CHS": "chaussée", "CITE": "cité",
    "COR": "corniche", "CRS": "cours", "DOM": "domaine", "DSC": "descente", "ECA": "écart", "ESP": "esplanade",
    "FG": "faubourg", "GR": "grande rue", "HAM": "hameau", "HLE": "halle", "IMP": "impasse", "LD": "lieu-dit",
    "LOT": "lotissement", "MAR": "marché", "MTE": "montée", "PAS": "passage", "PL": "place", "PLN": "plaine",
    "PLT": "plateau", "PRO": "promenade", "PRV": "parvis", "QUA": "quartier", "QUAI": "quai", "RES": "résidence",
    "RLE": "ruelle", "ROC": "rocade", "RPT": "rond-point", "RTE": "route", "SEN": "sente", "SQ": "square",
    "TPL": "terre-plein", "TRA": "traverse", "VLA": "villa", "VLGE": "village", "ALLEE": "allée", "CHAUSSEE": "chaussée",
    "LIEU DIT": "lieu-dit", "MONTEE": "montée", "MARCHE": "marché", "RESIDENCE": "résidence", "ROND POINT": "rond-point",
    "TERRE PLEIN": "terre-plein", "ZA": "ZA", "ZAC": "ZAC", "ZI": "ZI",
}  # fmt: skip


def with_address_lines(opened: pl.DataFrame) -> pl.DataFrame:
    """Adds `address_lines` to rows of OPEN: complement, street, box."""
    number = pl.concat_str("number", _mapped("repetition", REPETITIONS), separator=" ", ignore_nulls=True)
    kind = pl.coalesce(_mapped("street_kind", KINDS, default=pl.col("street_kind").str.to_lowercase()))
    name = pl.col("street_name").map_elements(street, return_dtype=pl.String)
    line = pl.concat_str(number, kind, name, separator=" ", ignore_nulls=True).str.strip_chars()
    written = opened.select(
        complement=pl.col("complement").map_elements(restored, return_dtype=pl.String),
        street=pl.when(pl.col("street_name").is_not_null()).then(line.map_elements(begun, return_dtype=pl.String)),
        box="box",
    )
    lines = written.select(address_lines=pl.concat_list("complement", "street", "box").list.drop_nulls())
    return pl.concat([opened, lines], how="horizontal")


def _mapped(column: str, table: dict[str, str], default: pl.Expr | None = None) -> pl.Expr:
    kept = pl.col(column) if default is None else default
    return pl.col(column).str.to_uppercase().replace_strict(table, default=kept, return_dtype=pl.String)
