"""Activities over HTTP: what a structure says of its own, the filter, the facet, tiles, the menu."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from litestar.testing import TestClient

from api.app import create_app
from etl.finess.activites.pipeline import refresh as refresh_activities
from etl.finess.pipeline import refresh
from geo.database import engine_for
from geo.settings import Settings
from tests.conftest import fresh_database
from tests.etl.finess import published
from tests.etl.finess.activities import a_capacity, a_file, an_activity, an_ege, an_entity
from tests.places import BORDEAUX, LILLE

Client = TestClient[Any]
HOSPITAL, SERVICE, PHARMACY = "590000001", "590000002", "590000003"


@pytest.fixture(scope="module")
def client(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A hospital with an emergency department, a scanner and a unit without words, a home service, a pharmacy."""
    home = tmp_path_factory.mktemp("activites")
    with fresh_database(server_url, template=template) as url:
        settings = Settings(home=home, database_url=url)
        load(settings, home, with_activities=True)
        with TestClient(create_app(settings), raise_server_exceptions=False) as client:
            yield client


@pytest.fixture(scope="module")
def without(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The same structures before any load of activities."""
    home = tmp_path_factory.mktemp("sans_activites")
    with fresh_database(server_url, template=template) as url:
        settings = Settings(home=home, database_url=url)
        load(settings, home, with_activities=False)
        with TestClient(create_app(settings), raise_server_exceptions=False) as client:
            yield client


def load(settings: Settings, folder: Path, *, with_activities: bool) -> None:
    engine = engine_for(settings.database_url)
    structures = (
        published.an_ege(HOSPITAL, "HOPITAL DES LILAS", adresse=[published.an_address(LILLE)]),
        published.an_ege(SERVICE, "SERVICE DES LILAS", adresse=[published.an_address(BORDEAUX)]),
        published.an_ege(PHARMACY, "PHARMACIE DES LILAS"),
    )
    assert (
        refresh(engine, settings.search_root, published.a_file(folder, *structures), home=settings.home).state
        == "published"
    )
    if with_activities:
        file = a_file(folder, the_entity())
        assert refresh_activities(engine, settings.search_root, file, home=settings.home).state == "published"
    engine.dispose()


def the_entity() -> dict[str, Any]:
    emergency = an_activity(
        activiteAeId="11",
        identifiantAutorisation="1",
        dateFinActiviteAutorisee="2031-05-01",
        capacite=[a_capacity("12")],
        zone={"communeZI": [{"commune": "59350"}]},
    )
    home = an_activity("AMSR", {"activiteSocialeRegulee": "358", "modeFonctionnement": "16", "public": "700"})
    return an_entity(
        an_ege(HOSPITAL, emergency, an_activity("ASDR", {"activiteSanitaireDiverseRegulee": "824"}), ege_id=HOSPITAL),
        an_ege(SERVICE, home, an_activity(etatObjet="I")),
        authorised=(
            an_activity(activiteAeId="1", capacite=[a_capacity("14", "01")]),
            an_activity("EML", {"typeEmlId": "05602"}, egeId=HOSPITAL),
        ),
    )


def get(client: Client, address: str, status: int = 200) -> Any:
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    return answer.json()


def names(client: Client, query: str) -> list[str]:
    return [each["id"][1:] for each in get(client, f"/api/v1/search?{query}")["results"]]


def test_a_structure_tells_what_stands_by_nature_with_its_places(client: Client) -> None:
    emergency, scanner, other = get(client, f"/api/v1/structures/f{HOSPITAL}")["activities"]
    assert emergency == {
        "nature": {"code": "AMM", "label": "Activité de soins (activité, modalité, mention)"},
        "code": "QA014",
        "label": "Médecine d'urgence",
        "modality": "Structure des urgences",
        "details": ["Adulte et pédiatrique"],
        "since": "2015-03-02",
        "until": "2031-05-01",
        "authorised": 14,
        "installed": 12,
        "unit": "place",
    }
    assert (scanner["nature"]["code"], scanner["label"]) == ("EML", "Scanographe à utilisation médicale")
    assert (other["nature"]["code"], other["code"], other["label"]) == ("ASDR", "824", "824")


def test_what_is_over_is_not_told_and_a_structure_without_any_has_an_empty_list(client: Client) -> None:
    assert [each["code"] for each in get(client, f"/api/v1/structures/f{SERVICE}")["activities"]] == ["358"]
    assert get(client, f"/api/v1/structures/f{PHARMACY}")["activities"] == []


def test_before_a_load_activities_are_null_and_not_available_yet(without: Client) -> None:
    assert get(without, f"/api/v1/structures/f{HOSPITAL}")["activities"] is None
    for address in (
        "/api/v1/search?activite=AMM",
        "/api/v1/search?facets=activite",
        "/tiles/structures/3/4/2.mvt?activite=AMM",
    ):
        problem = get(without, address, 400)
        assert ("not available yet" in problem["detail"], problem["parameter"]) == (True, "activite")
    page = without.get("/", headers={"accept": "text/html"}).text
    assert 'name="activite"' not in page
    assert without.get("/?activite=AMM", headers={"accept": "text/html"}).status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("activite=AMM", [HOSPITAL]),
        ("activite=AMM:QA014:MO032", [HOSPITAL]),
        ("activite=AMM:QA014:MO031", []),
        ("activite=EML:05602", [HOSPITAL]),
        ("activite=amsr:358", [SERVICE]),
        ("activite=ASMR", [SERVICE]),
        ("activite=AMSR&activite=EML", [HOSPITAL, SERVICE]),
        ("activite=AMSR&activite=EML&departement=33", [SERVICE]),
        ("activite=AMSR&activite=EML&q=lilas", [HOSPITAL, SERVICE]),
        ("activite=AER", []),
    ],
)
def test_the_filter_finds_any_of_the_codes_asked(client: Client, query: str, found: list[str]) -> None:
    assert sorted(names(client, query)) == found


def test_a_body_takes_the_same_codes(client: Client) -> None:
    answer = client.post("/api/v1/search", json={"activite": ["AMSR", "EML"]})
    assert answer.json()["total"] == 2


@pytest.mark.parametrize("code", ["urgences", "AMM:", "AMM:QA014:MO032:X", "AMM QA014", "XYZ:1", "AMM:<b>", "'; --"])
def test_a_malformed_code_is_400_and_says_what_is_expected(client: Client, code: str) -> None:
    answer = client.get("/api/v1/search", params={"activite": code})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "activite"
    assert "AMM" in answer.json()["detail"]


@pytest.mark.parametrize("words", ["", "q=lilas&"])
def test_the_facet_counts_what_the_filter_finds(client: Client, words: str) -> None:
    facet = get(client, f"/api/v1/search?{words}facets=activite")["facets"]["activite"]
    counted = {each["value"]: each["count"] for each in facet}
    for value, count in counted.items():
        assert get(client, f"/api/v1/search?{words}activite={value}")["total"] == count
    assert counted == Counter(
        ["AMM", "AMM:QA014", "AMM:QA014:MO032", "ASDR", "ASDR:824", "EML", "EML:05602", "AMSR", "AMSR:358"]
    )


def test_a_cursor_does_not_go_on_with_another_activity(client: Client) -> None:
    cursor = get(client, "/api/v1/search?activite=AMSR&activite=EML&limit=1")["next"]
    assert names(client, f"activite=AMSR&activite=EML&limit=1&cursor={cursor}")
    get(client, f"/api/v1/search?activite=AMSR&limit=1&cursor={cursor}", 400)


@pytest.mark.parametrize("query", ["activite=AMSR", "activite=AMSR&q=lilas"])
def test_tiles_draw_the_same(client: Client, query: str) -> None:
    tile = mapbox_vector_tile.decode(client.get(f"/tiles/structures/0/0/0.mvt?{query}").content)
    assert [feature["properties"] for feature in tile["clusters"]["features"]] == [{"n": 1, "id": f"f{SERVICE}"}]


def test_the_description_says_what_the_filter_takes(client: Client) -> None:
    paths = get(client, "/openapi.json")["paths"]
    for path in ("/api/v1/search", "/tiles/structures/{z}/{x}/{y}.mvt"):
        described = {each["name"]: each.get("description", "") for each in paths[path]["get"]["parameters"]}
        assert "`AMM:QA014`" in described["activite"]


def test_answers_credit_the_flow_and_its_day(client: Client) -> None:
    sources = get(client, "/api/v1/search")["data"]["sources"]
    assert [(each["name"], each["as_of"]) for each in sources] == [
        ("Agence du numérique en santé – FINESS", "2026-11-21"),
        ("Agence du numérique en santé – FINESS, activités", "2026-11-21"),
    ]
    lines = get(client, f"/api/v1/structures/f{HOSPITAL}")["provenance"]
    (line,) = (each for each in lines if each["fields"] == ["activities"])
    assert (line["source"], line["as_of"]) == ("Agence du numérique en santé – FINESS, activités", "2026-11-21")


def test_a_structure_without_activities_owes_their_flow_nothing(client: Client) -> None:
    found = get(client, "/api/v1/search")["results"]
    whole = [get(client, f"/api/v1/structures/{each['id']}") for each in found]
    without = [each for each in whole if each["activities"] == []]
    assert without
    for each in without:
        assert [line for line in each["provenance"] if "activities" in line["fields"]] == []
        shown = client.get(f"/structures/{each['id']}", headers={"accept": "text/html"}).text
        assert "FINESS, activités" not in shown.partition('<p class="source">')[2].partition("</p>")[0]


def test_the_panel_offers_activities_that_have_words_by_nature_with_their_counts(client: Client) -> None:
    page = client.get("/?activite=EML:05602", headers={"accept": "text/html"}).text
    assert ticked(page, "activite") == {
        "AMM": (1, False), "AMM:QA014": (1, False), "EML": (1, False), "EML:05602": (1, True), "ASDR": (1, False),
        "AMSR": (1, False),
    }  # fmt: skip
    assert 'data-tuiles="activite=EML%3A05602"' in page
    assert "Retirer\u00a0: </span>Scanographe à utilisation médicale" in page


def test_a_finer_activity_than_the_panel_s_stays_chosen(client: Client) -> None:
    page = client.get("/?activite=AMM:QA014:MO032", headers={"accept": "text/html"}).text
    assert ticked(page, "activite")["AMM:QA014:MO032"][1]


def ticked(page: str, name: str) -> dict[str, tuple[int, bool]]:
    """How many each choice of the panel would find, and whether it is chosen."""
    boxes = re.findall(rf'name="{name}" value="([^"]*)"( checked)?>.*?class="combien">([0-9]+)', page)
    return {value: (int(count), bool(checked)) for value, checked, count in boxes}


def test_the_page_of_a_structure_shows_its_activities_without_its_zones(client: Client) -> None:
    page = html.unescape(client.get(f"/structures/f{HOSPITAL}", headers={"accept": "text/html"}).text)
    assert "Activités autorisées" in page
    assert "14 places autorisées, 12 installées" in page
    assert "jusqu’au 1er mai 2031" in page
    assert "59350" not in page
    empty = client.get(f"/structures/f{PHARMACY}", headers={"accept": "text/html"}).text
    assert "Activités autorisées" not in empty


def test_before_any_zone_is_published_the_page_of_who_comes_says_so(without: Client) -> None:
    told = without.get("/interventions?lieu=lille", headers={"accept": "text/html"})
    assert (told.status_code, "Aucune zone d’intervention n’est encore publiée" in told.text) == (200, True)
    assert without.get("/api/v1/interventions?lat=50.6&lon=3.06").status_code == 400
