"""Cursors as opaque text: where a page ended, tied to its question."""

import base64
import hashlib
import re

import msgspec

from api.addressing import query_string_of, same_question
from geo.errors import InvalidCursor
from geo.position import HALF_WAY_ROUND_M
from search.identifiers import typed_number
from search.query import Cursor, SearchQuery, Sort
from search.results import UNPLACED, Hit, next_cursor

MAX_LENGTH = 2_000  # a name of 300 letters, an id and a digest hold in half of it
MAX_SEEN = 10_000_000  # more rows than any register of France has

_decoder = msgspec.json.Decoder(Cursor)


def encode(cursor: Cursor) -> str:
    """URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode(text: str, question: SearchQuery) -> Cursor:
    """The cursor, or InvalidCursor when it is damaged or was made for another question."""
    cursor = _read(text)
    if cursor.question != digest(question):
        raise InvalidCursor("Ce curseur appartient à une autre question.", parameter="cursor")
    if not _could_be_ours(cursor, question):
        raise _unreadable()
    return cursor


def following(question: SearchQuery, version: int, hits: list[Hit], *, more: bool) -> str | None:
    """The text of the cursor after a page, None on the last one."""
    if not (more and hits):
        return None
    seen = question.cursor.seen if question.cursor else 0
    return encode(next_cursor(digest(question), version, hits, seen))


def digest(question: SearchQuery) -> str:
    """Names the question whatever the page size, facets or explanations asked beside it."""
    return hashlib.blake2b(query_string_of(same_question(question)).encode(), digest_size=9).hexdigest()


def _read(text: str) -> Cursor:
    """Only what `encode` writes, to the letter: Python's decoder skips what it does not know."""
    if len(text) > MAX_LENGTH or not re.fullmatch("[A-Za-z0-9_-]+", text):
        raise _unreadable()
    try:
        cursor = _decoder.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise _unreadable() from None
    if encode(cursor) != text:
        raise _unreadable()
    return cursor


def _could_be_ours(cursor: Cursor, question: SearchQuery) -> bool:
    texts = [cursor.id, *([cursor.key] if isinstance(cursor.key, str) else [])]
    return (
        isinstance(cursor.key, str) is _sorts_by_name(question)
        and not (_sorts_by_distance(question) and _is_no_distance(cursor.key))
        and 0 <= cursor.seen <= MAX_SEEN
        and not any("\x00" in each for each in texts)
    )


def _sorts_by_name(question: SearchQuery) -> bool:
    """Whether the sort key is a name. Without words, or for a number typed, relevance is nearness, else the name."""
    if question.sort is not Sort.RELEVANCE:
        return question.sort is Sort.NAME
    scored = question.words and typed_number(question.words) is None
    return not scored and question.origin is None


def _sorts_by_distance(question: SearchQuery) -> bool:
    scored = question.sort is Sort.RELEVANCE and question.words and typed_number(question.words) is None
    return not scored and not _sorts_by_name(question)


def _is_no_distance(key: float | str) -> bool:
    return isinstance(key, str) or not (0 <= key <= HALF_WAY_ROUND_M or key == UNPLACED)


def _unreadable() -> InvalidCursor:
    return InvalidCursor("Ce curseur est illisible : reprenez à la première page.", parameter="cursor")
