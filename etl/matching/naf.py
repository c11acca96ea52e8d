"""Which activities a category of FINESS may have in SIRENE."""

import polars as pl

from geo.categories import categories

# The one class that Insee has for these categories: what tells a manager's services at one address apart.
CLASSES: dict[str, tuple[str, ...]] = {
    "182": ("88.91B",), "183": ("87.10B",), "186": ("87.10B", "87.20A"), "188": ("87.10B",), "189": ("86.10", "88.91B"),
    "190": ("88.91B", "86.10"), "192": ("87.10B",), "202": ("87.30A", "87.10A"), "246": ("88.10C",), "247": ("88.10C",),
    "252": ("87.20A", "87.90B"), "253": ("87.20A",), "255": ("87.10C",), "300": ("85",), "354": ("86.90D", "86.94", "88.10A"),
    "382": ("87.20A",), "437": ("87.10C",), "445": ("88.10", "88.99B"), "446": ("88.10", "88.99B"), "448": ("87.10C",),
    "449": ("87.20A",), "460": ("88.10A", "88.10G"), "500": ("87.10A", "87.10G"), "501": ("87.30A", "87.10A"),
    "156": ("86.10",), "425": ("86.10",), "355": ("86.10",), "177": ("87.90A",), "214": ("87.90B",), "219": ("87.90B",),
    "443": ("87.90B",), "230": ("86.21", "88.91", "88.99"), "223": ("86.21", "88.91", "88.99"), "295": ("88.99A",),
}  # fmt: skip
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
    return (
        pl.when(categorie.is_null() | naf.is_null() | ~categorie.is_in(list(categories())))
        .then(pl.lit(None, pl.Float64))
        .when(_any_of(categorie, naf, precise=True))
        .then(EXPECTED)
        .when(_any_of(categorie, naf, precise=False) | _begins(naf, MANAGERS))
        .then(POSSIBLE)
        .otherwise(FOREIGN)
    )


def runs_on_own_account(categorie: pl.Expr) -> pl.Expr:
    """Whether a natural person may be behind an establishment of this category."""
    return categorie.is_in([code for code, levels in _levels() if any(level in OWN_ACCOUNT for level in levels)])


def _begins(naf: pl.Expr, codes: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(naf.str.starts_with(code) for code in codes)


def _any_of(categorie: pl.Expr, naf: pl.Expr, *, precise: bool) -> pl.Expr:
    """Whether the activity is one of the category's: of its class when it has one, or of those of its family."""
    tables = (CLASSES, ACTIVITIES) if precise else (ACTIVITIES,)
    found: dict[tuple[str, ...], list[str]] = {}
    for code, levels in _levels():
        activities = next((table[level] for table in tables for level in levels if level in table), ())
        found.setdefault(activities, []).append(code)
    return pl.any_horizontal(
        (categorie.is_in(members) & _begins(naf, codes)).fill_null(False) for codes, members in found.items() if codes
    )


def _levels() -> list[tuple[str, tuple[str, ...]]]:
    return [(code, (code, each.family, each.group, each.branch)) for code, each in categories().items()]
