"""A geocoder of one's own asked for what FINESS does not place: how fast, how far from the truth, and nothing a second time."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import monotonic

import polars as pl
from sqlalchemy import text

from bench.cases.sirene_together import FINESS, STOCK
from bench.ground import Ground, asked, digest_of_sources
from bench.measure import Measure, Skipped, check
from bench.stand_in import stand_in
from etl import demo
from etl.finess.legacy_csv import read_legacy
from etl.finess.legacy_positions import place
from etl.positions import pipeline
from etl.report import Report
from geo.database import engine_for
from geo.position import PRECISE
from geo.progress import Silent
from geo.settings import Settings
from tests.geocoder.peer import is_installed, running_addok

ANCIEN = "etalab-cs1100507-stock-20260504-0343.csv.gz"
FAR_M = 500

# What is going to be asked: nobody's own address may be in what the geocoder knows only because of her.
ASKED_ABOUT = "SELECT DISTINCT unnest(siret) FROM structure WHERE open AND precision <> 'housenumber'"
# Those that FINESS gives no point of, beside where they are. A right commune is the point's, with the tolerance of contours.
FOUND = """
SELECT g.precision,
       ST_DistanceSphere(ST_MakePoint(g.lon, g.lat), ST_MakePoint(truth.lon, truth.lat)) AS distance_m,
       ST_DWithin(CAST(coalesce(city.contour, c.contour) AS geography),
                  CAST(ST_SetSRID(ST_MakePoint(g.lon, g.lat), 4326) AS geography), 300) AS in_commune
FROM jsonb_to_recordset(CAST(:truth AS jsonb)) AS truth (finess text, lon float8, lat float8)
JOIN structure AS s ON s.id = 'f' || truth.finess COLLATE "C" AND s.open
JOIN geocoded_structure AS g ON g.id = s.id
LEFT JOIN commune AS c ON c.code = s.commune
LEFT JOIN commune AS city ON city.code = c.parent
WHERE NOT EXISTS (SELECT FROM structure_own AS o WHERE o.id = s.id AND o.position_source = 'finess')
  AND s.position_source <> 'finess'
"""
CLASSES = {"au numéro": {"housenumber"}, "dans la rue": {"street"}, "au lieu-dit": {"locality"}}


def geocoding(ground: Ground) -> Iterator[Measure]:
    if not is_installed():
        raise Skipped("addok n’est pas installé : ./lum1 test l’installe.")
    instance = ground.instance("geocodage")
    addresses, truth = _loaded(ground, instance)
    ground.say("indexation d’addok")
    with running_addok(addresses, workers=2) as addok:
        asking = replace(instance, geocoder_url=addok.url, geocoder_per_second=1_000)
        ground.say("géocodage")
        began = monotonic()
        first = pipeline.refresh(asking, Silent())
        seconds = monotonic() - began
        ground.say("une seconde fois")
        again = pipeline.refresh(asking, Silent())
    check("états", (first.state, again.state), ("published", "published"))
    check("questions posées une seconde fois", again.counts["geocoding"]["asked"], 0)
    check("structures réécrites une seconde fois", again.counts["given"], 0)
    yield from _throughput(first, seconds)
    yield from _distances(instance, truth)


def _loaded(ground: Ground, instance: Settings) -> tuple[Path, pl.DataFrame]:
    """FINESS served; the addresses that a geocoder is to know, and where its establishments are: finess, lon, lat."""
    if ground.sizes.days is None and ground.official is not None:
        folder = ground.official
        ground.load(instance, folder / FINESS)
        left_out = [row[0] for row in asked(instance, ASKED_ABOUT)]
        ground.say("écriture d’un succédané de la BAN")
        addresses = ground.folder / "files" / "succedane.ndjson"
        addresses.parent.mkdir(parents=True, exist_ok=True)
        establishments, _, positions = STOCK
        stand_in(folder / establishments, folder / positions, addresses, left_out)
        legacy = read_legacy(folder / ANCIEN)
        placed = place(legacy.establishments, legacy.points).filter(pl.col("lon").is_not_null())
        return addresses, placed.select(pl.col("nofinesset").alias("finess"), "lon", "lat")
    size = ground.sizes.days or 20_000
    made = demo.generate(
        ground.folder / "files" / f"adresses-{size}-{digest_of_sources('etl/demo')}", size=size, addresses=True
    )
    assert made.addresses is not None
    ground.load(instance, made.finess)
    truth = pl.read_parquet(made.truth).filter(pl.col("finess").is_not_null())
    return made.addresses, truth.select("finess", "lon", "lat")


def _throughput(report: Report, seconds: float) -> Iterator[Measure]:
    told = report.counts["geocoding"]
    of_geocoder = report.counts["seconds"]["géocodage"]
    yield Measure(label="structures mal placées", value=told["structures"], unit="")
    yield Measure(label="questions posées", value=told["asked"], unit="")
    yield Measure(label="questions par seconde", value=told["asked"] / of_geocoder, unit="")
    yield Measure(label="durée, publication comprise", value=seconds, unit="s")
    yield Measure(label="questions posées une seconde fois", value=0, unit="")


def _distances(instance: Settings, truth: pl.DataFrame) -> Iterator[Measure]:
    engine = engine_for(instance.database_url)
    with engine.connect() as connection:
        rows = connection.execute(text(FOUND), {"truth": truth.write_json()}).all()
    engine.dispose()
    found = [row for row in rows if row.distance_m is not None and row.precision in PRECISE]
    at_town_hall = sum(row.precision == "commune" for row in rows)
    yield Measure(label="sans point dans FINESS, dont la place est connue", value=len(rows), unit="")
    yield Measure(label="non trouvées", value=_share(len(rows) - len(found) - at_town_hall, len(rows)), unit="%")
    yield Measure(label="trouvées à leur commune, sans plus", value=_share(at_town_hall, len(rows)), unit="%")
    drawn = [row for row in found if row.in_commune is not None]  # some communes have no contour
    right = sum(row.in_commune for row in drawn)
    yield Measure(label="dans la bonne commune", value=_share(right, len(drawn)), unit="%")
    for name, precisions in CLASSES.items():
        distances = sorted(row.distance_m for row in found if row.precision in precisions)
        yield Measure(label=f"{name} : trouvées", value=len(distances), unit="")
        if distances:
            yield Measure(label=f"{name} : écart médian", value=median(distances), unit="m")
            yield Measure(
                label=f"{name} : écart, 95 sur 100", value=distances[int(0.95 * (len(distances) - 1))], unit="m"
            )
            far = sum(distance > FAR_M for distance in distances)
            yield Measure(label=f"{name} : à plus de {FAR_M} m", value=_share(far, len(distances)), unit="%")


def _share(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0
