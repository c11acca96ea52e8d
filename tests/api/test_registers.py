"""FINESS and SIRENE together over HTTP: redirections, withdrawals, who says what, who stands at the same door."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from math import asinh, floor, pi, radians, tan
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest
from litestar.testing import TestClient
from sqlalchemy import Engine, select, text

from api.app import create_app
from etl.counts import counts_of, together
from etl.export import export
from etl.labels import LABELS
from etl.report import Report, as_text, report_of
from geo.communes import communes
from geo.database import engine_for
from geo.publication import load
from geo.settings import Settings
from tests.api import two_registers as street
from tests.once import copy_of
from tests.places import BORDEAUX

Client = TestClient[Any]
HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def both(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An instance that serves both registers."""
    with copy_of(street.both_registers, server_url, tmp_path_factory.mktemp("registres")) as settings:
        yield settings


@pytest.fixture(scope="module")
def runs(both: Settings) -> list[Report]:
    """The reports of SIRENE's two months, as the ledger keeps them."""
    engine = engine_for(both.database_url)
    with engine.connect() as connection:
        rows = connection.execute(select(load).where(load.c.pipeline == "sirene").order_by(load.c.id)).all()
    engine.dispose()
    return [report_of(row) for row in rows]


@pytest.fixture(scope="module")
def client(both: Settings) -> Iterator[Client]:
    with TestClient(create_app(both), raise_server_exceptions=False) as client:
        client.follow_redirects = False
        yield client


@pytest.fixture
def engine(both: Settings) -> Iterator[Engine]:
    engine = engine_for(both.database_url)
    yield engine
    engine.dispose()


def of(client: Client, identifier: str, status: int = 200) -> dict[str, Any]:
    answer = client.get(f"/api/v1/structures/{identifier}")
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def page(client: Client, identifier: str, status: int = 200) -> str:
    answer = client.get(f"/structures/{identifier}", headers=HTML)
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", answer.text)


def said_by(told: dict[str, Any], source: str) -> set[str]:
    return {field for line in told["provenance"] if line["source"].startswith(source) for field in line["fields"]}


def test_the_street_is_as_these_tests_need_it(engine: Engine) -> None:
    with engine.connect() as connection:
        ids = set(connection.execute(text("SELECT id FROM structure WHERE register = 'sirene'")).scalars())
    told = (street.DOCTOR, street.DENTIST, street.LABORATORY, street.HEIR, street.OTHER_STREET)
    assert ids == {f"s{each}" for each in told}


@pytest.mark.parametrize("root", ["/api/v1/structures", "/structures"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_establishment_that_finess_has_redirects_to_its_structure(client: Client, root: str, method: str) -> None:
    answer = client.request(method, f"{root}/s{street.OF_PHARMACY}", headers=HTML)
    assert answer.status_code == 308
    assert answer.headers["location"] == f"{root}/f{street.PHARMACY}"
    assert answer.headers["cache-control"] == "no-cache"


def test_a_redirection_says_the_id_and_keeps_the_way_back(client: Client) -> None:
    assert of(client, f"s{street.OF_PHARMACY}", 308) == {"id": f"f{street.PHARMACY}"}
    answer = client.get(f"/structures/s{street.OF_PHARMACY}?retour=%3Fq%3Dlilas", headers=HTML)
    assert answer.headers["location"] == f"/structures/f{street.PHARMACY}?retour=%3Fq%3Dlilas"


def test_a_redirection_is_undone_with_the_link_that_made_it(client: Client, both: Settings) -> None:
    dentist = f"s{street.DENTIST}"
    street.decide(both, street.DENTIST, street.SILENT, "accepted")
    assert of(client, dentist, 308) == {"id": f"f{street.SILENT}"}
    (linked,) = of(client, f"f{street.SILENT}")["registers"]
    assert (linked["siret"], linked["source"], linked["status"]) == (street.DENTIST, "human", "accepted")
    assert "Confirmé par une personne" in page(client, f"f{street.SILENT}")
    street.undo_decision(both, street.DENTIST)
    assert of(client, dentist)["id"] == dentist
    assert of(client, f"f{street.SILENT}")["registers"] == []


def test_an_establishment_taken_over_at_its_place_redirects_to_who_goes_on(client: Client, both: Settings) -> None:
    assert of(client, f"s{street.FORMER}", 308) == {"id": f"s{street.HEIR}"}
    assert of(client, f"siret:{street.FORMER}")["id"] == f"s{street.HEIR}"
    street.decide(both, street.HEIR, street.SILENT, "accepted")
    assert of(client, f"s{street.FORMER}", 308) == {"id": f"f{street.SILENT}"}
    street.undo_decision(both, street.HEIR)
    assert of(client, f"s{street.FORMER}", 308) == {"id": f"s{street.HEIR}"}


@pytest.mark.parametrize("identifier", [f"s{street.HIDDEN}", f"siret:{street.HIDDEN}"])
def test_one_that_hides_after_it_was_told_is_gone_without_a_field(client: Client, identifier: str) -> None:
    answer = client.get(f"/api/v1/structures/{identifier}")
    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
    assert answer.json().keys() == {"type", "title", "status", "detail"}
    shown = page(client, identifier, 410)
    assert "<h1>Cette fiche a été retirée</h1>" in shown
    assert '<meta name="robots" content="noindex">' in shown
    for field in (street.HIDDEN, street.HIDDEN[:9], "SECRET", "Secret", "Dominique"):
        assert field not in answer.text + shown
    assert client.head(f"/structures/{identifier}", headers=HTML).status_code == 410


def test_one_that_hid_before_it_was_told_is_unknown_like_any_number(client: Client) -> None:
    hidden, unknown = (of(client, f"s{each}", 404) for each in (street.NEVER_TOLD, street.UNKNOWN))
    assert hidden["detail"].replace(street.NEVER_TOLD, "") == unknown["detail"].replace(street.UNKNOWN, "")
    of(client, f"siret:{street.NEVER_TOLD}", 404)
    page(client, f"s{street.NEVER_TOLD}", 404)


def test_one_who_objects_is_gone(client: Client, both: Settings) -> None:
    assert of(client, f"s{street.OTHER_STREET}")["open"] is True
    street.withdraw(both, street.OTHER_STREET)
    of(client, f"s{street.OTHER_STREET}", 410)
    assert "retirée" in page(client, f"siret:{street.OTHER_STREET}", 410)


def test_a_structure_of_finess_says_which_register_says_what(client: Client) -> None:
    told = of(client, f"f{street.PHARMACY}")
    assert sorted(each["code"] for each in told["naf"]) == ["47.73Y", "47.73Z"]
    assert said_by(told, "Insee") == {"naf", "aliases"}
    assert {"name", "categorie", "siret", "address", "phones", "open", "position"} <= said_by(told, "Agence")
    (line,) = [each for each in told["provenance"] if each["source"] == "Insee – Sirene"]
    assert (line["licence"], line["as_of"]) == ("lov2", "2026-11-04")
    assert "Pharmacie du Soleil" in told["aliases"]
    html = page(client, f"f{street.PHARMACY}")
    assert "47.73Z, Commerce de détail de produits pharmaceutiques en magasin spécialisé (NAF rév. 2)" in html
    assert "Insee – Sirene, données du 4 novembre 2026" in html
    assert "Déclaré par FINESS, confirmé par Sirene." in html


def test_a_structure_of_sirene_says_all_from_sirene(client: Client) -> None:
    told = of(client, f"s{street.DENTIST}")
    fields = {"name", "categorie", "naf", "siret", "siren", "address", "open", "closed_on", "position", "aliases"}
    assert said_by(told, "Insee") == fields
    assert said_by(told, "Agence") == set()
    assert (told["categorie"]["code"], told["registers"]) == ("lib:dentiste", [])
    html = page(client, f"s{street.DENTIST}")
    assert "Rapprochement" not in html
    assert "FINESS" not in re.sub(r".*<main", "", html).partition("</main>")[0]


def test_a_masked_siret_that_finess_publishes_gets_nothing_from_sirene(client: Client) -> None:
    told = of(client, f"f{street.MASKED}")
    assert (told["siret"], told["naf"], told["aliases"]) == ([street.OF_MASKED], [], [])
    assert said_by(told, "Insee") == set()
    assert told["registers"] == [
        {"siret": street.OF_MASKED, "source": "declared", "status": None, "score": None, "findings": []}
    ]
    assert "SIRET publié par FINESS." in page(client, f"f{street.MASKED}")


def test_what_is_found_of_a_declared_siret_is_said_in_french(client: Client) -> None:
    registers = of(client, f"f{street.CLOSED}")["registers"]
    (found,) = [each for each in registers if each["siret"] == street.OF_CLOSED]
    assert (found["source"], found["status"]) == ("declared", "rejected")
    assert found["findings"] == [
        "déclaré par FINESS, fermé selon Sirene",
        "déclaré par FINESS, d’une autre entité juridique selon Sirene",
    ]
    shown = page(client, f"f{street.CLOSED}")
    assert "Déclaré par FINESS, fermé selon Sirene, d’une autre entité juridique selon Sirene." in shown


def test_who_stands_at_the_same_door_is_told_however_the_street_is_written(client: Client) -> None:
    assert of(client, f"f{street.PHARMACY}")["place"] == {
        "total": 1,
        "structures": [
            {
                "id": f"s{street.DOCTOR}",
                "name": "Camille Petit",
                "categorie": {"code": "lib:medecin-generaliste", "label": "Médecin généraliste"},
            }
        ],
    }
    assert [each["id"] for each in of(client, f"s{street.DOCTOR}")["place"]["structures"]] == [f"f{street.PHARMACY}"]
    assert (
        f'<a href="/structures/s{street.DOCTOR}">'
        in page(client, f"f{street.PHARMACY}").partition("À la même adresse")[2]
    )


def test_one_number_farther_is_another_place(client: Client) -> None:
    assert of(client, f"f{street.CLOSED}")["place"] == {"total": 0, "structures": []}
    assert "À la même adresse" not in page(client, f"f{street.CLOSED}")


def test_of_two_at_one_number_without_good_points_the_address_is_enough(client: Client, engine: Engine) -> None:
    coarse = text("UPDATE structure SET precision = :precision WHERE id = ANY (:ids)")
    ids = [f"s{street.DENTIST}", f"s{street.LABORATORY}"]
    with engine.begin() as connection:
        connection.execute(coarse, {"precision": "street", "ids": ids})
    assert [each["id"] for each in of(client, ids[0])["place"]["structures"]] == [ids[1]]
    centre = text("UPDATE structure SET precision = 'commune', lon = :lon, lat = :lat WHERE id = :id")
    with engine.begin() as connection:
        bordeaux = communes()[BORDEAUX.commune]
        at = connection.execute(text("SELECT lon, lat FROM structure WHERE id = :id"), {"id": ids[1]}).one()
        connection.execute(centre, {"id": ids[1], "lon": bordeaux.lon, "lat": bordeaux.lat})
    for one, other in (ids, ids[::-1]):
        assert [each["id"] for each in of(client, one)["place"]["structures"]] == [other]
    with engine.begin() as connection:  # back at its door: other tests look for it on the map
        connection.execute(centre, {"id": ids[1], "lon": at.lon, "lat": at.lat})


def test_the_page_of_a_natural_person_is_not_for_search_engines(client: Client) -> None:
    for number, expected in ((street.DOCTOR, "noindex"), (street.DENTIST, None)):
        answer = client.get(f"/structures/s{number}", headers=HTML)
        assert answer.headers.get("x-robots-tag") == expected
        assert ('<meta name="robots" content="noindex">' in answer.text) is (expected is not None)
    assert "x-robots-tag" not in client.get(f"/structures/f{street.SILENT}", headers=HTML).headers


def test_a_practitioner_is_told_where_the_data_come_from_and_how_to_object(client: Client) -> None:
    told = page(client, f"s{street.DOCTOR}")
    assert 'C’est vous ? <a href="/donnees#vie-privee">' in told
    for other in (f"s{street.DENTIST}", f"f{street.SILENT}"):
        assert "C’est vous ?" not in page(client, other)


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("", "écrivez à l’exploitant de ce site, en donnant le SIRET"),
        (
            "dpo@annuaire.example",
            'à l’exploitant de ce site, <a href="mailto:dpo@annuaire.example">dpo@annuaire.example</a>, en donnant',
        ),
        ("1 rue <b>des Lilas</b>", "à l’exploitant de ce site, 1 rue &lt;b&gt;des Lilas&lt;/b&gt;, en donnant"),
    ],
)
def test_whom_to_write_to_is_the_operator_s_setting(both: Settings, contact: str, said: str) -> None:
    with TestClient(create_app(replace(both, contact=contact))) as client:
        html = re.sub(r"\s+", " ", client.get("/donnees", headers=HTML).text)
    assert said in html.partition('<h2 id="vie-privee">')[2]
    assert 'href="https://statut-diffusion-sirene.insee.fr"' in html


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("lib:medecin-generaliste", [street.DOCTOR]),
        ("LIB:Dentiste", [street.DENTIST]),
        ("lib", [street.DOCTOR, street.DENTIST]),
        ("sirene", [street.LABORATORY, street.HEIR]),
    ],
)
def test_categories_of_ours_are_filters_like_any(client: Client, asked: str, found: list[str]) -> None:
    ids = sorted(f"s{each}" for each in found)
    told = client.get("/api/v1/search", params={"categorie": asked, "facets": "categorie"}).json()
    assert sorted(each["id"] for each in told["results"]) == ids
    labels = {each["value"]: each["label"] for each in told["facets"]["categorie"]}
    found_in = {each["categorie"]["code"]: each["categorie"]["label"] for each in told["results"]}
    assert found_in.items() <= labels.items()  # those that could be chosen too are counted beside
    with_words = client.get("/api/v1/search", params={"categorie": asked, "q": "bordeaux"}).json()
    assert sorted(each["id"] for each in with_words["results"]) == ids
    assert tile_ids(client, f"categorie={asked}") == ids
    html = client.get("/", params={"categorie": asked}, headers=HTML).text
    assert all(f'data-id="{each}"' in html for each in ids)


def tile_ids(client: Client, query: str) -> list[str]:
    """Of the points that the tiles around the street draw at zoom 14."""
    west, north = (floor(each) for each in fraction_of_world(BORDEAUX.lon, BORDEAUX.lat))
    found = set()
    for x in (west, west + 1):
        for y in (north - 1, north):
            answer = client.get(f"/tiles/structures/14/{x}/{y}.mvt?{query}")
            layers = mapbox_vector_tile.decode(answer.content) if answer.status_code == 200 else {}
            found |= {each["properties"]["id"] for each in layers.get("structures", {}).get("features", ())}
    return sorted(found)


def fraction_of_world(lon: float, lat: float) -> tuple[float, float]:
    """In tiles of zoom 14 from the north-west corner."""
    return (lon + 180) / 360 * 2**14, (1 - asinh(tan(radians(lat))) / pi) / 2 * 2**14


def test_the_panel_offers_the_family_and_ticks_the_category_asked(client: Client) -> None:
    html = client.get("/?categorie=lib:dentiste", headers=HTML).text
    assert re.findall(r'name="categorie" value="([^"]*)" checked> <span>([^<]*)', html) == [
        ("lib:dentiste", "Chirurgien-dentiste")
    ]
    assert 'value="lib"> <span>Professionnels libéraux</span>' in html
    token = re.search(r'class="jeton" href="[^"]*"><span class="invisible">Retirer\u00a0: </span>([^<]*)', html)
    assert token is not None
    assert token.group(1).strip() == "Chirurgien-dentiste"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("dentiste", "lib:dentiste"),
        ("kiné", "lib:kinesitherapie-readaptation"),
        ("infirmière", "lib:infirmier"),
        ("médecin", "lib:medecin-generaliste"),
        ("sage-femme", "lib:sage-femme"),
        ("psychologue", "lib:psychologue"),
    ],
)
def test_words_that_people_type_for_a_practitioner_are_suggested(client: Client, typed: str, code: str) -> None:
    lines = client.get("/api/v1/suggest", params={"q": typed, "limit": 20}).json()["suggestions"]
    assert code in [each["id"] for each in lines if each["kind"] == "categorie"]


def test_an_export_carries_them(both: Settings, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "structures.csv"
    with engine.connect() as connection:
        export(connection, "structures", "csv", file)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = {row["id"]: row for row in csv.DictReader(lines)}
    assert rows[f"s{street.DENTIST}"]["categorie"] == "lib:dentiste"
    assert f"s{street.HIDDEN}" not in rows


def test_all_that_a_run_counts_has_words_and_a_table(runs: list[Report]) -> None:
    for report in runs:
        counts = counts_of(report.counts)
        for kind, names in (
            ("noticed", counts.noticed),
            ("establishments", counts.establishments),
            ("together", together(counts)),
            ("record", counts.records),
            ("change", counts.changes),
            ("step", counts.seconds),
        ):
            assert sorted(names.keys() - LABELS[kind].keys()) == []
        assert "{" not in as_text(report)
    told = as_text(runs[1])
    for line in ("liens acceptés", "structures de Sirene seule, ajoutées", "structures retirées de la carte"):
        assert re.search(rf"^  {line} +[0-9]+$", told, re.MULTILINE), told


def test_the_page_of_a_run_shows_them_too(client: Client, runs: list[Report]) -> None:
    answer = client.get(f"/donnees/chargements/{runs[1].load}", headers=HTML)
    assert answer.status_code == 200
    for words in ("Sirene, chargement", "Rapprochement des registres", "liens acceptés", "établissements Sirene"):
        assert words in answer.text


def test_sirene_is_credited_on_every_page_and_answer(client: Client) -> None:
    sources = client.get("/api/v1/search").json()["data"]["sources"]
    assert {"name": "Insee – Sirene", "licence": "lov2", "as_of": "2026-11-04"} in sources
    for address in ("/", "/donnees"):
        assert "Insee – Sirene, données du 4 novembre 2026" in re.sub(
            r"<[^>]+>", "", client.get(address, headers=HTML).text
        )


def test_the_history_of_a_structure_of_sirene_names_its_register(client: Client) -> None:
    assert "Nouvelle structure dans Sirene." in page(client, f"s{street.HEIR}")


def test_an_activity_code_goes_on_in_tiles_and_the_form(client: Client) -> None:
    html = client.get("/?naf=86.21Z&limit=1", headers={"accept": "text/html"}).text
    (tiles,) = re.findall(r'data-tuiles="([^"]*)"', html)
    assert tiles == "naf=86.21Z"
    form = html[html.index('<form class="filtres"') :].partition("</form>")[0]
    assert '<input type="hidden" name="naf" value="86.21Z">' in form


def test_a_group_of_activities_finds_those_of_each_of_its_codes(client: Client) -> None:
    def total(asked: str) -> int:
        return int(client.get(f"/api/v1/search?{asked}").json()["total"])

    assert total("naf=86.21") == total("naf=86.21Z") > 0
    assert total("naf=86.2") == total("naf=86.21Z&naf=86.22A&naf=86.22B&naf=86.22C&naf=86.23Z") > total("naf=86.21")


@pytest.mark.parametrize("code", ["86.3", "8", "medecin", "2024:86.21Y", "86.21ZZ"])
def test_what_is_no_activity_code_is_refused(client: Client, code: str) -> None:
    refused = client.get(f"/api/v1/search?naf={code}")
    assert (refused.status_code, refused.json()["parameter"]) == (400, "naf")
