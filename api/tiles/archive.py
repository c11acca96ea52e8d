"""`/tiles/structures.pmtiles`: the archive that the home keeps, whole or by ranges (RFC 9110 § 14)."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.response import Stream

from api.conditional import already_has
from api.dependencies import settings_of
from api.description import BINARY, UNREADABLE, Answer, Described, problem
from api.errors import PROBLEM_JSON, Problem, problem_bytes
from api.methods import is_head
from api.parameters import Nothing, asked_in_query_string
from geo.errors import NotFound
from tiles.archive import kept_in

PMTILES = "application/vnd.pmtiles"
PIECE_BYTES = 1 << 20  # as much of a long answer as is in memory
# Several at once may be answered by the whole (§ 14.2); the unit is of any case (§ 14.1).
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)
# As tiles; nobody may compress it on the way: ranges are of these bytes, and its tiles are compressed.
CACHED = "public, max-age=60, no-transform"

ARCHIVE = {
    "get": Described(
        summary="Archive PMTiles des structures",
        answers={
            200: Answer("L’archive", {PMTILES: BINARY}),
            206: Answer("Ce que demande `Range`", {PMTILES: BINARY}),
            304: Answer("L’archive de l’ETag donné dans `If-None-Match` n’a pas changé", {}),
            400: UNREADABLE,
            404: problem("Cette instance n’en tient pas"),
            416: problem("Une plage hors de l’archive"),
        },
    )
}


@get("/tiles/structures.pmtiles", tags=["tuiles"], sync_to_thread=True, opt={"described": ARCHIVE})
def archive(request: Request[Any, Any, Any], state: State) -> Response[Any]:
    """Toutes les tuiles sans filtre, dans une archive PMTiles v3, à copier ou à lire par plages (`Range`)."""
    asked_in_query_string(request.scope["query_string"], Nothing)
    stream = _opened(state)
    answer = _answer(request, stream)
    if not isinstance(answer, Stream):
        stream.close()
    return answer


def _opened(state: State) -> BinaryIO:
    settings = settings_of(state)
    if settings.tiles_archive:
        with suppress(FileNotFoundError):
            return kept_in(settings.home).open("rb")
        raise NotFound(
            "L’archive de cette instance n’est pas faite : « ./lum1 tiles export » la fait, chaque nuit aussi."
        )
    raise NotFound(
        "Cette instance ne tient pas d’archive : LUM1_TILES_ARCHIVE=1, puis « ./lum1 tiles export » la fait."
    )


def _answer(request: Request[Any, Any, Any], stream: BinaryIO) -> Response[Any]:
    """Of the file that was opened, even while another takes its place; what streams closes it."""
    about = os.fstat(stream.fileno())
    # Another archive takes its place whole, hence with its own moment; one that is the same is not written again.
    etag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    headers = {"etag": etag, "cache-control": CACHED, "accept-ranges": "bytes"}
    if already_has(request, etag):
        return Response(b"", status_code=304, headers=headers)
    if is_head(request):  # of which no range is defined (§ 14.2)
        return Response(b"", media_type=PMTILES, headers=headers | {"content-length": str(about.st_size)})
    asked = _range(request, etag, about.st_size)
    first, end = asked or (0, about.st_size)
    if first >= end:
        return _out_of_it(about.st_size)
    headers |= {"content-length": str(end - first)}
    headers |= {"content-range": f"bytes {first}-{end - 1}/{about.st_size}"} if asked else {}
    return Stream(_pieces(stream, first, end), media_type=PMTILES, status_code=206 if asked else 200, headers=headers)


def _range(request: Request[Any, Any, Any], etag: str, size: int) -> tuple[int, int] | None:
    """The first byte asked for and one after the last, an empty range where there is none of it; None: all of it.

    `If-Range` names another archive, or a moment: all of it (§ 13.1.5). What is no range of bytes is as if it were not there.
    """
    asked = RANGE.fullmatch(request.headers.get("range", "").strip())
    if asked is None or not any(asked.groups()) or request.headers.get("if-range", etag) != etag:
        return None
    first, last = asked.groups()
    if not first:
        return max(size - int(last), 0), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _out_of_it(size: int) -> Response[bytes]:
    told = Problem("Plage hors de l’archive", 416, f"L’archive a {size} octets.")
    headers = {"content-range": f"bytes */{size}", "accept-ranges": "bytes"}
    return Response(problem_bytes(told), media_type=PROBLEM_JSON, status_code=416, headers=headers)


def _pieces(stream: BinaryIO, first: int, end: int) -> Iterator[bytes]:
    with stream:
        stream.seek(first)
        while first < end and (piece := stream.read(min(end - first, PIECE_BYTES))):
            first += len(piece)
            yield piece


route_handlers = [archive]
