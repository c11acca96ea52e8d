"""Postal lines as two registers write them: the number and the street among them, and a street in the form it is compared in."""

import re
from collections.abc import Sequence

from geo.text import sort_key

# Kinds of street, as the post, FINESS and SIRENE shorten them.
STREET_KINDS = {
    "R": "RUE", "AV": "AVENUE", "AVE": "AVENUE", "BD": "BOULEVARD", "BLD": "BOULEVARD", "BVD": "BOULEVARD",
    "PL": "PLACE", "RTE": "ROUTE", "CHE": "CHEMIN", "CH": "CHEMIN", "CHEM": "CHEMIN", "ALL": "ALLEE", "ALLEES": "ALLEE",
    "IMP": "IMPASSE", "CRS": "COURS", "QU": "QUAI", "SQ": "SQUARE", "LOT": "LOTISSEMENT", "RES": "RESIDENCE",
    "QUA": "QUARTIER", "TRA": "TRAVERSE", "VOI": "VOIE", "PAS": "PASSAGE", "PASS": "PASSAGE", "ESP": "ESPLANADE",
    "FG": "FAUBOURG", "FBG": "FAUBOURG", "HAM": "HAMEAU", "LD": "LIEU DIT", "MTE": "MONTEE", "PROM": "PROMENADE",
    "RPT": "ROND POINT", "SEN": "SENTE", "VLA": "VILLA", "VLGE": "VILLAGE", "DOM": "DOMAINE", "ZAC": "ZONE", "ZA": "ZONE",
    "ZI": "ZONE", "GR": "GRANDE RUE", "CTRE": "CENTRE", "CTR": "CENTRE", "CCAL": "CENTRE COMMERCIAL", "BCLE": "BOUCLE",
    "CAR": "CARREFOUR", "CHS": "CHAUSSEE", "CHV": "CHEMIN VICINAL", "COR": "CORNICHE", "PLN": "PLAINE", "PLT": "PLATEAU",
    "PRV": "PARVIS", "RLE": "RUELLE", "ROC": "ROCADE", "VGE": "VILLAGE", "ART": "ANCIENNE ROUTE", "DSC": "DESCENTE",
    "LIEUDIT": "LIEU DIT", "PTE": "PORTE", "RTD": "ROUTE DEPARTEMENTALE",
}  # fmt: skip
# Kinds of place: a line that begins with one is no street where another line is.
PLACE_KINDS = {"BRG": "BOURG", "CHT": "CHATEAU", "ESPA": "ESPACE", "FRM": "FERME", "MLN": "MOULIN"}
# Words that the two registers shorten each its way.
STREET_WORDS = {
    "ST": "SAINT", "STE": "SAINTE", "GAL": "GENERAL", "GEN": "GENERAL", "DR": "DOCTEUR", "PR": "PROFESSEUR",
    "MAL": "MARECHAL", "CDT": "COMMANDANT", "CMDT": "COMMANDANT", "CAP": "CAPITAINE", "COL": "COLONEL", "LT": "LIEUTENANT",
    "PDT": "PRESIDENT", "PRES": "PRESIDENT", "MGR": "MONSEIGNEUR", "FRES": "FRERES", "REPUB": "REPUBLIQUE",
    "GL": "GENERAL", "ML": "MARECHAL", "CAPT": "CAPITAINE", "DRS": "DOCTEURS", "PRT": "PRESIDENT", "SGT": "SERGENT",
    "ADJ": "ADJUDANT", "PROF": "PROFESSEUR", "FG": "FAUBOURG", "FBG": "FAUBOURG", "ND": "NOTRE DAME", "CCIAL": "COMMERCIAL",
    "CIAL": "COMMERCIAL", "CCIALE": "COMMERCIALE", "NALE": "NATIONALE", "DEPT": "DEPARTEMENTALE", "QRT": "QUARTIER",
    "QUART": "QUARTIER", "GDE": "GRANDE", "GD": "GRAND",
}  # fmt: skip
STREET_STOP_WORDS = frozenset({"DE", "DU", "DES", "LA", "LE", "LES", "L", "D", "ET", "A", "AU", "AUX", "EN"})
REPETITIONS = {"B", "T", "Q", "C", "BIS", "TER", "QUATER", "QUINQUIES"}
KINDS_OF_STREET = {*STREET_KINDS, *STREET_KINDS.values()}
BOX = re.compile(r"\s*(?:BP|B\.P|CS|TSA|CIDEX|COURSE SPECIALE|BOITE POSTALE)\b", re.IGNORECASE)  # letters, not a place


def street_of(lines: Sequence[str]) -> tuple[str | None, str | None]:
    """The number and the street among postal lines: the line that begins with a number, else one that names a kind of street.

    >>> street_of(["BATIMENT B", "12 BIS RUE DES LILAS", "BP 40"]), street_of(["RUE DES LILAS", "BP 9"]), street_of(["BP 9"])
    (('12 BIS', 'RUE DES LILAS'), (None, 'RUE DES LILAS'), (None, None))
    """
    for words in map(str.split, lines):
        if words and words[0][0].isdigit():
            numbered = 2 if len(words) > 2 and words[1].upper() in REPETITIONS else 1
            return " ".join(words[:numbered]), " ".join(words[numbered:]) or None
    places = [line for line in lines if not BOX.match(line)]
    streets = [line for line in places if line.split()[0].upper() in KINDS_OF_STREET]
    return None, next(iter(streets or places), None)


def street_key(street: str) -> str:
    """A street as it is compared; ANS turned the TH of some into E (ans-finess#28): both sides lose theirs.

    >>> street_key("AV DU THEATRE"), street_key("Avenue du eeatre"), street_key("12 BIS R ST MICHEL"), street_key("RUE D")
    ('AVENUE EEATRE', 'AVENUE EEATRE', 'RUE SAINT MICHEL', 'RUE D')
    """
    words = re.sub(r"^\d+\s*(?:(?:BIS|TER|QUATER|QUINQUIES|[A-Z])\s+(?=\S))?", "", _joined(street)).split()
    if words:
        words[0] = STREET_KINDS.get(words[0], words[0])
    kept = [STREET_WORDS.get(word, word) for word in words if word not in STREET_STOP_WORDS]
    if len(kept) < 2 and kept == words[:1]:
        kept = words  # « RUE D » is a name whose street is not « RUE A »
    return " ".join(kept or words).replace("TH", "E")


def _joined(street: str) -> str:
    return re.sub(r"^(\d+)([A-Z])\b", r"\1 \2", sort_key(street))
