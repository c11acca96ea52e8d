"""Which file is the newest of a flow: as data.gouv's catalogue announces it, else as its stable address leads to it."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin

import msgspec

from etl.download.errors import Damaged, NoNetwork
from etl.download.flows import Flow
from etl.download.resource import UNKNOWN_LICENCE, Resource, announced_resource, served_resource
from etl.download.web import FIRST_CONTACT_S, answer_from, chunks
from geo.errors import Unreachable
from geo.patience import Effort, Interrupted, NoContact, Patience
from geo.web import host

ANSWER_S = 10.0  # a few kilobytes of JSON
ATTEMPTS = 3
CATALOGUE_S = 60.0  # it alone knows the sum: worth three tries, not the wait of « Retry-After: 3600 »
DISCOVERY_S = 300.0  # someone may be in front of a first start, and the demo is ready
MOST_PAGES = 50

logger = logging.getLogger("lum1.download")


def latest(base_url: str, flow: Flow, patience: Patience | None = None) -> Resource:
    """The newest file of a flow; NoNetwork at once where no connection can be made at all.

    A catalogue that is down, or shows no file of this flow, leaves the stable address: neither sum nor licence, then.
    """
    patience = patience or Patience.from_environment()
    try:
        announced = list(_announced(base_url, flow, at_most(patience, CATALOGUE_S)))
        trouble = f"le jeu «\u202f{flow.dataset}\u202f» n’annonce aucun fichier «\u202f{flow.name}\u202f» du jour"
    except NoNetwork:
        raise
    except (Unreachable, Damaged) as error:
        announced, trouble = [], f"catalogue indisponible ({error})"
    if announced:
        return max(announced, key=_most_recent)
    logger.warning("%s ; recours à l’adresse stable, sans somme de contrôle", trouble)
    return _behind_the_stable_address(base_url, flow, at_most(patience, DISCOVERY_S), trouble)


def at_most(patience: Patience, seconds: float) -> Effort:
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
        document = json_at(page, effort)
        licence = str(document.get("license") or licence)
        listed, following = listed_in(document)
        yield from (found for each in listed if (found := announced_resource(base_url, flow, each, licence)))
        page = urljoin(page, following) if following else None


def listed_in(document: dict[str, Any]) -> tuple[list[Any], str | None]:
    """Resources and the next page's address: version 1 lists them all, version 2 gives a link to pages of `data`."""
    resources = document.get("resources", document.get("data"))
    if isinstance(resources, dict):
        listed, following = resources.get("data"), resources.get("next_page") or resources.get("href")
    else:
        listed, following = resources, document.get("next_page")
    return listed if isinstance(listed, list) else [], following if isinstance(following, str) else None


def _behind_the_stable_address(base_url: str, flow: Flow, effort: Effort, trouble: str) -> Resource:
    """What the redirect leads to; its body is not read here."""
    url = f"{base_url}/api/1/datasets/r/{flow.stable_id}"
    while True:
        try:
            with answer_from(url, silence_s=ANSWER_S) as answer:
                if found := served_resource(flow, answer):
                    return found
                raise Unreachable(f"{trouble}, et son adresse stable mène ailleurs ({answer.url}).")
        except Interrupted as failure:
            effort.wait_after(failure)


def json_at(url: str, effort: Effort) -> dict[str, Any]:
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
