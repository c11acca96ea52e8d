"""Rewrite the activity nomenclatures as one compact table: `python -m geo.reference.activites AMM_CSV FLUX_STANDARD`.

AMM_CSV is `Nomenclature-AMM-V14.csv` (activity, modality, mention… of the 2023 reform); FLUX_STANDARD a folder of XML files of
FINESS's standard flow, whose rows carry code and label of the older activities, equipment, disciplines, modes and publics that
they mention: the only labels of these that we have, so few.
"""

import csv
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

from geo.reference import files

COLUMNS = ("table", "code", "libelle")
NOTHING_SAID = ("MO000", "ME000", "PTS00", "DE000", "00")  # « Pas de modalité », « Pas de mention »…
# Slips of the published table: a page must not repeat them.
MENDED = {"Chirugie": "Chirurgie", "Psychaitrie": "Psychiatrie", "oncologiqueORL": "oncologique ORL"}
INVISIBLE = dict.fromkeys(map(ord, "\u200b\ufeff"))
# element: tables and where their code and label stand in it
STANDARD = {
    "activiteoffresoin": (
        ("activite_soin", "activite", "libactivite"),
        ("modalite_soin", "modalite", "libmodalite"),
        ("forme_soin", "forme", "libforme"),
    ),
    "equipmateriellourd": (("equipement", "eml", "libeml"),),
    "equipementsocial": (
        ("activite_sociale", "de", "libde"),
        ("mode", "ta", "libta"),
        ("public", "client", "libclient"),
    ),
}
STANDARD["autreactivite"] = STANDARD["activitesoumiseareco"] = STANDARD["activiteoffresoin"]


def main() -> None:
    """Write the table."""
    rows = {*_amm(Path(sys.argv[1])), *_standard(Path(sys.argv[2]))}
    with files.ACTIVITES.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(sorted(row for row in rows if row[1] and row[1].split(":")[-1] not in NOTHING_SAID))
    print(f"{files.ACTIVITES.name} : {len(rows)} entrées")


def _amm(path: Path) -> Iterator[tuple[str, str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as published:
        lines = csv.reader(published, delimiter=";")
        next(lines)
        for activite, label, modalite, of_modalite, mention, of_mention, pts, of_pts, de, of_de, *_ in lines:
            yield "activite_amm", activite, _clean(label)
            # one modality code has two meanings (MO026): an activity qualifies it
            yield "modalite_amm", f"{activite}:{modalite}", _clean(of_modalite)
            yield "mention_amm", mention, _clean(of_mention)
            yield "pratique_amm", pts, _clean(of_pts)
            yield "declaration_amm", de, _clean(of_de)


def _standard(folder: Path) -> Iterator[tuple[str, str, str]]:
    for path in sorted(folder.glob("*.xml")):
        for element in ElementTree.parse(path).getroot():
            for table, code, label in STANDARD.get(element.tag, ()):
                if element.findtext(code) and element.findtext(label):
                    yield table, _clean(element.findtext(code) or ""), _clean(element.findtext(label) or "")


def _clean(text: str) -> str:
    text = " ".join(text.translate(INVISIBLE).split())
    for slip, mended in MENDED.items():
        text = text.replace(slip, mended)
    return text


if __name__ == "__main__":
    main()
