"""A row that the database refuses is told by no log and no message of the command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from geo.settings import REPOSITORY
from tests.etl.finess.published import a_file, an_ege
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import NOVEMBER, Person, load_stock, pages_of, stock_files

STAYS, NEW = Person(34), Person(56)


@pytest.fixture
def strict(instance: Instance, tmp_path: Path) -> Instance:
    """Somebody's row will be refused, as a constraint of a later version may."""
    assert instance.refresh(a_file(tmp_path, an_ege())).state == "published"
    assert load_stock(instance, tmp_path, STAYS).state == "published"
    with instance.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE sirene_establishment ADD CHECK (siret <> '{NEW.siret}')")
    return instance


def lum1(instance: Instance, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own; its words go to the home's logs, as cron's and the worker's do."""
    inherited = {name: value for name, value in os.environ.items() if name != "LUM1_TEST_DATABASE_URL"}
    ours = {"LUM1_HOME": str(instance.home), "LUM1_DATABASE_URL": instance.url, "LUM1_LIVE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=REPOSITORY,
        env=inherited | ours,
        capture_output=True,
        text=True,
        check=False,
    )
    (instance.home / "mail").write_text(done.stdout + done.stderr)
    return done


@pytest.mark.parametrize("kind", ["stock", "pages"])
def test_the_command_line_says_where_it_failed_and_of_nobody(strict: Instance, tmp_path: Path, kind: str) -> None:
    files = stock_files(tmp_path, STAYS, NEW, day=NOVEMBER)
    stock = ["--etablissements", str(files.establishments), "--unites-legales", str(files.units)]
    stock += ["--geolocalisation", str(files.positions)]
    pages = ["--api-pages", *map(str, pages_of(tmp_path, NEW.entry()))]
    done = lum1(strict, "refresh", "sirene", *(stock if kind == "stock" else pages))
    assert done.returncode == 1
    assert "CheckViolation (23514)" in done.stderr
    assert "etl/registers/establishments.py" in done.stderr
    assert places(strict, NEW.secrets) == []
