"""From what a structure's register writes of its address to the address that a geocoder can be asked for."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

import msgspec

from etl.positions.vocabulary import (
    ARTICLES,
    CUTTING,
    ENDING,
    MONTHS,
    NUMBERED_NAMES,
    NUMBERED_ROADS,
    ORDINALS,
    PLACES,
    QUALIFIERS,
    REPETITIONS,
    STREETS,
)
from etl.positions.wording import cleaned, is_lettered
from geo.communes import Commune, arrondissements_of, communes, current_code
from geo.text import sort_key

LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
SUFFIXES = LETTERS.union(ORDINALS)
LONGEST_NUMBER = 4  # digits: five are a postcode, or a plot
ROMAN = re.compile(r"[IVXLC]+$")
LONGEST_NUMBER_BEHIND = 3  # four digits that end a street's name are a year
MOST_LOCALITIES = 2
# Names of what stands there, not of where it stands: the BAN knows places, not those who live in them.
ORGANISATIONS = frozenset({
    "MAIRIE", "HOPITAL", "CLINIQUE", "CCAS", "EHPAD", "CHU", "CHR", "CHS", "CH", "CMP", "CMPP", "IME", "ESAT", "SSIAD",
    "PMI", "FOYER", "ECOLE", "COLLEGE", "LYCEE", "PHARMACIE", "ASSOCIATION", "LABORATOIRE", "PAVILLON", "SERVICE", "UNITE",
    "BATIMENT", "BAT", "IMMEUBLE", "IMM", "BUREAUX", "CABINET", "SARL", "SAS", "SELARL", "ETAGE", "ENTREE", "PORTE", "HALL",
    "TOUR", "DIRECTION",
})  # fmt: skip
ORGANISATION_NAMES = re.compile(
    r"^(?:HOTEL (?:DE VILLE|DIEU|DU DEPARTEMENT)|CONSEIL (?:GENERAL|DEPARTEMENTAL)|CITE ADMINISTRATIVE|COMPLEXE"
    r"|CENTRE (?:HOSPITALIER|SOCIAL|MEDICAL|MEDICO|DE SANTE|DE SOINS|ADMINISTRATIF|PENITENTIAIRE)"
    r"|MAISON (?:DE|D|DES|DU|MEDICALE|SOCIALE|COMMUNALE|DEPARTEMENTALE|POUR)"
    r"|GROUPE (?:SCOLAIRE|HOSPITALIER)|POLE (?:DE SANTE|MEDICAL|SANTE)|ESPACE (?:SANTE|MEDICAL))\b"
)


class Address(msgspec.Struct, frozen=True):
    """One place, ready to be asked for: upper case, without accents, nothing in it that only the postman needs."""

    number: str | None = None  # « 12 BIS »
    street: str | None = None  # « RUE DES LILAS »; what a number belongs to, else a street
    localities: tuple[str, ...] = ()  # lieux-dits, zones, quarters, communes of before a merger; then a second street
    town: str | None = None  # its commune's name of today
    postcode: str | None = None  # one that streets have: never a CEDEX
    citycode: str | None = None  # of the commune of today; of the whole city in Paris, Lyon and Marseille

    @property
    def lines(self) -> tuple[str, ...]:
        """Written again as postal lines, the street last as the post has it."""
        street = " ".join(part for part in (self.number, self.street) if part)
        return tuple(line for line in (*self.localities, street) if line)


NO_STREET = 4  # from this rank on


class Piece(msgspec.Struct, frozen=True):
    """A line or a part of one."""

    number: str | None
    words: tuple[str, ...]

    @property
    def rank(self) -> int:
        """How well it says where: a numbered street first, a bare name last."""
        first = self.words[0] if self.words else ""
        street = begins_a_street(self.words)
        if self.number:
            return 0 if street else 1
        if street:
            return 2 if first in CUTTING or first in QUALIFIERS else 3  # « VOIE J » stands beside a street
        return NO_STREET if first in PLACES else NO_STREET + 1

    @property
    def text(self) -> str:
        return " ".join(self.words)


def address_of(
    lines: Sequence[str], postcode: str | None = None, commune: str | None = None, commune_name: str | None = None
) -> Address:
    """The address of postal lines between the name and the postcode. Any text gives one, empty at worst.

    commune: INSEE code as the register has it: of an arrondissement, or of a commune that has merged since.

    >>> address_of(["BATIMENT B", "12B AV DU GAL LECLERC", "BP 40"], "75675", "75114", "PARIS CEDEX 14")
    Address(number='12 BIS', street='AVENUE DU GENERAL LECLERC', localities=(), town='Paris', postcode='75014', citycode='75056')
    """
    known = communes().get(current_code(commune) or "") if commune else None
    town, code = _city(known) if known else (_town(commune_name), None)
    deliverable = _postcode(postcode, known, f"{commune_name or ''} {' '.join(lines)}")
    told = frozenset(filter(None, (sort_key(town or ""), _town_key(commune_name))))
    address = Address(None, None, (), town, deliverable, code)
    written: Sequence[str] = lines
    for _ in range(4):  # a line put in its place may be read better beside the others
        read = _placed(address, [list(_parted(tuple(cleaned(line).split()))) for line in written], told)
        if read.lines == tuple(written):
            break
        written = read.lines
    return read


def split_number(text: str) -> tuple[str | None, str]:
    """The number that a wording begins with, in the form they are compared in, and what follows it.

    >>> split_number("12B rue des Lilas"), split_number("Rue du 8 Mai 1945")
    (('12 BIS', 'RUE DES LILAS'), (None, 'RUE DU 8 MAI 1945'))
    """
    number, words = _number(tuple(cleaned(text).split()))
    return number, " ".join(words)


def begins_a_street(words: Sequence[str]) -> bool:
    """« RUE X », « GRANDE RUE », « ROND POINT X »."""
    if not words:
        return False
    second = words[1] if len(words) > 1 else ""
    return (
        words[0] in STREETS or (words[0] in QUALIFIERS and second in STREETS) or tuple(words[:2]) == ("ROND", "POINT")
    )


def _placed(empty: Address, lines: list[list[Piece]], towns: frozenset[str]) -> Address:
    pieces = [piece for line in lines for piece in line]
    useful = [piece for piece in pieces if piece.words and not _says_nothing(piece, towns)]
    numbers = [piece.number for piece in pieces if piece.number and not piece.words]  # a number alone on its line
    # Of two streets the last line's: the complement that comes before it names a corner, a second entrance.
    candidates = [piece for line in reversed(lines) for piece in line if piece in useful]
    best = min(candidates, key=lambda piece: piece.rank, default=None)
    street = best if best and best.rank < NO_STREET else None
    taken = street.words if street else ()
    others = [piece for piece in useful if piece.words != taken and not is_organisation(piece.words)]
    localities = [piece.text for piece in sorted(others, key=lambda piece: begins_a_street(piece.words))]
    number = (street.number or next(iter(numbers), None)) if street else None
    return msgspec.structs.replace(
        empty,
        number=number,
        street=street.text if street else None,
        localities=tuple(dict.fromkeys(localities))[:MOST_LOCALITIES],
    )


def _says_nothing(piece: Piece, towns: frozenset[str]) -> bool:
    """The commune's own name; a kind of street whose name is nowhere, which any street of the kind would answer to."""
    return (
        (piece.text in towns and not piece.number)
        or (len(piece.words) == 1 and piece.words[0] in STREETS)
        or (piece.words == ("ROND", "POINT"))
    )


def is_organisation(words: Sequence[str]) -> bool:
    """Whether these words name who is there rather than where that is.

    >>> is_organisation(["MAIRIE"]), is_organisation(["MAISON", "DE", "RETRAITE"]), is_organisation(["LE", "BOURG"])
    (True, True, False)
    """
    named = any(len(word) > 2 and word.isalpha() for word in words)
    return words[0] in ORGANISATIONS or bool(ORGANISATION_NAMES.match(" ".join(words))) or not named


def _parted(words: tuple[str, ...]) -> Iterator[Piece]:
    """A line cut where a street begins in it: « RESIDENCE LES LILAS 12 RUE PASTEUR »."""
    cut = next((at for at in range(1, len(words)) if _cuts(words, at)), None)
    if cut is None:
        if words:
            yield _numbered(_number_first(words))
        return
    opened = words[: cut - 1] if words[cut - 1] == "ET" else words[:cut]
    before = _numbered(_number_first(opened))
    if before.words or before.number:
        yield before
    yield from _parted(words[cut:])


def _cuts(words: tuple[str, ...], at: int) -> bool:
    """Whether a street of its own begins here: a number before a kind of street, or the kind itself where it is no one's name."""
    before = words[at - 1]
    if before in QUALIFIERS:
        return False
    if before in ARTICLES and not is_lettered(words[:at]) and (before != "ET" or words[at] not in CUTTING):
        return False
    opened = _number(words[:at])[1]
    if not opened:
        return False
    number, rest = _number(words[at:])
    if number:
        its_name = begins_a_street(words[:at]) and _is_numbered_name(before)
        return begins_a_street(rest) and not before.isdigit() and not its_name
    start = words[at + 1] if words[at] in QUALIFIERS and at + 1 < len(words) else words[at]
    if at + 1 == len(words) or (len(opened) == 1 and begins_a_street(opened)):
        return False
    return start in CUTTING or (words[at] in ENDING and begins_a_street(opened))


def _number_first(words: tuple[str, ...]) -> tuple[str, ...]:
    """« RUE DE L EGLISE 12 » as the post writes it; « ROUTE NATIONALE 7 » and « RUE 12 » are names.

    >>> _number_first(("RUE", "DES", "LILAS", "12", "BIS")), _number_first(("PLACE", "HENRI", "4"))
    (('12', 'BIS', 'RUE', 'DES', 'LILAS'), ('PLACE', 'HENRI', '4'))
    """
    at = len(words) - (2 if words and words[-1] in ORDINALS else 1)
    before = words[at - 1] if at > 1 else ""
    if not begins_a_street(words) or not words[at].isdecimal() or len(words[at]) > LONGEST_NUMBER_BEHIND:
        return words
    if (_is_numbered_name(before) and words[:at] != ("GRANDE", "RUE")) or not _number(words[at:])[0]:
        return words
    return (*words[at:], *words[:at])


def _is_numbered_name(last: str) -> bool:
    """Whether a number after this word is part of a street's name."""
    if len(last) < 3 or not last.isalpha() or ROMAN.match(last):
        return True
    return last in NUMBERED_NAMES or last.startswith(NUMBERED_ROADS)


def _numbered(words: tuple[str, ...]) -> Piece:
    number, rest = _number(words)
    return Piece(number, _kind_once(rest))


def _kind_once(words: tuple[str, ...]) -> tuple[str, ...]:
    """« RUE GRANDE RUE », « AVENUE BOULEVARD FOCH »: the register's kind, then the one that the name says."""
    if len(words) > 2 and words[0] in CUTTING and begins_a_street(words[1:]) and words[1] in CUTTING | QUALIFIERS:
        return words[1:]
    return words


def _number(words: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """« 12 BIS », « 12 14 », « 12 A 16 » at the beginning, as one number, and what follows.

    >>> _number("12 A 16 RUE X".split()), _number("12 A RUE X".split()), _number("8 MAI 1945".split())
    (('12', ('RUE', 'X')), ('12 A', ('RUE', 'X')), (None, ('8', 'MAI', '1945')))
    """
    digits, rest = (words[0], tuple(words[1:])) if words else ("", ())
    if not digits.isdecimal() or len(digits) > LONGEST_NUMBER or not int(digits) or (rest[:1] and rest[0] in MONTHS):
        return None, tuple(words)
    suffix, rest = _suffix(rest)
    while (after := _rest_of_range(rest)) is not None:
        rest = after
    return f"{int(digits)} {suffix}".strip(), rest


def _suffix(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The repetition after a number: its letter only before what can't be read otherwise (« 3 D ESTIENNE »)."""
    if not words or words[0] not in SUFFIXES or (words[0] == "A" and words[1:2] and words[1].isdecimal()):
        return "", words
    alone = len(words[0]) > 1 or words[0] in REPETITIONS or len(words) == 1
    if not (alone or begins_a_street(words[1:]) or words[1] in PLACES or words[1] == words[0]):
        return "", words
    suffix, rest = REPETITIONS.get(words[0], words[0]), words[1:]
    if suffix in ORDINALS and rest[:1] and rest[0] in LETTERS and (begins_a_street(rest[1:]) or len(rest) == 1):
        return f"{suffix} {rest[0]}", rest[1:]  # « 12 BIS A »
    return suffix, rest


def _rest_of_range(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """What follows the next number of a range, None when there is none."""
    joint = 1 if words[:1] and words[0] in {"A", "ET", "AU"} else 0
    ends = words[joint : joint + 1]
    if (
        not ends
        or not ends[0].isdecimal()
        or len(ends[0]) > LONGEST_NUMBER
        or (words[joint + 1 : joint + 2] and words[joint + 1] in MONTHS)
    ):
        return None
    return _suffix(words[joint + 1 :])[1]


def _city(commune: Commune) -> tuple[str, str]:
    """The BAN files the addresses of Paris, Lyon and Marseille under the city as well as under its arrondissement."""
    whole = communes().get(commune.parent or "", commune)
    return whole.name, whole.code


def _postcode(published: str | None, commune: Commune | None, written: str) -> str | None:
    """A postcode that streets of this commune have: the one published, else its only one. Those of a CEDEX are the post's own."""
    code = (published or "").strip()
    if commune is None:
        return code if re.fullmatch(r"[0-9]{5}", code) and "CEDEX" not in written.upper() else None
    usual = _postcodes(commune.code)
    return code if code in usual else usual[0] if len(usual) == 1 else None


@cache
def _postcodes(code: str) -> tuple[str, ...]:
    """Of a commune, of an arrondissement, or of a city with all of its own."""
    of = (code, *arrondissements_of(code)) if code in CITIES else (code,)
    return tuple(dict.fromkeys(postcode for each in of for postcode in communes()[each].postcodes))


CITIES = frozenset({"75056", "69123", "13055"})


def _town(name: str | None) -> str | None:
    """« LA ROCHE SUR YON CEDEX » without what the post adds."""
    return re.sub(r"\s*\bCEDEX\b.*$|\s+\d+$", "", (name or "").strip()[:80], flags=re.IGNORECASE).strip() or None


def _town_key(name: str | None) -> str:
    return cleaned(_town(name) or "")
