"""A structure that the legacy file places says so, with the file's date, on its page and in the API."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from litestar.testing import TestClient
from sqlalchemy import func, insert, update

from api.app import create_app
from geo.ancien import finess_ancien
from geo.database import engine_for
from geo.publication import publication
from geo.settings import Settings
from tests.builders import a_structure, insert_load, insert_structures, publish
from tests.conftest import fresh_database
from tests.places import LILLE

Client = TestClient  # type: ignore[type-arg]
ACTIVITIES_MADE = datetime(2026, 11, 21, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def client(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with fresh_database(server_url, template=template) as url:
        engine = engine_for(url)
        with engine.begin() as connection:
            old = {"position_source": "finess_ancien", "precision": "street"}
            insert_structures(connection, [a_structure(at=LILLE, finess="590000001", **old)])
            insert_structures(connection, [a_structure(at=LILLE, finess="590000002")])
            row = {"produced_on": date(2026, 5, 4), "precision": "street", "record": {}}
            both = [row | {"finess": finess, "lon": 3.0, "lat": 50.0} for finess in ("590000001", "590000002")]
            connection.execute(insert(finess_ancien), both)
            version = publish(connection, fictitious=False)
            # activities served too, of another day: their line comes after the position's
            activities = insert_load(connection, "published", pipeline="finess_activites", produced_at=ACTIVITIES_MADE)
            loads = func.array_append(publication.c.loads, activities)
            connection.execute(update(publication).where(publication.c.version == version).values(loads=loads))
        engine.dispose()
        settings = Settings(home=tmp_path_factory.mktemp("instance"), database_url=url)
        with TestClient(create_app(settings), raise_server_exceptions=False) as client:
            yield client


def test_the_api_credits_the_legacy_file_with_the_position_alone(client: Client) -> None:
    page = client.get("/api/v1/structures/f590000001").json()
    assert page["position"]["source"] == "finess_ancien"
    register, ancien = page["provenance"]
    assert "position" not in register["fields"]
    assert ancien == {
        "fields": ["position"],
        "source": "Agence du numérique en santé – ancien fichier FINESS (etalab-cs1100507)",
        "licence": "lov2",
        "as_of": "2026-05-04",
    }


def test_the_page_says_which_file_and_of_when(client: Client) -> None:
    page = " ".join(client.get("/structures/f590000001").text.split())
    assert "Dans la rue, sans le numéro. D’après l’ancien fichier FINESS du 4 mai 2026." in page
    assert "ancien fichier FINESS (etalab-cs1100507), données du 4 mai 2026" in page


def test_one_that_the_flow_places_owes_the_legacy_file_nothing(client: Client) -> None:
    lines = client.get("/api/v1/structures/f590000002").json()["provenance"]
    assert ["position" in each["fields"] for each in lines] == [True]
    assert "ancien fichier" not in client.get("/structures/f590000002").text
