"""Codes of NAF in our scope, in both nomenclatures; `python -m geo.reference.naf CSV` rewrites the labels of rév. 2.

CSV is Insee's file of labels (`ligne;Code;Intitulés…`). Codes and categories are by hand, and so are labels of NAF 2025.
"""

import csv
import sys
from functools import cache
from pathlib import Path

import msgspec

from geo.naf import PREFIX_2025, REV2
from geo.reference import files

COLUMNS = ("nomenclature", "code", "libelle", "categorie", "affine")


class Naf(msgspec.Struct, frozen=True):
    """An activity of the health and social field, and the category of ours that its establishments are of."""

    nomenclature: str
    code: str
    libelle: str
    categorie: str
    affine: str  # the code of rév. 2 that this one of 2025 says more than, else empty


@cache
def naf_codes() -> tuple[Naf, ...]:
    """Every code in scope, rév. 2 first."""
    with files.NAF.open(encoding="utf-8", newline="") as table:
        return tuple(Naf(**row) for row in csv.DictReader(table))


@cache
def codes_in_scope() -> tuple[str, ...]:
    """The same as `structure.naf` writes them."""
    return tuple(each.code if each.nomenclature == REV2 else f"{PREFIX_2025}{each.code}" for each in naf_codes())


def main() -> None:
    """Write the table again with Insee's labels."""
    labels = _labels(Path(sys.argv[1]))
    rows = [msgspec.structs.asdict(each) for each in naf_codes()]
    for row in rows:
        if row["nomenclature"] == REV2:
            row["libelle"] = labels[row["code"]]
    with files.NAF.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{files.NAF.name} : {len(rows)} codes")


def _labels(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as published:
        lines = list(csv.reader(published, delimiter=";"))
    return {line[1]: written(line[2]) for line in lines[1:] if line[1]}


def written(label: str) -> str:
    """A label on one line, spaced once; some of Insee's hold line breaks.

    >>> written("Hébergement  d'enfants\\n")
    'Hébergement d’enfants'
    """
    return " ".join(label.split()).replace("'", "’")


if __name__ == "__main__":
    main()
