"""Pages of answers, from the network or from files: read, put in the order of their cursors, and none missing."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from etl.sirene.api.flatten import Rejected, flatten, latest_of_each_siret
from etl.sirene.api.members import ESTABLISHMENTS, Collection
from geo.errors import Lum1Error, Refused

START = "*"  # the cursor of a first page


class NotAPage(Lum1Error):
    """What should be a page of answers cannot be read as one."""


class Page(msgspec.Struct, frozen=True):
    """One answer, as it came and as it is understood."""

    total: int
    cursor: str
    following: str | None
    entries: list[Any]
    body: bytes

    @property
    def is_last(self) -> bool:
        """Insee's end of a list: no further cursor, or the same again."""
        return self.following in (None, self.cursor)


class Pages(msgspec.Struct, frozen=True):
    """Establishments of one or more lists of pages, one row each."""

    rows: pl.DataFrame  # rows.JOINED
    rejected: list[Rejected]
    total: int  # announced
    unknown: dict[str, int]  # undocumented members, by name
    doubt: str | None = None  # why this may not be all that was said


def page_of(body: bytes, collection: Collection = ESTABLISHMENTS) -> Page:
    """The page that a body is; NotAPage with the reason."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAPage("ce n’est pas du JSON entier") from error
    header = document.get("header") if isinstance(document, dict) else None
    if not isinstance(header, dict):
        raise NotAPage("ce n’est pas une réponse de l’API Sirene (sans «\u202fheader\u202f»)")
    if header.get("statut") != 200:
        raise NotAPage(f"c’est une erreur {header.get('statut')} : {header.get('message')}")
    entries, total, cursor = document.get(collection.member), header.get("total"), header.get("curseur")
    if not isinstance(entries, list) or not isinstance(total, int) or not isinstance(cursor, str):
        raise NotAPage(f"il y manque «\u202f{collection.member}\u202f», «\u202ftotal\u202f» ou «\u202fcurseur\u202f»")
    following = header.get("curseurSuivant")
    return Page(total, cursor, following if isinstance(following, str) else None, entries, body)


def read_pages(files: Sequence[Path]) -> Pages:
    """Files given in any order, of one day or several; in doubt where a page is missing, unreadable or of none of the lists.

    Refused where nothing can be read. What the others say is given all the same: who is masked in them has to leave.
    """
    pages, troubles = {}, []
    for file in files:
        try:
            pages[file.name] = _read(file, ESTABLISHMENTS)
        except Refused as trouble:
            troubles.append(str(trouble))
    if not pages and troubles:
        raise Refused(" ".join(troubles))
    try:
        chains = chains_of(pages)
    except Refused as trouble:
        if not pages:
            raise
        troubles.append(str(trouble))
        chains = [[page] for page in pages.values()]
    return msgspec.structs.replace(pages_of(chains), doubt=" ".join(troubles) or None)


def pages_of(chains: Iterable[Sequence[Page]]) -> Pages:
    """What whole lists of pages say together; of a siret that comes twice, the row treated last."""
    chains = list(chains)
    flattened = flatten(entry for chain in chains for page in chain for entry in page.entries)
    return Pages(
        rows=latest_of_each_siret(flattened.rows),
        rejected=flattened.rejected,
        total=sum(chain[0].total for chain in chains),
        unknown=flattened.unknown,
    )


def chain_in(files: Sequence[Path], collection: Collection) -> list[Page]:
    """The one list of pages that these files hold."""
    [chain] = chains_of({file.name: _read(file, collection) for file in files})
    return chain


def readable_among(files: Sequence[Path], collection: Collection) -> list[Page]:
    """Those of these files that are pages, in no order."""
    pages = []
    for file in files:
        with suppress(Refused):
            pages.append(_read(file, collection))
    return pages


def chains_of(pages: Mapping[str, Page]) -> list[list[Page]]:
    """Every list of pages, from its first to its last; a page given twice counts once."""
    named = _without_repeats(pages)
    firsts = {name: page for name, page in named.items() if page.cursor == START}
    if not firsts:
        raise Refused(f"Il manque la première page, celle du curseur «\u202f{START}\u202f».")
    waiting = _by_cursor({name: page for name, page in named.items() if name not in firsts})
    chains = [_chain_from(name, page, waiting) for name, page in firsts.items()]
    for stranger, _ in waiting.values():
        raise Refused(f"{stranger} n’est la suite d’aucune des pages données.")
    return chains


def _without_repeats(pages: Mapping[str, Page]) -> dict[str, Page]:
    """By what they say: a copy may be spaced otherwise."""
    said = {
        (page.cursor, page.following, msgspec.json.encode(page.entries)): name
        for name, page in reversed(list(pages.items()))
    }
    return {name: page for name, page in pages.items() if name in said.values()}


def _by_cursor(named: Mapping[str, Page]) -> dict[str, tuple[str, Page]]:
    found: dict[str, tuple[str, Page]] = {}
    for name, page in named.items():
        if page.cursor in found:
            raise Refused(f"{found[page.cursor][0]} et {name} sont deux pages différentes du même curseur.")
        found[page.cursor] = (name, page)
    return found


def _chain_from(name: str, first: Page, waiting: dict[str, tuple[str, Page]]) -> list[Page]:
    """The first page and its sequels, taken out of those that wait."""
    chain = [first]
    while not chain[-1].is_last:
        following = waiting.pop(chain[-1].following or "", None)
        if following is None:
            raise Refused(f"Il manque la page qui suit {name} (curseur {chain[-1].following}).")
        name, page = following
        if page.total != first.total:
            raise Refused(
                f"{name} annonce {page.total} entrées et la première page {first.total} : "
                "les données ont changé pendant la lecture, redemandez ce jour depuis le début."
            )
        chain.append(page)
    received = sum(len(page.entries) for page in chain)
    if received != first.total:
        raise Refused(f"{first.total} entrées annoncées, {received} reçues : redemandez ce jour depuis le début.")
    return chain


def _read(file: Path, collection: Collection) -> Page:
    try:
        return page_of(file.read_bytes(), collection)
    except NotAPage as error:
        raise Refused(f"{file.name} n’est pas une page à lire : {error}.") from error
    except OSError as error:
        raise Refused(f"{file} ne peut pas être lu : {error.strerror}.") from error
