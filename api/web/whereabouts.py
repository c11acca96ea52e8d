"""How precise a position is, as a structure's page says it."""

from geo.position import Precision

SAID = {
    Precision.PIN: "À l’endroit exact, placé à la main.",
    Precision.HOUSENUMBER: "Au numéro dans la rue.",
    Precision.STREET: "Dans la rue, sans le numéro.",
    Precision.LOCALITY: "Au lieu-dit.",
    Precision.COMMUNE: "Approximative : au centre de la commune.",
    Precision.NONE: "Inconnue.",
}


def said(precision: str) -> str:
    """A sentence for each of `geo.position.Precision`.

    >>> said("pin")
    'À l’endroit exact, placé à la main.'
    """
    return SAID[Precision(precision)]
