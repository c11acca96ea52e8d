"""A practitioner who asks for a partial diffusion was told before, and is nowhere after one load."""

from pathlib import Path
from typing import Any

import pytest

from tests.etl.finess.published import a_file, an_ege
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import Person, load_pages, load_stock

LEAVES, STAYS, OTHER = Person(12), Person(34), Person(56)


@pytest.fixture
def told(instance: Instance, tmp_path: Path) -> Instance:
    """Three practitioners beside a pharmacy, from the stock of October."""
    assert instance.refresh(a_file(tmp_path, an_ege())).state == "published"
    report = load_stock(instance, tmp_path, LEAVES, STAYS, OTHER)
    assert report.state == "published", report
    return instance


def structures(instance: Instance) -> list[str]:
    return [row[0] for row in instance.rows("SELECT id FROM structure WHERE register = 'sirene' ORDER BY id")]


def test_who_is_told_is_found_everywhere_that_we_look(told: Instance) -> None:
    found = places(told, LEAVES.secrets, [(LEAVES.lon, LEAVES.lat)])
    kinds = {each.split()[0] for each in found}
    print(found)
    assert kinds == {"table", "statistiques", "index", "tuile", "export", "réponse", "fichier"}
