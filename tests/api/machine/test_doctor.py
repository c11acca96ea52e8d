"""The doctor says what is missing and how to mend it, and is never stopped by what it finds."""

import pytest

from api.machine import doctor
from api.machine.cluster import Cluster
from api.machine.doctor import examine
from tests.api.machine.conftest import needs_postgresql


@pytest.fixture
def examined(home, monkeypatch):
    """Examine this home; findings by name."""
    monkeypatch.setenv("LUM1_HOME", str(home.root))
    monkeypatch.delenv("LUM1_DATABASE_URL", raising=False)
    return lambda: {finding.name: finding for finding in examine(home)}


def test_an_empty_home_lacks_a_database_data_and_a_server(examined):
    wrong = {name for name, finding in examined().items() if not finding.ok}
    assert {"base de données", "tables", "données et index", "serveur", "ressources web"} <= wrong


def test_whatever_is_wrong_comes_with_what_to_do(examined):
    assert all(finding.mend for finding in examined().values() if not finding.ok)


def test_a_check_that_breaks_is_a_finding(examined, monkeypatch):
    def broken(home):
        raise OSError("disque arraché\net la suite")

    monkeypatch.setattr(doctor, "CHECKS", (("disque", broken),))
    assert examined()["disque"].found == "OSError : disque arraché"


@needs_postgresql
def test_a_cluster_without_tables_is_told_from_one_without_data(examined, home):
    Cluster(home, durable=False).ensure()
    findings = examined()
    assert findings["base de données"].ok
    assert (findings["tables"].ok, findings["tables"].found) == (False, "en retard sur le programme")


def test_a_database_of_the_operator_s_needs_no_postgresql_here(examined, monkeypatch):
    monkeypatch.setenv("LUM1_DATABASE_URL", "postgresql://lum1@127.0.0.1:1/lum1")
    assert examined()["PostgreSQL 15 et PostGIS"].found == "le vôtre (LUM1_DATABASE_URL)"
