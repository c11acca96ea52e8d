"""The legacy CSV, line by line: its first line, its quotes, its encodings, and what cannot be read."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from etl.finess import legacy_csv
from etl.finess.legacy_csv import LONGEST_LINE, LegacyFile, read_legacy
from geo.errors import Refused
from tests.etl.finess.legacy import RECORD_LINE, a_legacy_file, a_point, a_row, read


def reasons(file: LegacyFile) -> list[tuple[int, str]]:
    return list(file.rejected.select("line", "reason").iter_rows())


def value(file: LegacyFile, field: str) -> object:
    return file.establishments[field].item()


@pytest.mark.parametrize("name", ["etalab.csv", "etalab.csv.gz"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_plain_or_packed_it_is_the_same_file(tmp_path: Path, name: str, end: bytes) -> None:
    file = read(tmp_path, a_row(), a_point(), name=name, end=end)
    assert (file.produced_on, file.read, reasons(file)) == (date(2026, 5, 4), 2, [])
    assert (value(file, "nofinesset"), value(file, "rs"), value(file, "numuai")) == (
        "590000001",
        "PHARMACIE DES LILAS",
        None,
    )
    assert file.points.select("nofinesset", "datemaj_geolocalisation").row(0) == ("590000001", date(2026, 5, 4))


def test_the_date_that_stands_for_unknown_is_no_date(tmp_path: Path) -> None:
    file = read(tmp_path, a_row(), a_point())
    assert (value(file, "dateouv"), value(file, "dateautor")) == (date(1990, 1, 1), None)


@pytest.mark.parametrize(
    "first",
    [
        "structureet;590000001",
        "finess;etalab;2026-05-04",
        "finess;etalab;98;2026-13-45",
        '{"schemaVersion":"v1.0.0"',
        "",
    ],
)
def test_a_file_without_the_record_line_is_refused(tmp_path: Path, first: str) -> None:
    with pytest.raises(Refused, match="n’est pas l’ancien fichier FINESS"):
        read(tmp_path, a_row(), a_point(), first=first)


@pytest.mark.parametrize("first", ["\ufeff" + RECORD_LINE, RECORD_LINE + ";", "finess;etalab;111;2026-05-04"])
def test_the_record_line_may_have_a_mark_before_and_a_semicolon_after(tmp_path: Path, first: str) -> None:
    assert read(tmp_path, a_row(), a_point(), first=first).produced_on == date(2026, 5, 4)


def test_a_file_of_legal_entities_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="aucun établissement"):
        read(tmp_path, "structureej;590999999;SELARL DES LILAS")


def test_a_file_that_places_nobody_is_refused_lest_it_erase_positions(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cs1100502"):
        read(tmp_path, a_row(), a_row("590000002"), a_row("590000003"), a_point())


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = a_legacy_file(tmp_path, *(a_row(f"59{n:07d}") for n in range(500)), name="etalab.csv.gz")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(Refused, match="tronqué"):
        read_legacy(path)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "etalab.csv.gz"
    path.write_bytes(b"\x1f\x8b" + b"rien de bon" * 10)
    with pytest.raises(Refused, match="n’est pas lisible"):
        read_legacy(path)


def test_a_quoted_field_keeps_its_semicolons_and_quotes(tmp_path: Path) -> None:
    file = read(tmp_path, a_row(rs='EHPAD "LES LILAS" ; SITE 2'), a_point())
    assert value(file, "rs") == 'EHPAD "LES LILAS" ; SITE 2'


def test_a_lone_quote_swallows_nothing(tmp_path: Path) -> None:
    file = read(tmp_path, a_row().replace(";PHARMACIE DES LILAS;", ';"LES LILAS;', 1), a_point())
    assert (value(file, "rs"), value(file, "categetab")) == ('"LES LILAS', "620")


def test_one_more_semicolon_at_the_end_is_no_field(tmp_path: Path) -> None:
    file = read(tmp_path, a_row(numuai="0590001A") + ";", a_point() + ";")
    assert (value(file, "numuai"), len(file.points)) == ("0590001A", 1)


def test_what_cannot_be_read_is_rejected_with_its_line_and_reason(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        a_row(),
        a_row().rsplit(";", 2)[0],  # 3: too short
        a_row("590000002") + "x;y",  # 4: too long
        a_row("59000"),  # 5
        a_row(rs="UNE AUTRE"),  # 6: the number of line 2
        "",  # 7: blank lines are nobody's
        "une suite de ligne",  # 8
        a_point(),
        a_point(),  # 10
        a_point("590000009"),  # 11: of nobody
        "geolocalisation;590000001;1;2",  # 12
    )
    assert reasons(file) == [
        (3, "nombre_de_champs"),
        (4, "nombre_de_champs"),
        (5, "numero_finess_invalide"),
        (6, "numero_en_double"),
        (8, "ligne_inconnue"),
        (10, "numero_en_double"),
        (11, "point_sans_etablissement"),
        (12, "nombre_de_champs"),
    ]
    assert file.read == len(file.establishments) + len(file.points) + len(file.rejected) == 10
    assert value(file, "rs") == "PHARMACIE DES LILAS"


def test_a_line_without_end_is_rejected_in_pieces(tmp_path: Path) -> None:
    file = read(tmp_path, a_row(), "x" * (3 * LONGEST_LINE), a_point())
    assert {reason for _, reason in reasons(file)} == {"ligne_inconnue"}
    assert len(file.points) == 1


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legacy_csv, "MOST_LINES", 3)
    with pytest.raises(Refused, match="plus de 3 lignes"):
        read(tmp_path, a_row(), a_row("590000002"), a_point(), a_point("590000002"))
    assert len(read(tmp_path, a_row(), a_point()).points) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_each_line_is_utf_8_or_else_windows_1252(tmp_path: Path, encoding: str) -> None:
    file = read(tmp_path, a_row(rs="RÉSIDENCE DE L’ÉTANG").encode(encoding), a_row("590000002", rs="CRÈCHE"), a_point())
    assert list(file.establishments["rs"]) == ["RÉSIDENCE DE L’ÉTANG", "CRÈCHE"]
    assert file.noticed["lignes_en_windows_1252"] == (encoding == "cp1252")


def test_bytes_that_windows_1252_leaves_undefined_break_nothing(tmp_path: Path) -> None:
    assert value(read(tmp_path, a_row().encode().replace(b"LILAS", b"L\x81L\xc9"), a_point()), "rs") is not None


def twice(text: str, through: str) -> str:
    return text.encode().decode(through)


@pytest.mark.parametrize("through", ["cp1252", "latin-1"])
@pytest.mark.parametrize(
    "text", ["MÉDICO-SOCIAL", "Épicéa", "l’été", "Œuvre", "cœur", "20 €", "n° 3", "ÂGÉES", "« Forêt »"]
)
def test_text_encoded_twice_is_put_right_and_counted(tmp_path: Path, text: str, through: str) -> None:
    damaged = "".join(twice(char, through) if _survives(char, through) else char for char in text)
    file = read(tmp_path, a_row(rs=damaged), a_row("590000002"), a_point())
    assert list(file.establishments["rs"]) == [text, "PHARMACIE DES LILAS"]
    assert file.noticed["lignes_encodees_deux_fois"] == (damaged != text)


def _survives(char: str, through: str) -> bool:
    try:
        return bool(twice(char, through))
    except UnicodeDecodeError:
        return False  # a byte that this encoding does not have: such text was never written


def test_a_line_of_two_encodings_is_put_right_too(tmp_path: Path) -> None:
    line = a_row(rs="FOYER DE L’ÉTÉ", voie="@").encode().replace(b"@", b"F\xcaTE")
    file = read(tmp_path, line, a_point())
    assert (value(file, "rs"), value(file, "voie")) == ("FOYER DE L’ÉTÉ", "FÊTE")


@pytest.mark.parametrize("text", ["DU CHÂTEAU", "PÂTURE", "LE CAFÉ»", "Ê°", "MÂCON", "ÅRHUS", "à 20 °"])
def test_good_french_is_left_alone(tmp_path: Path, text: str) -> None:
    file = read(tmp_path, a_row(rs=text), a_point())
    assert (value(file, "rs"), file.noticed["lignes_encodees_deux_fois"]) == (text, 0)


def test_the_real_file_reads_whole(shared_data: Path) -> None:
    (path,) = (shared_data / "official").glob("etalab-cs1100507-stock-*.csv.gz")
    file = read_legacy(path)
    assert (len(file.establishments), len(file.points), len(file.rejected)) == (72_926, 72_641, 0)
    assert not any(file.noticed.values())
    assert file.establishments.filter(pl.col("rs").str.contains('"')).height > 500


def test_the_lines_quoted_from_may_2026_read_whole(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "finess-etalab"
    rows = (folder / "etalab-cs1100502-20260512-extrait.csv").read_bytes().splitlines()
    points = (folder / "etalab-cs1100507-2026-geolocalisation-extrait.csv").read_bytes().splitlines()
    here = [line.replace(b"970100012", b"970100400") for line in points[1:]]  # its own row was not quoted
    file = read(tmp_path, *(rows[1:3] + rows[3:4] + here))
    assert (len(file.establishments), len(file.points), len(file.rejected)) == (3, 2, 0)
    assert value(read(tmp_path, rows[8], *[p.replace(b"010000024", b"980501506") for p in here[:1]]), "rs") == (
        'LIEU DE VIE "MAVOUNA MEMA 1"'
    )
