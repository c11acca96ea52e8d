"""Where the instance lives and how it reaches its database, read from the environment."""

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from geo.environment import whole_number
from geo.errors import Lum1Error
from geo.search_server import SearchServer

REPOSITORY = Path(__file__).resolve().parents[1]
SIRENE_FOLDER = "sirene"  # of a home


@dataclass(frozen=True)
class Settings:
    """One instance: everything it writes is under `home`."""

    home: Path
    database_url: str
    datagouv_url: str = "https://www.data.gouv.fr"
    public_url: str = ""  # where others reach the server, when a proxy stands before it
    contact: str = ""  # whom the persons told here may write to: a mail or an address, shown to everyone
    live: bool = True  # whether the network may be tried at all
    schedule: bool = True  # whether `start` runs the worker; 0 where an external cron calls `refresh`
    sirene_api_url: str = "https://api.insee.fr/api-sirene/3.11"
    sirene_api_key: str = field(default="", repr=False)  # a secret: in no log, no error, no answer
    sirene_per_minute: int = 30  # of the questions that Insee allows a key
    sirene_statuses: int = (
        700  # questions a day about statuses of diffusion: all natural persons of the field in a month
    )
    sirene: bool = False  # whether what is refreshed by itself includes SIRENE: its stock is 4 GB a month
    positions: bool = True  # whether what is refreshed by itself ends with the geocoder
    geocoder_url: str = "https://data.geopf.fr/geocodage"  # or an addok of the operator's
    geocoder_account: tuple[str, str] | None = field(
        default=None, repr=False
    )  # name and password, where it asks for them
    geocoder_indexed_on: date | None = None  # the day of its addresses, where the operator knows it
    geocoder_per_second: int = 40  # of the 50 questions that the Géoplateforme allows an address
    geocoder_suggest: bool = (
        False  # whether what visitors type, where it looks like an address, may be asked of the geocoder
    )
    search_server: SearchServer | None = None  # that answers questions; None: the engine in the process does
    tiles_archive: bool = False  # whether this home keeps an archive of its tiles, and serves it
    max_age_days: int = 3  # past which real content is said to be old: the flow is daily, and may miss a week-end

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read `LUM1_HOME` and `LUM1_DATABASE_URL`; without the latter the private cluster's address is in the home."""
        home = Path(os.environ.get("LUM1_HOME") or REPOSITORY / ".lum1").absolute()
        url = os.environ.get("LUM1_DATABASE_URL") or _recorded_url(home)
        key = os.environ.get("LUM1_SIRENE_API_KEY", "").strip()
        geocoder_url, account = _geocoder(os.environ.get("LUM1_GEOCODER_URL") or cls.geocoder_url)
        return cls(
            home=home,
            database_url=url,
            datagouv_url=os.environ.get("LUM1_DATAGOUV_URL", cls.datagouv_url).rstrip("/"),
            public_url=os.environ.get("LUM1_PUBLIC_URL", "").rstrip("/"),
            contact=os.environ.get("LUM1_CONTACT", "").strip(),
            live=_switch("LUM1_LIVE", True),
            schedule=_switch("LUM1_SCHEDULE", True),
            sirene_api_url=(os.environ.get("LUM1_SIRENE_API") or cls.sirene_api_url).rstrip("/"),
            sirene_api_key=key,
            sirene_per_minute=whole_number("LUM1_SIRENE_PER_MINUTE", cls.sirene_per_minute),
            sirene_statuses=whole_number("LUM1_SIRENE_STATUSES", cls.sirene_statuses),
            sirene=_switch("LUM1_SIRENE", bool(key)),
            positions=_switch("LUM1_POSITIONS", True),
            geocoder_url=geocoder_url,
            geocoder_account=account,
            geocoder_indexed_on=_day("LUM1_GEOCODER_INDEXED_ON"),
            geocoder_per_second=whole_number("LUM1_GEOCODER_PER_SECOND", cls.geocoder_per_second),
            geocoder_suggest=_switch("LUM1_GEOCODER_SUGGEST", False),
            search_server=SearchServer.chosen(),
            tiles_archive=_switch("LUM1_TILES_ARCHIVE", False),
            max_age_days=whole_number("LUM1_MAX_AGE_DAYS", cls.max_age_days),
        )

    @property
    def external_database(self) -> bool:
        """Whether the database is a server of the operator's, not the home's private cluster."""
        return bool(os.environ.get("LUM1_DATABASE_URL"))

    @property
    def search_root(self) -> Path:
        """One folder per publication: the word index and its columns."""
        return self.home / "search"

    @property
    def archive(self) -> Path:
        """Downloaded files, kept."""
        return self.home / "archive"

    @property
    def sirene_folder(self) -> Path:
        """Where SIRENE's files and pages pass by, for the time of their load."""
        return self.home / SIRENE_FOLDER

    @property
    def web_assets(self) -> Path:
        """npm packages served to the browser, as installed by the launcher."""
        return self.home / "web" / "node_modules"


def _recorded_url(home: Path) -> str:
    recorded = home / "database.url"
    return recorded.read_text().strip() if recorded.exists() else ""


def _geocoder(url: str) -> tuple[str, tuple[str, str] | None]:
    """An address as it may be shown, and the account that it held. What is refused is not quoted: a secret may be in it.

    >>> _geocoder("https://alice:s%40cret@geocodeur.example/")
    ('https://geocodeur.example', ('alice', 's@cret'))
    """
    try:
        parts = urlsplit(url.strip().rstrip("/"))
        named, separator, machine = parts.netloc.rpartition("@")
        _ = parts.port  # ValueError where it is no number
        wrong = (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or any(mark in machine + parts.path for mark in "@ ")
        )
    except ValueError:
        wrong = True
    if wrong:
        raise Lum1Error(
            "LUM1_GEOCODER_URL n’est pas l’adresse d’un géocodeur : « https://machine[:port][/chemin] » est attendu, ou "
            "« https://nom:mot-de-passe@machine… », où les signes / ? # @ : d’un mot de passe s’écrivent %2F %3F %23 %40 %3A."
        )
    name, _, password = named.partition(":")
    account = (unquote(name), unquote(password)) if separator else None
    return urlunsplit(parts._replace(netloc=machine)), account


def _day(name: str) -> date | None:
    text = os.environ.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Lum1Error(f"{name} vaut « {text} » : une date est attendue (2026-11-24).") from error


def _switch(name: str, default: bool) -> bool:
    """A setting that is 0 or 1, or its default where it is absent or empty: a « non » that meant yes would cost gigabytes."""
    text = os.environ.get(name, "").strip()
    if text not in ("", "0", "1"):
        raise Lum1Error(f"{name} vaut « {text} » : 0 ou 1 est attendu.")
    return text == "1" if text else default
