"""Rewrite FINESS's category and legal-status nomenclatures as compact tables: `python -m geo.reference.nomenclatures FOLDER`.

FOLDER holds the two published files, `finess_cs1500106_*.xml.gz` (categories with their aggregates) and
`finess_cs1500107_*.xml.gz` (legal statuses).
"""

import csv
import gzip
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from geo.reference import files

AGGREGATES = ("codeagr3", "libelleagr3", "codeagr2", "libelleagr2", "codeagr1", "libelleagr1")
CATEGORY_COLUMNS = ("code", "libelle", "libellecourt", "domaine", "datefin", *AGGREGATES)
STATUS_COLUMNS = ("code", "libelle", "datefin", *AGGREGATES)


def main() -> None:
    """Write both tables."""
    folder = Path(sys.argv[1])
    _rewrite(folder, "finess_cs1500106_*.xml.gz", "nomenclcategorieETavecagr", CATEGORY_COLUMNS, files.CATEGORIES)
    _rewrite(folder, "finess_cs1500107_*.xml.gz", "nomenclstatutavecagr", STATUS_COLUMNS, files.LEGAL_STATUSES)


def _rewrite(folder: Path, pattern: str, element: str, columns: tuple[str, ...], out: Path) -> None:
    published = sorted(folder.glob(pattern))[-1]
    with gzip.open(published) as stream:
        entries = ElementTree.parse(stream).getroot().findall(element)
    with out.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(sorted([" ".join((e.findtext(c) or "").split()) for c in columns] for e in entries))
    print(f"{out.name} : {len(entries)} entrées, d’après {published.name}")


if __name__ == "__main__":
    main()
