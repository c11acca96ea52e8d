"""The ledger's words in French: one table; a word it does not hold is shown as it is."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

LABELS: Mapping[str, Mapping[str, str]] = {
    "pipeline": {"finess": "FINESS", "sirene": "SIRENE", "positions": "Positions"},
    "origin": {"live": "flux du jour", "file": "fichier donné", "demo": "données fictives"},
    "state": {
        "running": "en cours",
        "published": "publié",
        "unchanged": "inchangé",
        "refused": "refusé",
        "failed": "échoué",
        "interrupted": "interrompu",
        "tried": "essai à blanc",
    },
    "gate": {  # what --accept takes
        "rows": "lignes utilisables",
        "anomalies": "lignes rejetées",
        "removed": "structures disparues",
        "moved": "structures déplacées",
        "coordinates": "coordonnées lisibles",
        "coverage": "structures placées",
        "size": "taille du fichier",
        "active": "établissements ouverts",
        "schema": "version du format",
        "age": "âge du contenu",
    },
    "reason": {  # of a rejection
        "numero_finess_invalide": "numéro FINESS invalide",
        "numero_en_double": "numéro déjà vu dans ce fichier",
        "sans_nom": "sans nom",
        "categorie_illisible": "catégorie illisible",
    },
    "noticed": {
        "coordonnees_absentes": "sans coordonnées publiées",
        "coordonnees_lues_en_degres": "coordonnées lues en degrés",
        "coordonnees_lues_en_projection": "coordonnées lues en projection",
        "coordonnees_inutilisables": "coordonnées inutilisables",
        "coordonnees_hors_de_la_commune": "coordonnées loin de la commune",
        "sans_commune_connue": "commune inconnue",
        "sans_position": "sans position",
        "siret_mal_formes": "SIRET mal formés, laissés de côté",
        "ouvertes": "établissements ouverts",
    },
    "record": {  # kinds of source_record
        "ege": "établissements",
        "pmej": "entités juridiques",
        "gcc": "groupements conventionnels",
        "gco": "groupements de coopération",
        "activites": "activités",
    },
    "version": {"new": "nouvelles", "changed": "modifiées", "vanished": "disparues", "unchanged": "inchangées"},
    "structures": {"inserted": "ajoutées", "updated": "réécrites", "removed": "retirées"},
    "change": {  # geo.history.CHANGE_KINDS, in the plural
        "opened": "ouvertures",
        "closed": "fermetures",
        "reopened": "réouvertures",
        "moved": "déplacements de plus de 100 m",
        "renamed": "changements de nom",
        "category_changed": "changements de catégorie",
        "phone_changed": "changements de téléphone",
    },
    "precision": {  # geo.position.Precision
        "pin": "placée à la main",
        "housenumber": "au numéro",
        "street": "dans la rue",
        "locality": "au lieu-dit",
        "commune": "au centre de la commune",
        "none": "sans position",
    },
    "step": {
        "telechargement": "téléchargement",
        "lecture": "lecture du registre",
        "portes": "portes",
        "histoire": "histoire",
        "historique": "histoire",
        "fusion": "fusion",
        "grille": "grille des tuiles",
        "index": "index de recherche",
        "publication": "publication",
    },
}


def label(kind: str, name: str) -> str:
    """A word of the ledger as people read it.

    >>> label("state", "refused"), label("step", "nouvelle_etape")
    ('refusé', 'nouvelle_etape')
    """
    return LABELS[kind].get(name, name)


def in_order(kind: str, counted: Mapping[str, T]) -> dict[str, T]:
    """In the table's order, words it does not hold after: PostgreSQL's JSONB keeps members in an order of its own.

    >>> list(in_order("structures", {"autre": 1, "removed": 2, "inserted": 3}))
    ['inserted', 'removed', 'autre']
    """
    known = [name for name in LABELS[kind] if name in counted]
    return {name: counted[name] for name in (*known, *sorted(counted.keys() - set(known)))}
