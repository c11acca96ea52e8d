"""The CSV form of a published file, in its zip: made once into a temporary parquet of the columns we read and SAYS_HIDDEN."""

import csv
import io
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO

import polars as pl

from etl.sirene.diffusion import says_hidden
from etl.sirene.layout import Source, faults, not_expected
from geo.errors import Refused

UNPACK_BYTES = 1 << 22
ENCRYPTED = 1  # of a member's flags


def parquet_of(path: Path, source: Source, folder: Path) -> Path:
    """The file itself when it is no zip; else its one member, written again in `folder` without being held whole."""
    if not zipfile.is_zipfile(path):
        return path
    unpacked, converted = folder / f"{source.name}.csv", folder / f"{source.name}.parquet"
    _unpack(path, unpacked)
    written = _scan_csv(unpacked, source)
    _check_header(path, written.collect_schema(), source)
    try:
        read = (_typed(name, kind) for name, kind in source.read.items())
        written.select(*read, says_hidden(written.collect_schema())).sink_parquet(converted)
    except pl.exceptions.PolarsError:  # its message may quote a row: it stays here
        raise Refused(f"{path.name} n’est pas un CSV lisible en UTF-8.") from None
    unpacked.unlink()
    return converted


def check_zip(path: Path, source: Source) -> None:
    """Refused where the zip's one CSV lacks what is read of it; only its first line is unpacked."""
    with _member(path) as packed:
        header = next(
            csv.reader(io.TextIOWrapper(packed, encoding="utf-8", errors="replace"), delimiter=source.separator), []
        )
    _check_header(path, pl.Schema(dict.fromkeys(header, pl.String())), source)


def month_made(path: Path) -> date:
    """The first of the month in which the zip's one CSV was made; Refused where it does not say."""
    year, month, *_ = _only_csv(path).date_time
    try:
        return date(year, month, 1)
    except ValueError:
        raise Refused(f"{path.name} ne dit pas de quel mois est son fichier CSV.") from None


def _unpack(path: Path, target: Path) -> None:
    with _member(path) as packed, target.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked, UNPACK_BYTES)


@contextmanager
def _member(path: Path) -> Iterator[IO[bytes]]:
    """The one CSV of a zip, as it is unpacked."""
    member = _only_csv(path)
    if member.flag_bits & ENCRYPTED:
        raise Refused(f"{path.name} est chiffré : l’Insee publie ses archives sans mot de passe.")
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as packed:
            yield packed
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise Refused(f"{path.name} n’est pas une archive lisible : elle est coupée ou abîmée.") from None


def _only_csv(path: Path) -> zipfile.ZipInfo:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if each.filename.endswith(".csv")]
    except zipfile.BadZipFile:
        raise Refused(f"{path.name} n’est pas une archive lisible : elle est coupée ou abîmée.") from None
    if len(members) != 1:
        raise Refused(f"{path.name} devrait contenir un fichier CSV, il en contient {len(members)}.")
    return members[0]


def _scan_csv(path: Path, source: Source) -> pl.LazyFrame:
    # A cell may hold `\,`: the backslash is a character like another, as for all who read this file (DATA-FACTS § 2.1).
    return pl.scan_csv(path, separator=source.separator, infer_schema=False)


def _check_header(path: Path, found: pl.Schema, source: Source) -> None:
    named = pl.Schema({name: source.columns.get(name, pl.String()) for name in found})  # a CSV has no types to judge
    if wrong := faults(named, source):
        raise Refused(not_expected(path, source, wrong))


def _typed(name: str, kind: pl.DataType) -> pl.Expr:
    text = pl.col(name)
    if kind == pl.Date:
        return text.str.to_date("%Y-%m-%d", strict=False)
    if kind == pl.Datetime:
        return text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False)
    if kind == pl.Boolean:
        return text == "true"
    return text.cast(kind, strict=False)
