"""compose.yaml and Dockerfile: no Docker engine here, so every command in them is one that runs here too."""

import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler

import click
import pytest
import yaml

from api.cli import lum1
from api.machine.server import Server
from geo.settings import REPOSITORY
from search.elastic.connect import SUPPORTED
from tests.api.machine.conftest import a_home  # noqa: F401
from tests.api.machine.test_server import TINY
from tests.elastic.typescript.compiler import HERE as TYPES
from tests.local_server import LocalServer

COMPOSE = yaml.safe_load((REPOSITORY / "compose.yaml").read_text(encoding="utf-8"))
DATABASE, API, WORKER = (COMPOSE["services"][name] for name in ("database", "api", "worker"))
ELASTICSEARCH, SETUP = (COMPOSE["services"][name] for name in ("elasticsearch", "elasticsearch-setup"))
OF_THE_PROFILE = {"COMPOSE_PROFILES": "elasticsearch"}
HARDENED = ("user", "read_only", "tmpfs", "cap_drop", "security_opt", "init")
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")


def instructions(name):
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


def command(name):
    return lum1.get_command(click.Context(lum1), name)


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose n’est pas installé")
@pytest.mark.parametrize("environment", [{}, OF_THE_PROFILE], ids=["alone", "with Elasticsearch"])
def test_docker_compose_reads_it(environment):
    subprocess.run(["docker-compose", "config", "--quiet"], cwd=REPOSITORY, check=True, env=os.environ | environment)


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
    ours = {volume.partition(":")[0] for volume in [*API["volumes"], *DATABASE["volumes"]]}
    assert ours | {volume.partition(":")[0] for volume in ELASTICSEARCH["volumes"]} == set(COMPOSE["volumes"])


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


def test_elasticsearch_starts_only_where_it_is_asked_for():
    alone = {name for name, service in COMPOSE["services"].items() if "profiles" not in service}
    assert alone == {"database", "api", "worker"}
    assert ELASTICSEARCH["profiles"] == SETUP["profiles"] == [OF_THE_PROFILE["COMPOSE_PROFILES"]]
    assert API["environment"]["LUM1_SEARCH"] == "${LUM1_SEARCH:-embedded}"


def test_its_version_is_one_that_we_speak_to_and_whose_types_are_tried():
    image, _, version = ELASTICSEARCH["image"].partition(":")
    assert (image, SETUP["image"]) == ("docker.elastic.co/elasticsearch/elasticsearch", ELASTICSEARCH["image"])
    assert re.fullmatch(rf"{SUPPORTED['elasticsearch']}\.\d+\.\d+", version)
    types = json.loads((TYPES / "package.json").read_text())["devDependencies"]["@elastic/elasticsearch"]
    assert types.split(".")[:2] == version.split(".")[:2]


@pytest.mark.parametrize("service", [API, WORKER], ids=["api", "worker"])
def test_what_searches_is_told_every_setting_of_the_search_server(service):
    code = (REPOSITORY / "geo" / "search_server.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(LUM1_SEARCH\w*)"', code)) <= set(service["environment"])
    assert service["environment"]["LUM1_SEARCH_URL"] == "${LUM1_SEARCH_URL:-http://elasticsearch:9200}"


def test_it_is_reached_with_a_password_and_by_what_searches_alone():
    assert ELASTICSEARCH["environment"]["xpack.security.enabled"] == "true"
    given = re.findall(r"\$\{LUM1_SEARCH_PASSWORD(.*?)\}", (REPOSITORY / "compose.yaml").read_text(encoding="utf-8"))
    assert set(given) == {":-"}
    assert "ports" not in ELASTICSEARCH
    assert (ELASTICSEARCH["networks"], COMPOSE["networks"]["search"]) == (["search"], {"internal": True})
    on_it = {name for name, service in COMPOSE["services"].items() if "search" in service.get("networks", ())}
    assert on_it == {"elasticsearch", "api", "worker"}


@pytest.mark.parametrize(("password", "starts"), [("", False), ("changeme", False), ("Nuage-de-lait-7", True)])
def test_without_a_password_that_is_one_it_does_not_start_and_says_why(tmp_path, password, starts):
    waits = ELASTICSEARCH["depends_on"]["elasticsearch-setup"]["condition"]
    assert waits == "service_completed_successfully"
    (script,) = SETUP["command"]
    (volume,) = SETUP["volumes"]
    here = script.replace("$$", "$").replace("1000:0", f"{os.getuid()}:{os.getgid()}")
    command = [*SETUP["entrypoint"], here.replace(volume.partition(":")[2], str(tmp_path))]
    done = subprocess.run(
        command, env=os.environ | {"ELASTIC_PASSWORD": password}, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is starts, done.stderr
    assert starts or "LUM1_SEARCH_PASSWORD" in done.stderr


def test_its_snapshots_are_on_the_volume_that_is_prepared_for_its_account():
    assert SETUP["volumes"] == [each for each in ELASTICSEARCH["volumes"] if each.startswith("snapshots:")]
    assert SETUP["volumes"] == [f"snapshots:{ELASTICSEARCH['environment']['path.repo']}"]


class Guarded(BaseHTTPRequestHandler):
    """Healthy, for who has the password."""

    def do_GET(self):
        entry = base64.b64encode(b"elastic:Nuage de lait").decode()
        known = self.headers["Authorization"] == f"Basic {entry}"
        self.send_response(200 if known and self.path.startswith("/_cluster/health?") else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing."""


@pytest.mark.skipif(not shutil.which("curl"), reason="curl n’est pas installé")
def test_its_health_check_enters_with_the_password():
    kind, check = ELASTICSEARCH["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    with LocalServer(Guarded) as server:
        command = check.replace("$$", "$").replace("http://127.0.0.1:9200", server.address)
        for password, healthy in (("Nuage de lait", True), ("autre", False)):
            environment = os.environ | {"ELASTIC_PASSWORD": password}
            done = subprocess.run(["sh", "-c", command], env=environment, check=False)
            assert (done.returncode == 0) is healthy
