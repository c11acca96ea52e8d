"""Where cases stand: a PostgreSQL of the bench's own, a folder for its files, instances made new for each case."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from bench import country
from bench.country import Country
from bench.measure import Skipped, WrongAnswer
from bench.memory import Peak
from bench.sizes import Sizes
from etl import demo
from etl.report import Report
from geo.database import engine_for
from geo.settings import REPOSITORY, Settings
from search import embedded
from tests import template
from tests.conftest import SHARED_DATA, fresh_database
from tiles import counts

SEED = 4
SOURCES = (".py", ".txt", ".csv")
WORTH_KEEPING = 50_000  # structures of a country that is kept for the next run; fewer are drawn in seconds
ROWS_COME_FROM = (
    *("bench/drawn.py", "bench/country.py", "etl/demo", "etl/publish.py", "geo/categories.py", "geo/communes.py"),
    *("geo/structures.py", "geo/migrations", "geo/cells.py", "tiles/counts.py", "tiles/drawn.py", "tiles/layers.py"),
)
WORDS_COME_FROM = (
    *("search/document.py", "search/french.py", "search/sigles.py", "search/sigles.txt", "search/synonyms.txt"),
    *(
        "search/squares.py",
        "search/ranking.py",
        "search/embedded/index.py",
        "search/embedded/writing.py",
        "geo/text.py",
    ),
    *("search/embedded/postings.py", "search/embedded/names.py", "search/embedded/beginnings.py"),
    *(
        "search/embedded/numbers.py",
        "search/embedded/arrays.py",
        "search/embedded/sphere.py",
        "search/embedded/strips.py",
        "search/embedded/standing.py",
        "geo/cells.py",
        "search/embedded/columns.py",
        "search/embedded/stored.py",
        "search/rows.py",
    ),
)


class Loaded(msgspec.Struct, frozen=True):
    """A refresh as seen from outside: its report, the memory of its processes, what PostgreSQL's journal grew by."""

    report: Report
    peak_mib: float
    wal_bytes: int


class Volume(msgspec.Struct, frozen=True):
    """The instance that holds a live volume, what it was loaded from, and how that went."""

    instance: Settings
    files: demo.DemoFiles
    loaded: Loaded


class Ground:
    """Made once for a run; databases are dropped when it closes, files are kept for the next run.

    `template`: a database of this version, migrated, with its reference; one is made otherwise.
    """

    def __init__(
        self, folder: Path, server_url: str, sizes: Sizes, say: Callable[[str], None], *, template: str | None = None
    ) -> None:
        self.folder = folder
        self.server_url = server_url
        self.sizes = sizes
        self.say = say
        self.left_out: dict[str, str] = {}
        self._given_template = template
        self._open = ExitStack()
        self._countries: dict[int, Country] = {}

    def __enter__(self) -> "Ground":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def official(self) -> Path | None:
        """The official files beside the repository, where they are."""
        folder = SHARED_DATA / "official"
        return folder if folder.is_dir() else None

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Of a case: when it is skipped, what follows is measured all the same."""
        try:
            yield
        except Skipped as why:
            self.say(f"{name}, sauté : {why}")
            self.left_out[name] = str(why)

    def instance(self, name: str) -> Settings:
        """A migrated database with its reference, and a home, both empty of structures."""
        url = self._open.enter_context(fresh_database(self.server_url, template=self._template))
        home = self._open.enter_context(_emptied(self.folder / "instances" / name))
        return Settings(home=home, database_url=url, schedule=False, live=False)

    def copy(self, instance: Settings, name: str) -> Settings:
        """An instance that holds what another does."""
        url = self._open.enter_context(fresh_database(self.server_url, template=instance.database_url))
        home = self._open.enter_context(_emptied(self.folder / "instances" / name))
        copied = Settings(home=home, database_url=url, schedule=False, live=False)
        shutil.copytree(instance.search_root, copied.search_root)
        return copied

    def scratch(self, name: str) -> Path:
        """A folder that leaves with the run."""
        return self._open.enter_context(_emptied(self.folder / "instances" / name))

    def load(self, instance: Settings, *files: Path, flow: str = "structures") -> Loaded:
        """Refresh in another process, after a checkpoint: each page's first change is then journaled whole, the worst case."""
        asked = (flow, instance.database_url, str(instance.search_root), *map(str, files))
        command = [sys.executable, "-m", "bench.load", *asked]
        with psycopg.connect(instance.database_url, autocommit=True) as watch:
            watch.execute("CHECKPOINT")
            before = wal_position(watch)
            with (
                subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as running,
                Peak(running.pid) as peak,
            ):
                said = _to_the_end(running)
            written = wal_position(watch) - before
        if running.returncode:
            raise WrongAnswer(f"Le chargement de {files[0].name} a échoué : ses derniers mots sont plus haut.")
        return Loaded(msgspec.json.decode(said, type=Report), peak.mib, written)

    def demo(self, size: int, raw_bytes: int | None = None, activities: int | None = None) -> demo.DemoFiles:
        """A fictitious France, kept from one run to the next as long as its generator is the same."""
        asked = f"{size}-{raw_bytes or 'sobre'}-{activities or 'usuelles'}"
        folder = self.folder / "files" / f"demo-{asked}-{digest_of_sources('etl/demo')}"
        expected = demo.DemoFiles(
            folder / f"finess-structures-journalier-{demo.PRODUCED_ON:%Y%m%d}.json.gz",
            folder / f"finess-activites-journalier-{demo.PRODUCED_ON:%Y%m%d}.json.gz",
            folder / "verite.parquet",
            folder / "zones.ndjson",
        )
        if all(path.exists() for path in expected.written()):
            return expected
        self.say(f"écriture d’une France fictive de {size} établissements (gardée pour les fois suivantes)")
        return demo.generate(folder, size=size, seed=SEED, raw_size=raw_bytes, activities=activities)

    @cached_property
    def volume(self) -> Volume:
        """A first load of the live volume, made once for all the cases that stand on it."""
        files = self.demo(self.sizes.volume, self.sizes.raw_bytes, self.sizes.activities)
        instance = self.instance("volume")
        self.say("premier chargement du volume réel")
        return Volume(instance, files, self.load(instance, files.finess))

    def country(self, count: int) -> Country:
        """So many invented structures, served; kept from one run to the next as long as what makes them is the same."""
        if count not in self._countries:
            made = self._kept(count) if count >= WORTH_KEEPING else self._drawn(count)
            self._countries[count] = made
        return self._countries[count]

    def _drawn(self, count: int) -> Country:
        return country.fill(self.instance(f"pays-{count}"), count, self.say)

    def _kept(self, count: int) -> Country:
        """Its database stays on the server, the rest in a folder of the same name, complete or made again."""
        name = f"pays_{count}_{digest_of_sources(*ROWS_COME_FROM)}"
        home, kept = self.folder / "kept" / name, Database(self.server_url, name)
        instance = Settings(home=home, database_url=kept.url, schedule=False, live=False)
        made_by, words = home / "made_by", digest_of_sources(*WORDS_COME_FROM)
        if not (made_by.exists() and kept.exists()):
            self._forget_countries(count)
            self.say(f"un pays de {count} structures, gardé pour les fois suivantes")
            home.mkdir(parents=True)
            kept.create(self._template)
            country.fill(instance, count, self.say)
        elif made_by.read_text() != words or not country.is_indexed(instance):
            country.index_again(instance, self.say)
        made_by.write_text(words)
        return country.opened(instance)

    def _forget_countries(self, count: int) -> None:
        """Those of this size that other sources made."""
        for database in Database.beginning_with(self.server_url, f"pays_{count}_"):
            database.drop()
        for folder in (self.folder / "kept").glob(f"pays_{count}_*"):
            shutil.rmtree(folder)

    @cached_property
    def _template(self) -> str:
        if self._given_template is not None:
            return self._given_template
        url = self._open.enter_context(fresh_database(self.server_url))
        template.fill(url)
        return url


class Database:
    """A database that outlives the run."""

    def __init__(self, server_url: str, name: str) -> None:
        self.name = name
        self.url = f"{server_url.rpartition('/')[0]}/{name}"
        self._server_url = server_url

    @classmethod
    def beginning_with(cls, server_url: str, beginning: str) -> list["Database"]:
        with psycopg.connect(server_url) as server:
            names = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [beginning])
            return [cls(server_url, name) for (name,) in names]

    def exists(self) -> bool:
        return self.name in [each.name for each in Database.beginning_with(self._server_url, self.name)]

    def create(self, template: str) -> None:
        """A copy of the template's files."""
        copied = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._run(copied.format(sql.Identifier(self.name), sql.Identifier(template.rpartition("/")[2])))

    def drop(self) -> None:
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self.name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as server:
            server.execute(statement)


def wal_position(connection: psycopg.Connection[Any]) -> int:
    """Bytes journaled since the cluster was made."""
    row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    return int(row[0]) if row else 0


def differences(instance: Settings, version: int | None) -> list[str]:
    """Where tiles or the words index disagree with PostgreSQL."""
    engine = engine_for(instance.database_url)
    with engine.connect() as connection:
        found = counts.verify(connection) + embedded.verify(connection, instance.search_root / str(version))
    engine.dispose()
    return found


def asked(instance: Settings, question: str) -> list[Any]:
    """Rows of one question."""
    with psycopg.connect(instance.database_url) as connection:
        return connection.execute(question.encode()).fetchall()


def digest_of_sources(*places: str) -> str:
    """Of these folders or files of the repository: what was made by others is made again."""
    paths = [REPOSITORY / place for place in places]
    every = [each for path in paths for each in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    sources = [each for each in every if each.suffix in SOURCES]
    return hashlib.blake2b(b"".join(source.read_bytes() for source in sources), digest_size=4).hexdigest()


def _to_the_end(running: subprocess.Popen[bytes]) -> bytes:
    """What it printed; a bench that is stopped stops it too."""
    try:
        return running.communicate()[0]
    except BaseException:
        running.kill()
        raise


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """A folder that is there and empty, and is not left behind."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
