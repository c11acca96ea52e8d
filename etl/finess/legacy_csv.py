"""Read the legacy CSV (etalab-cs1100507, plain or gzip): establishments, then their points in a block of their own."""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, cast

import polars as pl

from etl.cleaning import iso_date
from etl.finess.layout import GZIP_MAGIC
from etl.finess.legacy_layout import DATES, GEOLOCALISATION, RECORD_LINE, REPEATED, SOURCE, STRUCTUREET, TOKENS_OF_2016
from etl.finess.legacy_text import decoded, repaired
from geo.errors import Refused
from geo.identifiers import FINESS_FORM

LONGEST_LINE = 1 << 16  # bytes; real ones stay under a thousand
MOST_LINES = 2_000_000  # ten times the last file: an archive that unpacks without end is refused before it fills memory
BATCH_ROWS = 2_000  # Python strings of so many rows at once, then polars' own
SAMPLE = 200  # characters of a rejected line that are kept
# The geolocated file places all but a hundred of its establishments. With fewer than half it is the one without points
# (cs1100502), or a copy that stopped before the block: reading it would erase positions.
MIN_POINTS_SHARE = 0.5


@dataclass(frozen=True)
class LegacyFile:
    """One state of the legacy register; values are trimmed text (blank is null), and dates."""

    produced_on: date
    establishments: pl.DataFrame  # STRUCTUREET; each number once
    points: pl.DataFrame  # GEOLOCALISATION; each number once, all of them in establishments
    rejected: pl.DataFrame  # line, reason, text
    read: int  # lines after the first, blank ones aside
    noticed: Mapping[str, int]


def read_legacy(path: Path) -> LegacyFile:
    """Read everything at once, or raise Refused when this is not the file of geolocated establishments."""
    with _lines(path) as lines:
        produced_on = _record_date(path, next(lines, b""))
        reading = _Reading()
        for line in islice(lines, MOST_LINES):
            reading.take(line)
        if next(lines, None) is not None:
            raise Refused(f"{path.name} a plus de {MOST_LINES} lignes : ce n’est pas un fichier {SOURCE}.")
    return _checked(path, reading.finished(produced_on))


class _Table:
    """Rows of one tag, packed as they come."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self._schema = dict.fromkeys((*fields, "line"), pl.String) | {"line": pl.Int64}
        self._rows: list[tuple[str | int, ...]] = []
        self._packed: list[pl.DataFrame] = []

    def add(self, values: list[str], line: int) -> None:
        self._rows.append((*values, line))
        if len(self._rows) == BATCH_ROWS:
            self._pack()

    def frame(self) -> pl.DataFrame:
        self._pack()
        return pl.concat(self._packed)

    def _pack(self) -> None:
        packed = pl.DataFrame(self._rows, schema=self._schema, orient="row")
        text = pl.col(pl.String).str.strip_chars()
        trimmed = packed.with_columns(pl.when(text != "").then(text))
        repeated = [name for name in REPEATED if name in packed.columns]
        self._packed.append(trimmed.cast(dict.fromkeys(repeated, pl.Categorical)))
        self._rows = []


class _Reading:
    """Lines sorted into their tables, and what could not be."""

    def __init__(self) -> None:
        self.establishments = _Table(STRUCTUREET)
        self.points = _Table(GEOLOCALISATION)
        self.rejected: list[tuple[int, str, str]] = []
        self.noticed: Counter[str] = Counter()
        self.read = 0
        self._line = 1

    def take(self, line: bytes) -> None:
        self._line += 1
        text, not_utf8 = decoded(line.rstrip(b"\r\n").replace(b"\0", b""))
        if not text.strip():
            return
        good = repaired(text)
        self.read += 1
        self.noticed["lignes_en_windows_1252"] += not_utf8
        self.noticed["lignes_encodees_deux_fois"] += good != text
        if reason := self._sorted(good):
            self.rejected.append((self._line, reason, good[:SAMPLE]))

    def _sorted(self, text: str) -> str | None:
        tag = text.partition(";")[0]
        if tag == "structureet":
            values = _fields(text, len(STRUCTUREET))
            table = self.establishments
        elif tag == "geolocalisation":
            values = _fields(text, len(GEOLOCALISATION)) or _point_of_2016(text)
            table = self.points
        else:
            return "ligne_inconnue"
        if values is None:
            return "nombre_de_champs"
        table.add(values, self._line)
        return None

    def finished(self, produced_on: date) -> LegacyFile:
        establishments, refused = _usable(self.establishments.frame(), None)
        points, refused_points = _usable(self.points.frame(), establishments["nofinesset"])
        early = pl.DataFrame(
            self.rejected, schema={"line": pl.Int64, "reason": pl.String, "text": pl.String}, orient="row"
        )
        return LegacyFile(
            produced_on=produced_on,
            establishments=_dated(establishments),
            points=_dated(points),
            rejected=pl.concat([early, refused, refused_points]).sort("line"),
            read=self.read,
            noticed=dict(self.noticed),
        )


def _fields(text: str, width: int) -> list[str] | None:
    """The fields after the tag: as CSV, or as plain text where a lone quote would swallow separators."""
    for split in (_csv, lambda line: line.split(";")) if '"' in text else (lambda line: line.split(";"),):
        values = split(text)[1:]
        if len(values) >= width and not any(values[width:]):  # some files end their rows with one more semicolon
            return values[:width]
    return None


def _csv(text: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=";"))
    except csv.Error:  # a bare carriage return
        return []


def _point_of_2016(text: str) -> list[str] | None:
    """A point whose source is written with semicolons, with its date or without."""
    values = _fields(text, 3 + TOKENS_OF_2016 + 1) or _fields(text, 3 + TOKENS_OF_2016)
    if values is None:
        return None
    number, x, y, *tokens = values
    source, dates = tokens[:TOKENS_OF_2016], tokens[TOKENS_OF_2016:]
    return [number, x, y, ",".join(source), *(dates or [""])]


def _usable(frame: pl.DataFrame, known: pl.Series | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with a number of the right form, the first of each; and the others with their reason."""
    number = pl.col("nofinesset")
    orphan = pl.lit(False) if known is None else ~number.is_in(known.implode())
    judged = frame.with_columns(
        reason=pl.when(~number.str.contains(FINESS_FORM).fill_null(False)).then(pl.lit("numero_finess_invalide"))
        .when(~number.is_first_distinct()).then(pl.lit("numero_en_double"))
        .when(orphan).then(pl.lit("point_sans_etablissement"))
    )  # fmt: skip
    refused = judged.filter(pl.col("reason").is_not_null()).select("line", "reason", text=pl.col("nofinesset"))
    usable = judged.drop("line", "reason")
    return (usable.filter(judged["reason"].is_null()) if len(refused) else usable), refused  # no copy without a reason


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(iso_date(name).alias(name) for name in DATES if name in frame.columns)


def _record_date(path: Path, line: bytes) -> date:
    text = decoded(line)[0].removeprefix("\ufeff").strip()
    found = RECORD_LINE.match(text)
    try:
        if found:
            return date.fromisoformat(found[1])
    except ValueError:
        pass
    raise Refused(
        f"{path.name} n’est pas l’ancien fichier FINESS : sa première ligne n’est pas «\u202ffiness;etalab;98;AAAA-MM-JJ\u202f»."
    )


def _checked(path: Path, file: LegacyFile) -> LegacyFile:
    if file.establishments.is_empty():
        raise Refused(f"{path.name} ne contient aucun établissement : ce n’est pas un fichier {SOURCE}.")
    if len(file.points) < MIN_POINTS_SHARE * len(file.establishments):
        raise Refused(
            f"{path.name} ne situe que {len(file.points)} établissements sur {len(file.establishments)} : c’est le fichier "
            f"non géolocalisé (cs1100502) ou une copie tronquée ; il faut le fichier {SOURCE} complet."
        )
    return file


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[bytes]]:
    """The file's lines, none longer than LONGEST_LINE: another file given by mistake may be a single one."""
    with path.open("rb") as stream:
        packed = stream.read(2) == GZIP_MAGIC
        stream.seek(0)
        plain = (
            io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=stream))) if packed else cast(IO[bytes], stream)
        )
        try:
            yield iter(lambda: plain.readline(LONGEST_LINE), b"")
        except EOFError:
            raise Refused(f"{path.name} est tronqué : la copie s’est arrêtée avant la fin.") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise Refused(f"{path.name} n’est pas lisible : il est abîmé (gzip : «\u202f{error}\u202f»).") from None
