"""What of a published activity is content: the fields we know, and zones in whatever form they come.

The names are those of schema 1.0.1 and of the live file of July 2026, every nature's together: a nature's own are told by their
names already. A field that stands here for the hash only (`technical`) says something of the file, not of the world.
"""

import msgspec

from etl.finess.content import ENGAGEMENT, Fields, Json, events, scalar, technical

_sorted = msgspec.json.Encoder(order="sorted")


def free_form(value: object) -> object:
    """Any value without padding, nor the order of keys and lists: the producer's samples have no zone, its form may change."""
    if isinstance(value, dict):
        said = {name: found for name, member in value.items() if (found := free_form(member)) is not None}
        return said or None
    if isinstance(value, list):
        members = [found for each in value if (found := free_form(each)) is not None]
        return sorted(members, key=_sorted.encode) or None
    return scalar(value) if isinstance(value, str) else value


GENERIC: Fields = {
    **dict.fromkeys(("activiteAeId", "etatObjet", "identifiantAutorisation", "egeId"), scalar),
    **dict.fromkeys(("numAutorisationArhgos", "numeroAutorisationArhgos", "typeActiviteSMSSE"), scalar),
    **dict.fromkeys(("dateDebutActiviteAutorisee", "dateFinActiviteAutorisee"), scalar),
    **dict.fromkeys(("dateFinEffectiveActivite", "dateCaduciteAutorisation"), scalar),
    **dict.fromkeys(("pmSmsseExploitanteId", "egeExploitanteId", "egeFacturante", "engagementId"), scalar),
}
HEALTH: Fields = dict.fromkeys(("activiteSanitaireRegulee", "modaliteActivite", "formeActivite"), scalar)
SOCIAL: Fields = dict.fromkeys(("activiteSocialeRegulee", "modeFonctionnement", "public"), scalar)
# The block that holds a nature's codes, by the nature's own name: some natures were renamed, their block never was.
BLOCKS: dict[str, Fields] = {
    "typeActiviteAASA": HEALTH,
    "typeActiviteASR": HEALTH,
    "typeActiviteEML": {"typeEmlId": scalar},
    "typeActiviteASDR": dict.fromkeys(("activiteSanitaireDiverseRegulee", "modeFonctionnement", "public"), scalar),
    "typeActiviteASOCR": SOCIAL,
    "typeActiviteAMSR": SOCIAL,
    "typeActiviteAER": dict.fromkeys(("activiteEnseignementRegulee", "modeFonctionnement", "public"), scalar),
    "typeActiviteAMF": dict.fromkeys(("activiteAMF", "modaliteActivite", "formeActivite"), scalar),
    "typeActiviteAMM": dict.fromkeys(("activiteAMM", "modaliteAMM", "mentionAMM", "ptsAMM", "declarationAMM"), scalar),
}
SPECIFIC: Fields = {
    **BLOCKS,
    **dict.fromkeys(("aaSocialeReguleeId", "aaSanitaireDiverseReguleeId", "aaSoinAmmId", "aaSoinAmfId"), scalar),
    **dict.fromkeys(("aaAutreActSoinId", "aaEmlId", "aaSoumiseAReconnaissanceId", "aaEnseignementReguleeId"), scalar),
    **dict.fromkeys(("activiteAeId", "etatArhgos", "marque", "numeroSerie", "numDecision", "resultatVisite"), scalar),
    **dict.fromkeys(("dateLimDep", "dateLimVisiteConformite", "dateVisite"), scalar),
    **dict.fromkeys(("ageMinAutorise", "ageMaxAutorise", "ageMinInstalle", "ageMaxInstalle"), scalar),
    "appareil": dict.fromkeys(("typeAppareilAMM", "nombreAppareilAMM", "statutAppareilAMM"), scalar),
}
CAPACITE: Fields = {
    **dict.fromkeys(("idCapacite", "nombre", "precision", "variation", "activiteAeId", "engagementId"), scalar),
    **dict.fromkeys(("habilitation", "statutCapacite", "modeFinancement", "uniteMesureCapacite"), scalar),
    **dict.fromkeys(("typeLogement", "genre"), scalar),
}
ACTIVITE: Fields = {
    "caracteristiquesGeneriques": GENERIC,
    "nature": {"codeNature": scalar, "caracteristiquesSpecifiques": SPECIFIC},
    "evenement": events,
    "engagement": ENGAGEMENT,
    "capacite": CAPACITE,
    "zoneIntervention": free_form,
    "dateDerniereMaj": technical,
}
ENTITY_NAMES = frozenset(("numFiness", "numeroFiness", "pmSmsseId", "activitesAutorisees", "ege"))
EGE_NAMES = frozenset(("numFinessEge", "egeId", "activitesExercees"))


def unknown_names(published: Json, known: frozenset[str]) -> list[str]:
    """Members beside activities that we don't read."""
    return [name for name in published if name not in known]
