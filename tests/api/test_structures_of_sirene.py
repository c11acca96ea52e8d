"""The answer and the page of a structure that SIRENE founds: its days, its history after a return, a wrong key."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from api.app import create_app
from etl.rollback import rollback
from geo.settings import Settings
from tests.etl.conftest import MakeInstance, make_instance  # noqa: F401 (instances of one test's own)
from tests.etl.finess.test_history import DAY_1, a_day
from tests.etl.instance import Instance
from tests.etl.registers.people import NOVEMBER, Person, load_pages, load_stock
from tests.etl.registers.test_links import REST, declaring

Client = TestClient[Any]
CLOSES, STAYS = Person(12), Person(34)
WRONG_KEY = f"{STAYS.siret[:13]}{(int(STAYS.siret[13]) + 1) % 10}"
LATER = "2026-11-21T21:52:02.598"


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:  # noqa: F811
    """Two practitioners that SIRENE alone knows; the key of one's number is wrong, as Insee publishes some."""
    folder = tmp_path_factory.mktemp("octobre")
    with make_instance() as instance:
        assert instance.refresh(a_day(folder, DAY_1, declaring(None), *REST)).state == "published"
        report = load_stock(instance, folder, CLOSES, STAYS, changed={STAYS.siret: {"siret": WRONG_KEY}})
        assert report.state == "published", report
        yield instance


@pytest.fixture
def stocked(october: Instance, make_instance: MakeInstance) -> Iterator[Instance]:  # noqa: F811
    with make_instance(like=october) as instance:
        yield instance


@pytest.fixture
def client(stocked: Instance) -> Iterator[Client]:
    settings = Settings(home=stocked.search.parent, database_url=stocked.url)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def of(client: Client, identifier: str, status: int = 200) -> dict[str, Any]:
    answer = client.get(f"/api/v1/structures/{identifier}")
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def page(client: Client, identifier: str) -> str:
    return re.sub(r"\s+", " ", client.get(f"/structures/{identifier}", headers={"accept": "text/html"}).text)


def told(client: Client) -> tuple[bool, list[str]]:
    """Whether the one that closes is open, and what its history says."""
    found = of(client, CLOSES.id)
    return found["open"], [change["kind"] for change in found["history"]]


def test_the_day_it_opened_is_told(client: Client, stocked: Instance) -> None:
    [(opened_on,)] = stocked.rows(f"SELECT opened_on FROM structure WHERE id = '{CLOSES.id}'")
    assert of(client, CLOSES.id)["opened_on"] == opened_on.isoformat()
    assert "<dt>Ouverture</dt>" in page(client, CLOSES.id)


def test_after_a_return_no_closure_is_told_of_one_that_is_open(
    client: Client, stocked: Instance, tmp_path: Path
) -> None:
    [(stock,)] = stocked.rows("SELECT max(id) FROM load WHERE pipeline = 'sirene'")
    assert told(client) == (True, [])
    load_pages(stocked, tmp_path, CLOSES.entry(etatAdministratifEtablissement="F"), accept=["closed"])
    assert told(client) == (False, ["closed"])
    rollback(stocked.engine, stocked.search, stock, home=stocked.home)
    assert told(client) == (True, [])
    assert "Fermeture" not in page(client, CLOSES.id)
    assert load_pages(stocked, tmp_path, STAYS.entry(LATER, siret=WRONG_KEY)).state == "published"
    assert told(client) == (False, ["closed"])


def test_a_stock_older_than_the_days_before_it_hides_nothing(client: Client, stocked: Instance, tmp_path: Path) -> None:
    load_pages(stocked, tmp_path, CLOSES.entry(etatAdministratifEtablissement="F"), accept=["closed"])
    changed = {STAYS.siret: {"siret": WRONG_KEY}}
    report = load_stock(stocked, tmp_path, CLOSES, STAYS, day=NOVEMBER, changed=changed, accept=["closed"])
    assert report.state == "published", report
    assert told(client) == (False, ["closed"])


def test_a_number_that_insee_publishes_with_a_wrong_key_is_looked_up(client: Client) -> None:
    assert of(client, f"siret:{WRONG_KEY}")["id"] == f"s{WRONG_KEY}"
    found = client.get("/api/v1/search", params={"q": WRONG_KEY}).json()["results"]
    assert [each["id"] for each in found] == [f"s{WRONG_KEY}"]


def test_a_wrong_key_that_nothing_bears_is_a_mistake(client: Client) -> None:
    assert "leur clé" in of(client, f"siret:{CLOSES.siret[:13]}{(int(CLOSES.siret[13]) + 1) % 10}", 400)["detail"]
