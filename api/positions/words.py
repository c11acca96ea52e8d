"""One plain sentence for each term of the page, beside the label that etl/labels.py has of it."""

from collections.abc import Mapping

from geo.plausibility import SHARED_BY, TOLERANCE_M

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "precision": {  # geo.position.Precision
        "pin": "Quelqu’un a placé le point, en disant pourquoi.",
        "housenumber": "Le point est celui du numéro dans la rue : on arrive à la porte.",
        "street": "Le point est dans la bonne rue, sans le numéro.",
        "locality": "Le point est celui du lieu-dit ou du hameau.",
        "commune": "Faute de mieux, le point est au centre de la commune ; l’adresse dit où aller.",
        "none": "Même la commune n’est pas connue : la structure n’est pas sur la carte.",
    },
    "position_source": {  # geo.position.PositionSource
        "administrator": "Il passe avant toutes les sources.",
        "finess": "Les coordonnées que FINESS publie aujourd’hui.",
        "finess_ancien": "Le fichier d’avant, lu là où le flux d’aujourd’hui n’a pas de point.",
        "insee": "Le point que l’Insee donne à l’établissement du répertoire Sirene.",
        "geocoder": "L’adresse du registre, retrouvée dans une base d’adresses.",
        "commune": "Aucune source ne dit mieux.",
        "": "La commune n’est pas connue.",
    },
    "position_reason": {  # etl.positions.verdict.Reason
        "sans_reponse": "Le géocodeur n’a pas répondu ; la question lui sera posée de nouveau.",
        "introuvable": "Aucune adresse connue ne lui ressemble.",
        "commune_inconnue": "Ni commune ni code postal ne permettent de vérifier la réponse.",
        "autre_commune": "L’adresse trouvée est dans une autre commune.",
        "centre_de_commune": "La commune est trouvée, l’adresse non.",
        "score_trop_bas": "La réponse ressemble trop peu à l’adresse.",
        "autre_rue": "La rue trouvée n’a pas le même nom.",
        "ambigue": "Deux adresses conviennent aussi bien l’une que l’autre.",
        "numero_absent": "La rue est trouvée, le numéro non.",
    },
    "rule": {  # geo.plausibility.RULES
        "nulle_part": "Des coordonnées nulles, au large de l’Afrique : un nombre manquait.",
        "hors_territoire": "La commune est dans l’Hexagone et le point outre-mer, par exemple.",
        "centre_d_une_autre_commune": "Le point d’une adresse qui a été cherchée, et non trouvée, dans une autre commune.",
        "centre_de_sa_commune": "Annoncé au numéro ou dans la rue, il n’est qu’au centre de la commune.",
        "partage_par_des_centaines": f"Au moins {SHARED_BY} adresses différentes ont ce même point : une valeur par défaut.",
        "hors_commune": f"Le point est à plus de {TOLERANCE_M}\u202fm du contour de la commune où la structure est déclarée.",
    },
}
# What a column of numbers has room for.
SHORT: Mapping[str, str] = {
    "pin": "à la main",
    "housenumber": "numéro",
    "street": "rue",
    "locality": "lieu-dit",
    "commune": "commune",
    "none": "sans",
}


def sentence(kind: str, name: str) -> str:
    """What a term means; nothing of one that is not known.

    >>> sentence("precision", "street"), sentence("precision", "neuve")
    ('Le point est dans la bonne rue, sans le numéro.', '')
    """
    return SENTENCES[kind].get(name, "")
