"""French spaces where templates write plain ones: narrow and unbreakable before high marks and units, in guillemets."""

import re
from collections.abc import Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from geo.figures import NARROW_SPACE

WIDE = "\u00a0"
_BEFORE_MARK = re.compile(r" (?=[;!?%»])")
_BEFORE_COLON = re.compile(r"(?<![\s:;{]) :(?=[\s<]|$)")
_IN_GUILLEMETS = re.compile(r"« ")
_BEFORE_UNIT = re.compile(r"(?<=[0-9]) (?=(?:m|km|h|Mo|Go)\b)")


class FrenchSpaces(Extension):
    """What is written between the tags of a template, and never what is put there."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            yield Token(token.lineno, token.type, spaced(token.value)) if token.type == "data" else token


def spaced(text: str) -> str:
    """Plain spaces as French typography has them.

    >>> spaced("Vraiment ? « Oui » : à 500 m, 3 %").translate({0x202F: "_", 0xA0: "~"})
    'Vraiment_? «_Oui_»~: à 500_m, 3_%'
    """
    text = _IN_GUILLEMETS.sub(f"«{NARROW_SPACE}", _BEFORE_MARK.sub(NARROW_SPACE, text))
    return _BEFORE_UNIT.sub(NARROW_SPACE, _BEFORE_COLON.sub(f"{WIDE}:", text))
