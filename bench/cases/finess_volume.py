"""A first load of the live volume: seconds by step, memory, journal, beside unpacking, parsing and COPY alone."""

from collections.abc import Iterator

import polars as pl

from bench import floors
from bench.ground import Ground, Loaded, Volume, differences
from bench.measure import Measure, check

MOST_SECONDS = 120.0  # issue 4: the live volume, after download, on two cores
MOST_MIB = 500.0  # issue 4: our processes, whatever the size of the file
MEBIBYTE = 1 << 20


def finess_volume(ground: Ground) -> Iterator[Measure]:
    volume = ground.volume
    verify(volume)
    ground.say("planchers : gunzip, ijson, COPY")
    unpacked, parsed = floors.gunzip_seconds(volume.files.finess), floors.ijson_seconds(volume.files.finess)
    copied = floors.copy_rows(volume.instance)
    yield from steps(volume.loaded)
    yield Measure(
        label="premier chargement, en tout",
        value=volume.loaded.report.seconds,
        unit="s",
        floor=parsed + copied.seconds,
        floor_label="gunzip + ijson + COPY",
        target=MOST_SECONDS,
    )
    yield Measure(label="· plancher : gunzip seul", value=unpacked, unit="s")
    yield Measure(label="· plancher : gunzip + ijson", value=parsed, unit="s", floor=unpacked, floor_label="gunzip")
    yield Measure(label="· plancher : COPY des mêmes lignes", value=copied.seconds, unit="s")
    yield peak(volume.loaded)
    yield Measure(
        label="journal (WAL) du premier chargement",
        value=volume.loaded.wal_bytes / MEBIBYTE,
        unit="Mio",
        floor=copied.wal_bytes / MEBIBYTE,
        floor_label="COPY des mêmes lignes",
    )


def verify(volume: Volume) -> None:
    """Every establishment invented is served, open when it should be, drawn and found."""
    report, truth = volume.loaded.report, pl.read_parquet(volume.files.truth)
    check("état du chargement", report.state, "published")
    check("établissements gardés", report.counts["kept"], len(truth))
    check("tuiles et index comparés à PostgreSQL", differences(volume.instance, report.version), [])


def steps(loaded: Loaded) -> Iterator[Measure]:
    """As the report tells them; it is written before the last one, which is what is left."""
    told: dict[str, float] = loaded.report.counts["seconds"]
    left = max(0.0, loaded.report.seconds - sum(told.values()))
    for name, seconds in (told | {"rangement, et ouvrir le fichier": left}).items():
        yield Measure(label=f"· étape « {name} »", value=seconds, unit="s")


def peak(loaded: Loaded, label: str = "mémoire de nos processus, au plus (PSS)") -> Measure:
    return Measure(label=label, value=loaded.peak_mib, unit="Mio", target=MOST_MIB)
