"""Legal statuses of FINESS, their counterparts in SIRENE's nomenclature, and what entities of each are called."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class Statut(msgspec.Struct, frozen=True):
    """A legal status."""

    categorie_juridique: int  # INSEE, level III
    names: tuple[str, ...]  # {nom} is invented, {commune} real, {etablissement} the first establishment's
    hospital_service: bool = False  # `fonctionPublique` 01


STATUTES: Mapping[str, Statut] = MappingProxyType(
    {
        "01": Statut(7120, ("Direction déléguée {nom}",)),
        "02": Statut(7220, ("Conseil départemental {nom}",)),
        "03": Statut(7210, ("Commune {commune}",)),
        "13": Statut(7364, ("Centre hospitalier {commune}",), hospital_service=True),
        "14": Statut(7365, ("Centre hospitalier intercommunal {commune}",), hospital_service=True),
        "17": Statut(7361, ("CCAS {commune}",)),
        "21": Statut(7361, ("{etablissement}", "Établissement public {nom}"), hospital_service=True),
        "22": Statut(7366, ("Établissement public intercommunal {nom}",), hospital_service=True),
        "26": Statut(7389, ("Établissement public {nom}",)),
        "28": Statut(7410, ("GIP {nom}",)),
        "47": Statut(8210, ("Mutuelle {nom}",)),
        "60": Statut(9220, ("Association {nom}", "Association {nom}", "Amis {commune}", "Entraide {nom}")),
        "61": Statut(9230, ("Association {nom}", "Œuvre {nom}")),
        "63": Statut(9300, ("Fondation {nom}",)),
        "72": Statut(5499, ("SARL {etablissement}", "SARL {nom}")),
        "73": Statut(5599, ("SA {nom}",)),
        "78": Statut(5498, ("EURL {etablissement}",)),
        "80": Statut(6599, ("SISA {etablissement}",)),
        "85": Statut(5485, ("SELARL {etablissement}",)),
        "91": Statut(5785, ("SELAS {etablissement}",)),
        "95": Statut(5710, ("SAS {etablissement}", "SAS {nom}")),
    }
)
