"""Where each file of the register is this month: as data.gouv's catalogue announces it, else behind its stable address."""

import logging
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from etl.download import Absent, Damaged, Flow, Patience, Resource, Unreachable
from etl.download.catalogue import ANSWER_S, CATALOGUE_S, DISCOVERY_S, at_most, json_at, listed_in
from etl.download.errors import NoNetwork
from etl.download.resource import UNKNOWN_LICENCE, announced_resource
from etl.download.web import answer_from
from etl.sirene.files import StockFile, month_of
from geo.patience import Interrupted
from geo.web import http_date

logger = logging.getLogger("lum1.sirene")


class Offered(Flow, frozen=True):
    """A file as one announcement offers it: of the month of its title, else of the one it was put online in."""

    put_online: date | None = None

    def day_of(self, title: str) -> date | None:
        """The first of the month."""
        return month_of(title, self.put_online) or (self.put_online.replace(day=1) if self.put_online else None)


class Catalogue:
    """Each data set is asked for once."""

    def __init__(self, base_url: str, patience: Patience) -> None:
        self._base_url = base_url
        self._patience = patience
        self._data_sets: dict[str, dict[str, Any]] = {}

    def ways_to(self, file: StockFile) -> Iterator[Resource]:
        """The parquet, then the zip; each as it is announced, then behind its stable address, without a sum."""
        for resource_id, suffix in ((file.parquet_id, "parquet"), (file.zip_id, "zip")):
            for find in (self._announced, self._behind_the_stable_address):
                if resource := find(file, resource_id):
                    title = f"{file.name}-{resource.published_on:%Y-%m}.{suffix}"
                    yield msgspec.structs.replace(resource, title=title)

    def _announced(self, file: StockFile, resource_id: str) -> Resource | None:
        data_set = self._data_set(file.dataset)
        listed, _ = listed_in(data_set)
        announced = next((each for each in listed if isinstance(each, dict) and each.get("id") == resource_id), None)
        if announced is None:
            return None
        offered = _offered(file, resource_id, _day(announced.get("last_modified")))
        licence = str(data_set.get("license") or UNKNOWN_LICENCE)
        return announced_resource(self._base_url, offered, announced, licence)

    def _data_set(self, name: str) -> dict[str, Any]:
        """What the catalogue says of it; nothing where it is down."""
        if name not in self._data_sets:
            url = f"{self._base_url}/api/1/datasets/{name}/"
            try:
                self._data_sets[name] = json_at(url, at_most(self._patience, CATALOGUE_S))
            except NoNetwork:
                raise
            except (Unreachable, Damaged) as error:
                logger.warning("catalogue indisponible (%s) ; recours aux adresses stables", error)
                self._data_sets[name] = {}
        return self._data_sets[name]

    def _behind_the_stable_address(self, file: StockFile, resource_id: str) -> Resource | None:
        """Where a redirect leads, its body not read here; its month is the one it was put online in."""
        effort = at_most(self._patience, DISCOVERY_S)
        while True:
            try:
                with answer_from(f"{self._base_url}/api/1/datasets/r/{resource_id}", silence_s=ANSWER_S) as answer:
                    put_online = http_date(answer.headers.get("Last-Modified"))
                    if put_online is None:
                        raise Unreachable(f"{answer.url} ne dit pas de quand est {file.name} : réessayez plus tard.")
                    length = answer.headers.get("Content-Length", "")
                    return Resource(
                        title=file.name,
                        url=answer.url,
                        published_on=put_online.date().replace(day=1),
                        size=int(length) if length.isdecimal() else None,
                        last_modified=put_online,
                    )
            except Absent as error:
                logger.warning("%s : %s", file.name, error)
                return None
            except Interrupted as failure:
                effort.wait_after(failure)


def _offered(file: StockFile, resource_id: str, put_online: date | None) -> Offered:
    return Offered(name=file.name, dataset=file.dataset, stable_id=resource_id, title="", put_online=put_online)


def _day(moment: Any) -> date | None:
    try:
        return datetime.fromisoformat(str(moment)).date()
    except ValueError:
        return None
