"""The launcher: a shell script that explains itself, refuses other systems clearly, and installs only when asked to run."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from api.cli import MODULES
from geo.settings import REPOSITORY

LAUNCHER = REPOSITORY / "lum1"


@pytest.fixture
def lum1(tmp_path):
    """Run the launcher on a home that doesn't exist yet."""

    def run(*arguments, umask=-1, **environment):
        return subprocess.run(
            [LAUNCHER, *arguments],
            umask=umask,
            env={**without_ours(os.environ), "LUM1_HOME": str(tmp_path / "home"), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def another_system(tmp_path):
    path = tmp_path / "os-release"
    path.write_text('NAME="Fedora Linux"\nID=fedora\nVERSION_ID=44\n')
    return str(path)


def without_ours(environment):
    return {name: value for name, value in environment.items() if not name.startswith("LUM1_")}


def test_a_posix_shell_can_read_it():
    subprocess.run(["sh", "-n", LAUNCHER], check=True)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck n’est pas installé")
@pytest.mark.parametrize("script", ["lum1", ".ci/run"])
def test_shellcheck_has_nothing_to_say(script):
    checked = subprocess.run(["shellcheck", REPOSITORY / script], capture_output=True, text=True, check=False)
    assert checked.stdout == ""


@pytest.mark.parametrize("script", ["lum1", ".ci/run"])
def test_it_can_be_run_as_it_is_cloned(script):
    assert os.access(REPOSITORY / script, os.X_OK)


@pytest.mark.parametrize("ask", ["help", "--help", "-h"])
def test_help_is_given_before_anything_is_installed(lum1, tmp_path, ask):
    helped = lum1(ask)
    assert helped.returncode == 0
    assert "./lum1 COMMANDE" in helped.stdout
    assert not (tmp_path / "home").exists()


def test_help_is_given_on_any_system(lum1, another_system):
    assert lum1("help", LUM1_OS_RELEASE=another_system).returncode == 0


@pytest.mark.parametrize("command", ["start", "test", "bench"])
def test_another_system_is_told_of_docker_and_nothing_is_installed(lum1, tmp_path, another_system, command):
    refused = lum1(command, LUM1_OS_RELEASE=another_system)
    assert refused.returncode == 1
    assert "compose.yaml" in refused.stderr
    assert not (tmp_path / "home").exists()


def test_an_older_debian_is_another_system(lum1, tmp_path):
    older = tmp_path / "os-release"
    older.write_text('ID=debian\nVERSION_ID="11"\n')
    assert lum1("start", LUM1_OS_RELEASE=str(older)).returncode == 1


def test_the_doctor_says_what_start_would_install(lum1, tmp_path):
    examined = lum1("doctor")
    assert examined.returncode == 1
    assert "environnement Python → ./lum1 start" in examined.stderr
    assert not (tmp_path / "home").exists()


def test_the_doctor_says_that_the_system_is_another(lum1, another_system):
    examined = lum1("doctor", LUM1_OS_RELEASE=another_system)
    assert examined.returncode == 1
    assert "compose.yaml" in examined.stderr


def test_stopping_what_was_never_started_succeeds(lum1):
    stopped = lum1("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "")


def test_the_status_of_what_was_never_started_is_a_failure(lum1):
    assert lum1("status").returncode == 1


def test_help_names_every_command(lum1):
    listed = set(re.findall(r"^  ([a-z]+) ", lum1("help").stdout, re.MULTILINE))
    assert listed == {*MODULES, "test", "bench"}


@pytest.mark.parametrize("command", sorted(MODULES))
def test_the_launcher_knows_every_command(lum1, tmp_path, command):
    helped = lum1(command, "--help")
    assert helped.returncode == 0
    assert "./lum1 COMMANDE" in helped.stdout
    assert not (tmp_path / "home").exists()


def test_an_unknown_command_installs_nothing(lum1, tmp_path):
    refused = lum1("frobnicate")
    assert refused.returncode == 2
    assert "« frobnicate » n’existe pas" in refused.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", ["loads", "verify", "refresh", "search", "rollback", "export", "worker"])
def test_what_needs_an_instance_installs_nothing_where_none_was_started(lum1, tmp_path, command):
    refused = lum1(command)
    assert refused.returncode == 1
    assert "rien n’est installé" in refused.stderr
    assert "./lum1 start" in refused.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("command", "expected"), [("export", "0027"), ("tiles", "0027"), ("refresh", "0077")])
def test_what_is_written_for_others_is_readable_as_the_operator_s_umask_says(lum1, tmp_path, command, expected):
    """The home's own stays private."""
    program = tmp_path / "home" / "venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\numask\n")
    program.chmod(0o700)
    lock = hashlib.sha256((REPOSITORY / "requirements.lock").read_bytes()).hexdigest()
    version = subprocess.run(
        ["python3", "-I", "-c", "import sys; print(sys.version.split()[0])"], capture_output=True, text=True, check=True
    ).stdout.strip()
    (program.parents[1] / "complete").write_text(f"{version} {lock}\n")
    ran = lum1(command, umask=0o027, LUM1_DATABASE_URL="postgresql://nulle.part/rien")
    assert ran.stdout == f"{expected}\n"


def test_it_finds_its_repository_from_elsewhere_and_through_a_link(lum1, tmp_path):
    link = tmp_path / "a link"
    link.symlink_to(LAUNCHER)
    helped = subprocess.run([link, "help"], cwd="/", capture_output=True, text=True, check=False)
    assert helped.returncode == 0


def test_ci_runs_what_a_developer_runs():
    assert "./lum1 test" in Path(REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
