"""Words that invented names, streets and persons are made of: plants, animals, landscape, syllables; nobody's name."""

# After a kind of establishment: "Pharmacie des Églantines". After a kind of street too.
OF_SOMETHING = (
    "des Églantines", "des Tilleuls", "des Glycines", "des Mésanges", "des Coquelicots", "des Hirondelles",
    "des Noisetiers", "des Primevères", "des Alouettes", "des Capucines", "des Érables", "des Fougères",
    "des Genêts", "des Hortensias", "des Jonquilles", "des Libellules", "des Marronniers", "des Nénuphars",
    "des Roseaux", "des Saules", "des Troènes", "des Violettes", "des Cigales", "des Aubépines", "des Bleuets",
    "des Chardonnerets", "des Cyprès", "des Grillons", "des Myosotis", "des Œillets", "des Passereaux",
    "des Pins penchés", "des Quatre Saisons", "des Trois Ruisseaux", "du Moulin Vert", "du Vallon",
    "du Grand Chêne", "du Pré Fleuri", "du Puits Clair", "du Thym Sauvage", "du Petit Théâtre", "du Belvédère",
    "du Clos Mauve", "du Lavoir", "du Verger", "du Phare Blanc", "du Rocher Bleu", "du Soleil Levant",
    "de la Source", "de la Colline", "de la Clairière", "de la Fontaine Ronde", "de la Lisière", "de la Roseraie",
    "de la Thébaïde", "de la Vieille Écluse", "de la Garenne", "de la Rivière Lente", "de la Dune",
    "de la Tour Grise", "de l'Étang", "de l'Orée", "de l'Horloge", "de l'Arc-en-Ciel", "de l'Olivier", "de l'Aube",
    "de l'Écureuil", "de l'Îlot",
)  # fmt: skip
# By itself: "EHPAD Les Tilleuls".
NAMED = (
    "Les Tilleuls", "Les Glycines", "Les Mésanges", "Les Églantiers", "Les Alizés", "Les Bruyères", "Les Camélias",
    "Les Charmilles", "Les Fauvettes", "Les Lauriers", "Les Magnolias", "Les Mimosas", "Les Orangers",
    "Les Peupliers", "Les Rives du Lac", "Les Sittelles", "Les Terrasses", "Les Vergers", "Les Deux Moulins",
    "Les Jardins de Thalie", "Le Clos Fleuri", "Le Bel Horizon", "Le Bon Abri", "Le Chant du Merle",
    "Le Grand Large", "Le Hameau", "Le Nid", "Le Parc aux Biches", "Le Rayon Vert", "Le Vallon Tranquille",
    "La Bergerie", "La Chrysalide", "La Farandole", "La Passerelle", "La Pépinière", "La Ritournelle",
    "La Rose des Vents", "La Traverse", "L'Éclaircie", "L'Envol", "L'Escale", "L'Étape", "L'Hermine", "L'Oasis",
    "L'Orangeraie", "L'Ouverture", "Bellerive", "Clairval", "Hautefeuille",
)  # fmt: skip
# Saints that no calendar knows.
SAINTS = (
    "Saint-Aubrin", "Saint-Corentel", "Sainte-Lirande", "Saint-Malovent", "Sainte-Orvane", "Saint-Perdric",
    "Sainte-Thalise", "Saint-Ylaire", "Sainte-Mirabelle", "Saint-Florival",
)  # fmt: skip
PLACE_STARTS = (
    "Val", "Mont", "Beau", "Clair", "Font", "Roche", "Bois", "Mire", "Haute", "Belle", "Verte", "Tour", "Prime",
    "Lune",
)  # fmt: skip
PLACE_ENDS = (
    "ombreuse", "fleuri", "rayon", "serein", "brune", "luisant", "thiers", "vigne", "rive", "sylve", "combe",
    "prée", "lande", "source",
)  # fmt: skip
# Code of the FINESS address, and the word of its fourth line and of SIRENE, by frequency in the published file.
STREET_KINDS = (
    ("R", "RUE", 52), ("AV", "AVENUE", 17), ("PL", "PLACE", 7), ("BD", "BOULEVARD", 6), ("RTE", "ROUTE", 6),
    ("CHE", "CHEMIN", 4), ("ALL", "ALLEE", 3), ("IMP", "IMPASSE", 2), ("CRS", "COURS", 1), ("QU", "QUAI", 1),
    ("SQ", "SQUARE", 1),
)  # fmt: skip
INSIDE = ("BATIMENT B", "POLE SANTE", "1ER ETAGE", "RESIDENCE LE PARC", "ZONE ARTISANALE", "PAVILLON C")
FIRST_NAMES = {
    "F": (
        "AGATHINE", "BLANDE", "CELESTE", "DORINE", "ELVINA", "FLAVIE", "HERMINE", "ISALIE",
        "LUCELLE", "MARCELINE", "NOELINE", "OCTAVIE", "PRUNELLE", "ROSELINDE", "SIDONIE", "THALIE",
    ),
    "M": (
        "ANATOLE", "BASTIAN", "CYPRIEN", "DONATIEN", "ELZEAR", "FLORIMOND", "GASPARD", "HYACINTHE",
        "ISIDORE", "LEOPOLD", "MELCHIOR", "NARCISSE", "OCTAVE", "PLACIDE", "THEODULE", "VALERE",
    ),
}  # fmt: skip
# A surname is one of each: 12 × 14 × 12 = 2,016 of them, made to sound like surnames and be none.
SURNAME_STARTS = ("BALM", "CORV", "DRUV", "FALQ", "GRIV", "JOUV", "LORM", "MARV", "PLEV", "QUERV", "TREV", "VOLN")
SURNAME_MIDDLES = ("ABE", "ADI", "AGO", "ELA", "EMO", "ERI", "IDA", "ILO", "INE", "OLA", "ONI", "ORE", "UDE", "ULI")
SURNAME_ENDS = ("BEUX", "CHARD", "DAUD", "FRANT", "GNOL", "LLAC", "MPIN", "NDREL", "QUIN", "RTHOT", "SSAC", "VERDE")
