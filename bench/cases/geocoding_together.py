"""Both registers, then a geocoder of one's own: how precisely structures stand before and after."""

from collections.abc import Iterator
from dataclasses import replace

from bench.cases.geocoding import ASKED_ABOUT
from bench.cases.sirene_together import files
from bench.ground import Ground, asked, differences, digest_of_sources
from bench.measure import Measure, Skipped, check
from bench.stand_in import stand_in
from etl import demo
from etl.positions import pipeline
from geo.position import PRECISIONS
from geo.progress import Silent
from geo.settings import Settings
from tests.geocoder.peer import is_installed, running_addok

OPEN_BY_PRECISION = "SELECT register, precision, count(*) FROM structure WHERE open GROUP BY 1, 2"
REGISTERS = {"finess": "FINESS", "sirene": "SIRENE seul"}

Classes = dict[tuple[str, str], int]


def geocoding_together(ground: Ground) -> Iterator[Measure]:
    if not is_installed():
        raise Skipped("addok n’est pas installé : ./lum1 test l’installe.")
    instance = ground.instance("geocodage-ensemble")
    flow, stock, _ = files(ground)
    ground.load(instance, flow)
    ground.say("stock de SIRENE")
    ground.load(instance, *stock, flow="sirene_stock")
    before = _classes(instance)
    ground.say("adresses du géocodeur")
    if ground.sizes.days is None and ground.official is not None:
        addresses = ground.folder / "files" / "succedane-ensemble.ndjson"
        establishments, _, positions = stock
        stand_in(establishments, positions, addresses, [row[0] for row in asked(instance, ASKED_ABOUT)])
    else:
        folder = ground.folder / "files" / f"adresses-ensemble-{digest_of_sources('etl/demo')}"
        made = demo.generate(folder, size=ground.sizes.days or 20_000, sirene=True, addresses=True)
        assert made.addresses is not None
        addresses = made.addresses
    ground.say("indexation d’addok")
    with running_addok(addresses, workers=2) as addok:
        asking = replace(instance, geocoder_url=addok.url, geocoder_per_second=1_000)
        ground.say("géocodage")
        first = pipeline.refresh(asking, Silent())
        check("état", first.state, "published")
        after = _classes(instance)
        ground.say("une seconde fois")
        again = pipeline.refresh(asking, Silent())
    check("questions posées une seconde fois", again.counts["geocoding"]["asked"], 0)
    check("structures réécrites une seconde fois", again.counts["given"], 0)
    check("structures, avant et après", sum(after.values()), sum(before.values()))
    check("tuiles et index comparés à PostgreSQL", differences(instance, again.version), [])
    told = first.counts["geocoding"]
    yield Measure(label="structures mal placées", value=told["structures"], unit="")
    yield Measure(label="questions posées", value=told["asked"], unit="")
    for register, name in REGISTERS.items():
        yield from _shares(register, name, before, after)


def _classes(instance: Settings) -> Classes:
    return {(register, precision): count for register, precision, count in asked(instance, OPEN_BY_PRECISION)}


def _shares(register: str, name: str, before: Classes, after: Classes) -> Iterator[Measure]:
    """In hundredths of the open structures of a register."""
    whole = sum(count for (of, _), count in before.items() if of == register)
    yield Measure(label=f"{name} : structures ouvertes", value=whole, unit="")
    for precision, label in PRECISIONS.items():
        was, now = (100 * classes.get((register, precision), 0) / max(whole, 1) for classes in (before, after))
        if was or now:
            yield Measure(
                label=f"{name} : {label.lower()}", value=now, unit="%", floor=was, floor_label="avant géocodage"
            )
