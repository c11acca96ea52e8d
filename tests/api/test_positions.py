"""The page of the quality of positions and its command: figures that were counted by hand, in words, each structure once."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import event, text

from api.app import create_app
from api.positions.words import SENTENCES, SHORT
from etl.labels import LABELS
from etl.positions.verdict import Reason
from geo.database import engine_for
from geo.plausibility import RULES
from geo.position import PositionSource, Precision
from geo.position_tables import ADDRESS_HASH
from geo.settings import Settings
from tests.api.test_loads import HTML, Ledger
from tests.builders import a_structure
from tests.conftest import fresh_database
from tests.places import AJACCIO, LILLE, SAINT_DENIS_REUNION, Place

TABLES = "load, publication, current_publication, structure, geocoded_structure, refused_point, position_conflict, pin"
PAIR = {"source": "finess", "other": "insee", "n": 12_400, "median_m": 18.4, "p95_m": 412.0, "far": 248}


@pytest.fixture(scope="module")
def instance(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with fresh_database(server_url, template=template) as url:
        engine = engine_for(url)
        settings = Settings(home=tmp_path_factory.mktemp("positions"), database_url=url)
        with TestClient(create_app(settings), raise_server_exceptions=False) as client:
            yield Ledger(engine, client)
        engine.dispose()


@pytest.fixture
def ledger(instance: Ledger) -> Ledger:
    execute(instance, f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE")
    # the numbers of publications begin again, which they never do in the life of a server
    instance.client.app.state.positions.__init__()
    return instance


@pytest.fixture
def placed(ledger: Ledger) -> Ledger:
    """Seven open structures and a closed one: of the Nord, of Corse-du-Sud, of La Réunion, and one of nowhere."""
    ledger.publish(
        at(LILLE, "1", "housenumber", "finess"),
        at(LILLE, "2", "housenumber", "insee"),
        at(LILLE, "3", "street", "geocoder"),
        at(LILLE, "4", "commune", "commune"),
        at(AJACCIO, "5", "housenumber", "geocoder"),
        at(AJACCIO, "6", "commune", "commune"),
        at(SAINT_DENIS_REUNION, "7", "housenumber", "finess", open=False),
        a_structure(finess="8"),
    )
    geocoded(ledger, "1", "housenumber", None)
    geocoded(ledger, "3", "street", "numero_absent")
    geocoded(ledger, "4", "none", "autre_rue")
    geocoded(ledger, "5", "housenumber", None)
    geocoded(ledger, "6", "none", "introuvable", address="'of another address'")
    geocoded(ledger, "7", "none", "introuvable")
    for row in ("'f2', 'finess', 3, 50, 'hors_commune'", "'f2', 'finess_ancien', 3, 50, 'hors_commune'",
                "'f7', 'finess', 3, 50, 'nulle_part'"):  # fmt: skip
        execute(ledger, f"INSERT INTO refused_point (structure, source, lon, lat, rule) VALUES ({row})")
    for row in ("'f1', 'finess', 'insee'", "'f1', 'finess', 'geocoder'", "'f2', 'finess_ancien', 'insee'",
                "'f3', 'geocoder', 'insee'", "'f7', 'finess', 'insee'"):  # fmt: skip
        execute(
            ledger,
            f"INSERT INTO position_conflict (structure, source, other, distance_m, load_id) VALUES ({row}, 900, 1)",
        )
    return ledger


def at(place: Place, finess: str, precision: str, source: str, **fields: Any) -> dict[str, Any]:
    return a_structure(at=place, finess=finess, precision=precision, position_source=source, **fields)


def execute(ledger: Ledger, statement: str) -> None:
    with ledger.engine.begin() as connection:
        connection.execute(text(statement))


def geocoded(ledger: Ledger, finess: str, precision: str, reason: str | None, address: str = ADDRESS_HASH) -> None:
    said = f"'{reason}'" if reason else "NULL"
    execute(
        ledger,
        "INSERT INTO geocoded_structure (id, address, asked, precision, reason, indexed_on) "
        f"SELECT id, {address}, '{{}}', '{precision}', {said}, '2026-10-01' "
        f"FROM structure AS s WHERE id = 'f{finess}'",
    )


def page(ledger: Ledger, query: str = "", status: int = 200) -> str:
    answer = ledger.client.get(f"/donnees/positions{query}", headers=HTML)
    assert answer.status_code == status, answer.text
    return answer.text.replace("\u202f", " ").replace("\xa0", " ")


def rows(html: str, heading: str) -> list[list[str]]:
    """The cells of the tables under this heading, without the sentences that explain."""
    section = html.split(f'id="{heading}-titre"')[1].split("</section>")[0]
    section = re.sub(r'<span class="sens">.*?</span>', "", section)
    lines = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", section)]
    return [[" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in cells if "<svg" not in cell or "nuance" in cell]
            for cells in lines]  # fmt: skip


def departements(html: str) -> list[list[str]]:
    """Rows of the table that sorts, without its heading; the least precise ones are listed before it."""
    found = rows(html, "couverture")
    return found[1 + next(i for i, cells in enumerate(found) if cells[1].startswith("Ouvertes")) :]


def test_precisions_are_those_of_the_open_structures(placed: Ledger) -> None:
    html = page(placed)
    assert "<dt>structures ouvertes</dt><dd>7</dd>" in html
    assert rows(html, "precisions")[1:] == [
        ["au numéro", "42,9 %", "3"],
        ["dans la rue", "14,3 %", "1"],
        ["au lieu-dit", "0 %", "0"],
        ["au centre de la commune", "28,6 %", "2"],
        ["sans position", "14,3 %", "1"],
    ]


def test_each_is_counted_under_one_source_and_the_sums_are_told(placed: Ledger) -> None:
    assert rows(page(placed), "sources") == [
        ["Source", "Ouvertes", "Numéro", "Rue", "Lieu-dit", "Commune", "Sans"],
        ["FINESS", "1", "1", "0", "0", "0", "0"],
        ["Insee", "1", "1", "0", "0", "0", "0"],
        ["géocodeur", "2", "1", "1", "0", "0", "0"],
        ["centre de la commune", "2", "0", "0", "0", "2", "0"],
        ["aucune", "1", "0", "0", "0", "0", "1"],
        ["toutes", "7", "3", "1", "0", "2", "1"],
    ]


def test_départements_say_their_share_and_how_many_the_geocoder_placed(placed: Ledger) -> None:
    html = page(placed)
    assert [row[:2] for row in rows(html, "couverture")[1:3]] == [["2A Corse-du-Sud", "50 %"], ["59 Nord", "75 %"]]
    assert departements(html) == [
        ["2A Corse-du-Sud", "2", "50 %", "1", "0", "0", "1", "0", "1"],
        ["59 Nord", "4", "75 %", "2", "1", "0", "1", "0", "1"],
        ["Département inconnu", "1", "0 %", "0", "0", "0", "0", "1", "0"],
    ]
    assert "Le plus bas : Corse-du-Sud, 50 %." in html


@pytest.mark.parametrize(
    ("order", "codes"),
    [
        ("", ["2A", "59", "Département"]),
        ("?tri=-departement", ["Département", "59", "2A"]),
        ("?tri=-ouvertes", ["59", "2A", "Département"]),
        ("?tri=precises", ["Département", "2A", "59"]),
        ("?tri=-rue", ["59", "2A", "Département"]),
        ("?tri=-sans", ["Département", "2A", "59"]),
        ("?tri=geocodeur", ["Département", "2A", "59"]),
    ],
)
def test_the_table_of_départements_sorts_without_javascript(placed: Ledger, order: str, codes: list[str]) -> None:
    html = page(placed, order)
    assert [cells[0].split()[0] for cells in departements(html)] == codes
    assert html.count("aria-sort=") == 1
    assert ('<details class="tableau" open>' in html) == bool(order)


def test_an_order_that_does_not_exist_is_refused(placed: Ledger) -> None:
    assert "tri prend" in page(placed, "?tri=nom", status=400)


def test_a_pin_has_its_class_where_there_is_one(placed: Ledger) -> None:
    assert "placée à la main" not in page(placed)
    placed.publish(at(LILLE, "9", "pin", "administrator"))
    html = page(placed)
    assert rows(html, "precisions")[1] == ["placée à la main", "12,5 %", "1"]
    assert rows(html, "sources")[1] == ["point placé à la main", "1", "1", "0", "0", "0", "0", "0"]
    assert departements(html)[1] == ["59 Nord", "5", "80 %", "1", "2", "1", "0", "1", "0", "1"]


def test_addresses_are_those_of_today_the_found_apart_from_the_not_found(placed: Ledger) -> None:
    html = page(placed)
    assert "De 4 adresses cherchées, 2 ont été trouvées telles qu’elles sont écrites" in html
    assert ("Non trouvées : 1<" in html, "Moins précises que leur adresse : 1<" in html) == (True, True)
    assert rows(html, "non-trouvees")[1:] == [["autre rue", "1"]]
    assert rows(html, "moins")[1:] == [["numéro absent", "1"]]


def test_an_instance_that_never_asked_a_geocoder_says_so(ledger: Ledger) -> None:
    ledger.publish(at(LILLE, "1", "housenumber", "finess"))
    html = page(ledger)
    assert "Aucune adresse n’a encore été cherchée" in html
    assert "./lum1 refresh positions" in html
    assert ("Aucun point n’a été écarté" in html, "Aucun désaccord" in html) == (True, True)
    assert "Ces écarts n’ont pas encore été mesurés" in html


def test_refused_points_are_counted_by_rule_of_open_structures_only(placed: Ledger) -> None:
    counted = dict(rows(page(placed), "ecartes")[1:])
    assert {rule: n for rule, n in counted.items() if n != "0"} == {"à plus de 300 m de sa commune": "2"}


def test_disagreements_are_by_pair_the_more_trusted_first_and_structures_counted_once(placed: Ledger) -> None:
    html = page(placed)
    assert "<dt>en désaccord</dt><dd>3</dd>" in html
    assert rows(html, "desaccords")[1:] == [
        ["FINESS et Insee", "1"],
        ["FINESS et géocodeur", "1"],
        ["ancien fichier FINESS et Insee", "1"],
        ["Insee et géocodeur", "1"],
    ]
    assert "./lum1 positions conflicts" in html


def test_distances_are_those_of_the_run_that_judged_all_before_those_of_a_newer_load(placed: Ledger) -> None:
    whole = placed.load("published", fictitious=True, pipeline="positions", counts={"positions": {"distances": [PAIR]}})
    another = PAIR | {"n": 7}
    placed.load("published", fictitious=True, counts={"positions": {"distances": [another]}})
    placed.load("refused", fictitious=True, pipeline="positions", counts={"positions": {"distances": [another]}})
    placed.load("published", pipeline="positions", counts={"positions": {"distances": [another]}})  # of the other world
    html = page(placed)
    assert rows(html, "ecarts")[1:] == [["Insee, comparé à FINESS", "12 400", "18 m", "412 m", "2 %"]]
    assert f"chargement n° {whole}</a> (Positions)" in html


def test_without_such_a_run_they_are_those_of_the_newest_load(placed: Ledger) -> None:
    for n in (5, 6):
        placed.load("published", fictitious=True, counts={"positions": {"distances": [PAIR | {"n": n, "far": 0}]}})
    assert rows(page(placed), "ecarts")[1][1] == "6"
    placed.load("published", fictitious=True, counts={"positions": {"distances": []}})
    assert "Aucune structure ouverte n’est placée par deux sources à la fois" in page(placed)


def test_the_load_that_measured_shows_them_and_one_of_positions_leads_to_the_page(placed: Ledger) -> None:
    counts = {"positions": {"distances": [PAIR]}}
    of_positions = placed.page(f"/{placed.load('published', pipeline='positions', counts=counts)}")
    assert rows(of_positions, "ecarts")[1:] == [["Insee, comparé à FINESS", "12 400", "18 m", "412 m", "2 %"]]
    assert "ce qui est servi aujourd’hui" in of_positions
    assert "/donnees/positions" not in placed.page(f"/{placed.load('published')}")
    assert 'href="/donnees/positions"' in placed.client.get("/donnees", headers=HTML).text


def test_no_code_of_ours_is_read_and_no_script_is_needed(placed: Ledger) -> None:
    placed.load("published", fictitious=True, counts={"positions": {"distances": [PAIR]}})
    html = page(placed)
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", html)
    read = re.sub(r"<[^>]*>", " ", html)
    codes = {*Precision, *PositionSource, *Reason, *RULES} - {
        "pin",
        "commune",
        "none",
        "street",
        "insee",
        "introuvable",
    }
    assert [code for code in codes if re.search(rf"\b{code}\b", read)] == []
    assert not re.search(r"\b(pin|none|None|street)\b", read)
    identifiers = re.findall(r'\sid="([^"]+)"', html)
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("kind", SENTENCES)
def test_every_term_has_its_sentence(kind: str) -> None:
    assert SENTENCES[kind].keys() - {""} == LABELS[kind].keys()
    assert all(sentence.endswith(".") for sentence in SENTENCES[kind].values())
    assert SHORT.keys() == LABELS["precision"].keys()


def test_figures_are_counted_once_a_publication(placed: Ledger) -> None:
    engine = placed.client.app.state.engine
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    page(placed)
    page(placed, "?tri=-rue")
    passes = [each for each in statements if "geocoded_structure" in each]
    assert len(passes) == 1
    placed.publish(at(LILLE, "10", "street", "finess"))
    assert "<dd>8</dd>" in page(placed)
    event.remove(engine, "before_cursor_execute", note)


def test_before_anything_is_served_it_says_so(ledger: Ledger) -> None:
    assert "Aucune donnée n’est encore publiée" in page(ledger, status=503)
    told = ledger.command("positions", "quality")
    assert (told.returncode, told.stdout) == (1, "")
    assert "./lum1 refresh finess" in told.stderr


def test_the_command_tells_the_same_figures(placed: Ledger) -> None:
    placed.load("published", fictitious=True, counts={"positions": {"distances": [PAIR]}})
    lines = placed.command("positions", "quality", "--departements").stdout.replace("\u202f", " ").split("\n")
    assert lines[0] == "7 structures ouvertes, 57,1 % placées précisément"
    assert [line for line in lines if len(line) > 80] == []
    told = [re.split(r"\s{2,}", line.strip()) for line in lines]
    assert ["géocodeur", "2", "1", "1", "0", "0", "0"] in told
    assert ["59 Nord 75 %", "4", "2", "1", "0", "1", "0", "1"] in told
    assert ["FINESS – Insee", "12 400", "18 m", "412 m", "2 %"] in told
    assert ["autre rue", "1"] in told
    assert ["à plus de 300 m de sa commune", "2"] in told
    counted = json.loads(placed.command("positions", "quality", "--json").stdout)
    assert (counted["open"], counted["precise"], counted["in_disagreement"]) == (7, 4, 3)
    assert counted["geocoding"] == {
        "asked": 4, "whole": 2, "less": {"numero_absent": 1}, "not_found": {"autre_rue": 1},
    }  # fmt: skip
    assert counted["distances"]["pairs"] == [PAIR]


def test_the_command_says_that_nothing_was_asked(ledger: Ledger) -> None:
    ledger.publish(at(LILLE, "1", "housenumber", "finess"))
    assert "Aucune adresse n’a encore été cherchée" in ledger.command("positions", "quality").stdout


def test_who_placed_a_structure_by_hand_when_and_why_is_told_with_what_was_undone(placed: Ledger) -> None:
    execute(
        placed,
        """INSERT INTO pin (structure, lon, lat, "by", reason, pinned_at, undone_at, undone_by, undone_reason) VALUES
        ('f1', 3.1, 50.6, 'A. Vérificateur', 'vu sur place', '2026-10-01', '2026-10-05', 'B. Relecteur', 'déménagée'),
        ('f2', 3.2, 50.7, 'A. Vérificateur', 'appel du 9', '2026-10-09', NULL, NULL, NULL)""",
    )
    undone = (
        "placé à la main à 50.600000, 3.100000 le 01/10/2026 par A. Vérificateur : vu sur place ; "
        "ôté le 05/10/2026 par B. Relecteur : déménagée"
    )
    assert undone in placed.command("positions", "show", "f1").stdout
    standing = placed.command("positions", "pins").stdout
    assert standing.startswith("f2  ")
    assert "f1" not in standing
    told = json.loads(placed.command("positions", "pins", "--undone", "--json").stdout)
    assert [(each["structure"], each["by"], each["undone_by"]) for each in told] == [
        ("f2", "A. Vérificateur", None),
        ("f1", "A. Vérificateur", "B. Relecteur"),
    ]
