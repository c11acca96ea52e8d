"""One file of a flow, read from what its publisher says of it; what is missing or odd is unknown."""

import re
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
import requests

from etl.download.flows import Flow
from geo.web import http_date

UNKNOWN_LICENCE = "inconnue"


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a data set as its publisher announces it."""

    title: str
    url: str
    published_on: date  # the day in the title
    size: int | None = None
    sha1: str | None = None
    licence: str = UNKNOWN_LICENCE  # as seen: ODbL and lov2 were both seen on these flows
    last_modified: datetime | None = None


def announced_resource(base_url: str, flow: Flow, announced: Any, licence: str) -> Resource | None:
    """What is announced, where it is a file of this flow that can be asked for; a missing field is unknown."""
    if not isinstance(announced, dict):
        return None
    url = str(announced.get("url") or "")
    title = _title(flow, str(announced.get("title") or "").strip(), _last_segment(url))
    day = flow.day_of(title) if title else None
    if not url and announced.get("id"):
        url = f"/api/1/datasets/r/{announced['id']}"
    if title is None or day is None or not url:
        return None
    return Resource(
        title=title,
        url=urljoin(f"{base_url}/", url),
        published_on=day,
        size=_positive(announced.get("filesize")),
        sha1=_sha1(announced.get("checksum")),
        licence=licence,
        last_modified=_moment(announced.get("last_modified")),
    )


def served_resource(flow: Flow, answer: requests.Response) -> Resource | None:
    """What a stable address led to, where it is a file of this flow."""
    title = _title(flow, _attached_name(answer), _last_segment(answer.url))
    day = flow.day_of(title) if title else None
    if title is None or day is None:
        return None
    coded = answer.headers.get("Content-Encoding", "identity") != "identity"
    return Resource(
        title=title,
        url=answer.url,
        published_on=day,
        size=None if coded else _positive(answer.headers.get("Content-Length")),
        last_modified=http_date(answer.headers.get("Last-Modified")),
    )


def _title(flow: Flow, *names: str) -> str | None:
    """The first name that is one of this flow's; an old title was a sentence, its file's name only in the address."""
    return next((name for name in names if flow.day_of(name)), None)


def _last_segment(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]


def _attached_name(answer: requests.Response) -> str:
    message = EmailMessage()
    message["Content-Disposition"] = answer.headers.get("Content-Disposition", "inline")
    return message.get_filename() or ""


def _positive(value: Any) -> int | None:
    text = str(value)
    return int(text) or None if text.isascii() and text.isdigit() else None


def _sha1(checksum: Any) -> str | None:
    """Other sums are left unchecked: data.gouv computes sha1 for what it hosts."""
    if not isinstance(checksum, dict) or str(checksum.get("type")).lower() != "sha1":
        return None
    value = str(checksum.get("value")).strip().lower()
    return value if re.fullmatch(r"[0-9a-f]{40}", value) else None


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
