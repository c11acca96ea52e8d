"""The FINESS flow of the day from data.gouv.fr: found by its dataset, fetched whole, its sum checked."""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import requests

from geo.errors import Lum1Error

CONNECT_TIMEOUT_S = 2.0  # a machine without network must reach the demo without a wait
READ_TIMEOUT_S = 60.0
CHUNK_BYTES = 1 << 18
DATASET = "finess-structures-1"
DAILY = re.compile(r"^finess-structures-journalier-(\d{8})\.json\.gz$")


class Unreachable(Lum1Error):
    """The producer cannot be reached from here."""


class Damaged(Lum1Error):
    """What arrived is not what was announced."""


class Resource(msgspec.Struct, frozen=True):
    """One file of a data set as its catalogue announces it."""

    title: str
    url: str
    size: int | None
    sha1: str | None
    licence: str


def latest_daily(base_url: str) -> Resource:
    """The most recent daily « structures » file in the catalogue, or Unreachable."""
    dataset = _json(f"{base_url}/api/1/datasets/{DATASET}/")
    daily = [each for each in dataset.get("resources", []) if DAILY.match(str(each.get("title")))]
    if not daily:
        raise Damaged(f"Le jeu « {DATASET} » n’annonce aucun fichier journalier : le flux a changé de forme.")
    last = max(daily, key=lambda each: str(each["title"]))
    checksum = last.get("checksum") or {}
    return Resource(
        title=last["title"],
        url=last["url"],
        size=last.get("filesize"),
        sha1=checksum.get("value") if checksum.get("type") == "sha1" else None,
        licence=str(dataset.get("license") or "inconnue"),
    )


def fetch(resource: Resource, folder: Path, progress: Callable[[int, int], None] | None = None) -> Path:
    """The file in `folder`, complete and checked; one already there with the right sum is not fetched again."""
    target = folder / resource.title
    if resource.sha1 and target.exists() and _sha1(target) == resource.sha1:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    _stream(resource, partial, progress)
    _check(resource, partial)
    os.replace(partial, target)
    return target


def _stream(resource: Resource, partial: Path, progress: Callable[[int, int], None] | None) -> None:
    done = 0
    try:
        with (
            requests.get(resource.url, stream=True, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S)) as answer,
            partial.open("wb") as out,
        ):
            answer.raise_for_status()
            for chunk in answer.iter_content(CHUNK_BYTES):
                out.write(chunk)
                done += len(chunk)
                if progress:
                    progress(done, resource.size or 0)
    except requests.RequestException as error:
        raise Unreachable(f"Le téléchargement de {resource.title} s’est interrompu : {error}") from error


def _check(resource: Resource, partial: Path) -> None:
    if resource.size is not None and partial.stat().st_size != resource.size:
        raise Damaged(f"{resource.title} : {partial.stat().st_size} octets reçus, {resource.size} annoncés.")
    if resource.sha1 and _sha1(partial) != resource.sha1:
        raise Damaged(f"{resource.title} : la somme sha1 reçue n’est pas celle annoncée.")


def _json(url: str) -> dict[str, Any]:
    try:
        answer = requests.get(url, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S))
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise Unreachable(f"Le catalogue n’est pas joignable : {error}") from error
    return found if isinstance(found, dict) else {}


def _sha1(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha1").hexdigest()
