"""A file into a folder: resumed where it stopped, checked, and under its name only when whole."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import requests

from etl.download.checks import checked, sha1_of
from etl.download.errors import Damaged, Unwritable
from etl.download.lock import alone_in
from etl.download.memory import Memory, recall, remember
from etl.download.partial import Partial, memory_of
from etl.download.resource import Resource
from etl.download.web import SILENCE_S, answer_from, chunks
from geo.patience import Effort, Interrupted, Patience
from geo.web import host

Progress = Callable[[int, int], None]  # bytes received, bytes announced (0: unknown)

logger = logging.getLogger("lum1.download")


def fetch(resource: Resource, folder: Path, progress: Progress | None = None, patience: Patience | None = None) -> Path:
    """The file in `folder`, whole and checked; a copy already there is kept when it is still the one announced.

    Unreachable leaves what has arrived for the next run; Damaged, after a second download from zero, leaves nothing.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone_in(folder):
            return _fetch(resource, folder / resource.title, progress, Effort(patience or Patience.from_environment()))
    except OSError as error:
        raise Unwritable(f"{folder} ne peut pas recevoir {resource.title} : {error.strerror or error}.") from error


def _fetch(resource: Resource, target: Path, progress: Progress | None, effort: Effort) -> Path:
    kept = _kept(target)
    if kept and resource.sha1 and kept.got_sha1 == resource.sha1:
        if not kept.url:
            remember(target, memory_of(resource, got_sha1=kept.got_sha1))
        return target
    conditions = kept.conditions() if kept and not resource.sha1 and kept.url == resource.url else {}
    partial = Partial(target)
    for second in (False, True):
        try:
            if not _receive_all(resource, partial, conditions, progress, effort):
                return target
            return partial.become_the_file(_checked(resource, partial))
        except Damaged as damage:
            if second:
                raise Damaged(
                    f"{damage}, deux fois de suite. Rien n’en a été gardé : réessayez plus tard, "
                    "ou donnez un fichier par --file."
                ) from damage
            effort.wait_after(Interrupted(str(damage)))
    raise AssertionError


def _kept(target: Path) -> Memory | None:
    """What is known of the copy in place, its sum computed anew: a disk can lie too."""
    if not target.exists():
        return None
    sha1 = sha1_of(target)
    memory = recall(target)
    return memory if memory and memory.got_sha1 == sha1 else Memory(url="", got_sha1=sha1)


def _checked(resource: Resource, partial: Partial) -> str:
    try:
        return checked(resource, partial.path)
    except Damaged:
        partial.discard()
        raise


def _receive_all(
    resource: Resource, partial: Partial, conditions: dict[str, str], progress: Progress | None, effort: Effort
) -> bool:
    """Ask until the last byte is here; False when the server says that the copy in place is still right."""
    while not partial.holds_all_of(resource):
        try:
            return _receive(resource, partial, conditions, progress, effort)
        except Interrupted as cut:
            effort.wait_after(cut)
    return True


def _receive(
    resource: Resource, partial: Partial, conditions: dict[str, str], progress: Progress | None, effort: Effort
) -> bool:
    rest = partial.continuation(resource)
    with answer_from(resource.url, rest or conditions, silence_s=SILENCE_S) as answer:
        if answer.status_code == 304 and conditions and not rest:
            return False
        _refuse_a_page(resource, answer)
        if answer.status_code == 200:  # the first request, or a server without ranges, or a file that changed
            partial.begin(resource, answer)
        elif not partial.is_continued_by(answer):
            partial.discard()
            raise Interrupted(f"{host(answer.url)} : la suite ({answer.status_code}) n’est pas celle du début reçu")
        _append(resource, partial, answer, progress, effort)
    return True


def _append(
    resource: Resource, partial: Partial, answer: requests.Response, progress: Progress | None, effort: Effort
) -> None:
    done = partial.size
    total = resource.size or done + (answer.raw.length_remaining or 0)
    with partial.path.open("ab") as out:
        for chunk in chunks(answer, decoded=partial.is_decoded):
            out.write(chunk)
            done += len(chunk)
            effort.rewarded()
            if progress:
                progress(done, total)
            if resource.size and done > resource.size:
                break  # too long already: the check says so
        out.flush()
        os.fsync(out.fileno())


def _refuse_a_page(resource: Resource, answer: requests.Response) -> None:
    """A page of maintenance or of a hotel's network passes like a 503: it must not take the place of what has arrived."""
    if answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html":
        raise Interrupted(f"{host(answer.url)} envoie une page web à la place de {resource.title}")
