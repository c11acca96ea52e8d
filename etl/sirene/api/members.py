"""What Insee's API answers about an establishment or a legal unit: what we ask for, and what else is documented."""

from datetime import date

import msgspec

from etl.sirene.rows import ESTABLISHMENT, JOINED, UNIT

PERIOD_BEGINS, PERIOD_ENDS = "dateDebut", "dateFin"  # a period that is not over has no end


class Collection(msgspec.Struct, frozen=True):
    """One of the register's two lists, as the API names its parts."""

    endpoint: str
    member: str  # of the answer, where its entries are
    title: str  # in « informations »
    treated: str  # the variable that a day is asked by
    asked: tuple[str, ...]

    def treated_on(self, day: date) -> str:
        """The question that a day's changes answer."""
        return f"{self.treated}:{day:%Y-%m-%d}"


ESTABLISHMENTS = Collection(
    endpoint="siret",
    member="etablissements",
    title="Établissements",
    treated="dateDernierTraitementEtablissement",
    asked=tuple(JOINED),
)
UNITS = Collection(
    endpoint="siren",
    member="unitesLegales",
    title="Unités Légales",
    treated="dateDernierTraitementUniteLegale",
    asked=(*UNIT, "dateDernierTraitementUniteLegale", PERIOD_BEGINS),
)

# The nested members of an entry, whose own members are said flat in `champs`.
UNIT_MEMBER = "uniteLegale"
ADDRESS_MEMBER = "adresseEtablissement"
SECOND_ADDRESS_MEMBER = "adresse2Etablissement"  # of a place on two streets: never read
PERIODS_MEMBER = "periodesEtablissement"
UNIT_PERIODS_MEMBER = "periodesUniteLegale"

_NOT_READ = """
nic trancheEffectifsEtablissement anneeEffectifsEtablissement activitePrincipaleRegistreMetiersEtablissement
nombrePeriodesEtablissement dernierNumeroVoieEtablissement indiceRepetitionDernierNumeroVoieEtablissement
libelleCommuneEtrangerEtablissement codeCedexEtablissement libelleCedexEtablissement codePaysEtrangerEtablissement
libellePaysEtrangerEtablissement identifiantAdresseEtablissement caractereEmployeurEtablissement
changementEtatAdministratifEtablissement changementEnseigneEtablissement changementDenominationUsuelleEtablissement
changementActivitePrincipaleEtablissement changementCaractereEmployeurEtablissement
unitePurgeeUniteLegale dateCreationUniteLegale sexeUniteLegale prenom2UniteLegale prenom3UniteLegale prenom4UniteLegale
identifiantAssociationUniteLegale trancheEffectifsUniteLegale anneeEffectifsUniteLegale dateDernierTraitementUniteLegale
nombrePeriodesUniteLegale categorieEntreprise anneeCategorieEntreprise activitePrincipaleUniteLegale
nomenclatureActivitePrincipaleUniteLegale activitePrincipaleNAF25UniteLegale nicSiegeUniteLegale
economieSocialeSolidaireUniteLegale societeMissionUniteLegale caractereEmployeurUniteLegale
changementEtatAdministratifUniteLegale changementNomUniteLegale changementNomUsageUniteLegale
changementDenominationUniteLegale changementDenominationUsuelleUniteLegale changementCategorieJuridiqueUniteLegale
changementActivitePrincipaleUniteLegale changementNicSiegeUniteLegale changementEconomieSocialeSolidaireUniteLegale
changementSocieteMissionUniteLegale changementCaractereEmployeurUniteLegale
"""
DOCUMENTED = {
    *ESTABLISHMENT,
    *UNIT,
    PERIOD_BEGINS,
    PERIOD_ENDS,
    *_NOT_READ.split(),
    UNIT_MEMBER,
    ADDRESS_MEMBER,
    SECOND_ADDRESS_MEMBER,
    PERIODS_MEMBER,
    UNIT_PERIODS_MEMBER,
}
