"""The stand-in for the BAN: which addresses are in it, and where."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from bench.stand_in import stand_in
from etl.sirene.layout import POSITIONS, STOCK

DOOR, STREET, LIKELY = "11", "12", "21"
ROWS = (
    ("11111111100011", "12", None, "R", "DES LILAS", DOOR, 3.0, 50.0),
    ("11111111100022", "12", None, "RUE", "DES LILAS", DOOR, 3.2, 50.2),
    ("11111111100033", "012", "B", "RUE", "DES LILAS", DOOR, 4.0, 51.0),
    ("11111111100044", "99", None, "RUE", "DES LILAS", STREET, 3.1, 50.1),
    ("11111111100055", "5", None, "RUE", "DU DOUTE", LIKELY, 3.1, 50.1),
    ("11111111100066", "7", None, "RUE", "DE LUI SEUL", DOOR, 3.1, 50.1),
    ("11111111100077", "[ND]", None, "[ND]", "[ND]", DOOR, 3.1, 50.1),
    ("11111111100088", None, None, None, "LE BOURG", DOOR, 3.3, 50.3),
)


def written(folder: Path, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """What is in Lille, by name."""
    rows = [
        {
            "siret": siret, "numeroVoieEtablissement": number, "indiceRepetitionEtablissement": letter,
            "typeVoieEtablissement": kind, "libelleVoieEtablissement": name, "codeCommuneEtablissement": "59350",
        }
        for siret, number, letter, kind, name, *_ in ROWS
    ]  # fmt: skip
    placed = [
        {"siret": siret, "qualite_xy": quality, "x_longitude": lon, "y_latitude": lat}
        for siret, *_, quality, lon, lat in ROWS
    ]
    pl.DataFrame(rows, schema=STOCK).write_parquet(folder / "stock.parquet")
    pl.DataFrame(placed, schema=POSITIONS).write_parquet(folder / "positions.parquet")
    made = stand_in(folder / "stock.parquet", folder / "positions.parquet", folder / "out.ndjson", leave_out)
    documents = map(json.loads, made.path.read_text(encoding="utf-8").splitlines())
    return {each["name"]: each for each in documents if "59350" in each["citycode"]}


def test_sure_addresses_are_there_and_those_of_one_number_at_their_median(tmp_path: Path) -> None:
    lille = written(tmp_path)
    assert set(lille) == {"Lille", "Rue des Lilas", "Rue de Lui Seul", "Le Bourg"}
    numbers = {number: (each["lon"], each["lat"]) for number, each in lille["Rue des Lilas"]["housenumbers"].items()}
    assert numbers["12bis"] == (4.0, 51.0)
    assert numbers["12"] == (3.1, 50.1)
    assert set(numbers) == {"12", "12bis"}
    assert (lille["Rue des Lilas"]["lon"], lille["Le Bourg"]["type"]) == (3.1, "locality")


def test_an_establishment_that_is_left_out_does_not_find_itself(tmp_path: Path) -> None:
    lille = written(tmp_path, leave_out=("11111111100066", "11111111100022"))
    assert "Rue de Lui Seul" not in lille
    assert lille["Rue des Lilas"]["housenumbers"]["12"]["lon"] == 3.0
