"""Which activities a category of FINESS may have in SIRENE."""

import polars as pl

from geo.categories import categories

# Branches, groups, families and categories of FINESS (levels 1 to 3, then the code): beginnings of NAF codes, the two
# revisions together (86.91 and after are of 2025 only). The most precise entry that exists is the one that counts.
ACTIVITIES: dict[str, tuple[str, ...]] = {
    "1100": ("86.10", "87"),
    "1200": ("86.10", "86.2", "86.90F", "86.9", "87", "88"),
    "2100": ("86.2", "86.9"),
    "2200": ("86.10", "86.2", "86.90D", "86.90E", "86.90F", "86.9", "88"),
    "3100": ("86.90B", "86.91", "72.19"),
    "3200": ("47.73", "47.74", "47.78", "46.46", "77.29", "32.50", "86.90F"),
    "3401": ("86.90C", "86.99"),
    "3402": ("86.90C", "86.99"),
    "3404": ("86.90A", "86.92", "49"),
    "3400": ("86.10", "86.2", "86.90", "86.99"),
    "4100": ("85", "86.10", "87", "88"),
    "4200": ("85", "87", "88"),
    "4300": ("85.5", "86.10", "87", "88"),
    "4401": ("86.10", "87", "88.10"),
    "4402": ("86.90D", "86.94", "86.10", "87", "88"),  # home nursing is a nurse's trade to Insee
    "4400": ("86.10", "87", "88"),
    "4500": ("85", "87", "88"),
    "4600": ("55.90", "68.20", "86.10", "86.90F", "86.99", "87", "88"),
    "5100": ("55.2", "85", "86.2", "87", "88"),
    "6000": ("85", "86.10"),
}
# Managers whose own trade is another: communes, départements, associations, mutuals, hospitals (ANS, DATA-FACTS § 3).
MANAGERS = ("65.12", "84.11", "84.12", "84.25", "84.30", "85.59", "86.10", "87", "88", "94.12", "94.99")
EXPECTED, POSSIBLE, FOREIGN = 100.0, 60.0, 0.0

# What people run in their own name, without a company: offices, pharmacies, opticians, laboratories, ambulances.
OWN_ACCOUNT = ("2100", "3100", "3200", "3404")


def activity_agrees(categorie: pl.Expr, naf: pl.Expr) -> pl.Expr:
    """EXPECTED, POSSIBLE or FOREIGN; null when either is unknown."""
    expected = pl.any_horizontal(
        (categorie.is_in(list(members)) & _begins(naf, codes)).fill_null(False) for codes, members in _by_activities()
    )
    return (
        pl.when(categorie.is_null() | naf.is_null() | ~categorie.is_in(list(categories())))
        .then(pl.lit(None, pl.Float64))
        .when(expected)
        .then(EXPECTED)
        .when(_begins(naf, MANAGERS))
        .then(POSSIBLE)
        .otherwise(FOREIGN)
    )


def runs_on_own_account(categorie: pl.Expr) -> pl.Expr:
    """Whether a natural person may be behind an establishment of this category."""
    return categorie.is_in([code for code, levels in _levels() if any(level in OWN_ACCOUNT for level in levels)])


def _begins(naf: pl.Expr, codes: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(naf.str.starts_with(code) for code in codes)


def _by_activities() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Activities, and the categories that have them."""
    found: dict[tuple[str, ...], list[str]] = {}
    for code, levels in _levels():
        key = next((level for level in levels if level in ACTIVITIES), None)
        if key:
            found.setdefault(ACTIVITIES[key], []).append(code)
    return [(activities, tuple(members)) for activities, members in found.items()]


def _levels() -> list[tuple[str, tuple[str, ...]]]:
    return [(code, (code, each.family, each.group, each.branch)) for code, each in categories().items()]
