"""SIRENE by itself: this month's stock, each day that the API has told since, and who may still be shown.

Files and pages hold persons, some of whom oppose their diffusion tomorrow: nothing of them outlives its load.
"""

import shutil
import sys
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

import msgspec

from etl import running
from etl.download import Absent, Damaged, Patience, Unreachable, Unwritable
from etl.download.lock import alone_or_not
from etl.ledger import LoadUnderWay, Source
from etl.report import Report
from etl.sirene import known
from etl.sirene.api import KeyRefused, QuestionRefused, Sirene, Spool, synchronise
from etl.sirene.archive import check_zip
from etl.sirene.catalogue import Catalogue
from etl.sirene.day import load_day
from etl.sirene.download import OF_ONE_MONTH, Obtained, obtain_stock
from etl.sirene.files import (
    DOUBLONS,
    LIENS_SUCCESSION,
    POSITIONS,
    STOCK_ETABLISSEMENT,
    STOCK_UNITE_LEGALE,
    StockFile,
)
from etl.sirene.layout import ESTABLISHMENTS, GEOLOCATION, LEGAL_UNITS, check
from etl.sirene.lineage import DUPLICATES, SUCCESSIONS
from etl.sirene.pipeline import How
from etl.sirene.refresh import StockFiles, refresh_stock
from etl.sirene.statuses import reconcile
from geo.database import engine_for
from geo.errors import Lum1Error, Refused
from geo.progress import Progress
from geo.settings import Settings
from geo.sirene import PIPELINE

SOURCES = {source.name: source for source in (ESTABLISHMENTS, LEGAL_UNITS, GEOLOCATION, SUCCESSIONS, DUPLICATES)}
REFUSED_FOR = timedelta(days=6)  # four gigabytes are not downloaded every day to be refused again: once a week


def refresh_live(
    settings: Settings, progress: Progress, *, accept: Collection[str] = (), dry_run: bool = False
) -> list[Report]:
    """All that there is to load, or to refuse; raises Unreachable when Insee cannot be asked, what was loaded stays loaded."""
    return list(refreshes(settings, progress, accept=accept, dry_run=dry_run))


def refreshes(
    settings: Settings, progress: Progress, *, accept: Collection[str] = (), dry_run: bool = False
) -> Iterator[Report]:
    """The same, each report as it comes: a trouble after it does not lose it."""
    folder = settings.sirene_folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone_or_not(folder) as alone:
        if not alone:
            raise LoadUnderWay(
                "SIRENE est déjà en cours de rafraîchissement : attendez sa fin (./lum1 loads le montre)."
            )
        run = _Run(settings, progress, accept, dry_run)
        try:
            said = 0
            for report in chain(run.stock(), run.api()):
                said += 1
                yield report
            if run.unreached and not said:  # a known stock is kept, and nobody could tell this from « nothing new »
                raise run.unreached
        finally:
            run.engine.dispose()


class _Run:
    """One refresh under way."""

    def __init__(self, settings: Settings, progress: Progress, accept: Collection[str], dry_run: bool) -> None:
        self.settings = settings
        self.progress = progress
        self.engine = engine_for(settings.database_url)
        self.how = How(
            home=settings.home, search_root=settings.search_root, origin="live", accept=accept, dry_run=dry_run
        )
        self.files = settings.sirene_folder / "stock"
        self.spool = Spool(settings.sirene_folder / "jours")
        self.unreached: Unreachable | Damaged | None = None

    def stock(self) -> Iterator[Report]:
        """This month's, unless it was loaded; one that was killed between its load and its end leaves nothing either."""
        try:
            month = self._month_to_load()
            if month is None:
                _forget(self.files)
                return
            obtained = self._obtained()
        except (Unreachable, Damaged) as error:
            if self._known_stock() is None:
                raise
            _say(f"{error} Le stock connu est gardé.")
            self.unreached = error
        except Unwritable as error:
            yield self._refused("Stock de SIRENE", error)
        except Refused as error:
            _forget(self.files)
            yield self._refused(f"StockEtablissement-{month:%Y-%m}", error)
        else:
            yield self._loaded(obtained)

    def api(self) -> Iterator[Report]:
        """Days, then statuses; without a key, what the stock says stands until the next."""
        if not self.settings.sirene_api_key:
            self.spool.forget_all()
            _say("sans LUM1_SIRENE_API_KEY, seul le stock du mois est chargé, rien de ce qui change entre deux stocks.")
            return
        try:
            sirene = Sirene.from_settings(self.settings)
            yield from self._days(sirene)
            if report := reconcile(self.engine, sirene, self.settings.sirene_statuses, self.how, self.progress):
                yield report
        except (KeyRefused, QuestionRefused) as error:
            yield self._refused("API Sirene", error)

    def _days(self, sirene: Sirene) -> Iterator[Report]:
        """Every day that Insee has and we have not, oldest first. Those after a refused one wait for it, their masks do not."""
        stock = self._known_stock()
        if stock is None:
            return
        with self.engine.connect() as connection:
            last = known.last_day(connection)
        received = synchronise(sirene, self.spool, last, stock.day, self.progress.step)
        if mass := received.left_to_the_stock:
            _say(
                f"l’Insee a retraité des millions d’établissements le {mass:%d/%m/%Y} : ce qui a changé jusqu’à ce jour "
                "viendra avec le prochain stock ; les jours suivants sont lus comme d’habitude."
            )
        doubt = None
        for day in received.days:
            report = load_day(self.engine, self.spool, day, self.how, self.progress, doubt)
            self.spool.forget(day)
            yield report
            if report.state == "refused" and doubt is None:
                doubt = f"Le {day:%d/%m/%Y} a été refusé (chargement {report.load}) : ce jour attend qu’il soit publié."
        self.spool.forget_all()

    def _known_stock(self) -> known.Stock | None:
        with self.engine.connect() as connection:
            return known.stock(connection)

    def _month_to_load(self) -> date | None:
        """The newest month that is online, unless it is loaded, or was refused this week and nothing is accepted since."""
        catalogue = Catalogue(self.settings.datagouv_url, Patience.from_environment())
        online = {found.published_on for file in OF_ONE_MONTH if (found := next(catalogue.ways_to(file), None))}
        stock = self._known_stock()
        if len(online) > 1:
            _say("les fichiers du mois ne sont pas tous publiés : ils sont attendus.")
            return None
        if not online:
            raise Absent("Le stock de SIRENE n’est plus annoncé nulle part : signalez-le.")
        [month] = online
        if stock and month <= stock.month:
            return None
        with self.engine.connect() as connection:
            refused = known.refused_since(connection, month, datetime.now(UTC) - REFUSED_FOR)
        if refused and not self.how.accept:
            _say(
                f"le stock de {month:%m/%Y} a été refusé (chargement {refused}) : il ne sera repris qu’une semaine après, "
                "ou par ./lum1 refresh sirene --accept PORTE."
            )
            return None
        return month

    def _obtained(self) -> list[Obtained]:
        return obtain_stock(
            self.settings.datagouv_url,
            self.files,
            _check,
            step=self.progress.step,
            progress=self.progress.advance,
        )

    def _loaded(self, obtained: list[Obtained]) -> Report:
        paths = {each.file: each.path for each in obtained}
        files = StockFiles(
            establishments=paths[STOCK_ETABLISSEMENT],
            units=paths[STOCK_UNITE_LEGALE],
            positions=paths[POSITIONS],
            successions=paths[LIENS_SUCCESSION],
            duplicates=paths[DOUBLONS],
        )
        how = msgspec.structs.replace(self.how, licence=obtained[0].resource.licence)
        try:
            return refresh_stock(self.engine, files, how, self.progress)
        finally:
            _forget(self.files)

    def _refused(self, name: str, error: Lum1Error) -> Report:
        """What the operator has to mend, kept where refusals are looked for."""
        source = Source(name=name, origin="live", fictitious=False, sha1="", size=0)
        return running.refused_unread(self.engine, PIPELINE, source, str(error))


def _check(file: StockFile, path: Path) -> None:
    (check if path.suffix == ".parquet" else check_zip)(path, SOURCES[file.name])


def _forget(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _say(line: str) -> None:
    print(f"SIRENE : {line}", file=sys.stderr, flush=True)
