"""Cursors as opaque text: where a page ended, tied to its question."""

import base64
import binascii
import hashlib

import msgspec

from geo.errors import InvalidCursor
from search.query import Cursor, SearchQuery

_decoder = msgspec.json.Decoder(Cursor)


def encode(cursor: Cursor) -> str:
    """URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode(text: str, question: SearchQuery) -> Cursor:
    """The cursor, or InvalidCursor when it is damaged or was made for another question."""
    try:
        cursor = _decoder.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise InvalidCursor("Ce curseur est illisible : reprenez à la première page.", parameter="cursor") from None
    if cursor.question != digest(question) or cursor.seen < 0:
        raise InvalidCursor("Ce curseur appartient à une autre question.", parameter="cursor")
    return cursor


def digest(question: SearchQuery) -> str:
    """Names the question whatever the page size, facets or explanations asked beside it."""
    core = (question.words, question.origin, question.filters, question.sort)
    return hashlib.blake2b(msgspec.json.encode(core), digest_size=9).hexdigest()
