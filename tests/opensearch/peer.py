"""A real OpenSearch node of the tests' own, on the loopback, gone at the end.

with running_node() as node:
    connected(node.server("lum1"))

It asks for Maven, which fetches the node's jars once, and for a JDK of 21 or newer; `missing` says which is not there.
By hand: `python -m tests.opensearch.peer` serves one until Ctrl-C.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import requests

from geo.search_server import SearchServer
from geo.settings import Settings
from tests.peers import running, wait_for

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
FOLDER = "opensearch"  # of a tests' home
LEAST_JDK = 21
JDK_FOLDERS = (Path("/usr/lib/jvm"), Path("/opt"), Path("/Library/Java/JavaVirtualMachines"))
HEAP = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
LISTENING = re.compile(r"HttpServerTransport\s*\] publish_address \{([\d.]+:\d+)\}")
START_S = 120.0  # it compiles its twenty lines first, on cores that other tests share


@dataclass(frozen=True)
class Node:
    """One that runs: where it answers."""

    url: str
    process: "subprocess.Popen[bytes]"

    def server(self, name: str) -> SearchServer:
        """The node as an instance called so is told of it: nothing to copy to, since it is alone."""
        return SearchServer(urls=(self.url,), name=name, replicas=0)


def install(home: Path) -> None:
    """Fetch the jars into a tests' home, once for each pom.xml; nothing, and no word, where there is no Maven or no JDK."""
    if _jars(home) or not (shutil.which("mvn") and jdk()):
        return
    folder = home / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'lib'}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"OpenSearch pour les essais : {done.stdout[-500:]}", file=sys.stderr)
        return
    (folder / "complete").write_text(_sum())


def missing() -> str:
    """Why no node can run here; empty when one can."""
    if jdk() is None:
        return f"aucun JDK {LEAST_JDK} ou plus récent (JAVA_HOME, {JDK_FOLDERS[0]})"
    if _jars(_home()) is None:
        return "OpenSearch n’est pas installé : il faut Maven (mvn), puis ./lum1 test"
    return ""


@contextmanager
def running_node() -> Iterator[Node]:
    """A node on ports that are free, its data in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="lum1-opensearch-") as name, running_in(Path(name)) as node:
        yield node


@contextmanager
def running_in(folder: Path, port: int = 0) -> Iterator[Node]:
    """A node whose data are in a folder: what one that was killed left there is found again by the next."""
    java, jars = jdk(), _jars(_home())
    assert java
    assert jars
    log, source, data = folder / "node.log", str(HERE / "Node.java"), str(folder / "data")
    command = [str(java / "bin" / "java"), *HEAP, "-cp", f"{jars}/*", source, data, str(port)]
    with running(command, folder, log.name) as node:
        wait_for(lambda: _answers(_url(log)), node, log, START_S)
        yield Node(_url(log), node)


@cache
def jdk() -> Path | None:
    """The folder of a JDK that is new enough: JAVA_HOME's, else the newest of the usual folders."""
    told = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    usual = [each for folder in JDK_FOLDERS if folder.is_dir() for each in folder.iterdir() if "j" in each.name.lower()]
    versions = {each: _version(each) for each in (*told, *usual)}
    enough = [each for each in (*told, *sorted(usual, key=lambda each: -versions[each])) if versions[each] >= LEAST_JDK]
    return enough[0] if enough else None


def _version(folder: Path) -> int:
    """0 where there is no JDK: one that cannot compile is none."""
    if not (folder / "bin" / "java").exists() or not (folder / "bin" / "javac").exists():
        return 0
    release = folder / "release"
    found = re.search(r'JAVA_VERSION="(\d+)', release.read_text()) if release.is_file() else None
    return int(found[1]) if found else 0


@cache
def _home() -> Path:
    """The tests' own, whatever home a test is about."""
    return Settings.from_environment().home


def _jars(home: Path) -> Path | None:
    complete = home / FOLDER / "complete"
    return home / FOLDER / "lib" if complete.is_file() and complete.read_text() == _sum() else None


def _sum() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def _url(log: Path) -> str:
    """Where it says that it listens; empty until then."""
    found = LISTENING.search(log.read_text())
    return f"http://{found[1]}" if found else ""


def _answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return bool(url) and requests.get(f"{url}/_cluster/health", timeout=5).status_code == 200
    return False


if __name__ == "__main__":
    if why := missing():
        sys.exit(why)
    with running_node() as serving:
        print(serving.url, flush=True)
        with suppress(KeyboardInterrupt):
            time.sleep(86_400)
