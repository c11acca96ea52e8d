"""The published files are recognised by their columns, in parquet or in CSV within a zip."""

import zipfile
from pathlib import Path

import polars as pl
import pytest

from etl import demo
from etl.sirene.archive import parquet_of
from etl.sirene.layout import ESTABLISHMENTS, GEOLOCATION, LEGAL_UNITS, Source, check
from etl.sirene.lineage import DUPLICATES, SUCCESSIONS
from geo.errors import Refused
from tests.etl.sirene.published import establishments, units

OFFICIAL = {
    "StockEtablissement_utf8.parquet": ESTABLISHMENTS,
    "StockUniteLegale_utf8.parquet": LEGAL_UNITS,
    "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.parquet": GEOLOCATION,
}


def refusal(path: Path, source: Source) -> str:
    with pytest.raises(Refused) as refused:
        check(path, source)
    return str(refused.value)


def test_the_official_files_are_accepted(shared_data: Path) -> None:
    assert [check(shared_data / "official" / name, source) for name, source in OFFICIAL.items()] == [[], [], []]


def test_the_demo_s_files_are_accepted(france: demo.DemoFiles) -> None:
    assert france.sirene is not None
    sources = (*OFFICIAL.values(), SUCCESSIONS, DUPLICATES)
    for path, source in zip(france.sirene.all(), sources, strict=True):
        assert check(path, source) == []


def test_a_missing_column_and_another_type_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "stock.parquet"
    establishments({}).drop("enseigne2Etablissement").with_columns(siret=pl.lit(12)).write_parquet(path)
    assert refusal(path, ESTABLISHMENTS) == (
        "stock.parquet n’est pas le fichier StockEtablissement attendu : la colonne «\u202fenseigne2Etablissement\u202f» manque, "
        "la colonne «\u202fsiret\u202f» contient Int32 au lieu d’être du texte."
    )


def test_of_another_file_a_few_faults_say_enough(tmp_path: Path) -> None:
    path = tmp_path / "unites.parquet"
    units({}).write_parquet(path)
    said = refusal(path, ESTABLISHMENTS)
    assert said.count("manque") == 3
    assert said.endswith("autres écarts.")


def test_a_new_column_is_told_and_accepted(tmp_path: Path) -> None:
    path = tmp_path / "stock.parquet"
    establishments({}).with_columns(couleurEtablissement=pl.lit("bleu")).write_parquet(path)
    assert check(path, ESTABLISHMENTS) == ["couleurEtablissement"]


def test_a_legal_category_written_as_text_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "units.parquet"
    units({}).with_columns(pl.col("categorieJuridiqueUniteLegale").cast(pl.String)).write_parquet(path)
    assert check(path, LEGAL_UNITS) == []


def test_a_file_that_is_no_parquet_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "stock.parquet"
    path.write_text("<html>503</html>")
    assert refusal(path, ESTABLISHMENTS).startswith(
        "stock.parquet n’est pas un fichier Parquet lisible : vide, tronqué ou d’un autre format ("
    )


def zipped(path: Path, *members: tuple[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_the_csv_in_its_zip_gives_the_same_rows(tmp_path: Path) -> None:
    rows = establishments(
        {"etablissementSiege": True}, {"siret": "12345678200028", "etablissementSiege": False, "dateDebut": None}
    )
    path = zipped(
        tmp_path / "StockEtablissement_utf8.zip",
        ("StockEtablissement_utf8.csv", rows.write_csv(datetime_format="%Y-%m-%dT%H:%M:%S")),
    )
    read = pl.read_parquet(parquet_of(path, ESTABLISHMENTS, tmp_path))
    assert read.equals(rows.select(ESTABLISHMENTS.read.names()).with_columns(says_hidden=pl.lit(False)))


def test_a_backslash_before_a_comma_is_a_character_of_its_cell(tmp_path: Path) -> None:
    rows = establishments({"libelleVoieEtablissement": "DU BOIS\\, BATIMENT A"})
    path = zipped(tmp_path / "stock.zip", ("StockEtablissement_utf8.csv", rows.write_csv()))
    read = pl.read_parquet(parquet_of(path, ESTABLISHMENTS, tmp_path))
    assert read["libelleVoieEtablissement"].to_list() == ["DU BOIS\\, BATIMENT A"]
    assert read["codePostalEtablissement"].to_list() == ["33000"]


def test_the_geolocation_s_csv_has_semicolons(tmp_path: Path) -> None:
    header, row = ";".join(GEOLOCATION.columns), ";".join(["12345678200010", *[""] * 16, "44.8378", "-0.5792"])
    path = zipped(tmp_path / "geo.zip", ("GeolocalisationEtablissement.csv", f"{header}\n{row}\n"))
    read = pl.read_parquet(parquet_of(path, GEOLOCATION, tmp_path))
    assert read.select(GEOLOCATION.read.names()).schema == GEOLOCATION.read
    assert read.select("siret", pl.col("x_longitude", "y_latitude").round(4)).rows() == [
        ("12345678200010", pytest.approx(-0.5792), pytest.approx(44.8378))
    ]


def test_a_csv_without_a_column_we_read_is_refused(tmp_path: Path) -> None:
    rows = establishments({}).drop("siren")
    path = zipped(tmp_path / "stock.zip", ("StockEtablissement_utf8.csv", rows.write_csv()))
    with pytest.raises(Refused, match=r"^stock\.zip n’est pas .* «\u202fsiren\u202f» manque\.$"):
        parquet_of(path, ESTABLISHMENTS, tmp_path)


def test_a_csv_in_another_encoding_is_refused_without_quoting_it(tmp_path: Path) -> None:
    rows = establishments({"enseigne1Etablissement": "SECRÈTE"}).write_csv().encode("cp1252")
    path = zipped(tmp_path / "stock.zip", ("StockEtablissement_utf8.csv", rows))
    with pytest.raises(Refused, match="n’est pas un CSV lisible en UTF-8") as refused:
        parquet_of(path, ESTABLISHMENTS, tmp_path)
    assert "SECR" not in str(refused.value)


def test_a_zip_without_a_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="il en contient 0"):
        parquet_of(zipped(tmp_path / "stock.zip", ("lisez-moi.txt", "")), ESTABLISHMENTS, tmp_path)
