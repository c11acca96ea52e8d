"""Write the demo's files: FINESS's two flows, SIRENE's stock and pages of its API, zones, and the truth for tests."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO

import msgspec

from etl.demo.activites import Activities
from etl.demo.ban import AddressFile
from etl.demo.country import Country
from etl.demo.facts import Entity
from etl.demo.finess import Flow
from etl.demo.groups import groups
from etl.demo.sirene import SireneFiles, Stock
from etl.demo.truth import Truth
from etl.demo.zones import ZoneFile

SEED = 20_260_720  # the day FINESS+ was deployed
PRODUCED_ON = date(2026, 11, 21)
GZIP_LEVEL = 4

Progress = Callable[[int, int], None]  # establishments written, of how many


class DemoFiles(msgspec.Struct, frozen=True):
    """Where a demo was written; SIRENE's files when they were asked for."""

    finess: Path
    activites: Path
    truth: Path
    zones: Path  # where services come to people
    sirene: SireneFiles | None = None
    pages: tuple[Path, ...] = ()  # of SIRENE's API, for the day after its stock
    addresses: Path | None = None  # for a geocoder, when asked for

    def written(self) -> tuple[Path, ...]:
        stock = self.sirene.all() if self.sirene else ()
        addresses = (self.addresses,) if self.addresses else ()
        return (self.finess, self.activites, self.truth, self.zones, *stock, *self.pages, *addresses)


def generate(
    out: Path,
    *,
    size: int,
    seed: int = SEED,
    produced_on: date = PRODUCED_ON,
    sirene: bool = False,
    raw_size: int | None = None,
    activities: int | None = None,
    addresses: bool = False,
    progress: Progress | None = None,
) -> DemoFiles:
    """The same arguments give the same bytes; memory does not grow with the size, addresses apart.

    `raw_size`: bytes of JSON before compression, reached by events of activities (live: 4 kB an establishment).
    `activities`: how many the second flow holds, authorised and practised (live: 590,440); else what such establishments have.
    `addresses`: every one that is true, as a geocoder indexes them.
    """
    out.mkdir(parents=True, exist_ok=True)
    country = Country(size, seed, produced_on)
    places = AddressFile(out) if addresses else None
    zones = ZoneFile(out, seed, produced_on)
    truth, stock = Truth(out, produced_on), Stock(country, out, seed, produced_on, places) if sirene else None
    finess = out / f"finess-structures-journalier-{produced_on:%Y%m%d}.json.gz"
    activites = out / f"finess-activites-journalier-{produced_on:%Y%m%d}.json.gz"
    second = Activities(seed, country.today, activities / size if activities else None)
    with _flow_file(finess) as flow_file, _flow_file(activites) as second_file:
        flow_file.write(_opening(produced_on, groups(country)))
        second_file.write(_opening(produced_on, {}))
        for batch in _write_batches(
            flow_file, Flow(country, seed, raw_size, size), country, truth, stock, progress, size
        ):
            _write_activities(second_file, second, batch)
            zones.add_entities(batch)
            if places:
                places.add_entities(batch)
        flow_file.write(b"]}")
        second_file.write(b"]}")
    written, pages = stock.finish(truth) if stock else (None, ())
    return DemoFiles(
        finess, activites, truth.finish(), zones.finish(), written, pages, places.finish() if places else None
    )


def _write_batches(
    flow_file: IO[bytes],
    flow: Flow,
    country: Country,
    truth: Truth,
    stock: Stock | None,
    progress: Progress | None,
    size: int,
) -> Iterator[list[Entity]]:
    """Write each batch of entities, then hand it on."""
    done, separator = 0, b""
    for batch in country.batches():
        for entity in batch:
            item = separator + msgspec.json.encode(flow.entity(entity))
            flow.wrote(len(item))
            flow_file.write(item)
            separator = b","
        truth.add_establishments(batch)
        if stock:
            stock.add_entities(batch, truth)
        done += sum(len(entity.establishments) for entity in batch)
        if progress:
            progress(done, size)
        yield batch


def _write_activities(file: IO[bytes], activities: Activities, batch: list[Entity]) -> None:
    for entity in batch:
        if written := activities.entity(entity):
            file.write((b"," if activities.begun else b"") + msgspec.json.encode(written))
            activities.begun = True


@contextmanager
def _flow_file(path: Path) -> Iterator[IO[bytes]]:
    """A gzip file without time or name in it, that appears under its name when it is whole."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as raw, gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) as packed:
        yield packed  # type: ignore[misc]
    partial.replace(path)


def _opening(produced_on: date, more: dict[str, object]) -> bytes:
    """`fictif` isn't in the published schema: it tells the pipelines what this is."""
    root = {"schemaVersion": "v1.0.0", "generatedAt": f"{produced_on}T02:09:17.118204477Z", "fictif": True}
    return msgspec.json.encode(root | more)[:-1] + b',"pmej":['
