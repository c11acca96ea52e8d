"""Names compared the way people type them: without case, accents or punctuation."""

import re
import unicodedata

_NOT_LETTERS = re.compile(r"[^A-Z0-9]+")


def sort_key(name: str) -> str:
    """Upper case without accents or punctuation, so that names sort alike everywhere.

    >>> sort_key("L'Œuvre  d’Élise – Foyer")
    'L OEUVRE D ELISE FOYER'
    """
    if name.isascii():
        return _NOT_LETTERS.sub(" ", name.upper()).strip()
    ligatures = name.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE")
    decomposed = unicodedata.normalize("NFKD", ligatures)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).upper()
    return _NOT_LETTERS.sub(" ", plain).strip()
