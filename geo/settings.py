"""Where the instance lives and how it reaches its database, read from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """One instance: everything it writes is under `home`."""

    home: Path
    database_url: str
    datagouv_url: str = "https://www.data.gouv.fr"
    public_url: str = ""  # where others reach the server, when a proxy stands before it
    live: bool = True  # whether the network may be tried at all

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read `LUM1_HOME` and `LUM1_DATABASE_URL`; without the latter the private cluster's address is in the home."""
        home = Path(os.environ.get("LUM1_HOME") or REPOSITORY / ".lum1").absolute()
        url = os.environ.get("LUM1_DATABASE_URL") or _recorded_url(home)
        return cls(
            home=home,
            database_url=url,
            datagouv_url=os.environ.get("LUM1_DATAGOUV_URL", cls.datagouv_url).rstrip("/"),
            public_url=os.environ.get("LUM1_PUBLIC_URL", "").rstrip("/"),
            live=os.environ.get("LUM1_LIVE", "1") != "0",
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
    def web_assets(self) -> Path:
        """npm packages served to the browser, as installed by the launcher."""
        return self.home / "web" / "node_modules"


def _recorded_url(home: Path) -> str:
    recorded = home / "database.url"
    return recorded.read_text().strip() if recorded.exists() else ""
