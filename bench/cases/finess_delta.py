"""Two days, then the second again, then the second written otherwise: what is written follows what changed."""

from collections.abc import Iterator
from pathlib import Path

from bench import files
from bench.ground import Ground, Loaded, asked, digest_of_sources
from bench.measure import Measure, check
from bench.sizes import MADE_UP_DAYS
from geo.settings import Settings

MEBIBYTE = 1 << 20
MOST_SECONDS = 30.0  # issue 4: a national file, on two cores
VERSIONS, EVENTS = "SELECT count(*) FROM source_record", "SELECT count(*) FROM structure_change"
OFFICIAL = [f"finess-structures-journalier-202611{day}.json.gz" for day in (20, 21)]
UNTOUCHED = {"inserted": 0, "updated": 0, "removed": 0}


def finess_delta(ground: Ground) -> Iterator[Measure]:
    one, two = _days(ground)
    folder = ground.folder / "files"
    made_by = digest_of_sources("bench/files.py", "tests/etl/finess/noise.py")
    ground.say("écriture du second jour autrement (gardée pour les fois suivantes)")
    again = files.kept(
        folder / f"autrement-{made_by}-{two.parent.name}-{two.name}", lambda at: files.otherwise(two, at)
    )
    instance = ground.instance("deux-jours")
    ground.say("premier jour")
    first = ground.load(instance, one)
    check("premier jour", first.report.state, "published")
    versions, events = _counted(instance)
    ground.say("second jour")
    delta = ground.load(instance, two)
    after = _counted(instance)
    _verify_delta(delta, one, two, after[0] - versions, after[1] - events)
    ground.say("second jour, encore")
    unchanged = ground.load(instance, two)
    check("second jour, encore", (unchanged.report.state, _counted(instance)), ("unchanged", after))
    ground.say("second jour, écrit autrement")
    noisy = ground.load(instance, again)
    check(
        "écrit autrement : état, structures",
        (noisy.report.state, noisy.report.counts["structures"]),
        ("published", UNTOUCHED),
    )
    check("écrit autrement : versions et événements", _counted(instance), after)

    yield from _writes(first, versions, after[0] - versions, after[1] - events)
    yield from beside(first, "second jour", delta)
    yield from beside(first, "second jour, encore", unchanged)
    yield from beside(first, "second jour, écrit autrement", noisy)


def _writes(first: Loaded, versions: int, new_versions: int, new_events: int) -> Iterator[Measure]:
    yield Measure(label="premier jour : journal (WAL)", value=first.wal_bytes / MEBIBYTE, unit="Mio")
    yield Measure(label="premier jour", value=first.report.seconds, unit="s", target=MOST_SECONDS)
    yield Measure(
        label="second jour : versions écrites", value=new_versions, unit="", floor=versions, floor_label="tout réécrire"
    )
    yield Measure(label="second jour : événements écrits", value=new_events, unit="")


def beside(first: Loaded, label: str, loaded: Loaded, first_label: str = "premier jour") -> Iterator[Measure]:
    """A later load beside the first one, which wrote everything."""
    everything, wal = first.wal_bytes / MEBIBYTE, loaded.wal_bytes / MEBIBYTE
    yield Measure(
        label=f"{label} : journal (WAL)", value=wal, unit="Mio", floor=everything, floor_label="tout réécrire"
    )
    yield Measure(
        label=label, value=loaded.report.seconds, unit="s", floor=first.report.seconds, floor_label=first_label
    )


def _days(ground: Ground) -> tuple[Path, Path]:
    """The official days; else a fictitious one and the next."""
    if ground.sizes.days is None and ground.official is not None:
        one, two = (ground.official / name for name in OFFICIAL)
        return one, two
    if ground.sizes.days is None:
        ground.say("../shared/data/official est absent : deux jours fictifs")
    one = ground.demo(ground.sizes.days or MADE_UP_DAYS).finess
    two = one.with_name(f"lendemain-{digest_of_sources('bench/files.py')}-{one.name}")
    return one, files.kept(two, lambda path: files.next_day(one, path))


def _verify_delta(delta: Loaded, one: Path, two: Path, versions: int, events: int) -> None:
    """The numbers that came and went, read apart; what the report says is what the tables got."""
    before, today = files.numbers(one), files.numbers(two)
    counts = delta.report.counts
    found = counts["records"]["ege"]
    check("second jour", delta.report.state, "published")
    check("numéros apparus, disparus", (found["new"], found["vanished"]), (len(today - before), len(before - today)))
    check("versions", versions, sum(kind["new"] + kind["changed"] for kind in counts["records"].values()))
    check("événements", events, sum(counts["changes"].values()))


def _counted(instance: Settings) -> tuple[int, int]:
    return asked(instance, VERSIONS)[0][0], asked(instance, EVENTS)[0][0]
