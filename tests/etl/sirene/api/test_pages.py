"""Pages of answers given as files."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from etl.sirene.api import read_pages
from geo.errors import Refused
from tests.etl.sirene.api.entries import a_siret, an_establishment


class Folder:
    """Pages written by hand."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(
        self, name: str, cursor: str, following: str | None, *entries: Any, total: int = 3, **header: Any
    ) -> Path:
        told = {"statut": 200, "message": "OK", "total": total, "curseur": cursor, "curseurSuivant": following}
        file = self.path / name
        file.write_text(json.dumps({"header": told | header, "etablissements": entries}), encoding="utf-8")
        return file


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def three(folder: Folder) -> list[Path]:
    """A list of three pages, an establishment each."""
    return [
        folder.write("p1.json", "*", "AoA", an_establishment(1)),
        folder.write("p2.json", "AoA", "AoB", an_establishment(2)),
        folder.write("p3.json", "AoB", "AoB", an_establishment(3)),
    ]


def test_pages_in_any_order_follow_their_cursors(three: list[Path]) -> None:
    pages = read_pages([three[2], three[0], three[1]])
    assert pages.rows["siret"].to_list() == [a_siret(1), a_siret(2), a_siret(3)]
    assert (pages.total, pages.rejected) == (3, [])


def test_a_page_given_twice_counts_once(three: list[Path], folder: Folder) -> None:
    copy = folder.path / "copie.json"
    copy.write_text(json.dumps(json.loads(three[1].read_text()), indent=4))
    first = folder.path / "copie-p1.json"
    first.write_bytes(three[0].read_bytes())
    pages = read_pages([*three, copy, first, three[2]])
    assert len(pages.rows) == pages.total == 3


def test_an_empty_last_page_ends_the_list(three: list[Path], folder: Folder) -> None:
    three[2] = folder.write("p3.json", "AoB", "AoC", an_establishment(3))
    assert re.search(r"Il manque la page qui suit p3\.json \(curseur AoC\)", read_pages(three).doubt or "")
    assert len(read_pages([*three, folder.write("p4.json", "AoC", "AoC")]).rows) == 3
    assert len(read_pages([*three, folder.write("p4.json", "AoC", None)]).rows) == 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([0, 2], r"Il manque la page qui suit p1\.json \(curseur AoA\)"),
        ([0, 1], r"Il manque la page qui suit p2\.json \(curseur AoB\)"),
        ([1, 2], "Il manque la première page"),
    ],
)
def test_a_missing_page_puts_the_others_in_doubt(three: list[Path], given: list[int], words: str) -> None:
    pages = read_pages([three[rank] for rank in given])
    assert len(pages.rows) == 2
    assert re.search(words, pages.doubt or "")


def test_no_page_at_all_is_refused() -> None:
    with pytest.raises(Refused, match="Il manque la première page"):
        read_pages([])


def test_a_page_of_another_list_puts_all_in_doubt(three: list[Path], folder: Folder) -> None:
    stranger = folder.write("p9.json", "AoZ", "AoZ", an_establishment(9))
    assert re.search(r"p9\.json n’est la suite d’aucune", read_pages([*three, stranger]).doubt or "")


def test_two_pages_of_one_cursor_put_all_in_doubt(three: list[Path], folder: Folder) -> None:
    other = folder.write("autre.json", "AoB", "AoB", an_establishment(4))
    assert re.search(r"p3\.json et autre\.json sont deux pages différentes", read_pages([*three, other]).doubt or "")


def test_a_list_that_turns_in_circles_is_in_doubt(folder: Folder) -> None:
    pages = [folder.write("p1.json", "*", "AoA", an_establishment(1)), folder.write("p2.json", "AoA", "*")]
    assert re.search(r"Il manque la page qui suit p2\.json", read_pages(pages).doubt or "")


def test_a_list_that_is_not_of_the_length_it_announces_is_in_doubt(folder: Folder) -> None:
    assert re.search(
        "3 entrées annoncées, 1 reçues",
        read_pages([folder.write("p1.json", "*", "*", an_establishment(1), total=3)]).doubt or "",
    )


def test_a_total_that_changes_from_page_to_page_puts_all_in_doubt(three: list[Path], folder: Folder) -> None:
    three[1] = folder.write("p2.json", "AoA", "AoB", an_establishment(2), total=4)
    assert re.search(r"p2\.json annonce 4 entrées et la première page 3", read_pages(three).doubt or "")


def test_an_answer_that_is_an_error_is_refused(folder: Folder) -> None:
    with pytest.raises(Refused, match=r"p1\.json n’est pas une page à lire : c’est une erreur 429 : Quota"):
        read_pages([folder.write("p1.json", "*", "*", statut=429, message="Quota")])


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"etablissements": []}', b"\xff{}", b'{"header":{"statut":200}}']
)
def test_what_is_not_a_page_is_refused_by_its_name(folder: Folder, content: bytes) -> None:
    file = folder.path / "bizarre.json"
    file.write_bytes(content)
    with pytest.raises(Refused, match=r"bizarre\.json n’est pas une page à lire"):
        read_pages([file])


def test_pages_of_several_days_are_several_lists_and_the_later_treatment_stands(folder: Folder) -> None:
    again = an_establishment(1, treated="2026-11-21T09:00:00", libelleVoieEtablissement="NEUVE")
    pages = read_pages(
        [
            folder.write("21.json", "*", "*", again, total=1),
            folder.write("20.json", "*", "AoA", an_establishment(1), total=2),
            folder.write("20-2.json", "AoA", "AoA", an_establishment(2), total=2),
        ]
    )
    assert pages.total == 3
    streets = dict(pages.rows.select("siret", "libelleVoieEtablissement").iter_rows())
    assert streets == {a_siret(1): "NEUVE", a_siret(2): "DES BOUCHERS"}


def test_an_entry_that_is_rejected_still_counts_as_received(folder: Folder) -> None:
    pages = read_pages(
        [folder.write("p1.json", "*", "*", an_establishment(1), an_establishment(2, siret="?"), total=2)]
    )
    assert len(pages.rows) == 1
    assert [(each.siret, each.reason) for each in pages.rejected] == [("?", "sans siret lisible")]


def test_the_three_recorded_pages_are_one_list(shared_data: Path) -> None:
    files = sorted((shared_data / "official").glob("sirene-api-20261121-p*.json"), reverse=True)
    pages = read_pages(files)
    assert (pages.total, len(pages.rows), pages.rejected, pages.unknown) == (62, 62, [], {})
    assert pages.rows["etatAdministratifEtablissement"].null_count() == 0
