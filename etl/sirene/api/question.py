"""One question to Insee: within the quota, with the key, asked again when what fails may pass."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
import requests

from etl.download.web import SILENCE_S
from etl.sirene.api.errors import KeyRefused, QuestionRefused
from etl.sirene.api.pages import NotAPage
from etl.sirene.api.quota import Quota
from geo.patience import Effort, Interrupted, Patience
from geo.web import CONNECT_S, failure_of, host, retry_after_s

KEY_HEADER = "X-INSEE-Api-Key-Integration"
KEY_FORM = re.compile(r"[!-~]+")  # what a header can carry; requests would quote anything else in its error
PASSING = {429, 502, 503, 504}  # not 500: Insee's says that this very question fails
ASK_FOR_A_KEY = "demandez-en une sur portail-api.insee.fr et donnez-la dans LUM1_SIRENE_API_KEY"

Answer = TypeVar("Answer")


class Questions:
    """The way to Insee; the key is in the session's headers, and nowhere that is ever written."""

    def __init__(self, base_url: str, key: str, quota: Quota, patience: Patience) -> None:
        if not key:
            raise KeyRefused(f"L’API Sirene veut une clé : {ASK_FOR_A_KEY}.")
        if not KEY_FORM.fullmatch(key):
            raise KeyRefused("LUM1_SIRENE_API_KEY contient une espace ou un caractère qu’une clé n’a pas.")
        self._base_url = base_url
        self._quota = quota
        self._patience = patience
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": "lum1", "Accept": "application/json", KEY_HEADER: key})

    def ask(self, endpoint: str, asked: Mapping[str, str], read: Callable[[bytes], Answer]) -> Answer | None:
        """What `read` makes of the body; None where nothing answers the question. A body cut short is asked again."""
        effort = Effort(self._patience)
        while True:
            try:
                body = self._body(endpoint, asked)
                return None if body is None else read(body)
            except NotAPage as trouble:
                effort.wait_after(Interrupted(f"{host(self._base_url)} répond mal : {trouble}"))
            except Interrupted as failure:
                effort.wait_after(failure)

    def _body(self, endpoint: str, asked: Mapping[str, str]) -> bytes | None:
        self._quota.take()
        try:
            # no redirect is followed: requests would carry the key along to another host
            answer = self._session.get(
                f"{self._base_url}/{endpoint}", params=asked, timeout=(CONNECT_S, SILENCE_S), allow_redirects=False
            )
        except requests.RequestException as error:
            raise _failure(self._base_url, error) from error
        return _usable(answer)


def _usable(answer: requests.Response) -> bytes | None:
    status, said = answer.status_code, f"{host(answer.url)} répond {answer.status_code}"
    if status == 200:
        return answer.content
    if status in PASSING:
        raise Interrupted(said, retry_after_s(answer.headers.get("Retry-After"), datetime.now(UTC)))
    if status in (401, 403):
        raise KeyRefused(f"Clé refusée : {said}. Vérifiez qu’elle est souscrite à l’API Sirene, sinon {ASK_FOR_A_KEY}.")
    if status == 404 and _is_from_the_register(answer.content):
        return None
    raise QuestionRefused(f"{said} : {_reason(status)}")


def _is_from_the_register(body: bytes) -> bool:
    """Whether it is the register that found nothing, in JSON, and not a gateway that has no such address."""
    try:
        return bool(msgspec.json.decode(body)["header"]["statut"] == 404)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError):
        return False


def _reason(status: int) -> str:
    if status == 404:
        return "il n’y a pas d’API Sirene à cette adresse (LUM1_SIRENE_API)."
    if status == 414:
        return "la question est trop longue, c’est un défaut de lum1 à signaler."
    if 300 <= status < 400:
        return "il renvoie ailleurs, où la clé n’est pas portée ; donnez la bonne adresse dans LUM1_SIRENE_API."
    return "redemander n’y changerait rien ; réessayez demain, puis signalez-le."


def _failure(url: str, error: requests.RequestException) -> Exception:
    return failure_of(url, error) or QuestionRefused(
        f"{host(url)} ne peut pas être interrogé ({type(error).__name__}) : voyez LUM1_SIRENE_API."
    )
