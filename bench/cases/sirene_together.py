"""SIRENE on top of FINESS, official files: one structure per place, nobody who hides, and what each run costs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.cases.finess_delta import MEBIBYTE, beside
from bench.cases.finess_volume import peak
from bench.ground import Ground, asked, differences, digest_of_sources
from bench.measure import Measure, check
from bench.sizes import MADE_UP_DAYS
from etl import demo
from geo.settings import Settings

FINESS = "finess-structures-journalier-20261121.json.gz"
STOCK = (
    "StockEtablissement_utf8.parquet",
    "StockUniteLegale_utf8.parquet",
    "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.parquet",
)
PAGES = "sirene-api-20261121-p*.json"

MASKED_TOLD = "SELECT count(*) FROM structure AS s JOIN masked_siret AS m ON s.id = 's' || m.siret"
MASKED_GIVEN = """
SELECT count(*) FROM structure AS s
WHERE s.register = 'finess' AND (s.naf <> '{}' OR s.aliases <> '{}' OR s.position_source = 'insee')
  AND NOT EXISTS (
      SELECT FROM link AS l JOIN sirene_establishment AS e USING (siret)
      WHERE l.finess = ANY (s.finess) AND l.valid_to IS NULL AND l.status = 'accepted'
  )
"""
TWICE = """
SELECT count(*) FROM structure AS s
JOIN link AS l ON s.id = 's' || l.siret AND l.valid_to IS NULL AND l.status = 'accepted'
"""
# Points that the map would show twice if both registers were put on it side by side.
WITHOUT_LINKS = """
SELECT count(DISTINCT e.siret) FROM sirene_establishment AS e
JOIN link AS l ON l.siret = e.siret AND l.valid_to IS NULL AND l.status = 'accepted'
JOIN structure AS s ON s.finess && ARRAY[l.finess] AND s.open
WHERE e.active AND e.categorie_no IS NOT NULL
"""
# What may still be: a SIRENE structure of the very name of an open FINESS one of the same commune.
SAME_NAME = """
SELECT count(*) FROM structure AS s
WHERE s.register = 'sirene' AND s.open AND EXISTS (
    SELECT FROM structure AS f
    WHERE f.register = 'finess' AND f.open AND (f.commune, f.name_key) = (s.commune, s.name_key)
)
"""
ALONE = "SELECT count(*) FROM structure WHERE register = 'sirene' AND open"
ROWS = "SELECT md5(string_agg(md5(s::text), '' ORDER BY id)) FROM structure AS s"


def sirene_together(ground: Ground) -> Iterator[Measure]:
    flow, stock, pages = files(ground)
    instance = ground.instance("ensemble")
    ground.say("FINESS")
    finess = ground.load(instance, flow)
    ground.say("stock de SIRENE")
    first = ground.load(instance, *stock, flow="sirene_stock")
    check("état", first.report.state, "published")
    _check_together(instance, first.report.version)
    before, after, alone = (asked(instance, question)[0][0] for question in (WITHOUT_LINKS, SAME_NAME, ALONE))
    rows = asked(instance, ROWS)
    ground.say("le même stock, encore")
    again = ground.load(instance, *stock, flow="sirene_stock")
    check("encore", (again.report.state, asked(instance, ROWS)), ("unchanged", rows))
    ground.say("un jour de l’API")
    delta = ground.load(instance, *pages, flow="sirene_pages")
    check("état du jour de l’API", delta.report.state, "published")
    _check_together(instance, delta.report.version)

    yield Measure(label="structures de SIRENE seul", value=alone, unit="")
    yield Measure(label="en double sans rapprochement", value=before, unit="")
    yield Measure(
        label="même nom, même commune, après", value=after, unit="", floor=before, floor_label="sans rapprochement"
    )
    yield Measure(
        label="stock sur FINESS",
        value=first.report.seconds,
        unit="s",
        floor=finess.report.seconds,
        floor_label="FINESS",
    )
    yield peak(first, "stock : mémoire (PSS)")
    yield Measure(label="stock : journal (WAL)", value=first.wal_bytes / MEBIBYTE, unit="Mio")
    yield from beside(first, "un jour de l’API", delta, "stock")
    yield peak(delta, "un jour de l’API : mémoire (PSS)")


def files(ground: Ground) -> tuple[Path, Sequence[Path], Sequence[Path]]:
    """The official files; else a fictitious France's."""
    if ground.sizes.days is None and ground.official is not None:
        folder = ground.official
        return folder / FINESS, [folder / name for name in STOCK], sorted(folder.glob(PAGES))
    made = demo.generate(
        ground.folder / "files" / f"deux-registres-{digest_of_sources('etl/demo')}",
        size=ground.sizes.days or MADE_UP_DAYS,
        sirene=True,
    )
    assert made.sirene is not None
    return made.finess, made.sirene.all(), made.pages


def _check_together(instance: Settings, version: int | None) -> None:
    check("structures de ceux qui sont masqués", asked(instance, MASKED_TOLD)[0][0], 0)
    check("structures de FINESS qui disent plus que leurs liens", asked(instance, MASKED_GIVEN)[0][0], 0)
    check("établissements liés qui restent des structures", asked(instance, TWICE)[0][0], 0)
    check("tuiles et index comparés à PostgreSQL", differences(instance, version), [])
