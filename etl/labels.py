"""The ledger's words in French: one table; a word it does not hold is shown as it is."""

from collections.abc import Mapping
from typing import TypeVar

from geo.position import PRECISIONS

T = TypeVar("T")

LABELS: Mapping[str, Mapping[str, str]] = {
    "pipeline": {
        "finess": "FINESS",
        "finess_activites": "FINESS, activités",
        "finess_ancien": "Ancien FINESS",
        "sirene": "Sirene",
        "positions": "Positions",
        "zones": "Zones d’intervention",
    },
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
    "gate": {  # the GATE_NAMES of every flow: what --accept takes
        "schema": "version du format",
        "rows": "lignes utilisables",
        "anomalies": "lignes rejetées",
        "ids": "numéros en double",
        "removed": "numéros disparus",
        "closed": "fermetures",
        "masked": "tenus à l’écart",
        "moved": "déplacements",
        "coordinates": "coordonnées lisibles",
        "dates": "dates lisibles",
        "drift": "placés par la source",
        "geocoding": "positions du géocodeur",
        "geocoding_departement": "positions du géocodeur, département par département",
        "coverage": "structures placées",
        "size": "taille du fichier",
        "active": "établissements ouverts",
        "orphans": "numéros inconnus",
        "older": "plus récent que le précédent",
        "age": "âge du contenu",
        "future": "date qui n’est pas à venir",
    },
    "reason": {  # of a rejection
        "numero_finess_invalide": "numéro FINESS invalide",
        "numero_en_double": "numéro déjà vu dans ce fichier",
        "sans_nom": "sans nom",
        "nom_demesure": "nom démesuré",
        "categorie_illisible": "catégorie illisible",
        "point_sans_etablissement": "point sans établissement",
        "entite_illisible": "entité juridique illisible",
        "activite_sans_finess": "activité sans numéro FINESS",
        "activite_sans_numero": "activité sans numéro",
        "activite_sans_nature": "activité sans nature",
        "zone_illisible": "zone illisible",
        "zone_sans_numero": "zone sans numéro FINESS ni SIRET, ou avec les deux",
        "zone_vide": "zone vide",
        "zone_en_double": "zone d’un numéro déjà lu",
        "zone_de_commune_inconnue": "commune inconnue",
        "zone_de_epci_inconnu": "intercommunalité inconnue",
        "zone_de_departement_inconnu": "département inconnu",
        "zone_au_contour_illisible": "contour illisible, ouvert, croisé, ou hors de France",
        "zone_au_contour_demesure": "contour de plus de 5 000 sommets",
        "zone_de_structure_inconnue": "numéro que personne ne porte ici",
    },
    "noticed": {
        "coordonnees_absentes": "sans coordonnées publiées",
        "coordonnees_lues_en_degres": "coordonnées lues en degrés",
        "coordonnees_lues_en_projection": "coordonnées lues en projection",
        "coordonnees_inutilisables": "coordonnées inutilisables",
        "coordonnees_hors_de_la_commune": "coordonnées loin de la commune",
        "sans_commune_connue": "commune inconnue",
        "placees_par_l_ancien_fichier": "placées par l’ancien fichier",
        "projection_d_un_autre_territoire": "projection d’un autre territoire",
        "lignes_en_windows_1252": "lignes en Windows-1252",
        "lignes_encodees_deux_fois": "lignes encodées deux fois",
        "sans_position": "sans position",
        "siret_mal_formes": "SIRET mal formés, laissés de côté",
        "ouvertes": "établissements ouverts",
        "dates_publiees": "dates d’ouverture et de fermeture",
        "dates_illisibles": "dates illisibles, laissées de côté",
        "entites_illisibles": "entités juridiques illisibles",
        "activites_en_cours": "activités en cours",
        "activites_inactives": "activités inactives",
        "natures_inconnues": "activités de nature inconnue",
        "autorisations_d_un_etablissement": "établissements nommés par une autorisation",
        "zones_d_intervention": "activités avec une zone d’intervention",
        "parts_de_zone_contour": "contours dessinés",
        "parts_de_zone_commune": "communes desservies",
        "parts_de_zone_epci": "intercommunalités desservies",
        "parts_de_zone_departement": "départements desservis",
        "capacites_de_statut_01": "capacités autorisées",
        "capacites_de_statut_09": "capacités installées",
        "capacites_de_statut_None": "capacités sans statut",
        "touches_par_leur_unite": "changés par leur unité légale",
        "masques_entre_temps": "passés en diffusion partielle",
        "disparus_du_registre": "disparus du registre",
        "plus_masques": "de nouveau diffusés",
        "masques_malgre_le_refus": "passés en diffusion partielle, retirés malgré le refus",
        "stock_in_scope": "du champ sanitaire et social",
        "stock_named_found": "nommés par FINESS",
        "stock_closed_dropped": "fermés que FINESS ne nomme pas",
        "entrees_hors_du_champ": "hors du champ et inconnus de FINESS",
        "tenus_a_l_ecart": "en diffusion partielle, tenus à l’écart",
        "ecartes_par_les_registres": "écartés : opposition ou diffusion partielle",
        "plus_anciens_que_connus": "plus anciens que ce qui est connu",
        "actifs_du_champ": "établissements actifs du champ",
        "annonces_pour_plus_tard": "annoncés pour plus tard",
        "sans_nom": "sans nom",
        "positions_placees_par_insee": "placés par l’Insee",
        "positions_placees_par_lambert": "placés par le point du stock",
        "positions_absentes": "sans point publié",
        "positions_voie_inconnue": "point d’une voie inconnue, laissé de côté",
        "positions_qualite_inconnue": "point de qualité inconnue, laissé de côté",
        "positions_commune_inconnue": "commune inconnue, point laissé de côté",
        "positions_hors_du_territoire": "point hors du territoire",
        "positions_hors_de_la_commune": "point loin de la commune",
        "positions_contredites_par_lambert": "point contredit par celui du stock",
    },
    "record": {  # kinds of source_record
        "ege": "établissements",
        "pmej": "entités juridiques",
        "gcc": "groupements conventionnels",
        "gco": "groupements de coopération",
        "activites": "activités (par numéro)",  # a record holds all those of one FINESS number
        "siret": "établissements Sirene",
    },
    "version": {"new": "nouvelles", "changed": "modifiées", "vanished": "disparues", "unchanged": "inchangées"},
    "structures": {
        "inserted": "ajoutées",
        "updated": "réécrites",
        "removed": "retirées",
        "deleted": "effacées",
        "redated": "redatées",
        "unchanged": "inchangées",
        "newer_kept": "plus récentes, gardées",
        "labels": "libellés appris",
    },
    "establishments": {"inserted": "nouveaux", "updated": "modifiés", "ceased": "disparus du stock"},
    "together": {  # etl.counts.together
        "links_accepted": "liens acceptés",
        "links_review": "liens à vérifier",
        "links_rejected": "liens écartés",
        "links_moved": "liens apparus ou disparus",
        "alone_inserted": "structures de Sirene seule, ajoutées",
        "alone_updated": "structures de Sirene seule, réécrites",
        "alone_absorbed": "structures de Sirene seule, rattachées",
        "given": "structures FINESS complétées ou rendues",
        "purged_structures": "structures retirées de la carte",
        "purged_records": "versions effacées",
    },
    "change": {  # geo.history.CHANGE_KINDS, in the plural
        "opened": "ouvertures",
        "closed": "fermetures",
        "reopened": "réouvertures",
        "moved": "déplacements de plus de 100 m",
        "renamed": "changements de nom",
        "category_changed": "changements de catégorie",
        "phone_changed": "changements de téléphone",
    },
    "precision": {name: label.lower() for name, label in PRECISIONS.items()},
    "position_reason": {  # etl.positions.verdict.Reason
        "sans_reponse": "sans réponse, à redemander",
        "introuvable": "introuvable",
        "commune_inconnue": "commune inconnue",
        "autre_commune": "autre commune",
        "centre_de_commune": "centre de commune",
        "score_trop_bas": "score trop bas",
        "autre_rue": "autre rue",
        "ambigue": "ambiguë",
        "numero_absent": "numéro absent",
    },
    "position_source": {  # geo.position.PositionSource
        "administrator": "point placé à la main",
        "finess": "FINESS",
        "finess_ancien": "ancien fichier FINESS",
        "insee": "Insee",
        "geocoder": "géocodeur",
        "commune": "centre de la commune",
    },
    "rule": {  # geo.plausibility.RULES
        "nulle_part": "à 0° nord, 0° est",
        "hors_territoire": "hors de son territoire",
        "centre_d_une_autre_commune": "centre d’une autre commune",
        "centre_de_sa_commune": "centre de sa commune, promis plus précis",
        "partage_par_des_centaines": "un point pour des centaines d’adresses",
        "hors_commune": "à plus de 300 m de sa commune",
    },
    "geocoding": {  # etl.positions.asking.Said
        "structures": "structures mal placées par les registres",
        "without_question": "dont l’adresse ne dit pas mieux",
        "questions": "questions que leurs adresses posent",
        "asked": "posées au géocodeur",
        "unanswered": "sans réponse, à redemander",
    },
    "gave_up": {  # etl.positions.ladder.GaveUp
        "nothing": "rien",
        "suffix": "répétition (bis, ter)",
        "number": "numéro",
        "street": "rue",
        "address": "adresse",
    },
    # steps are named in French where they are announced (etl/load.py, etl/publish.py): their order is all there is to say
    "step": {
        step: step
        for step in (
            "relecture de l’historique",
            "lecture du registre",
            "géocodage",
            "positions",
            "lecture des activités",
            "portes",
            "fusion",
            "activités des structures",
            "lecture des zones",
            "zones des structures",
            "rapprochement des registres",
            "statistiques",
            "grille des tuiles",
            "index de recherche",
            "ménage",
            "masques notés malgré le refus",
            "rangement",
        )
    },
}

# What a run reads, keeps and rejects: records of establishments, but for the activities, which it keeps by FINESS number.
COUNTED: Mapping[str, Mapping[str, str]] = {
    "finess_activites": {"read": "activités lues", "kept": "numéros FINESS", "rejected": "activités rejetées"},
    "zones": {"read": "zones lues", "kept": "structures", "rejected": "zones rejetées"},
}
PLAINLY_COUNTED = {"read": "lus", "kept": "gardés", "rejected": "rejetés"}
CAPACITIES = "capacites_de_statut_"  # whatever status the register writes


def label(kind: str, name: str) -> str:
    """A word of the ledger as people read it.

    >>> label("state", "refused"), label("step", "nouvelle_etape")
    ('refusé', 'nouvelle_etape')
    """
    if name.startswith(CAPACITIES) and name not in LABELS[kind]:
        return f"capacités de statut {name.removeprefix(CAPACITIES)}"
    return LABELS[kind].get(name, name)


def counted(what: str, pipeline: str) -> str:
    """What the count `read`, `kept` or `rejected` of a run is a count of.

    >>> counted("kept", "finess_activites"), counted("kept", "finess")
    ('numéros FINESS', 'gardés')
    """
    return COUNTED.get(pipeline, PLAINLY_COUNTED)[what]


def in_order(kind: str, counted: Mapping[str, T]) -> dict[str, T]:
    """In the table's order, words it does not hold after: PostgreSQL's JSONB keeps members in an order of its own.

    >>> list(in_order("structures", {"autre": 1, "removed": 2, "inserted": 3}))
    ['inserted', 'removed', 'autre']
    """
    known = [name for name in LABELS[kind] if name in counted]
    return {name: counted[name] for name in (*known, *sorted(counted.keys() - set(known)))}
