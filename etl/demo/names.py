"""Invented names: kinds of establishment, flowers, trees, virtues and saints nobody venerates."""

import random

# Category code → ways an establishment of that kind is called; "{}" is what is invented.
PATTERNS = {
    "620": ("PHARMACIE {}", "GRANDE PHARMACIE {}", "PHARMACIE {}"),
    "611": ("LABORATOIRE DE BIOLOGIE MEDICALE {}", "LBM {}"),
    "500": ("EHPAD {}", "EHPAD RESIDENCE {}", "Résidence {}"),
    "501": ("RESIDENCE {}",),
    "202": ("RESIDENCE AUTONOMIE {}", "FOYER LOGEMENT {}"),
    "460": ("SAAD {}", "SERVICE D'AIDE A DOMICILE {}"),
    "354": ("SSIAD {}", "Service de soins à domicile {}"),
    "124": ("CENTRE DE SANTE {}", "Centre de santé dentaire {}"),
    "603": ("MAISON DE SANTE {}", "MSP {}"),
    "156": ("CMP {}", "CMP ENFANTS {}"),
    "183": ("IME {}", "IME LES AMIS {}"),
    "182": ("SESSAD {}",),
    "246": ("ESAT {}", "ESAT LES ATELIERS {}"),
    "355": ("CENTRE HOSPITALIER {}", "CH {}"),
    "101": ("CHU {}",),
    "365": ("CLINIQUE {}", "POLYCLINIQUE {}"),
    "128": ("CLINIQUE {}",),
    "109": ("CLINIQUE {}",),
    "255": ("MAS {}",),
    "437": ("FAM {}",),
    "382": ("FOYER DE VIE {}",),
    "252": ("FOYER D'HEBERGEMENT {}",),
    "223": ("PMI {}", "CENTRE DE PMI {}"),
    "177": ("MECS {}",),
}
OTHER_PATTERNS = ("CENTRE {}", "SERVICE {}", "ESPACE {}", "Association {}")
ARTICLES = ("DES", "DU CLOS DES", "DU PARC DES", "DE LA COUR AUX", "DU JARDIN AUX", "DU VALLON DES")
THINGS = (
    "TILLEULS", "GLYCINES", "MESANGES", "COQUELICOTS", "HIRONDELLES", "LAVANDES", "NOISETIERS", "PRIMEVERES", "ALOUETTES",
    "CAPUCINES", "ERABLES", "FOUGERES", "GENETS", "HORTENSIAS", "JONQUILLES", "LIBELLULES", "MARRONNIERS", "NENUPHARS",
    "OISEAUX BLEUS", "PAPILLONS", "QUATRE VENTS", "ROSEAUX", "SAULES", "TROENES", "VIOLETTES", "BLES D'OR", "CIGALES",
)  # fmt: skip
SAINTS = ("SAINTE-ONDINE", "SAINT-FLORILEGE", "SAINT-PARAPLUIE", "SAINTE-MIRABELLE", "SAINT-AUBIER", "SAINTE-LUCARNE")
PEOPLE = ("MARTINEAU-FICTIF", "DUPONTEL-FICTIF", "LEFAUX", "IMAGINAIRE", "PERSONNE", "NULLEPART")
STREETS = (
    ("R", "DES TILLEULS"), ("R", "DE L'INVENTION"), ("AV", "DE LA FICTION"), ("BD", "DES SONGES"), ("R", "DU PUITS SANS FOND"),
    ("PL", "DE L'HORLOGE ARRETEE"), ("CHE", "DES LICORNES"), ("R", "DE LA LUNE"), ("IMP", "DU MIRAGE"), ("RTE", "DE NULLE PART"),
    ("ALL", "DES COQUELICOTS"), ("QU", "DES BRUMES"), ("R", "GUSTAVE IMAGINAIRE"), ("R", "DES MÉSANGES"), ("SQ", "DU RÊVE"),
)  # fmt: skip
LEGAL = ("ASSOCIATION {}", "FONDATION {}", "SELARL {}", "SAS {}", "MUTUELLE {}", "GCSMS {}")


def establishment_name(draw: random.Random, categorie: str, commune: str) -> str:
    """A name of that kind, sometimes after the commune as real ones are."""
    pattern = draw.choice(PATTERNS.get(categorie, OTHER_PATTERNS))
    return pattern.format(_invented(draw, commune))[:120]


def legal_entity_name(draw: random.Random, commune: str) -> str:
    """The name of who runs it."""
    return draw.choice(LEGAL).format(_invented(draw, commune) if draw.random() < 0.6 else commune.upper())[:120]


def street(draw: random.Random) -> tuple[str, str]:
    """The published code of a kind of street, and a name."""
    return draw.choice(STREETS)


def _invented(draw: random.Random, commune: str) -> str:
    dice = draw.random()
    if dice < 0.55:
        return f"{draw.choice(ARTICLES)} {draw.choice(THINGS)}"
    if dice < 0.75:
        return draw.choice(SAINTS)
    if dice < 0.85:
        return draw.choice(PEOPLE)
    return f"DE {commune.upper()}" if draw.random() < 0.7 else f"de {commune}"
