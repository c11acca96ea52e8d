"""FINESS, SIRET and SIREN numbers: parsed once at the border, trusted inside."""

import re

from geo.errors import InvalidIdentifier

LA_POSTE = "356000000"  # its establishments' SIRET follow another key: the digits' sum is a multiple of 5
FINESS_FORM = r"^([0-9]{2}|2[AB])[0-9A-Z][0-9]{6}$"  # Corsica keeps its letters: 2A0022596 has nine characters too
_FINESS = re.compile(FINESS_FORM)
_SPACES = re.compile(r"[\s\u00a0\u202f.\-]+")


class Finess(str):
    """Nine characters; digits, but for Corsica's 2A and 2B."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Finess":
        candidate = compact(text)
        if not _FINESS.match(candidate):
            raise InvalidIdentifier(f"« {text} » n’est pas un numéro FINESS : neuf caractères sont attendus.")
        return cls(candidate)


class Siren(str):
    """Nine digits with a Luhn key."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Siren":
        candidate = compact(text)
        if len(candidate) != 9 or not _is_digits(candidate) or not luhn(candidate):
            raise InvalidIdentifier(f"« {text} » n’est pas un numéro SIREN : neuf chiffres et leur clé sont attendus.")
        return cls(candidate)


class Siret(str):
    """Fourteen digits with a Luhn key, La Poste excepted."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Siret":
        candidate = cls.formed(text)
        if not _siret_key_holds(candidate):
            raise _no_siret(text)
        return candidate

    @classmethod
    def formed(cls, text: str) -> "Siret":
        """Fourteen digits whatever their key: Insee publishes some that do not hold, so what is looked up need not."""
        candidate = compact(text)
        if len(candidate) != 14 or not _is_digits(candidate):
            raise _no_siret(text)
        return cls(candidate)


def _no_siret(text: str) -> InvalidIdentifier:
    return InvalidIdentifier(f"« {text} » n’est pas un numéro SIRET : quatorze chiffres et leur clé sont attendus.")


def compact(text: str) -> str:
    """The identifier without the spaces, dots and hyphens people type in it."""
    return _SPACES.sub("", text).upper()


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()  # « ² » and « ٣ » are digits to Python


def luhn(digits: str) -> bool:
    """Whether the Luhn key holds (ISO/IEC 7812-1, annex B)."""
    weighted = (int(digit) * (1 + rank % 2) for rank, digit in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in weighted) % 10 == 0


def _siret_key_holds(siret: str) -> bool:
    if siret.startswith(LA_POSTE):
        return luhn(siret) or sum(map(int, siret)) % 5 == 0
    return luhn(siret)


def structure_id_of_finess(finess: str) -> str:
    """The stable id of the structure that a FINESS establishment founds (docs/adr/0002)."""
    return f"f{finess}"


def structure_id_of_siret(siret: str) -> str:
    """The stable id of the structure that a SIRENE establishment founds, where FINESS has none (docs/adr/0002)."""
    return f"s{siret}"
