"""Activities in both nomenclatures, and which ones independent practitioners and everybody else have."""

import polars as pl

# NAF rév. 2 → NAF 2025 for health and social work (DATA-FACTS § 3), the most usual where the new one splits the old; elsewhere
# only the shape is right. 88.91H is childcare at home, which no establishment of FINESS does.
NAF25 = {
    "47.73Z": "47.73Y", "47.74Z": "47.74G", "86.10Z": "86.10Y", "86.21Z": "86.21Y", "86.22A": "86.91Y",
    "86.22B": "86.22Y", "86.22C": "86.22Y", "86.23Z": "86.23Y", "86.90A": "86.92Y", "86.90B": "86.91Y",
    "86.90C": "86.99Y", "86.90D": "86.94G", "86.90E": "86.95Y", "86.90F": "86.99Y", "87.10A": "87.10G",
    "87.10B": "87.10H", "87.10C": "87.10J", "87.20A": "87.20G", "87.20B": "87.20H", "87.30A": "87.30G",
    "87.30B": "87.30H", "87.90A": "87.99G", "87.90B": "87.99H", "88.10A": "88.10G", "88.10B": "88.10H",
    "88.10C": "88.10J", "88.91A": "88.91G", "88.91B": "88.91J", "88.99A": "88.99G", "88.99B": "88.99H",
}  # fmt: skip
# Where NAF 2025 splits an old code: what practitioners of it have, and how often.
SPLITS = {
    "86.90D": {"86.94G": 9, "86.94H": 1},  # nurses, midwives
    "86.90F": {"86.93Y": 5, "86.96Y": 4, "86.99Y": 3},  # psychologists, osteopaths and others of traditional medicine, the rest
}  # fmt: skip
PRACTICES = (
    ("86.90D", 31), ("86.90E", 23), ("86.21Z", 22), ("86.22C", 14), ("86.23Z", 12), ("86.90F", 6), ("86.22B", 1),
    ("86.22A", 1),
)  # fmt: skip
OTHER_TRADES = (
    ("68.20B", 20), ("56.10A", 14), ("47.11B", 10), ("43.21A", 10), ("62.01Z", 10), ("94.99Z", 9), ("96.02A", 9),
    ("45.20A", 8),
)  # fmt: skip


def naf25(naf: str) -> pl.Expr:
    """The NAF 2025 code of a column of NAF rév. 2 codes."""
    return pl.col(naf).replace_strict(NAF25, default=pl.col(naf).str.slice(0, 5) + "Y", return_dtype=pl.String)
