"""The addresses of the real FINESS, in both its formats: how many can be asked for, and how well."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from etl.finess.extract import chunks
from etl.finess.legacy_csv import read_legacy
from etl.finess.transform import write_addresses
from etl.positions.addresses import Address, address_of
from etl.positions.ladder import ladder

POSTAL = {"BP", "CS", "TSA", "CEDEX", "CIDEX"}
SAMPLE = 4  # one establishment in four: shares are those of all to a tenth of a point
Read = tuple[Sequence[str], Address]


def of_the_flow(path: Path) -> Iterator[tuple[bool, Read]]:
    """Of those not closed: whether the flow places them, what they say, what is made of it."""
    for chunk in chunks(path):
        active = write_addresses(chunk.establishments.filter(pl.col("etat") == "A").gather_every(SAMPLE))
        placed = active.select(
            pl.any_horizontal(pl.col("coordonnee_x", "direction_longitude").is_not_null())
        ).to_series()
        said = active.select("address_lines", "code_postal", "cog_commune", "ligne_acheminement").iter_rows()
        yield from ((is_placed, (row[0], address_of(*row))) for is_placed, row in zip(placed, said, strict=True))


def of_the_legacy_file(path: Path) -> Iterator[Read]:
    for row in read_legacy(path).establishments.gather_every(SAMPLE).iter_rows(named=True):
        street = " ".join(row[name] for name in ("numvoie", "compvoie", "typvoie", "voie") if row[name])
        lines = [line for line in (row["compldistrib"], street, row["lieuditbp"]) if line]
        postcode, _, town = (row["ligneacheminement"] or "").partition(" ")
        departement = row["departement"] or ""
        code = (
            f"97{row['commune']}"
            if departement.startswith("9") and departement[1:].isalpha()
            else f"{departement}{row['commune']}"
        )
        yield lines, address_of(lines, postcode, code, town)


def kind(address: Address) -> str:
    if address.street:
        return "number" if address.number else "street"
    return "locality" if address.localities else "commune"


def shares(read: Sequence[Read]) -> dict[str, float]:
    """Of those that say anything at all between their name and their postcode."""
    told = [kind(address) for lines, address in read if lines]
    return {name: count / len(told) for name, count in Counter(told).items()}


def postal_words(read: Sequence[Read]) -> list[str]:
    asked = [rung.question for _, address in read for rung in ladder(address)]
    return [
        question.text for question in asked if POSTAL & {*question.text.split(), *(question.town or "").upper().split()}
    ]


def test_most_addresses_of_the_flow_are_asked_by_number(shared_data: Path) -> None:
    read = list(of_the_flow(shared_data / "official" / "finess-structures-journalier-20261121.json.gz"))
    without_point = [each for placed, each in read if not placed]
    assert len(without_point) > 4_000
    assert shares(without_point)["number"] > 0.70
    assert shares(without_point)["commune"] < 0.03
    assert postal_words([each for _, each in read]) == []


def test_so_are_those_of_the_legacy_file(shared_data: Path) -> None:
    (path,) = (shared_data / "official").glob("etalab-cs1100507-stock-*.csv.gz")
    read = list(of_the_legacy_file(path))
    assert shares(read)["number"] > 0.70
    assert sum(address.citycode is not None for _, address in read) > 0.99 * len(read)
    assert postal_words(read) == []
