"""The ledger's pages: every state, nothing that is only the operator's, compared with the right load."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import Engine, text

from api.app import create_app
from api.loads.queries import PAGE_SIZE, public_error
from api.web.departements import COLUMN_ROW
from geo.communes import area_names
from geo.database import engine_for
from geo.settings import REPOSITORY, Settings
from tests.builders import a_structure, counts_told_whole, insert_load, insert_structures, publish
from tests.conftest import fresh_database
from tests.places import LILLE

HTML = {"accept": "text/html"}
STATES = {
    "running": "En cours",
    "published": "Publié",
    "unchanged": "Inchangé",
    "refused": "Refusé",
    "failed": "Échoué",
    "interrupted": "Interrompu",
    "tried": "Essai à blanc",
}
GATES = [
    {"gate": "rows", "passed": True, "message": "1 200 établissements utilisables sur 1 204 lus"},
    {
        "gate": "removed",
        "passed": False,
        "message": "615 structures servies absentes du fichier, 51,25 %, au plus 10 %",
    },
]
LEAKS = (
    "OperationalError : (psycopg.errors.DiskFull) could not extend file base/16384\n[SQL: COPY stage FROM STDIN]",
    "FileNotFoundError : [Errno 2] No such file: '/srv/lum1/.lum1/archive/finess.json.gz'",
    "Damaged : la copie dans /srv/lum1/archive n’est pas celle annoncée",
    "Traceback (most recent call last)",
    "AssertionError : ",
)


class Ledger:
    """An instance of these tests' own, emptied before each."""

    def __init__(self, engine: Engine, client: TestClient[Any]) -> None:
        self.engine = engine
        self.client = client

    def load(self, state: str, **fields: Any) -> int:
        with self.engine.begin() as connection:
            return insert_load(connection, state, **fields)

    def publish(self, *rows: dict[str, Any]) -> None:
        with self.engine.begin() as connection:
            insert_structures(connection, rows)
            publish(connection)

    def page(self, address: str = "", status: int = 200) -> str:
        answer = self.client.get(f"/donnees/chargements{address}", headers=HTML)
        assert answer.status_code == status, answer.text
        return answer.text.replace("\u202f", " ")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"LUM1_DATABASE_URL": self.engine.url.render_as_string(hide_password=False)}
        command = [sys.executable, "-m", "api.cli", *arguments]
        return subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def instance(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with fresh_database(server_url, template=template) as url:
        engine = engine_for(url)
        settings = Settings(home=tmp_path_factory.mktemp("registre"), database_url=url)
        with TestClient(create_app(settings), raise_server_exceptions=False) as client:
            yield Ledger(engine, client)
        engine.dispose()


@pytest.fixture
def ledger(instance: Ledger) -> Ledger:
    with instance.engine.begin() as connection:
        connection.execute(text("TRUNCATE load, publication, current_publication, structure RESTART IDENTITY CASCADE"))
    return instance


def column(html: str, heading: str) -> list[str]:
    """The row headings of the table under this heading, in order."""
    section = html.split(f'id="{heading}-titre"')[1].split("</section>")[0]
    return [re.sub(r"<[^>]*>|\s+", " ", cell).strip() for cell in re.findall(r'<th scope="row">(.*?)</th>', section)]


@pytest.mark.parametrize("state", STATES)
def test_a_load_of_any_state_has_its_page_and_its_line(ledger: Ledger, state: str) -> None:
    number = ledger.load(state, ended_at=None if state == "running" else "2026-11-23T03:00:00Z")
    html = ledger.page(f"/{number}")
    assert re.search(rf'class="mot-verdict">.*{STATES[state]}</p>', html)
    assert STATES[state].lower() in ledger.page()


@pytest.mark.parametrize("state", STATES)
def test_a_whole_report_shows_in_any_state(ledger: Ledger, state: str) -> None:
    html = ledger.page(f"/{ledger.load(state, counts=counts_told_whole(), gates=GATES)}")
    for title in ("Portes", "Changements", "Rejets", "Précision des positions", "Fiches du registre", "Durées"):
        assert f">{title}</h2>" in html
    assert "numéro déjà vu dans ce fichier" in html
    assert "pmej.ege.informationsGeneralesEGE.nouveauChamp" in html


def test_the_ledger_can_be_read_before_anything_is_served(ledger: Ledger) -> None:
    assert "Aucun chargement" in ledger.page()
    number = ledger.load("refused", error="flux.json.gz est tronqué.")
    assert "flux.json.gz est tronqué." in ledger.page(f"/{number}")


def test_the_served_load_says_so_and_the_one_before_that_it_was_replaced(ledger: Ledger) -> None:
    ledger.publish()
    ledger.publish()
    assert "servies en ce moment (publication n° 2)" in ledger.page("/2")
    assert "d’autres les ont remplacées" in ledger.page("/1")
    assert ledger.page().count('class="servi"') == 1


def test_a_refusal_says_which_gate_and_how_its_operator_passes_it(ledger: Ledger) -> None:
    html = ledger.page(f"/{ledger.load('refused', gates=GATES, error='…')}")
    assert "Porte « removed » fermée : 615 structures servies absentes du fichier" in html
    assert "<td>615 structures servies absentes du fichier, 51,25 %</td><td>au plus 10 %</td>" in html
    command = re.sub(r"<[^>]*>", "", html.split("<code>")[1].split("</code>")[0])
    assert command == "./lum1 refresh finess --accept removed"


def test_an_accepted_gate_is_told_on_the_banner(ledger: Ledger) -> None:
    gates = [GATES[0], GATES[1] | {"accepted": True}]
    html = ledger.page(f"/{ledger.load('published', gates=gates)}")
    assert "Porte « removed » acceptée par l’exploitant" in html


def test_a_load_of_activities_says_what_it_counts_and_one_time_zone(ledger: Ledger) -> None:
    gates = [
        {"gate": "older", "passed": True, "message": "fichier du 21/11/2026 02:31"},
        {
            "gate": "orphans",
            "passed": True,
            "message": "0 numéros inconnus des structures servies, 0,00 %, au plus 1,00 %",
        },
        {"gate": "age", "passed": True, "message": "fichier produit il y a 3 jours, au plus 10"},
    ]
    counts = {"read": 300_699, "kept": 42_522, "noticed": {"activites_en_cours": 3, "capacites_de_statut_09": 2}}
    number = ledger.load(
        "published", pipeline="finess_activites", counts=counts, gates=gates, produced_at="2026-11-21T02:31:00Z"
    )
    html = ledger.page(f"/{number}")
    assert re.findall(r"<dt>([^<]*)</dt><dd>([\d ]*)", html)[:3] == [
        ("activités lues", "300 699"),
        ("numéros FINESS", "42 522"),
        ("activités rejetées", "0"),
    ]
    assert column(html, "portes") == [
        "Plus récent que le précédent  older", "Numéros inconnus  orphans", "Âge du contenu  age",
    ]  # fmt: skip
    assert ("au plus 10 jours" in html, "fichier du 21/11/2026 03:31" in html, "3 h 31" in html) == (True, True, True)
    assert column(html, "remarques") == ["activités en cours", "capacités installées"]
    listed = re.sub(r"<[^>]*>", "", ledger.page())
    assert "FINESS, activités, n°" in listed
    assert "300 699 activités lues" in listed
    assert "42 522 numéros FINESS" in listed


def test_invented_data_are_not_reproached_with_being_small(ledger: Ledger) -> None:
    gate = {"gate": "size", "passed": False, "warning": True, "message": "fichier de 0.8 Mo, au moins 30 attendus"}
    assert "sans objet" in ledger.page(f"/{ledger.load('published', origin='demo', gates=[gate])}")
    assert "avertissement" in ledger.page(f"/{ledger.load('published', origin='file', gates=[gate])}")


@pytest.mark.parametrize("error", LEAKS)
def test_what_only_the_operator_may_read_is_nowhere(ledger: Ledger, error: str) -> None:
    number = ledger.load("failed", error=error, source="/srv/lum1/finess.json.gz")
    for html in (ledger.page(), ledger.page(f"/{number}")):
        assert "erreur interne, voir le journal" in html
        assert not re.search(r"/srv|SQL|psycopg|Traceback|AssertionError", html)
        assert "finess.json.gz" in html


def test_a_refusal_in_the_words_of_the_domain_is_kept() -> None:
    assert public_error("failed", "NotReady : Rien n’est encore publié.") == "Rien n’est encore publié."
    assert public_error("refused", "Trop de lignes rejetées.") == "Trop de lignes rejetées."
    assert public_error("interrupted", "arrêt brutal") is None
    assert public_error("published", None) is None


def test_it_is_compared_with_the_last_published_load_of_its_pipeline_and_origin(ledger: Ledger) -> None:
    before = ledger.load("published", counts=counts_told_whole(read=1_000, changes={"opened": 4}))
    ledger.load("refused", counts=counts_told_whole(read=1))
    ledger.load("published", origin="demo", counts=counts_told_whole(read=2))
    ledger.load("published", pipeline="sirene", counts=counts_told_whole(read=3))
    html = ledger.page(f"/{ledger.load('published', counts=counts_told_whole())}")
    assert f'Écarts depuis le <a href="/donnees/chargements/{before}">' in html
    assert '<dd>1 204 <small class="ecart">+204</small></dd>' in html
    assert re.search(r'ouvertures</th><td class="nombre">9</td><td class="ecart">\+5</td>', html)
    assert "Écarts" not in ledger.page(f"/{before}")


def test_a_load_that_went_back_says_where_and_nothing_is_compared_with_it(ledger: Ledger) -> None:
    ledger.load("published", counts=counts_told_whole())
    back = ledger.load("published", counts={"went_back_to": 1, "structures": {"deleted": 2}})
    assert "celles du chargement n° 1" in ledger.page(f"/{back}")
    html = ledger.page(f"/{ledger.load('published', counts=counts_told_whole())}")
    assert 'Écarts depuis le <a href="/donnees/chargements/1">' in html


def test_a_load_before_it_that_counted_less_is_no_obstacle(ledger: Ledger) -> None:
    ledger.load("published", counts={"read": 10, "changes": {"inserted": 1, "updated": 0, "removed": 0}})
    assert "+1 194" in ledger.page(f"/{ledger.load('published', counts=counts_told_whole())}")


def test_a_sample_is_a_link_only_when_it_leads_somewhere(ledger: Ledger) -> None:
    ledger.publish(a_structure(at=LILLE, finess="590000001"), a_structure(at=LILLE, ej_finess="750000003"))
    html = ledger.page(f"/{ledger.load('published', counts=counts_told_whole())}")
    assert '<a class="numero" href="/structures/finess:590000001">' in html
    assert '<a class="numero" href="/structures/finess:750000003">' in html
    assert '<span class="numero">590000002</span>' in html


@pytest.mark.parametrize(
    ("order", "codes"),
    [
        ("", ["2A", "59", "974"]),
        ("?tri=-departement", ["974", "59", "2A"]),
        ("?tri=-ouvertes", ["59", "974", "2A"]),
        ("?tri=precises", ["2A", "974", "59"]),
        ("?tri=-telephone", ["974", "59", "2A"]),
    ],
)
def test_the_coverage_table_sorts_without_javascript(ledger: Ledger, order: str, codes: list[str]) -> None:
    html = ledger.page(f"/{ledger.load('published', counts=counts_told_whole())}{order}")
    assert [row.split()[0] for row in column(html, "couverture")] == codes
    assert html.count("aria-sort=") == 1
    assert ('<details class="tableau" open>' in html) == bool(order)


def test_structures_without_a_département_are_counted_last(ledger: Ledger) -> None:
    counts = counts_told_whole()
    counts["coverage"] |= {"?": {"open": 2}, "988": {"open": 0}}
    html = ledger.page(f"/{ledger.load('published', counts=counts)}")
    assert column(html, "couverture")[-1] == "Département inconnu"
    assert re.search(r"Nouvelle-Calédonie</th><td class=\"nombre\">0</td><td class=\"nombre\">–</td>", html)


def test_each_chart_has_its_title_its_sentence_and_its_table(ledger: Ledger) -> None:
    html = ledger.page(f"/{ledger.load('published', counts=counts_told_whole())}")
    identifiers = re.findall(r'\sid="([^"]+)"', html)
    assert len(identifiers) == len(set(identifiers))
    drawn = re.findall(r'<svg[^>]*role="img"[^>]*aria-labelledby="(\S+) (\S+)"', html)
    assert len(drawn) == 4
    for title, description in drawn:
        assert re.search(rf'<title id="{title}">[^<]+</title><desc id="{description}">[^<]+</desc>', html)
    assert "Le plus bas : Corse-du-Sud, 45 %." in html
    assert column(html, "precisions")[0] == "au numéro"


def test_the_map_has_a_square_for_every_inhabited_département() -> None:
    assert set(area_names("departement")) - set(COLUMN_ROW) == {"984", "989"}  # nobody lives there
    assert len(set(COLUMN_ROW.values())) == len(COLUMN_ROW)


def test_the_pages_need_neither_script_nor_style_of_their_own(ledger: Ledger) -> None:
    number = ledger.load("published", counts=counts_told_whole(), gates=GATES)
    for address in ("", f"/{number}"):
        html = ledger.page(address)
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", html)
        assert set(re.findall(r'(?:href|src)="(https?:)', html)) == set()


def test_what_a_file_names_is_shown_as_text(ledger: Ledger) -> None:
    evil = "<img src=x onerror=alert(1)>"
    counts = counts_told_whole(
        unknown_fields={evil: 1}, rejected={evil: 1}, samples={evil: [evil]}, precision={evil: 1}, noticed={evil: 1}
    )
    gates = [{"gate": evil, "passed": False, "message": evil}]
    number = ledger.load("refused", counts=counts, gates=gates, source=evil, error=evil, licence=evil)
    assert "<img" not in ledger.page() + ledger.page(f"/{number}")


def test_the_ledger_turns_pages_from_the_newest_on(ledger: Ledger) -> None:
    numbers = [ledger.load("published") for _ in range(PAGE_SIZE + 3)]
    first = ledger.page()
    assert [int(n) for n in re.findall(r'chargements/(\d+)"', first)] == numbers[:2:-1]
    following = re.search(r'href="/donnees/chargements(\?avant=\d+)"', first)
    assert following is not None
    second = ledger.page(following.group(1))
    assert [int(n) for n in re.findall(r'chargements/(\d+)"', second)] == numbers[2::-1]
    assert "Plus anciens" not in second
    assert "Les plus récents" in second


@pytest.mark.parametrize("address", ["/999", "/99999999999999999999", "/-1", "/abc"])
def test_an_unknown_load_is_not_found(ledger: Ledger, address: str) -> None:
    assert "Introuvable" in ledger.page(address, status=404)


@pytest.mark.parametrize("query", ["?avant=abc", "?avant=-1", "?avant=99999999999", "?avant=²"])
def test_a_page_of_the_ledger_that_cannot_be_is_refused(ledger: Ledger, query: str) -> None:
    assert "avant prend le numéro" in ledger.page(query, status=400)


def test_an_order_that_does_not_exist_is_refused(ledger: Ledger) -> None:
    assert "tri prend" in ledger.page(f"/{ledger.load('published')}?tri=nom", status=400)


def test_the_data_page_leads_to_the_ledger(ledger: Ledger) -> None:
    ledger.publish()
    assert 'href="/donnees/chargements"' in ledger.client.get("/donnees", headers=HTML).text


def test_the_command_tells_one_load(ledger: Ledger) -> None:
    number = ledger.load("refused", gates=GATES, counts=counts_told_whole(), ended_at="2030-01-01T00:00:00Z")
    told = ledger.command("loads", "--id", str(number))
    assert told.stdout.startswith("REFUSÉ  finess-structures-journalier-20261123.json.gz\n")
    assert "./lum1 refresh finess --accept removed" in told.stdout
    unknown = ledger.command("loads", "--id", "999")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "Aucun chargement n’a le numéro 999" in unknown.stderr


def test_a_run_tells_its_coverage_and_invented_data_are_not_blamed(client: TestClient[Any]) -> None:
    html = client.get("/donnees/chargements/1", headers=HTML).text
    assert "Couverture par département" in html
    assert "Ces données sont servies en ce moment" in html
    assert "avertissement" not in html
    assert len(column(html, "couverture")) > 90
    assert column(html, "precisions") == [
        "au numéro",
        "dans la rue",
        "au lieu-dit",
        "au centre de la commune",
        "sans position",
    ]
