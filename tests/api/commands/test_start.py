"""`start` on an instance that serves, or that was refused its first file: what is kept, replaced, said."""

import contextlib
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import NamedTuple
from urllib.error import HTTPError

import pytest

from api.machine.home import Home
from api.machine.server import Server
from geo.settings import REPOSITORY
from tests.api.commands.conftest import Run, borrow_assets, command, environment
from tests.conftest import fresh_database
from tests.etl.finess.published import a_file, many
from tests.ports import a_port

FEW = "300"
STATUSES = ("accepted", "review", "rejected")


class Instance(NamedTuple):
    """A demo that the real server serves, and what became of the starts before."""

    home: Home
    lum1: Run
    settings: dict[str, str]
    unreadable: subprocess.CompletedProcess[str]
    gated: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def instance(server_url, tmp_path_factory):
    """Refused twice, then served; one instance, since PostgreSQL's reference takes seconds to load."""
    home = Home(tmp_path_factory.mktemp("instance") / "home")
    borrow_assets(home)
    damaged = home.root / "abime.json"
    damaged.write_text("{")
    with fresh_database(server_url) as url:
        settings = {"LUM1_DATABASE_URL": url}
        lum1 = command(home, **settings)
        unreadable = lum1("start", "--finess", str(damaged))
        gated = lum1("start", "--demo", FEW, LUM1_GATE_COORDINATES="0")
        started = lum1("start", "--demo", FEW)
        try:
            assert started.returncode == 0, started.stderr
            yield Instance(home, lum1, settings, unreadable, gated)
        finally:
            Server(home).stop()


@pytest.fixture
def home(instance):
    return instance.home


@pytest.fixture
def lum1(instance):
    return instance.lum1


def is_ready(address):
    with urllib.request.urlopen(f"{address}readyz", timeout=5) as response:
        return response.status == 200


def eventually(condition, patience_s=30):
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if condition():
                return True
        time.sleep(0.1)
    return False


def test_a_first_file_that_cannot_be_read_says_what_to_do(instance):
    assert instance.unreadable.returncode == 3
    assert "Rien n’est servi. Il faut un autre fichier (--finess), ou une France fictive" in instance.unreadable.stderr
    assert instance.unreadable.stdout == ""


def test_a_first_file_that_a_gate_refuses_says_how_to_accept_it_by_name(instance):
    assert instance.gated.returncode == 3
    advice = "Si ce fichier est bien le bon : ./lum1 refresh finess --accept coordinates, puis ./lum1 start"
    assert advice in instance.gated.stderr


def test_a_port_that_is_taken_takes_nothing_down(lum1, home):
    address = Server(home).address
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        refused = lum1("start", "--port", str(taken))
    assert (refused.returncode, refused.stderr) == (
        1,
        f"lum1 : Le port {taken} est pris : choisissez-en un autre avec --port.\n",
    )
    assert Server(home).address == address
    assert is_ready(address)


@pytest.mark.parametrize(
    ("name", "value"),
    [("LUM1_PORT", "abc"), ("LUM1_WORKERS", "x"), ("LUM1_MAX_AGE_DAYS", "x"), ("LUM1_HOST", "192.0.2.1")],
)
def test_a_wrong_setting_is_said_in_one_sentence_and_takes_nothing_down(lum1, home, name, value):
    refused = lum1("start", **{name: value})
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"lum1 : {name} vaut « {value} »")
    assert refused.stderr.count("\n") == 1
    assert is_ready(Server(home).address)


def test_a_wrong_setting_of_the_worker_is_said_before_anything_is_done(lum1):
    refused = lum1("start", LUM1_SCHEDULE="1", LUM1_REFRESH_AT="4h30")
    assert refused.returncode == 1
    assert refused.stderr.startswith("lum1 : LUM1_REFRESH_AT=4h30")


def test_a_port_of_the_environment_that_is_not_followed_is_said(lum1, home):
    address, other = Server(home).address, a_port()
    started = lum1("start", LUM1_PORT=str(other))
    assert (started.returncode, started.stdout) == (0, f"{address}\n")
    assert f"sans LUM1_PORT={other}" in started.stderr


def test_asking_a_served_instance_for_a_demo_says_that_what_is_served_is_kept(lum1):
    before = lum1("status").stdout
    started = lum1("start", "--demo", "50")
    assert started.returncode == 0
    assert "Cette instance sert déjà la version 3" in started.stderr  # after both flows of FINESS, and SIRENE
    assert "elle est gardée, et --demo sans effet" in started.stderr
    assert lum1("status").stdout == before


def test_a_file_given_to_a_served_instance_is_told_what_becomes_of_it(lum1, tmp_path):
    (tmp_path / "abime.json").write_text("{")
    refused = lum1("start", "--finess", str(tmp_path / "abime.json"))
    assert refused.returncode == 3
    assert "abime.json la remplace s’il passe les portes" in refused.stderr
    assert "version 3" in lum1("status").stdout


def test_without_a_file_nor_the_network_a_refresh_says_what_to_do(lum1):
    for what in ("finess", "all"):
        refused = lum1("refresh", what)
        assert refused.returncode == 1
        assert refused.stderr.startswith("lum1 : LUM1_LIVE=0 interdit le réseau : donnez un fichier")
        assert refused.stderr.count("\n") == 1


def test_activities_alone_need_no_network(lum1, tmp_path):
    (tmp_path / "activites.json").write_text("{")
    refused = lum1("refresh", "finess", "--activites", str(tmp_path / "activites.json"))
    assert refused.returncode == 3
    assert "activites.json" in refused.stdout


def test_a_wrong_threshold_is_said_before_anything_is_read(lum1, tmp_path):
    file = a_file(tmp_path, *many(3), name="lourd.json.gz")
    refused = lum1("refresh", "finess", "--file", str(file), LUM1_GATE_CLOSED="un peu")
    assert refused.returncode == 1
    assert "LUM1_GATE_" in refused.stderr
    assert "lourd.json" not in lum1("loads").stdout


@pytest.mark.parametrize("lost", ["", "3/postings", "3/ids.npy"])
def test_an_index_that_is_missing_or_damaged_is_made_again(lum1, home, lost):
    path = home.root / "search" / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    started = lum1("start")
    assert started.returncode == 0, started.stderr
    assert "index de recherche" in started.stderr
    assert lum1("verify").returncode == 0
    assert is_ready(started.stdout.strip())


def test_an_index_that_is_whole_is_left_alone(lum1, home):
    complete = home.root / "search" / "3" / "complete"
    before = complete.stat().st_mtime_ns
    assert lum1("start").returncode == 0
    assert complete.stat().st_mtime_ns == before


def test_the_demo_has_both_registers_and_leaves_no_file_of_persons_behind(home):
    told = json.loads(ask(address_of(home), "/api/v1/search?categorie=lib&limit=1"))
    assert told["total"] > 100
    assert not (home.root / "demo").exists()
    assert list((home.root / "travail").iterdir()) == []


def test_who_objects_is_withdrawn_at_once_and_once(lum1, home):
    address = address_of(home)
    found = json.loads(ask(address, "/api/v1/search?categorie=lib&limit=1"))["results"][0]
    (siret,) = found["siret"]
    assert lum1("withdraw", siret).returncode == 2  # without a reason
    assert lum1("withdraw", "12345678900000", "--reason", "x").returncode == 1  # no SIRET
    done = lum1("withdraw", siret, "--reason", "dossier 12")
    assert (done.returncode, "Sa fiche est retirée" in done.stdout) == (0, True), done.stderr
    assert status_of(address, f"/api/v1/structures/{found['id']}") == 410
    again = lum1("withdraw", siret, "--reason", "dossier 12")
    assert (again.returncode, again.stderr.splitlines()[-1]) == (1, f"lum1 : Le SIRET {siret} est déjà retiré.")
    assert lum1("verify").returncode == 0
    undone = lum1("withdraw", siret, "--undo")
    assert "prochain stock de SIRENE" in undone.stdout
    assert lum1("withdraw", siret, "--undo").returncode == 1


def test_a_doubtful_link_is_listed_decided_and_left_again(lum1):
    (first, *_) = json.loads(lum1("links", "list", "--json").stdout)
    pair = (first["finess"], first["siret"])
    assert first["status"] == "review"
    accepted = lum1("links", "accept", *pair, "--by", "Ana", "--reason", "appelé")
    assert (accepted.returncode, "accepté, par Ana" in accepted.stdout) == (0, True), accepted.stderr
    assert (first["siret"], "human", "accepted") in shown(lum1, first["finess"])
    told = lum1("links", "show", first["finess"]).stdout
    assert re.search(r"^    Accepté par Ana le \d\d/\d\d/\d{4} : appelé$", told, re.MULTILINE), told
    assert lum1("links", "undo", *pair).returncode == 0
    assert (first["siret"], first["source"], "review") in shown(lum1, first["finess"])
    assert "Ana" not in lum1("links", "show", first["finess"]).stdout
    unknown = lum1("links", "reject", "999999999", first["siret"], "--by", "Ana", "--reason", "x")
    assert (unknown.returncode, "FINESS ne publie aucun établissement" in unknown.stderr) == (1, True)


def test_among_equals_the_candidate_that_is_ahead_is_listed_first(lum1):
    rows = json.loads(lum1("links", "list", "--limit", "10000", "--json").stdout)
    strengths = [(row["score"], row["parts"]["strength"]) for row in rows]
    assert strengths == sorted(strengths, reverse=True)


def test_nothing_to_review_is_good_news_and_an_unknown_number_is_not(lum1, home):
    nothing = lum1("links", "list", "--departement", "975", "--status", "review")
    assert (nothing.returncode, nothing.stdout) == (0, "Rien à vérifier.\n")
    nowhere = lum1("links", "list", "--departement", "xx")
    assert (nowhere.returncode, "Le département «\u202fxx\u202f» n’existe pas" in nowhere.stderr) == (1, True)
    unknown = lum1("links", "show", "999999999")
    assert (unknown.returncode, "FINESS ne publie aucun établissement 999999999." in unknown.stderr) == (1, True)
    alone = lum1("links", "show", without_links(lum1, home))
    assert (alone.returncode, alone.stdout.startswith("Aucun rapprochement de l’établissement")) == (0, True)


def without_links(lum1, home):
    """The number of an establishment of FINESS that no SIRET is told of: one in nine, closed ones above all."""
    listed = [lum1("links", "list", "--status", each, "--limit", "10000", "--json").stdout for each in STATUSES]
    linked = {row["finess"] for rows in listed if rows.startswith("[") for row in json.loads(rows)}
    found = json.loads(ask(address_of(home), "/api/v1/search?limit=100&open=all&categorie=4000&categorie=2000"))[
        "results"
    ]
    return next(number for each in found for number in each["finess"] if number not in linked)


def shown(lum1, finess):
    rows = json.loads(lum1("links", "show", finess, "--json").stdout)
    return {(row["siret"], row["source"], row["status"]) for row in rows}


def address_of(home):
    return Server(home).address.rstrip("/")


def ask(address, path):
    with urllib.request.urlopen(address + path) as answer:
        return answer.read()


def status_of(address, path):
    try:
        with urllib.request.urlopen(address + path) as answer:
            return answer.status
    except HTTPError as refused:
        return refused.code


def test_the_foreground_takes_the_place_of_the_detached_server_and_says_so(instance, tmp_path):
    home, lum1, settings, *_ = instance
    detached = lum1("start").stdout.strip()
    said = tmp_path / "said.txt"
    with (
        said.open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "api.cli", "start", "--foreground"],
            cwd=REPOSITORY,
            env=environment(home, settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as child,
    ):
        try:
            assert eventually(lambda: home.recall("server")["process"]["pid"] == child.pid)
            assert eventually(lambda: is_ready(detached)), said.read_text()  # the same port as before
            assert f"Le serveur détaché ({detached}) s’arrête" in said.read_text()
            assert lum1("stop").returncode == 0
            assert child.wait(20) == 0
        finally:
            child.send_signal(signal.SIGTERM)
    assert not eventually(lambda: is_ready(detached), patience_s=1)
    assert lum1("status").returncode == 1
