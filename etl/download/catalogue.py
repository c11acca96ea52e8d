"""Which file is the newest of a flow: as data.gouv's catalogue announces it, else as its stable address leads to it."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
import requests

from etl.download.errors import Damaged, Interrupted, NoContact, NoNetwork, Unreachable
from etl.download.flows import Flow
from etl.download.patience import Effort, Patience
from etl.download.web import FIRST_CONTACT_S, answer_from, chunks, host, http_date

ANSWER_S = 10.0  # a few kilobytes of JSON
ATTEMPTS = 3
CATALOGUE_S = 60.0  # it alone knows the sum: worth three tries, not the wait of « Retry-After: 3600 »
DISCOVERY_S = 300.0  # someone may be in front of a first start, and the demo is ready
MOST_PAGES = 50
UNKNOWN_LICENCE = "inconnue"

logger = logging.getLogger("lum1.download")


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a data set as its publisher announces it."""

    title: str
    url: str
    published_on: date  # the day in the title
    size: int | None = None
    sha1: str | None = None
    licence: str = UNKNOWN_LICENCE  # as seen: ODbL and lov2 were both seen on these flows
    last_modified: datetime | None = None


def latest(base_url: str, flow: Flow, patience: Patience | None = None) -> Resource:
    """The newest file of a flow; NoNetwork at once where no connection can be made at all.

    A catalogue that is down, or shows no file of this flow, leaves the stable address: neither sum nor licence, then.
    """
    patience = patience or Patience.from_environment()
    try:
        announced = list(_announced(base_url, flow, _at_most(patience, CATALOGUE_S)))
        trouble = f"le jeu « {flow.dataset} » n’annonce aucun fichier « {flow.name} » du jour"
    except NoNetwork:
        raise
    except (Unreachable, Damaged) as error:
        announced, trouble = [], f"catalogue indisponible ({error})"
    if announced:
        return max(announced, key=_most_recent)
    logger.warning("%s ; recours à l’adresse stable, sans somme de contrôle", trouble)
    return _behind_the_stable_address(base_url, flow, _at_most(patience, DISCOVERY_S), trouble)


def _at_most(patience: Patience, seconds: float) -> Effort:
    return Effort(replace(patience, attempts=min(patience.attempts, ATTEMPTS), total_s=min(patience.total_s, seconds)))


def _most_recent(resource: Resource) -> tuple[date, str, datetime]:
    """The day of the title decides, its hour next, then what was put online last."""
    return resource.published_on, resource.title, resource.last_modified or datetime.min.replace(tzinfo=UTC)


def _announced(base_url: str, flow: Flow, effort: Effort) -> Iterator[Resource]:
    """The flow's files over every page of the catalogue."""
    page: str | None = f"{base_url}/api/1/datasets/{flow.dataset}/"
    licence = UNKNOWN_LICENCE
    for _ in range(MOST_PAGES):
        if page is None:
            return
        document = _json(page, effort)
        licence = str(document.get("license") or licence)
        listed, following = _listed(document)
        yield from (found for each in listed if (found := _resource(base_url, flow, each, licence)))
        page = urljoin(page, following) if following else None


def _listed(document: dict[str, Any]) -> tuple[list[Any], str | None]:
    """Resources and the next page's address: version 1 lists them all, version 2 gives a link to pages of `data`."""
    resources = document.get("resources", document.get("data"))
    if isinstance(resources, dict):
        listed, following = resources.get("data"), resources.get("next_page") or resources.get("href")
    else:
        listed, following = resources, document.get("next_page")
    return listed if isinstance(listed, list) else [], following if isinstance(following, str) else None


def _resource(base_url: str, flow: Flow, announced: Any, licence: str) -> Resource | None:
    """What is announced, where it is a file of this flow that can be asked for; a missing field is unknown."""
    if not isinstance(announced, dict):
        return None
    url = str(announced.get("url") or "")
    title = _title(flow, str(announced.get("title") or "").strip(), _last_segment(url))
    day = flow.day_of(title) if title else None
    if not url and announced.get("id"):
        url = f"/api/1/datasets/r/{announced['id']}"
    if title is None or day is None or not url:
        return None
    return Resource(
        title=title,
        url=urljoin(f"{base_url}/", url),
        published_on=day,
        size=_positive(announced.get("filesize")),
        sha1=_sha1(announced.get("checksum")),
        licence=licence,
        last_modified=_moment(announced.get("last_modified")),
    )


def _behind_the_stable_address(base_url: str, flow: Flow, effort: Effort, trouble: str) -> Resource:
    """What the redirect leads to; its body is not read here."""
    url = f"{base_url}/api/1/datasets/r/{flow.stable_id}"
    while True:
        try:
            with answer_from(url, silence_s=ANSWER_S) as answer:
                return _led_to(flow, answer, trouble)
        except Interrupted as failure:
            effort.wait_after(failure)


def _led_to(flow: Flow, answer: requests.Response, trouble: str) -> Resource:
    title = _title(flow, _attached_name(answer), _last_segment(answer.url))
    day = flow.day_of(title) if title else None
    if title is None or day is None:
        raise Unreachable(f"{trouble}, et son adresse stable mène ailleurs ({answer.url}).")
    coded = answer.headers.get("Content-Encoding", "identity") != "identity"
    return Resource(
        title=title,
        url=answer.url,
        published_on=day,
        size=None if coded else _positive(answer.headers.get("Content-Length")),
        last_modified=http_date(answer.headers.get("Last-Modified")),
    )


def _json(url: str, effort: Effort) -> dict[str, Any]:
    while True:
        try:
            with answer_from(url, connect_s=FIRST_CONTACT_S, silence_s=ANSWER_S) as answer:
                found = msgspec.json.decode(b"".join(chunks(answer, decoded=True)))
        except NoContact as silence:
            if not effort.failures:
                raise NoNetwork(f"Le catalogue n’est pas joignable : {silence}.") from silence
            effort.wait_after(silence)
        except Interrupted as failure:
            effort.wait_after(failure)
        except msgspec.DecodeError as error:
            raise Damaged(f"{host(url)} ne répond pas en JSON") from error
        else:
            return found if isinstance(found, dict) else {"data": found}


def _title(flow: Flow, *names: str) -> str | None:
    """The first name that is one of this flow's; an old title was a sentence, its file's name only in the address."""
    return next((name for name in names if flow.day_of(name)), None)


def _last_segment(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]


def _attached_name(answer: requests.Response) -> str:
    message = EmailMessage()
    message["Content-Disposition"] = answer.headers.get("Content-Disposition", "inline")
    return message.get_filename() or ""


def _positive(value: Any) -> int | None:
    text = str(value)
    return int(text) or None if text.isascii() and text.isdigit() else None


def _sha1(checksum: Any) -> str | None:
    """Other sums are left unchecked: data.gouv computes sha1 for what it hosts."""
    if not isinstance(checksum, dict) or str(checksum.get("type")).lower() != "sha1":
        return None
    value = str(checksum.get("value")).strip().lower()
    return value if re.fullmatch(r"[0-9a-f]{40}", value) else None


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
