"""Commands whose PostgreSQL is stopped, or was never there: one sentence that says what to do."""

import pytest

from tests.conftest import fresh_database

WITH_THE_DATABASE = [
    ("loads",),
    ("verify",),
    ("refresh", "finess"),
    ("refresh", "all"),
    ("search", "rebuild"),
    ("rollback", "1"),
    ("export", "structures", "-o", "structures.csv"),
    ("worker",),
]
NOWHERE = "postgresql://lum1:lum1@127.0.0.1:1/lum1"  # tcpmux: nobody listens there

asked = pytest.mark.parametrize("asked", WITH_THE_DATABASE, ids=" ".join)


@pytest.fixture
def stopped(home):
    """What a private cluster that is stopped leaves."""
    home.database_url.write_text(f"{NOWHERE}\n")
    return home


def test_so_it_is_in_a_process_of_its_own(lum1, stopped):
    failed = lum1("loads")
    assert (failed.returncode, failed.stderr) == (1, "lum1 : PostgreSQL est arrêté : ./lum1 start\n")


@asked
def test_a_stopped_postgresql_is_said_in_one_sentence(lum1_here, stopped, asked):
    failed = lum1_here(*asked)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "lum1 : PostgreSQL est arrêté : ./lum1 start\n"


@pytest.mark.parametrize("asked", [("loads",), ("refresh", "finess")], ids=" ".join)
def test_a_home_never_started_is_said_in_one_sentence(lum1_here, home, asked):
    failed = lum1_here(*asked)
    assert (failed.returncode, failed.stderr) == (
        1,
        f"lum1 : Rien n’est installé dans {home.root} : lancez ./lum1 start.\n",
    )


def test_a_database_of_the_operator_that_does_not_answer_is_said_too(lum1_here):
    failed = lum1_here("loads", LUM1_DATABASE_URL=NOWHERE)
    assert failed.returncode == 1
    assert failed.stderr.startswith("lum1 : La base de données n’a pas pu répondre : ")
    assert failed.stderr.count("\n") == 1


def test_a_database_without_tables_is_said_too(lum1, server_url):
    with fresh_database(server_url) as url:
        failed = lum1("loads", LUM1_DATABASE_URL=url)
    assert failed.returncode == 1
    assert failed.stderr.startswith("lum1 : Les tables manquent")


def test_the_status_does_not_claim_to_know_what_is_stored(lum1_here, stopped):
    said = lum1_here("status")
    assert said.returncode == 1
    assert "données     inconnu tant que PostgreSQL est arrêté" in said.stdout.splitlines()


def test_help_asks_for_no_database(lum1_here):
    assert lum1_here("loads", "--help").returncode == 0
