"""Real OpenSearch nodes of the tests' own, on the loopback, gone at the end.

with running_node() as node:
    connected(node.server("lum1"))
with running_cluster(3) as cluster:
    cluster.kill(cluster.manager())

It asks for Maven, which fetches the node's jars once, and for a JDK of 21 or newer; `missing` says which is not there.
By hand: `LUM1_HOME=.lum1/test python -m tests.opensearch.peer` serves one until Ctrl-C.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import requests

from api.machine.ports import free_port
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
LOG = "node.log"
CLASSES = "classes.jsa"  # as the machine reads them; of another JDK, it reads the jars
# Of clusters: beyond those of other tests (tests/ports.py), before those that the system gives; two runs look apart.
FIRST_PORT = 19_000 + os.getpid() % 1_000 * 10
START_S = 120.0  # on cores that other tests share


@dataclass(frozen=True)
class Node:
    """One that runs: where it answers."""

    url: str
    process: "subprocess.Popen[bytes]"

    def server(self, name: str) -> SearchServer:
        """The node as an instance called so is told of it: nothing to copy to, since it is alone."""
        return SearchServer(urls=(self.url,), name=name, replicas=0)


def install(home: Path) -> None:
    """Fetch the jars into a tests' home, once for what this folder holds; nothing, and no word, without Maven or a JDK."""
    if _installed(home) or not (shutil.which("mvn") and jdk()):
        return
    folder = home / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'lib'}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"OpenSearch pour les essais : {done.stdout[-500:]}", file=sys.stderr)
        return
    _prepare(folder)
    (folder / "complete").write_text(_sum())


def _prepare(folder: Path) -> None:
    """Compile Node.java, and keep what a first node loaded: the next ones start in half the time."""
    java = jdk()
    assert java
    compiled = folder / "compiled"
    subprocess.run(
        [java / "bin" / "javac", "-cp", f"{folder / 'lib'}/*", "-d", compiled, HERE / "Node.java"], check=True
    )
    subprocess.run([java / "bin" / "jar", "cf", folder / "lib" / "node.jar", "-C", compiled, "."], check=True)
    keeping = [f"-XX:ArchiveClassesAtExit={folder / CLASSES}"]
    with (
        tempfile.TemporaryDirectory(prefix="lum1-opensearch-") as name,
        _begun(Path(name), {}, folder, keeping) as node,
    ):
        wait_for(lambda: _answers(_url(Path(name) / LOG)), node, Path(name) / LOG, START_S)
        assert node.stdin
        node.stdin.close()
        node.wait(START_S)


def missing() -> str:
    """Why no node can run here; empty when one can."""
    if jdk() is None:
        return f"aucun JDK {LEAST_JDK} ou plus récent (JAVA_HOME, {JDK_FOLDERS[0]})"
    if _installed(_home()) is None:
        return "OpenSearch n’est pas installé : il faut Maven (mvn), puis ./lum1 test"
    return ""


@contextmanager
def running_node() -> Iterator[Node]:
    """A node on ports that are free, its data in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="lum1-opensearch-") as name, running_in(Path(name)) as node:
        yield node


@contextmanager
def running_in(folder: Path, port: int = 0, heap: Iterable[str] = HEAP) -> Iterator[Node]:
    """A node whose data are in a folder: what one that was killed left there is found again by the next."""
    log = folder / LOG
    with _begun(folder, {"http.port": str(port)}, heap=heap) as node:
        wait_for(lambda: _answers(_url(log)), node, log, START_S)
        yield Node(_url(log), node)


@contextmanager
def _begun(
    folder: Path,
    settings: Mapping[str, str],
    installed: Path | None = None,
    options: Iterable[str] = (),
    heap: Iterable[str] = HEAP,
) -> Iterator["subprocess.Popen[bytes]"]:
    java, installed = jdk(), installed or _installed(_home())
    assert java
    assert installed
    options = options or [f"-XX:SharedArchiveFile={installed / CLASSES}", "-Xshare:auto"]
    told = [f"{name}={value}" for name, value in settings.items()]
    command = [
        str(java / "bin" / "java"),
        *heap,
        *options,
        "-cp",
        f"{installed / 'lib'}/*",
        "Node",
        str(folder / "data"),
    ]
    with running([*command, *told], folder, LOG) as node:
        yield node


class Member:
    """A node of a cluster: its name, its folder and its ports, which it finds again when it is started again."""

    def __init__(self, name: str, folder: Path, settings: Mapping[str, str]) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{settings['http.port']}"
        self._folder = folder
        self._settings = settings
        self._running: ExitStack | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Without waiting: nodes that form a cluster wait for each other."""
        self.stop()
        self._running = ExitStack()
        self._process = self._running.enter_context(_begun(self._folder, self._settings))

    def wait(self, nodes: int) -> None:
        """Until it answers in a cluster of so many, every copy of every index where it should be."""
        assert self._process
        asked = f"{self.url}/_cluster/health?wait_for_status=green&wait_for_nodes={nodes}&timeout=2s"
        wait_for(lambda: _is_told(asked), self._process, self._folder / LOG, START_S)

    def kill(self) -> None:
        """As a machine that loses its power: nobody is told."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._running is not None:
            self._running.close()
        self._running = self._process = None


class Cluster:
    """Several nodes, each a process of its own."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.members = tuple(members)

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(each.url for each in self.members)

    def server(self, name: str) -> SearchServer:
        """The cluster as an instance called so is told of it: every address, and nothing answers in its place."""
        return SearchServer(urls=self.urls, name=name, replicas=1, fallback=False)

    @property
    def alive(self) -> Member:
        return next(each for each in self.members if each.runs)

    def manager(self) -> Member:
        """The one that the others elected."""
        (elected,) = requests.get(f"{self.alive.url}/_cat/cluster_manager?format=json", timeout=30).json()
        return next(each for each in self.members if each.name == elected["node"])

    def other(self) -> Member:
        """One that was not elected."""
        elected = self.manager()
        return next(each for each in self.members if each is not elected)

    def start(self) -> None:
        """Those that do not run; every one is there when it returns, and every copy whole."""
        for each in self.members:
            if not each.runs:
                each.start()
        for each in self.members:
            each.wait(len(self.members))

    def stop(self) -> None:
        for each in self.members:
            each.stop()


@contextmanager
def running_cluster(size: int) -> Iterator[Cluster]:
    """So many nodes on ports of their own, their data in folders that go with them."""
    names = [f"noeud{number}" for number in range(1, size + 1)]
    transport = _ports(size)
    http = _ports(size, after=transport[-1])
    together = {
        "discovery.type": "zen",
        "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in transport),
        "cluster.initial_cluster_manager_nodes": ",".join(names),
    }
    with tempfile.TemporaryDirectory(prefix="lum1-opensearch-") as root:
        members = []
        for name, its_transport, its_http in zip(names, transport, http, strict=True):
            (Path(root) / name).mkdir()
            ports = {"node.name": name, "transport.port": str(its_transport), "http.port": str(its_http)}
            members.append(Member(name, Path(root) / name, together | ports))
        cluster = Cluster(members)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


def _ports(count: int, after: int = FIRST_PORT - 1) -> list[int]:
    """Free ones, each beyond the one before: nobody listens on them yet."""
    ports: list[int] = []
    for _ in range(count):
        ports.append(free_port(at_least=(ports[-1] if ports else after) + 1))
    return ports


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


def _installed(home: Path) -> Path | None:
    """In a tests' home, or in the one beside the bench's."""
    folders = (home / FOLDER, home.parent / "test" / FOLDER)
    return next((each for each in folders if _is_complete(each / "complete")), None)


def _is_complete(mark: Path) -> bool:
    return mark.is_file() and mark.read_text() == _sum()


def _sum() -> str:
    return hashlib.sha256(POM.read_bytes() + (HERE / "Node.java").read_bytes() + str(jdk()).encode()).hexdigest()


def _url(log: Path) -> str:
    """Where it says that it listens; empty until then."""
    found = LISTENING.search(log.read_text())
    return f"http://{found[1]}" if found else ""


def _answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return bool(url) and requests.get(f"{url}/_cluster/health", timeout=5).status_code == 200
    return False


def _is_told(url: str) -> bool:
    """Whether it says yes, and now: a node that is not yet of a cluster says that it cannot know."""
    with suppress(requests.RequestException):
        answer = requests.get(url, timeout=10)
        return answer.status_code == 200 and not answer.json()["timed_out"]
    return False


if __name__ == "__main__":
    if why := missing():
        sys.exit(why)
    with running_node() as serving:
        print(serving.url, flush=True)
        with suppress(KeyboardInterrupt):
            time.sleep(86_400)
