"""A monthly stock of SIRENE: those of our field found among all, and the door kept."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import polars as pl

from bench import stocks
from bench.ground import Ground, digest_of_sources
from bench.measure import Measure, WrongAnswer, check
from bench.memory import Peak
from bench.read_stock import Reading
from etl.sirene.rows import MASKED, OPEN
from etl.sirene.scan import MASKED_NAME, OPEN_NAME
from geo.settings import REPOSITORY

MOST_MIB, MOST_TIMES = 2_048, 4


def sirene_stock(ground: Ground) -> Iterator[Measure]:
    size = ground.sizes.stock
    folder = ground.folder / "files" / f"stock-{size}-{digest_of_sources('bench/stocks.py')}"
    files = folder / "etablissements.parquet", folder / "unites.parquet", folder / "positions.parquet"
    if not all(path.exists() for path in files):
        ground.say(f"écriture d’un stock de {size} établissements (gardé pour les fois suivantes)")
        stocks.write(folder, size)
    with TemporaryDirectory(dir=folder) as out:
        ground.say("plancher : lecture des mêmes colonnes")
        floor, _ = _read("floor", files, Path(out), size)
        ground.say("lecture du stock")
        reading, peak = _read("stock", files, Path(out), size)
        assert reading.counts is not None
        check("décompte", msgspec.to_builtins(reading.counts), msgspec.to_builtins(stocks.truth(size)))
        _check_the_door(Path(out))
    yield Measure(label="établissements lus", value=size, unit="")
    yield Measure(label="établissements ouverts gardés", value=reading.counts.open, unit="")
    yield Measure(label="établissements masqués gardés", value=reading.counts.masked, unit="")
    yield Measure(
        label="durée",
        value=reading.seconds,
        unit="s",
        floor=floor.seconds,
        floor_label="lire les mêmes colonnes",
        target=MOST_TIMES * floor.seconds,
    )
    yield Measure(label="mémoire (PSS)", value=peak, unit="Mio", target=MOST_MIB)


def _read(how: str, files: tuple[Path, ...], out: Path, size: int) -> tuple[Reading, float]:
    command = [sys.executable, "-m", "bench.read_stock", how, *map(str, files), str(out), str(size)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as running, Peak(running.pid) as peak:
        try:
            said = running.communicate()[0]
        except BaseException:
            running.kill()
            raise
    if running.returncode:
        raise WrongAnswer("La lecture du stock a échoué : ses derniers mots sont plus haut.")
    return msgspec.json.decode(said, type=Reading), peak.mib


def _check_the_door(out: Path) -> None:
    """What masked rows hid is in neither file."""
    opened, masked = pl.scan_parquet(out / OPEN_NAME), pl.scan_parquet(out / MASKED_NAME)
    check("colonnes", (opened.collect_schema(), masked.collect_schema()), (OPEN, MASKED))
    texts = pl.concat_str(pl.col(pl.String), pl.col("signs").list.join(" "), separator="|", ignore_nulls=True)
    for secret in (stocks.SECRET, stocks.HIDDEN):
        shown = opened.select(texts.str.contains(secret, literal=True).sum()).collect(engine="streaming").item()
        check(f"lignes ouvertes qui contiennent « {secret} »", shown, 0)
    both = opened.join(masked, on="siret", how="semi").select(pl.len()).collect(engine="streaming").item()
    check("SIRET des deux côtés", both, 0)
