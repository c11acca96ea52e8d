"""The words of addresses: kinds of street and of place, what registers shorten, what is no part of a name."""

from geo.addresses import PLACE_KINDS, STREET_KINDS, STREET_WORDS

# Streets proper, which the BAN numbers.
STREETS = frozenset({
    "RUE", "AVENUE", "BOULEVARD", "PLACE", "ROUTE", "CHEMIN", "ALLEE", "ALLEES", "IMPASSE", "COURS", "COUR", "QUAI",
    "SQUARE", "TRAVERSE", "VOIE", "PASSAGE", "ESPLANADE", "FAUBOURG", "MONTEE", "PROMENADE", "SENTE", "SENTIER", "RUELLE",
    "CHAUSSEE", "CARREFOUR", "CORNICHE", "BOUCLE", "PARVIS", "MAIL", "VENELLE", "GIRATOIRE", "ROCADE", "RAMPE", "DIGUE",
    "ARTERE", "DESCENTE", "COTE", "CAMIN", "STRAED", "KARE", "CARRER", "LEVEE", "BERGE", "CARRIERE", "CHEMINEMENT",
    "PLACETTE", "RONDPOINT",
})  # fmt: skip
# Kinds of place, which it numbers sometimes.
PLACES = frozenset({
    "RESIDENCE", "LOTISSEMENT", "QUARTIER", "HAMEAU", "LIEU", "ZONE", "ZAC", "ZA", "ZI", "ZAE", "ZAD", "ZUP", "DOMAINE",
    "CITE", "PARC", "VILLAGE", "CLOS", "VILLA", "ESPACE", "PLATEAU", "PLAINE", "BOURG", "CENTRE", "CHATEAU", "FERME",
    "MOULIN", "MORNE", "SECTION", "GALERIE", "PORT",
})  # fmt: skip
# These begin a street even after other words; the others are as often part of a name.
CUTTING = frozenset({
    "RUE", "AVENUE", "BOULEVARD", "ROUTE", "CHEMIN", "IMPASSE", "ALLEE", "QUAI", "PLACE", "SQUARE",
})  # fmt: skip
# These end a street's name: what follows is another place, or the building itself.
ENDING = frozenset({
    "BAT", "BATIMENT", "IMM", "IMMEUBLE", "RES", "RESIDENCE", "HLM", "QUARTIER", "LOTISSEMENT", "HAMEAU", "ZAC", "ZA", "ZI",
    "ZAE",
})  # fmt: skip
# One of these more or less makes another street: rue de la Gare, rue de la Vieille Gare.
QUALIFIERS = frozenset({
    "GRANDE", "GRAND", "PETITE", "PETIT", "VIEILLE", "VIEUX", "ANCIENNE", "ANCIEN", "HAUTE", "HAUT", "BASSE", "BAS",
    "NOUVELLE", "NOUVEAU", "PREMIERE", "DEUXIEME",
})  # fmt: skip
ARTICLES = frozenset({
    "DE", "DU", "DES", "LA", "LE", "LES", "L", "D", "ET", "A", "AU", "AUX", "EN", "SUR", "SOUS",
})  # fmt: skip
# The registers' letters; a C after a number is the letter C more often than « quinquies ».
REPETITIONS = {"B": "BIS", "T": "TER", "Q": "QUATER"}
ORDINALS = ("BIS", "TER", "QUATER", "QUINQUIES", "SEXIES", "SEPTIES", "OCTIES", "NONIES", "DECIES")
# « 8 MAI 1945 » is no number 8.
MONTHS = frozenset({
    "JANVIER", "FEVRIER", "MARS", "AVRIL", "MAI", "JUIN", "JUILLET", "AOUT", "SEPTEMBRE", "OCTOBRE", "NOVEMBRE", "DECEMBRE",
})  # fmt: skip
# The number that ends a street's name after one of these is part of it: « ROUTE NATIONALE 7 », « PLACE HENRI 4 ».
NUMBERED_NAMES = frozenset({
    "FOSSE", "SILO", "BATAILLON", "EUROPEENNE",
    "EXPLOITATION", "NUMERO", "LOT", "LOTS", "ILOT", "SECTEUR", "TRANCHE", "KILOMETRE", "POINT", "BORNE", "CLASSE", "SORTIE",
    "LOUIS", "HENRI", "CHARLES", "FRANCOIS", "PHILIPPE", "NAPOLEON", "JEAN", "PAUL", "PIE", "LEON", "BENOIT", "CLEMENT",
}) | PLACES | STREETS | ENDING | MONTHS  # fmt: skip
NUMBERED_ROADS = (
    "DEP",
    "NAT",
    "COMMUNA",
    "VICINA",
    "RURA",
    "FOREST",
)  # registers cut and misspell them: « DEPTALE », « DEPART »

# Spelled out wherever they stand: no other word of an address is written so.
KINDS_ANYWHERE = ("AV", "AVE", "BD", "BLD", "BVD", "RTE", "LIEUDIT", "CCAL", "CTRE", "CTR")
WORDS_ANYWHERE = (
    "ST", "STE", "FG", "FBG", "DR", "MGR", "PDT", "CDT", "CMDT", "FRES", "REPUB", "ND", "CCIAL", "CIAL", "CCIALE", "NALE", "DEPT",
    "QRT", "GDE", "GD", "SGT", "DRS", "PRT",
)  # fmt: skip
ANYWHERE = {short: STREET_KINDS[short] for short in KINDS_ANYWHERE}
ANYWHERE |= {short: STREET_WORDS[short] for short in WORDS_ANYWHERE}
# At the beginning only, or after a number: they are other words elsewhere. Zones stay as short as the BAN writes them, « allées »
# stay plural. A CH is also a hospital, a PAS a mountain pass.
FIRST = PLACE_KINDS | {
    short: kind for short, kind in STREET_KINDS.items() if kind != "ZONE" and short not in {"ALLEES", "CH", "PAS"}
}
NUMBERED = {"CH": "CHEMIN", "PAS": "PASSAGE"}
# « DU COL » is a pass, « LE MAL » whatever it is: a title comes before a name. CAP is a cape more often than a captain.
TITLES = {
    word: STREET_WORDS[word] for word in ("GAL", "GEN", "GL", "PR", "PROF", "MAL", "ML", "COL", "LT", "ADJ", "CAPT")
}
GALLERIES = frozenset({"COMMERCIALE", "MARCHANDE", "DE", "DES", "DU"})  # « GAL MARCHANDE » is no general
ROADS = {"RN": "NATIONALE", "N": "NATIONALE"} | dict.fromkeys(("RD", "CD", "D", "DPT"), "DEPARTEMENTALE")
