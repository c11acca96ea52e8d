"""A published activity in our names: what filters, and what the page of one structure reads."""

from typing import Any

from etl.finess.activites.content import BLOCKS, free_form
from etl.finess.content import Json, scalar
from etl.finess.record import day, fields_of, objects_of, said
from geo.activites import nature_of

# our name: the published ones, the first that says something counts
CODE = (
    "activiteAMM",
    "activiteAMF",
    "activiteSanitaireRegulee",
    "activiteSanitaireDiverseRegulee",
    "activiteSocialeRegulee",
    "activiteEnseignementRegulee",
    "typeEmlId",
)
MODALITY = ("modaliteAMM", "modaliteActivite")
ENDS = ("fin_autorisee", "fin_effective", "caducite")


def essentials(published: Json) -> Json:
    """What says whether an activity stands and what finds it: read of every activity of every file, so nothing more."""
    generic = fields_of(published.get("caracteristiquesGeneriques"))
    nature = fields_of(published.get("nature"))
    specific = fields_of(nature.get("caracteristiquesSpecifiques"))
    block = next((found for name in BLOCKS if (found := fields_of(specific.get(name)))), {})
    record: Json = said(
        activite_id=scalar(generic.get("activiteAeId")),
        nature=nature_of(scalar(nature.get("codeNature"))),
        code=_first(block, CODE),
        modalite=_first(block, MODALITY),
        public=scalar(block.get("public")),
        etat=scalar(generic.get("etatObjet")),
        debut=day(generic.get("dateDebutActiviteAutorisee")),
        fin_autorisee=day(generic.get("dateFinActiviteAutorisee")),
        fin_effective=day(generic.get("dateFinEffectiveActivite")),
        caducite=day(generic.get("dateCaduciteAutorisation")),
        ege_id=scalar(generic.get("egeId")),
    )
    if ends := [record[name] for name in ENDS if name in record]:
        record["fin"] = min(ends)
    return record


def activite_record(published: Json) -> Json:
    """One activity, whole; a zone as it was published, without its padding."""
    generic = fields_of(published.get("caracteristiquesGeneriques"))
    return essentials(published) | said(
        **_specific(fields_of(fields_of(published.get("nature")).get("caracteristiquesSpecifiques"))),
        autorisation=scalar(generic.get("identifiantAutorisation")),
        autorisation_arhgos=scalar(generic.get("numAutorisationArhgos") or generic.get("numeroAutorisationArhgos")),
        type=scalar(generic.get("typeActiviteSMSSE")),
        exploitant=scalar(generic.get("egeExploitanteId") or generic.get("pmSmsseExploitanteId")),
        facturante=scalar(generic.get("egeFacturante")),
        capacites=_capacities(published.get("capacite")),
        zone=free_form(published.get("zoneIntervention")),
    )


def _specific(specific: Json) -> Json:
    """The other codes of whichever nature this is."""
    block = next((found for name in BLOCKS if (found := fields_of(specific.get(name)))), {})
    return {
        "mention": scalar(block.get("mentionAMM")),
        "pratique": scalar(block.get("ptsAMM")),
        "declaration": scalar(block.get("declarationAMM")),
        "forme": scalar(block.get("formeActivite")),
        "mode": scalar(block.get("modeFonctionnement")),
        "equipement": scalar(block.get("typeEmlId")),
        "marque": scalar(specific.get("marque")),
        "numero_serie": scalar(specific.get("numeroSerie")),
        "etat_arhgos": scalar(specific.get("etatArhgos")),
        "appareils": [made for each in objects_of(specific.get("appareil")) if (made := _device(each))],
        "ages": said(
            min_autorise=scalar(specific.get("ageMinAutorise")),
            max_autorise=scalar(specific.get("ageMaxAutorise")),
            min_installe=scalar(specific.get("ageMinInstalle")),
            max_installe=scalar(specific.get("ageMaxInstalle")),
        ),
    }


def _capacities(published: object) -> list[Json]:
    """By the producer's own number, so that their order says nothing."""
    in_order = sorted(objects_of(published), key=lambda each: scalar(each.get("idCapacite")) or "")
    return [made for each in in_order if (made := _capacity(each))]


def _capacity(published: Json) -> Json:
    return said(
        nombre=_number(published.get("nombre")),
        statut=scalar(published.get("statutCapacite")),
        unite=scalar(published.get("uniteMesureCapacite")),
        genre=scalar(published.get("genre")),
        habilitation=scalar(published.get("habilitation")),
        logement=scalar(published.get("typeLogement")),
        financement=scalar(published.get("modeFinancement")),
    )


def _device(published: Json) -> Json:
    return said(
        type=scalar(published.get("typeAppareilAMM")),
        nombre=_number(published.get("nombreAppareilAMM")),
        statut=scalar(published.get("statutAppareilAMM")),
    )


def _first(block: Json, names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := scalar(block.get(name)))), None)


def _number(value: Any) -> int | None:
    written = scalar(value) or ""
    return int(written) if written.isascii() and written.isdigit() else None
