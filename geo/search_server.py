"""The Elasticsearch or OpenSearch server that an instance may search with, read from the environment."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from geo.environment import whole_number
from geo.errors import Lum1Error

ENGINES = ("embedded", "elasticsearch")
FALLBACKS = ("embedded", "none")


@dataclass(frozen=True)
class SearchServer:
    """One cluster; secrets are in no log, no error, no answer."""

    urls: tuple[str, ...] = ("http://127.0.0.1:9200",)
    api_key: str = field(default="", repr=False)
    account: tuple[str, str] | None = field(default=None, repr=False)  # user and password, where no key is given
    ca: Path | None = None  # of the authorities that vouch for its certificate, where the system's do not
    timeout_s: int = 3  # that a person waits for one request, before the index in the home answers
    fallback: bool = True  # whether it does, where the server does not; else words wait for the server
    name: str = "lum1"  # what its indexes begin with: several instances may share a cluster
    shards: int = 1
    replicas: int = 1

    @property
    def consumer(self) -> str:
        """How the outbox (geo.outbox) knows its indexes."""
        return f"search/{self.name}"

    @classmethod
    def chosen(cls) -> "SearchServer | None":
        """The one that `LUM1_SEARCH=elasticsearch` chooses; None where the engine in the process answers."""
        return None if _one_of("LUM1_SEARCH", ENGINES) == ENGINES[0] else cls.from_environment()

    @classmethod
    def from_environment(cls) -> "SearchServer":
        """Read `LUM1_SEARCH_*`; what is refused is not quoted, a secret may be in it."""
        urls = tuple(each.strip().rstrip("/") for each in _text("LUM1_SEARCH_URL").split(",") if each.strip())
        user, password = _text("LUM1_SEARCH_USER"), os.environ.get("LUM1_SEARCH_PASSWORD", "")
        ca = _text("LUM1_SEARCH_CA")
        if not all(map(_is_address, urls)):
            raise Lum1Error(
                "LUM1_SEARCH_URL n’est pas l’adresse d’un moteur de recherche : « https://machine[:port] » est attendu, "
                "plusieurs séparées par des virgules ; le compte se donne à part (LUM1_SEARCH_USER, LUM1_SEARCH_PASSWORD)."
            )
        if ca and not Path(ca).is_file():
            raise Lum1Error("LUM1_SEARCH_CA ne mène à aucun fichier.")
        return cls(
            urls=urls or cls.urls,
            api_key=_text("LUM1_SEARCH_API_KEY"),
            account=(user, password) if user else None,
            ca=Path(ca) if ca else None,
            timeout_s=max(1, whole_number("LUM1_SEARCH_TIMEOUT_S", cls.timeout_s)),
            fallback=_one_of("LUM1_SEARCH_FALLBACK", FALLBACKS) == FALLBACKS[0],
            name=_name(_text("LUM1_SEARCH_NAME") or cls.name),
            shards=max(1, whole_number("LUM1_SEARCH_SHARDS", cls.shards)),
            replicas=whole_number("LUM1_SEARCH_REPLICAS", cls.replicas),
        )


def _text(name: str) -> str:
    return os.environ.get(name, "").strip()


def _one_of(name: str, known: tuple[str, ...]) -> str:
    """The first is what an empty setting means."""
    chosen = _text(name) or known[0]
    if chosen not in known:
        raise Lum1Error(f"{name} vaut « {chosen} » : {' ou '.join(known)} est attendu.")
    return chosen


def _name(name: str) -> str:
    """What an index may begin with."""
    if not (name.isascii() and name.replace("-", "").isalnum() and name[0].isalpha() and name == name.lower()):
        raise Lum1Error("LUM1_SEARCH_NAME : des lettres minuscules, des chiffres et des tirets sont attendus.")
    return name


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError where it is no number
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and not ("@" in url or parts.query or parts.fragment)
    )
