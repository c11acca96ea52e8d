"""The legacy file into `finess_ancien` and the labels it teaches, in the caller's transaction."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl
import psycopg
from sqlalchemy import Connection, text

from etl.finess.fallback import NO_POSITIONS, POSITIONS
from etl.finess.legacy_csv import LegacyFile, read_legacy
from etl.finess.legacy_layout import GEOLOCALISATION, LABELS, SOURCE, STRUCTUREET
from etl.finess.legacy_positions import place
from geo.nomenclatures import Label, learn_labels

STAGED = ("nofinesset", "lon", "lat", "precision")
RECORD = (*STRUCTUREET[1:], *GEOLOCALISATION[1:])


def load_ancien(connection: Connection, path: Path, *, even_if_older: bool = False) -> dict[str, object]:
    """Keep each row of the file unless a newer file has it too (`even_if_older` replaces it all the same); what was counted.

    A number that the file lacks keeps the row of the older file that had it: the last place known is what we want.
    """
    file = read_legacy(path)
    placed = place(file.establishments, file.points)
    _fill_stage(connection, file, placed)
    changes = _merge(connection, even_if_older=even_if_older)
    written = learn_labels(connection, labels_of(file))
    return _counts(file, placed) | {"changes": changes | {"labels": written}}


def ancien_positions(connection: Connection) -> pl.DataFrame:
    """Every point of the legacy file, for etl.finess.transform."""
    found = connection.execute(text(PLACED))
    return pl.concat(
        [NO_POSITIONS, *(pl.DataFrame(map(tuple, rows), POSITIONS, orient="row") for rows in found.partitions(5_000))]
    )


def labels_of(file: LegacyFile) -> Iterator[Label]:
    """One label a code: the most frequent, since a few rows carry the wording of before."""
    for kind, (code, label) in LABELS.items():
        pairs = (
            file.establishments.select(code=code, label=label)
            .cast(pl.String)
            .drop_nulls()
            .group_by("code", "label")
            .len()
        )
        chosen = pairs.sort("code", "len", "label", descending=[False, True, False]).unique(
            "code", keep="first", maintain_order=True
        )
        for number, words in chosen.select("code", "label").iter_rows():
            yield Label(kind, number, words, SOURCE, file.produced_on)


def _fill_stage(connection: Connection, file: LegacyFile, placed: pl.DataFrame) -> None:
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.ancien_stage"))  # of an earlier file in this transaction
    connection.execute(text("CREATE TEMPORARY TABLE ancien_stage (LIKE finess_ancien) ON COMMIT DROP"))
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor, cursor.copy("COPY ancien_stage FROM STDIN") as copy:
        whole = pl.concat([file.establishments, placed.drop("nofinesset")], how="horizontal")
        for number, lon, lat, precision, *values in whole.select(*STAGED, *RECORD).iter_rows():
            copy.write_row((number, file.produced_on, lon, lat, precision, _record(values)))
    connection.execute(text("ANALYZE ancien_stage"))


def _record(values: list[object]) -> str:
    known = {name: value for name, value in zip(RECORD, values, strict=True) if value is not None}
    return msgspec.json.encode(known).decode()


def _merge(connection: Connection, *, even_if_older: bool) -> dict[str, int]:
    asked = {"even_if_older": even_if_older}
    counted = connection.execute(text(COMPARE), asked).one()._asdict()
    connection.execute(text(REPLACE), asked)
    connection.execute(text(ADD))
    return counted


def _counts(file: LegacyFile, placed: pl.DataFrame) -> dict[str, object]:
    by_geocoder = placed.filter(placing="placee")["geocoder"].value_counts().sort("geocoder")
    return {
        "produced_on": file.produced_on.isoformat(),
        "read": file.read,
        "kept": len(file.establishments),
        "points": len(file.points),
        "rejected": dict(file.rejected["reason"].value_counts().sort("reason").iter_rows()),
        "noticed": dict(file.noticed) | {"projection_d_un_autre_territoire": int(placed["other_projection"].sum())},
        "placing": dict(placed["placing"].value_counts().sort("placing").iter_rows()),
        "placed_by": dict(by_geocoder.iter_rows()),
    }


# Asked by every refresh, before establishments are transformed: reads the whole table, in the order that keeps runs alike.
PLACED = "SELECT finess, lon, lat, precision FROM finess_ancien WHERE lon IS NOT NULL ORDER BY finess"

# What loading would write, before it writes. Served by finess_ancien_pkey or a hash of both sides.
COMPARE = """
SELECT
    count(*) FILTER (WHERE NOT known) AS inserted,
    count(*) FILTER (WHERE known AND replaces AND NOT alike) AS updated,
    count(*) FILTER (WHERE known AND replaces AND alike AND NOT same_day) AS redated,
    count(*) FILTER (WHERE known AND replaces AND alike AND same_day) AS unchanged,
    count(*) FILTER (WHERE known AND NOT replaces) AS newer_kept
FROM (
    SELECT
        a.finess IS NOT NULL AS known,
        :even_if_older OR g.produced_on >= a.produced_on AS replaces,
        g.produced_on = a.produced_on AS same_day,
        (a.lon, a.lat, a.precision, a.record) IS NOT DISTINCT FROM (g.lon, g.lat, g.precision, g.record) AS alike
    FROM ancien_stage AS g
    LEFT JOIN finess_ancien AS a USING (finess)
) AS judged
"""

# A row that says the same in a newer file takes its date: the page names the file, and an older one must not replace it.
REPLACE = """
UPDATE finess_ancien AS a
SET (produced_on, lon, lat, precision, record) = (g.produced_on, g.lon, g.lat, g.precision, g.record)
FROM ancien_stage AS g
WHERE
    g.finess = a.finess
    AND (:even_if_older OR g.produced_on >= a.produced_on)
    AND (a.produced_on, a.lon, a.lat, a.precision, a.record)
        IS DISTINCT FROM (g.produced_on, g.lon, g.lat, g.precision, g.record)
"""

ADD = """
INSERT INTO finess_ancien (finess, produced_on, lon, lat, precision, record)
SELECT finess, produced_on, lon, lat, precision, record
FROM ancien_stage AS g
WHERE NOT EXISTS (SELECT FROM finess_ancien AS a WHERE a.finess = g.finess)
"""
