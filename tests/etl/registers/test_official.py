"""Official data: structures of FINESS whose SIRET is partially diffused are told as if there were no SIRENE."""

import gzip
import re
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from etl.sirene.refresh import StockFiles, refresh_stock
from tests.etl.instance import Instance
from tests.etl.registers.people import how

FLOW = "finess-structures-journalier-20261121.json.gz"
OTHERS = 2_000  # entities and open establishments, so that the load is one like another
FILES = (
    "StockEtablissement_utf8.parquet",
    "StockUniteLegale_utf8.parquet",
    "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.parquet",
)


def test_masked_numbers_that_finess_publishes_change_nothing_of_what_it_publishes(
    instance: Instance, shared_data: Path, tmp_path: Path
) -> None:
    official = shared_data / "official"
    flow = msgspec.json.decode(gzip.decompress((official / FLOW).read_bytes()), type=dict[str, msgspec.Raw])
    entities = msgspec.json.decode(flow["pmej"], type=list[msgspec.Raw])
    files = [official / name for name in FILES]
    numbers = [set(re.findall(rb'"(\d{14})"', bytes(entity))) for entity in entities]
    masked = masked_among(files, sorted(each.decode() for each in set().union(*numbers)))
    carried = {each.encode() for each in masked}
    kept = [entity for rank, entity in enumerate(entities) if rank < OTHERS or carried & numbers[rank]]
    file = tmp_path / FLOW
    file.write_bytes(gzip.compress(msgspec.json.encode(flow | {"pmej": kept}), 1))
    assert instance.refresh(file).state == "published"
    before = told_of(instance, masked)
    assert len(before) > 200
    report = refresh_stock(instance.engine, a_part(files, masked, tmp_path), how(instance))
    assert report.state == "published", report
    assert report.counts["noticed"]["tenus_a_l_ecart"] >= len(masked)
    after = told_of(instance, masked)
    assert [number for number in before if after[number] != before[number]] == []
    assert instance.differences() == []


def told_of(instance: Instance, masked: list[str]) -> dict[str, Any]:
    """Everything of the structures that carry these numbers, by id."""
    numbers = ", ".join(f"'{siret}'" for siret in masked)
    query = (
        f"SELECT id, (to_jsonb(s) - 'load_id')::text FROM structure AS s WHERE siret && ARRAY[{numbers}] ORDER BY id"
    )
    return dict(map(tuple, instance.rows(query)))


def masked_among(files: list[Path], declared: list[str]) -> list[str]:
    establishments, units = (pl.scan_parquet(file) for file in files[:2])
    joined = establishments.filter(pl.col("siret").is_in(declared)).join(units, on="siren", how="left")
    either = pl.col("statutDiffusionEtablissement").ne_missing("O") | pl.col("statutDiffusionUniteLegale").ne_missing(
        "O"
    )
    return joined.filter(either).select("siret").collect()["siret"].to_list()


def a_part(files: list[Path], masked: list[str], folder: Path) -> StockFiles:
    """The same files with these establishments and some open ones."""
    establishments = pl.scan_parquet(files[0])
    is_masked = pl.col("siret").is_in(masked)
    some = establishments.filter(~is_masked, pl.col("activitePrincipaleEtablissement").str.starts_with("86.")).head(
        OTHERS
    )
    wanted = pl.concat([establishments.filter(is_masked), some]).collect()
    parts = [folder / file.name for file in files]
    wanted.write_parquet(parts[0])
    for file, part, key in ((files[1], parts[1], "siren"), (files[2], parts[2], "siret")):
        pl.scan_parquet(file).filter(pl.col(key).is_in(wanted[key].to_list())).collect().write_parquet(part)
    return StockFiles(*parts)
