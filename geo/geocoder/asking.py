"""One request to a geocoder: its body, or an error that says whether to ask again, to ask for less, or to stop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import requests

from geo.deadline import Deadline, Overrun
from geo.errors import NotAGeocoder, Unreachable
from geo.geocoder.reading import Garbled
from geo.patience import Effort, Interrupted, NoContact, Patience
from geo.quota import Quota
from geo.web import CONNECT_S, failure_of, host, is_of_this_machine, retry_after_s

TOO_BUSY = {429, 503}  # of the service, whatever is asked
PASSING = {
    408,
    425,
    500,
    502,
    504,
}  # may be of what is asked: a row that breaks the program, a batch that takes too long
REFUSED = {400, 413, 414, 422}  # of what is asked
PIECE_BYTES = 16_384
SETTING = "LUM1_GEOCODER_URL"

Read = TypeVar("Read")


class Busy(Interrupted):
    """The service asks to wait, or is not there: asking for less would not help."""


class TooMuch(Exception):
    """This cannot be answered as it is asked: too large, too long, or a row of it breaks the program."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


@dataclass(frozen=True)
class Limits:
    """What one answer may take before it is no answer."""

    connect_s: float = CONNECT_S
    body_s: float = 120.0  # beyond the silence that is accepted before it: a batch's answer is some megabytes
    body_bytes: int = 1_000_000  # once decompressed; of a batch, beside what its rows take


LIMITS = Limits()  # of batches, which hold the lock of loads meanwhile


class Asking:
    """The way to one geocoder; no word of a question is in any log or error."""

    def __init__(
        self,
        base_url: str,
        quota: Quota,
        patience: Patience,
        account: tuple[str, str] | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self.base_url = base_url
        self._limits = limits
        self._quota = quota
        self._patience = patience
        self._deadline = Deadline()
        self._session = requests.Session()
        self._session.trust_env = not is_of_this_machine(base_url)  # no proxy hears what is asked of this machine
        self._session.headers.update({"User-Agent": "lum1"})
        self._session.auth = account
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, self._deadline.adapter())

    def get(
        self, endpoint: str, asked: Mapping[str, str], read: Callable[[bytes], Read], silence_s: float, tries: int
    ) -> Read:
        """What `read` makes of the body; TooMuch when this very question is refused, or has failed so many times."""
        most = self._limits.body_bytes
        return self._insist(lambda: self._sent("GET", endpoint, silence_s, most, params=asked), read, tries)

    def post(
        self,
        endpoint: str,
        form: Sequence[tuple[str, str]],
        data: bytes,
        read: Callable[[bytes], Read],
        silence_s: float,
        rows_bytes: int,
        tries: int,
    ) -> Read:
        """The same of a file and the fields beside it; `rows_bytes`: the most that an honest answer's rows take."""
        fields = [(name, (None, value)) for name, value in form]  # without a file's name, what a part holds is a value
        files = [*fields, ("data", ("adresses.csv", data, "text/csv; charset=utf-8"))]
        most = self._limits.body_bytes + rows_bytes
        return self._insist(lambda: self._sent("POST", endpoint, silence_s, most, files=files), read, tries)

    def gives_up(self, failure: Exception) -> Unreachable:
        """What to tell of a service that answers nothing any more."""
        return Unreachable(
            f"Le géocodeur {self.base_url} ne répond pas, ou mal ({failure}). "
            f"Réessayez plus tard, ou donnez l’adresse d’un autre dans {SETTING} (docs/operations.md)."
        )

    def _insist(self, send: Callable[[], bytes], read: Callable[[bytes], Read], tries: int) -> Read:
        effort, mine = Effort(self._patience), 0
        while True:
            try:
                return read(send())
            except (Busy, NoContact) as failure:
                self._wait(effort, failure)
            except Interrupted as failure:
                mine += 1
                if mine >= tries:
                    raise TooMuch(self._said(failure), may_pass=True) from failure
                self._wait(effort, failure)

    def _wait(self, effort: Effort, failure: Interrupted) -> None:
        try:
            effort.wait_after(Interrupted(self._said(failure), failure.retry_after_s))
        except Unreachable as end:
            raise self.gives_up(failure) from end

    def _said(self, failure: Interrupted) -> str:
        return f"{host(self.base_url)} envoie {failure}" if isinstance(failure, Garbled) else str(failure)

    def _sent(self, method: str, endpoint: str, silence_s: float, most_bytes: int, **asked: object) -> bytes:
        self._quota.take()
        try:
            with self._deadline.within(silence_s + self._limits.body_s):
                # no redirect is followed: addresses are not carried along to another host
                answer = self._session.request(
                    method,
                    f"{self.base_url}/{endpoint}",
                    timeout=(self._limits.connect_s, silence_s),
                    allow_redirects=False,
                    stream=True,
                    **asked,  # type: ignore[arg-type]
                )
                with answer:
                    return self._usable(answer, endpoint, most_bytes)
        except Overrun:
            raise Interrupted(f"{host(self.base_url)} : réponse trop lente") from None
        except requests.RequestException as error:
            raise self._failure(error) from None  # its text has the question's address

    def _body(self, answer: requests.Response, most_bytes: int) -> bytes:
        """All of it, as it is decompressed, unless it never ends."""
        body = bytearray()
        for piece in answer.iter_content(PIECE_BYTES):
            body += piece
            if len(body) > most_bytes:
                raise NotAGeocoder(
                    f"{self.base_url} répond sans fin : ce n’est pas un géocodeur que lum1 connaisse ; vérifiez {SETTING}."
                )
        return bytes(body)

    def _usable(self, answer: requests.Response, endpoint: str, most_bytes: int) -> bytes:
        status, said = answer.status_code, f"{host(self.base_url)} répond {answer.status_code}"
        if status == 200:
            return self._body(answer, most_bytes)
        if status in TOO_BUSY:
            raise Busy(said, retry_after_s(answer.headers.get("Retry-After"), datetime.now(UTC)))
        if status in PASSING:
            raise Interrupted(said, retry_after_s(answer.headers.get("Retry-After"), datetime.now(UTC)))
        if status in REFUSED:
            raise TooMuch(said)
        raise NotAGeocoder(f"{self.base_url}/{endpoint} répond {status} : {_reason(status, endpoint)}")

    def _failure(self, error: requests.RequestException) -> Exception:
        return failure_of(self.base_url, error) or NotAGeocoder(
            f"« {self.base_url} » ne peut pas être interrogé ({type(error).__name__}) : voyez {SETTING}."
        )


def _reason(status: int, endpoint: str) -> str:
    if 300 <= status < 400:
        return f"il renvoie ailleurs, où les adresses ne sont pas portées ; donnez la bonne dans {SETTING}."
    if status in (401, 403):
        return f"il refuse cette machine ; choisissez un autre géocodeur dans {SETTING}."
    if status in (404, 405, 410) and endpoint.endswith("/csv"):
        return f"il n’y a pas de géocodeur par lots à cette adresse ({SETTING}) ; un addok veut son greffon addok-csv."
    return f"ce n’est pas un géocodeur que lum1 connaisse ; vérifiez {SETTING}."
