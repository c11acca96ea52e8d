"""Words whose TH the register of 2026 turned into an E (ans-finess#28): « MONEIEUX » is Monthieux, « EIERS » is Thiers."""

import re

# The names that French streets bear most, and first names; their damaged form is told by what it was.
NAMES = (
    "THIERS", "THOMAS", "BERTHELOT", "BARTHELEMY", "THEODORE", "THERMES", "MATHIEU", "CATHERINE", "THIONVILLE", "GAUTHIER",
    "GAUTHIERE", "THEATRE", "ARTHUR", "THOREZ", "NAZARETH", "LUTHER", "BERTHIER", "THERESE", "THIERRY", "BARTHOU",
    "THEVENIN", "APOTHICAIRES", "EDITH", "THEOPHILE", "THEURIET", "BIBLIOTHEQUE", "CATHEDRALE", "THOMASSIN", "THIBAULT",
    "HYACINTHE", "ELISABETH", "BETHLEEM", "BEETHOVEN", "AGATHE", "MATHURIN", "THERMALE", "BERTHET", "ANTHONY", "PERTHUS",
    "PERTHUIS", "MATHIAS", "MATHILDE", "MONTHERLANT", "THALES", "ANTHONIOZ", "THENARD", "THUILLIER", "MARATHON",
    "BALTHAZAR", "ATHENES", "CORINTHE", "THERMIDOR", "BERTHAULT", "MONTHOLON", "MONTHIEUX", "THORIGNY", "THEROUANNE",
    "SATHONAY", "ORTHEZ", "BARTHOLDI", "TIMOTHEE", "MENTHON", "COUTHON", "PONTHIEU", "BETHANIE", "GOETHE", "JUDITH",
    "NATHALIE", "DOROTHEE", "LAMOTHE", "LABARTHE", "MARTHE", "SARTHE", "MOTHE", "BERTHE", "SYNTHE", "PENTHIEVRE", "BETHUNE",
    "ROTHSCHILD", "THOUARS", "THYM", "JACINTHES", "THUYAS", "AUTHIE", "AUTHION", "PARTHENAY", "BERTHOLLET", "BERTHOLET",
    "LITHAIRE", "RETHEL", "THONON", "THIZY", "MARTHOD", "THAON", "ELISABETHVILLE",
)  # fmt: skip
MENDED = {name.replace("TH", "E"): name for name in NAMES}
# Letters that French does not put together: no Eiffel, no Eugène, no Eole, no allée is among them.
RULES = (
    (re.compile(r"^EE(?=[A-Z])"), "THE"),
    (re.compile(r"^EI(?=[ABELMORUV])"), "THI"),
    (re.compile(r"^EO(?=[A-Z]{2})(?!L[EI])"), "THO"),
    (re.compile(r"^EA(?!U)(?=[A-Z]{2})"), "THA"),
    (re.compile(r"^EU(?=[IVY]|B|MI|MER)"), "THU"),
    (re.compile(r"(?<=A)E(?=[EIOU][A-Z])"), "TH"),
    (re.compile(r"(?<=^BAR)E(?=[EAO][A-Z])|(?<=^BER)E(?=[AEIO][A-Z])|(?<=MON)E(?=[EIO][A-Z])|(?<=^GAU)E(?=[EI])"), "TH"),
    (re.compile(r"EEE(?=[A-Z])"), "ETHE"),
)  # fmt: skip


def mended(text: str) -> str | None:
    """The wording with its damaged words put right; None when none looks damaged.

    >>> mended("RUE EIERS"), mended("ALLEE DE MONEIEUX"), mended("ALLEE GUSTAVE EIFFEL"), mended("RUE MAURICE EOREZ")
    ('RUE THIERS', 'ALLEE DE MONTHIEUX', None, 'RUE MAURICE THOREZ')
    """
    words = text.split()
    right = [_right(word) for word in words]
    return " ".join(right) if right != words else None


def _right(word: str) -> str:
    if word in MENDED:
        return MENDED[word]
    for damage, letters in RULES:
        if damage.search(word):
            return damage.sub(letters, word, count=1)
    return word
