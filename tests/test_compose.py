"""compose.yaml and Dockerfile: no Docker engine here, so every command in them is one that runs here too."""

import importlib.util
import re
import shutil
import subprocess
import sys

import click
import pytest
import yaml

from api.cli import lum1
from api.machine.server import Server
from geo.settings import REPOSITORY
from tests.api.machine.conftest import a_home  # noqa: F401
from tests.api.machine.test_server import TINY

COMPOSE = yaml.safe_load((REPOSITORY / "compose.yaml").read_text(encoding="utf-8"))
DATABASE, API, WORKER = (COMPOSE["services"][name] for name in ("database", "api", "worker"))
HARDENED = ("user", "read_only", "tmpfs", "cap_drop", "security_opt", "init")
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")


def instructions(name):
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


def command(name):
    return lum1.get_command(click.Context(lum1), name)


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose n’est pas installé")
def test_docker_compose_reads_it():
    subprocess.run(["docker-compose", "config", "--quiet"], cwd=REPOSITORY, check=True)


def test_the_api_container_runs_our_own_command():
    name, *options = API["command"]
    context = command(name).make_context(name, options)
    assert context.params["foreground"]


def test_the_worker_container_runs_our_own_command():
    name, *options = WORKER["command"]
    assert command(name).make_context(name, options)
    assert WORKER["build"] == API["build"]


def test_the_worker_waits_for_the_first_load_and_shares_the_api_s_home():
    assert {name: of["condition"] for name, of in WORKER["depends_on"].items()} == {
        "database": "service_healthy",
        "api": "service_healthy",
    }
    assert [volume.partition(" ")[0] for volume in WORKER["volumes"]] == API["volumes"]
    assert WORKER["environment"]["LUM1_DATABASE_URL"] == API["environment"]["LUM1_DATABASE_URL"]


def test_the_worker_is_told_every_setting_that_it_reads():
    read = {"LUM1_LIVE", "LUM1_REFRESH_AT", "LUM1_REFRESH_JITTER", "LUM1_MAX_AGE_DAYS"}
    read |= {"LUM1_SIRENE", "LUM1_SIRENE_API_KEY", "LUM1_SIRENE_PER_MINUTE", "LUM1_SIRENE_STATUSES"}
    read |= {"LUM1_POSITIONS", "LUM1_GEOCODER_URL", "LUM1_GEOCODER_PER_SECOND", "LUM1_GEOCODER_INDEXED_ON"}
    assert read | {"LUM1_OPERATOR_MAIL", "LUM1_SMTP_URL", "LUM1_MAIL_FROM"} <= set(WORKER["environment"])


def test_the_worker_s_health_check_is_a_module_of_ours():
    *_, module = WORKER["healthcheck"]["test"]  # tests/api/machine/test_worker.py runs it
    assert importlib.util.find_spec(module) is not None


def test_the_worker_is_held_as_tightly_as_the_api_and_reached_by_nobody():
    assert {name: WORKER.get(name) for name in HARDENED} == {name: API.get(name) for name in HARDENED}
    assert "ports" not in WORKER


def test_the_entry_point_is_the_command_line_that_the_launcher_runs():
    assert instructions("ENTRYPOINT") == ['["python", "-m", "api.cli"]']
    assert "-m api.cli" in (REPOSITORY / "lum1").read_text(encoding="utf-8")


def test_the_api_waits_for_a_database_that_answers():
    assert API["depends_on"]["database"]["condition"] == "service_healthy"
    assert DATABASE["healthcheck"]["test"][1] == "pg_isready"


@pytest.mark.skipif(not shutil.which("pg_isready"), reason="le client PostgreSQL n’est pas installé")
def test_the_database_s_health_check_is_a_command_that_runs(server_url):
    command = [part.replace("127.0.0.1", host_of(server_url)) for part in DATABASE["healthcheck"]["test"][1:]]
    port = server_url.rpartition(":")[2].partition("/")[0]
    assert subprocess.run([*command, f"--port={port}"], capture_output=True, check=False).returncode == 0


def host_of(url):
    return url.rpartition("@")[2].partition(":")[0]


def test_the_api_s_health_check_fails_until_the_server_is_ready(a_home):  # noqa: F811
    server = Server(a_home(), application=TINY)
    address = server.ensure(None)
    _, _, *arguments = API["healthcheck"]["test"]
    check = [sys.executable, *(part.replace("http://127.0.0.1:8640/", address) for part in arguments)]
    assert subprocess.run(check, check=False).returncode == 0
    server.stop()
    assert subprocess.run(check, stderr=subprocess.DEVNULL, check=False).returncode == 1


def test_only_this_machine_reaches_the_api():
    assert all(port.startswith("127.0.0.1:") for port in API["ports"])
    assert "ports" not in DATABASE


def test_the_api_runs_without_privileges():
    assert API["user"] == "lum1"
    assert instructions("USER") == ["lum1"]
    assert (API["cap_drop"], API["read_only"]) == (["ALL"], True)


def test_what_an_instance_writes_is_on_volumes():
    homes = {volume.partition(":")[2] for volume in API["volumes"]}
    assert "LUM1_HOME=/var/lib/lum1" in instructions("ENV")[0]
    assert homes == {"/var/lib/lum1"}
    assert {volume.partition(":")[0] for volume in [*API["volumes"], *DATABASE["volumes"]]} == set(COMPOSE["volumes"])


def test_the_image_holds_every_package_and_file_it_names():
    copied = [line.split()[:-1] for line in instructions("COPY") if not line.startswith("--from")]
    missing = [name for names in copied for name in names if not (REPOSITORY / name).exists()]
    assert missing == []
    assert {"geo", "search", "etl", "api", "tiles"} <= {name for names in copied for name in names}


def test_settings_of_compose_are_in_the_example():
    named = set(re.findall(r"\$\{(\w+)", (REPOSITORY / "compose.yaml").read_text(encoding="utf-8")))
    example = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    assert {name for name in named if f"{name}=" not in example} == set()


def test_nothing_of_an_instance_enters_the_image():
    ignored = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".lum1", ".env", ".git"} <= set(ignored)
