"""A published record in our names: what the page of one structure and the change feed read, kept with each version."""

import re
from collections.abc import Callable
from typing import Any

from etl.cleaning import phone_numbers
from etl.finess.content import Json, codes, scalar
from etl.finess.layout import PUBLIC_CONTACT

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch


def ege_record(ege: Json, ej: str | None, position: list[float] | None) -> Json:
    """An establishment; `position` is the flow's own point in WGS 84, when it has a usable one."""
    about = fields_of(ege.get("informationsGeneralesEGE"))
    contacts = _each(ege.get("contact"), _contact)
    return said(
        finess=scalar(about.get("numFinessEge")),
        ege_id=scalar(about.get("egeId")),
        ej=ej,
        nom=scalar(about.get("nomEgeLong")) or scalar(about.get("nomEgeCourt")),
        nom_court=scalar(about.get("nomEgeCourt")),
        complement_nom=scalar(about.get("complementDenominationEg")),
        siret=scalar(about.get("siret")),
        categorie=scalar(ege.get("categorieentiteGeographiqueExercice")),
        etat=scalar(ege.get("etatObjet")),
        ouverture=day(about.get("dateOuverture")),
        premiere_autorisation=day(about.get("datePremiereAutorisation")),
        fermeture=day(about.get("dateFermeture")),
        mft=scalar(ege.get("modefixationtarifaire")),
        espic=codes(about.get("espic")),
        budgets=codes(ege.get("typeBudget")),
        uai=scalar(about.get("numeroEducationNationale")),
        reference_externe=scalar(about.get("numeroReferenceExterne")),
        adresses=_each(ege.get("adresse"), _address),
        contacts=contacts,
        telephones=_public_phones(contacts),
        engagements=_each(ege.get("engagement"), _engagement),
        evenements=_events(ege.get("evenement")),
        position=position,
    )


def pmej_record(pmej: Json) -> Json:
    """A legal entity, with the links between its establishments."""
    about = fields_of(pmej.get("informationsGeneralesPMEJ"))
    return said(
        finess=scalar(about.get("numFinessPm")),
        pm_id=scalar(about.get("pmSmsseId")),
        nom=scalar(about.get("denominationLonguePmSmsse")) or scalar(about.get("denominationPm")),
        nom_court=scalar(about.get("denominationPm")),
        siren=scalar(about.get("siren")),
        statut_juridique=scalar(about.get("statutJuridique")),
        ape=scalar(about.get("codeApe")),
        creation=day(about.get("dateCreation")),
        fermeture=day(about.get("dateFermeture")),
        etat=scalar(pmej.get("etatObjet")),
        fonction_publique=scalar(about.get("fonctionPublique")),
        type_gco=scalar(about.get("typeGroupeGco")),
        type_personne=scalar(about.get("typePersonneMorale")),
        adresses=_each(pmej.get("adresse"), _address),
        contacts=_each(pmej.get("contact"), _contact),
        engagements=_each(pmej.get("engagement"), _engagement),
        evenements=_events(pmej.get("evenement")),
        roles=_each(pmej.get("roleEge"), _role),
    )


def group_record(group: Json) -> Json:
    """A group of legal entities: conventional (a GHT) or with a legal personality of its own (a GCS)."""
    return said(
        nom=scalar(group.get("nomGcc")),
        type=scalar(group.get("typeGcc")) or scalar(group.get("typeGco")),
        pm_id=scalar(group.get("pmSmsseId")),
        identifiant_externe=scalar(group.get("gccIdentifiantExterne")),
        etat=scalar(group.get("etatObjet")),
        membres=_each(group.get("pmejDuGcc") or group.get("pmejDuGco"), _member),
        etablissements=_each(group.get("egeDuGcc") or group.get("egeDuGco"), _member),
    )


def fields_of(value: object) -> Json:
    """The object published here; none at all when the block is missing or is something else."""
    return value if isinstance(value, dict) else {}


def objects_of(value: object) -> list[Json]:
    """The objects of a published list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def said(**members: object) -> Json:
    """Members that say something."""
    return {name: value for name, value in members.items() if value not in (None, [], {})}


def _each(value: object, make: Callable[[Json], Json]) -> list[Json]:
    return [made for each in objects_of(value) if (made := make(each))]


def _address(published: Json) -> Json:
    point = fields_of(published.get("coordonneesGeographique"))
    street = " ".join(
        part
        for name in ("numeroVoie", "complementVoie", "typeVoie", "libelleVoie")
        if (part := scalar(published.get(name)))
    )
    lines = (
        scalar(published.get("complementPointGeographique")),
        scalar(published.get("ligneQuatre")) or street,
        scalar(published.get("lieuDit")),
    )
    return said(
        usage=scalar(published.get("usageAdresse")),
        lignes=[line for line in lines if line],
        code_postal=scalar(published.get("codePostal")),
        commune=scalar(published.get("cogCommune")),
        acheminement=scalar(published.get("ligneAcheminement")),
        cle_ban=scalar(point.get("cleInInteropBAN")),
    )


def _contact(published: Json) -> Json:
    telecom = fields_of(published.get("telecom"))
    return said(
        role=scalar(fields_of(published.get("typeContact")).get("roleContact")),
        telephones=phone_numbers(scalar(telecom.get("telephone"))),
        telecopies=phone_numbers(scalar(telecom.get("telecopie"))),
        courriel=scalar(telecom.get("courriel")),
    )


def _public_phones(contacts: list[Json]) -> list[str]:
    numbers = (
        n for each in contacts if each.get("role", PUBLIC_CONTACT) == PUBLIC_CONTACT for n in each.get("telephones", [])
    )
    return list(dict.fromkeys(numbers))


def _engagement(published: Json) -> Json:
    return said(
        type=scalar(published.get("typeEngagement")),
        sous_type=scalar(published.get("sousTypeEngagement")),
        nom=scalar(published.get("nomEngagement")),
        effet=day(published.get("dateEffetEngagement")),
        signature=day(published.get("dateSignatureEngagement")),
        fin=day(published.get("dateFinEngagement")) or day(published.get("dateCaduciteEngagement")),
    )


def _events(published: object) -> list[Json]:
    """The official history, in the order of days; events of activities are the activities flow's business."""
    found = [
        said(
            code=scalar(each.get("codeEvenement")),
            date=day(each.get("dateEvenement")),
            etat=scalar(each.get("etatObjet1")),
        )
        for each in objects_of(published)
        if each.get("typeObjet1") != "AC" and scalar(each.get("typeObjet1")) != "AC"
    ]
    return sorted(found, key=lambda event: (str(event.get("date", "")), str(event.get("code", ""))))


def _role(published: Json) -> Json:
    return said(
        porteuse=scalar(published.get("idEgePorteuse")),
        non_porteuse=scalar(published.get("idEgeNonPorteuse")),
        role=scalar(published.get("roleRelationEge")),
    )


def _member(published: Json) -> Json:
    return said(
        pm_id=scalar(published.get("pmSmsseId")),
        ege_id=scalar(published.get("egeId")),
        role=scalar(published.get("typeRoleEntiteGroupe")),
    )


def day(value: Any) -> str | None:
    """The ISO day a text begins with; 1900-01-01 is how the register writes that it doesn't know."""
    written = (scalar(value) or "")[:10]
    return written if written > "1900-01-01" and ISO_DAY(written) else None
