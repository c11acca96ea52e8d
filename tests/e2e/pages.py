"""Addresses of every kind of page."""

from tests.e2e.conftest import TOLD_REFUSED, TOLD_WHOLE

PAGES = (
    "/",
    "/?q=pharmacie",
    "/?q=xyzzyqwz",
    "/?q=farmacie",
    "/?q=pharmacie+trémargat",
    "/?q=chu+wallis+et+futuna",
    "/interventions",
    "/interventions?lieu=saint",
    "/?lat=48.857&lon=2.352&radius=10000",
    "/?activite=AMSR:924",
    "/donnees",
    "/donnees/chargements",
    f"/donnees/chargements/{TOLD_WHOLE}",
    f"/donnees/chargements/{TOLD_WHOLE}?tri=-precises",
    f"/donnees/chargements/{TOLD_REFUSED}",
    "/donnees/positions",
    "/donnees/positions?tri=-precises",
    "/api/docs",
)
