"""An instance told LUM1_SEARCH=elasticsearch: its commands make the index, its API answers from it and says so."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from api.app import create_app
from api.commands.records import verify
from api.commands.searching import search
from api.machine.doctor import examine
from api.machine.home import Home
from geo.database import engine_for
from geo.errors import NotReady
from tests.builders import a_structure, insert_structures, publish
from tests.conftest import fresh_database
from tests.elastic.conftest import a_client, search_with
from tests.opensearch.peer import Node
from tests.places import LILLE, LORIENT


@pytest.fixture
def instance(
    node: Node, server_url: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A published home whose environment names the node; its index is not made yet."""
    server = node.server("instance")
    with fresh_database(server_url, template=template) as url, a_client(server):
        engine = engine_for(url)
        with engine.begin() as connection:
            insert_structures(
                connection,
                [a_structure(at=LILLE, name="PHARMACIE DU BEFFROI"), a_structure(at=LORIENT, name="CLINIQUE DU PORT")],
            )
            publish(connection)
        engine.dispose()
        search_with(monkeypatch, tmp_path, url, URL=node.url, NAME=server.name)
        yield tmp_path


def run(*arguments: str) -> str:
    done = CliRunner().invoke(search, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_api_answers_from_the_index_that_a_command_made(instance: Path) -> None:
    with TestClient(create_app()) as client:
        ready = client.get("/readyz").json()
        assert (ready["status"], ready["engine"], ready["words"]) == ("degraded", "embedded", False)
        assert client.get("/api/v1/search", params={"q": "pharmacie"}).status_code == 503
        assert client.get("/api/v1/search").json()["total"] == 2
    assert "2 structures" in run("build")
    with TestClient(create_app()) as client:
        ready = client.get("/readyz").json()
        assert (ready["status"], ready["engine"], ready["words"]) == ("ok", "elasticsearch", True)
        found = client.get("/api/v1/search", params={"q": "pharmacie lille", "facets": "categorie"}).json()
        assert (found["engine"], found["total"]) == ("elasticsearch", 1)
        assert [each["name"] for each in found["results"]] == ["PHARMACIE DU BEFFROI"]
        suggested = client.get("/api/v1/suggest", params={"q": "clinique du p"}).json()["suggestions"]
        assert [each["label"] for each in suggested if each["kind"] == "structure"] == ["CLINIQUE DU PORT – Lorient"]
        assert client.get("/", params={"q": "pharmacie"}).status_code == 200
        assert client.get("/tiles/structures/6/32/21.mvt", params={"q": "pharmacie"}).status_code == 200


def test_an_answer_says_what_the_server_took_of_its_time(instance: Path) -> None:
    run("build")
    with TestClient(create_app()) as client:
        told = client.get("/api/v1/search", params={"q": "pharmacie"}).headers["server-timing"]
        assert re.fullmatch(r"search-server;dur=\d+", told)
        assert "server-timing" not in client.get("/api/v1/suggest", params={"q": "pharm"}).headers


def test_doctor_and_verify_know_the_server(instance: Path) -> None:
    def found() -> tuple[bool, str, str]:
        finding = next(each for each in examine(Home(instance)) if each.name == "moteur de recherche")
        return finding.ok, finding.found, finding.mend

    assert found() == (False, "OpenSearch 3.8.0, sans index", "./lum1 search sync")
    run("build")
    assert found()[0]
    told = CliRunner().invoke(verify, ["search"]).output
    assert "aucun index" not in told
    assert "indexé" not in told


def test_going_back_is_a_command(instance: Path) -> None:
    with pytest.raises(NotReady, match="plus ancien"):
        run("back")
    first, second = run("build"), run("build")
    assert first != second
    assert run("back").split(" de nouveau")[0] == first.split(" servi")[0]


def test_an_index_alone_leaves_nothing_to_go_back_to(instance: Path) -> None:
    run("build")
    run("build", "--alone")
    with pytest.raises(NotReady, match="plus ancien"):
        run("back")


def test_without_a_server_the_commands_say_which_setting_chooses_one(
    instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LUM1_SEARCH")
    for command in ("build", "back"):
        with pytest.raises(NotReady, match="LUM1_SEARCH=elasticsearch"):
            run(command)
