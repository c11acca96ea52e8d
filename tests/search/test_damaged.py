"""An index that a full disk or a crash cut short answers nothing wrong: it is not ready, and one made in its place is opened."""

import gc
import shutil
import threading
import weakref
from pathlib import Path

import pytest

from geo.errors import NotReady
from search import embedded
from search.embedded.index import OpenIndexes
from search.embedded.names import Names
from search.query import SearchQuery
from tests.builders import a_structure
from tests.places import LILLE
from tests.search.conftest import Searchable


@pytest.fixture
def folder(searchable: Searchable) -> Path:
    searchable.index(*(a_structure(finess=str(n), name=f"PHARMACIE {n}", at=LILLE) for n in range(30)))
    return searchable.root / str(searchable.publication.version)


def cut(file: Path, part: float) -> None:
    """The file that takes its place holds so much of it, as after a copy that was cut: who has it open keeps it whole."""
    whole = file.read_bytes()
    file.unlink()
    file.write_bytes(whole[: int(len(whole) * part)])


@pytest.mark.parametrize("part", [0.0, 0.5])
@pytest.mark.parametrize(
    "name",
    [
        "postings/words.txt",
        "postings/ranks.npy",
        "names/digests.npy",
        "beginnings/turns.npy",
        "numbers/numbers.npy",
        "lat.npy",
        "vocabularies.json",
    ],
)
def test_a_file_cut_short_is_seen_before_it_is_read(
    searchable: Searchable, folder: Path, name: str, part: float
) -> None:
    cut(folder / name, part)
    assert not embedded.opens(folder)
    with pytest.raises(NotReady, match="search rebuild"):
        searchable.engine.check(searchable.publication)
    with pytest.raises(NotReady):
        searchable.ask(SearchQuery(words="pharmacie"))
    assert searchable.ask(SearchQuery()).total == 30


@pytest.mark.parametrize("name", ["lat.npy", "postings/ranks.npy", "beginnings/keys.npy", "numbers/numbers.npy"])
@pytest.mark.parametrize(
    ("told", "instead"), [(b"}", b" "), (b"(", b" "), (b"'descr'", b"'desc_'"), (b",), }", b"),,}")]
)
def test_a_header_that_is_damaged_is_an_index_that_does_not_open(
    searchable: Searchable, folder: Path, name: str, told: bytes, instead: bytes
) -> None:
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    (folder / name).write_bytes(content[:128].replace(told, instead, 1) + content[128:])
    assert not embedded.opens(folder)
    assert embedded.verify(searchable.connection, folder)
    with pytest.raises(NotReady):
        searchable.engine.check(searchable.publication)


def test_what_is_made_in_its_place_answers_without_a_new_start(searchable: Searchable, folder: Path) -> None:
    assert searchable.ask(SearchQuery(words="pharmacie")).total == 30
    cut(folder / "postings" / "words.txt", 0.5)
    embedded.build(searchable.connection, folder)
    searchable.connection.exec_driver_sql("DELETE FROM structure WHERE id = 'f3'")
    assert searchable.ask(SearchQuery(words="pharmacie")).total == 30
    embedded.build(searchable.connection, folder)
    assert searchable.ask(SearchQuery(words="pharmacie")).total == 29


def test_an_index_that_is_made_again_is_there_all_the_while(searchable: Searchable, folder: Path) -> None:
    missing = 0
    done = threading.Event()

    def look() -> None:
        nonlocal missing
        while not done.is_set():
            missing += not (folder / "complete").exists()

    watching = threading.Thread(target=look)
    watching.start()
    for _ in range(3):
        embedded.build(searchable.connection, folder)
    done.set()
    watching.join()
    assert not missing
    assert [each.name for each in folder.parent.iterdir()] == [folder.name]


def test_where_two_folders_cannot_change_hands_at_once_it_is_made_again_all_the_same(
    searchable: Searchable, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.embedded.swap._exchanged", lambda one, other: False)
    searchable.connection.exec_driver_sql("DELETE FROM structure WHERE id = 'f3'")
    embedded.build(searchable.connection, folder)
    assert searchable.ask(SearchQuery(words="pharmacie")).total == 29
    assert [each.name for each in folder.parent.iterdir()] == [folder.name]


def test_files_of_two_indexes_are_never_read_together(
    searchable: Searchable, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another index takes the place of one of which some files are open already."""
    opened = Names.open

    def replaced_half_way(names: Path) -> Names:
        monkeypatch.undo()
        searchable.connection.exec_driver_sql("DELETE FROM structure WHERE id = 'f3'")
        embedded.build(searchable.connection, folder)
        return opened(names)

    monkeypatch.setattr(Names, "open", replaced_half_way)
    index = OpenIndexes(searchable.root).of(int(folder.name))
    assert len(index.columns) == len(index.names) == len(index.stored)


def test_one_that_was_deleted_is_let_go_when_the_next_is_opened(searchable: Searchable, folder: Path) -> None:
    indexes = OpenIndexes(searchable.root)
    version = int(folder.name)
    first = weakref.ref(indexes.of(version))
    shutil.copytree(folder, searchable.root / str(version + 1))
    shutil.rmtree(folder)
    indexes.of(version + 1)
    gc.collect()
    assert first() is None
