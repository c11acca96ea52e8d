"""What the operator is told when nobody looks: in the log always, by mail once a day and subject."""

import logging
import socket
from datetime import datetime, timedelta

import msgspec

from etl.rhythm import PARIS
from geo.freshness import Served
from geo.settings import Settings

logger = logging.getLogger("lum1")


class Alert(msgspec.Struct, frozen=True):
    """One thing to tell: `about` is its kind, told at most once a day."""

    about: str
    subject: str
    body: str


def stale(settings: Settings, served: Served, now: datetime) -> Alert:
    """What is served is older than the operator wants."""
    days = (served.age(now) or timedelta()).days
    return _alert(
        settings,
        "stale",
        f"données FINESS vieilles de {days} jours",
        f"Ce qui est servi date {_since(served)}, soit {days} jours ; "
        f"au plus {settings.max_age_days} sont voulus (LUM1_MAX_AGE_DAYS).\n"
        "La carte reste servie avec ces données.",
        "Voyez ce que sont devenus les derniers chargements : ./lum1 loads",
        "Essayez vous-même : ./lum1 refresh finess, ou --file FICHIER",
        "Si le producteur ne publie plus, son jeu de données le dira (LUM1_DATAGOUV_URL).",
    )


def stale_stock(settings: Settings, stock: datetime, now: datetime, max_age_days: int) -> Alert:
    """SIRENE's stock is not renewed: what changed without a day that tells it stays as it was."""
    days = (now - stock).days
    return _alert(
        settings,
        "stale_stock",
        f"stock SIRENE vieux de {days} jours",
        f"Le stock de SIRENE qui est servi va au {stock.astimezone(PARIS):%d/%m/%Y}, soit {days} jours ; "
        f"au plus {max_age_days} sont voulus (LUM1_GATE_MAX_STOCK_AGE_DAYS).\n"
        "La carte reste servie avec ces données.",
        "Voyez ce que sont devenus les derniers chargements : ./lum1 loads",
        "Essayez vous-même : ./lum1 refresh sirene",
        "LUM1_SIRENE=1 le fait de lui-même chaque mois ; voyez « SIRENE » dans docs/operations.md",
    )


def refused(settings: Settings, served: Served | None, why: str) -> Alert:
    """A gate refused what the scheduler downloaded."""
    return _alert(
        settings,
        "refused",
        "rafraîchissement quotidien refusé",
        f"Le fichier du jour n’a pas été publié :\n{why}\n\nLa carte reste servie avec les données {_since(served)}.",
        "Regardez le rapport : ./lum1 loads, et ce que le producteur annonce.",
        "Si le fichier est bon malgré tout : ./lum1 refresh finess --accept PORTE (ou refresh sirene)",
        "Sinon rien : le fichier de demain sera essayé à son heure.",
    )


def failed(settings: Settings, served: Served | None, why: str) -> Alert:
    """A scheduled refresh could not be done, after its last try of the day."""
    return _alert(
        settings,
        "failed",
        "rafraîchissement quotidien en échec",
        f"Le rafraîchissement du jour n’a pas abouti :\n{why}\n\nLa carte reste servie avec les données {_since(served)}.",
        "Lisez la fin du journal logs/worker.log, puis ./lum1 doctor",
        "Essayez vous-même : ./lum1 refresh finess",
        "Sinon rien : un nouvel essai aura lieu demain à son heure.",
    )


def log(alert: Alert) -> None:
    """One line, whatever becomes of the mail."""
    logger.error("%s : %s", alert.subject, alert.body.partition("\n\n")[0].replace("\n", " "))


def _alert(settings: Settings, about: str, subject: str, what: str, *to_do: str) -> Alert:
    steps = "\n".join(f"- {step}" for step in to_do)
    instance = f"Instance : {settings.home} sur {socket.gethostname()}"
    return Alert(about, f"lum1 : {subject}", f"{what}\n\nÀ faire :\n{steps}\n\n{instance}\n")


def _since(served: Served | None) -> str:
    if served is None or served.produced_at is None:
        return "de date inconnue"
    return f"du {served.produced_at.astimezone(PARIS):%d/%m/%Y}"
