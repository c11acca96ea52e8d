"""Bytes of the legacy file into French: UTF-8, else Windows-1252, and text that was encoded twice put right.

Latin files until the early 2020s, UTF-8 since, with strings encoded twice inside (DATA-FACTS § 1.4): each line is judged
alone.
"""

import re

# What each character was a byte of. Windows-1252 leaves five bytes undefined; lenient readers made C1 controls of them.
_BYTES = {chr(byte): byte for byte in range(0x80, 0x100)} | {
    bytes([byte]).decode("cp1252"): byte
    for byte in range(0x80, 0x100)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}  # fmt: skip
_FOLLOWING = "[" + "".join(re.escape(char) for char, byte in _BYTES.items() if 0x80 <= byte < 0xC0) + "]"
# Only the lead bytes of what French writes: Ã and Â begin Latin-1 letters and signs, Å begins œ and Œ, â begins quotes,
# dashes and €. Others (É followed by ») are good French.
_ENCODED_TWICE = re.compile(f"[ÂÃÅ]{_FOLLOWING}|â{_FOLLOWING}{{2}}")


def decoded(line: bytes) -> tuple[str, bool]:
    """The line's text, and whether it was not UTF-8."""
    try:
        return line.decode("utf-8"), False
    except UnicodeDecodeError:
        return "".join(_CP1252[byte] for byte in line), True


def repaired(text: str) -> str:
    """The text with each sequence that was encoded twice read once more.

    >>> repaired("RÃ©sidence de lâ€™Ã‰tang"), repaired("MÂCON « LE CAFÉ»")
    ('Résidence de l’Étang', 'MÂCON « LE CAFÉ»')
    """
    return text if text.isascii() else _ENCODED_TWICE.sub(_read_once_more, text)


def _read_once_more(found: re.Match[str]) -> str:
    try:
        return bytes(_BYTES[char] for char in found[0]).decode("utf-8")
    except UnicodeDecodeError:
        return found[0]


_CP1252 = [bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x100)]
