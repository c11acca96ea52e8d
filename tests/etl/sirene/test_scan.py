"""The stock on disk: what is chosen, what is dropped, what is counted, and nothing of the masked truth."""

import logging
import zipfile
from pathlib import Path

import polars as pl
import pytest

from etl import demo
from etl.sirene import rows, scan
from etl.sirene.layout import STOCK, UNITS
from etl.sirene.naf import in_scope
from etl.sirene.refresh import last_treatment
from etl.sirene.scan import Counts, Stock, stock
from geo.errors import Refused
from tests.etl.sirene.published import SIREN, SIRET, establishments, files, positions, units, whole

KEYS = ("siren", "siret")
OTHER_SIREN, OTHER_SIRET = "987654324", "98765432400018"
RESTAURANT = {
    "activitePrincipaleEtablissement": "56.10A",
    "activitePrincipaleNAF25Etablissement": "56.11G",
}


def read(folder: Path, stock_rows: pl.DataFrame, legal: pl.DataFrame, *named: str) -> tuple[Stock, pl.DataFrame]:
    found = stock(*files(folder, stock_rows, legal, positions({})), folder / "lu", named)
    return found, pl.read_parquet(found.open)


def sides(found: Stock) -> tuple[list[str], list[str]]:
    """SIRET that are told, SIRET that are masked."""
    return pl.read_parquet(found.open)["siret"].to_list(), pl.read_parquet(found.masked)["siret"].to_list()


def said(rows: pl.DataFrame, key: str, number: str, changed: dict[str, str]) -> pl.DataFrame:
    """As the texts of a CSV, those of one row changed."""
    texts = rows.with_columns(pl.col(pl.Datetime).dt.to_string("%Y-%m-%dT%H:%M:%S")).cast(pl.String)
    there = pl.col(key) == number
    return texts.with_columns(
        pl.when(there).then(pl.lit(text)).otherwise(name).alias(name) for name, text in changed.items()
    )


def zipped(path: Path, rows: pl.DataFrame) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}.csv", rows.write_csv())
    return path


def test_an_active_establishment_of_our_field_is_kept_with_its_point(tmp_path: Path) -> None:
    found, opened = read(tmp_path, establishments({}), units({}))
    assert opened.schema == rows.OPEN
    assert opened.select("siret", "denomination", "quality").rows() == [(SIRET, "PHARMACIE DES LILAS", "11")]
    assert found.counts == Counts(
        read=1, in_scope=1, named_found=0, closed_dropped=0, unreadable=0, repeated=0, open=1, masked=0
    )


def test_of_a_legal_unit_that_is_there_twice_the_row_that_hides_it_is_heard(tmp_path: Path) -> None:
    found, _ = read(tmp_path, establishments({}), units({}, {"statutDiffusionUniteLegale": "P"}))
    assert (found.counts.open, found.counts.masked) == (0, 1)


def test_another_trade_is_left_unless_finess_names_it(tmp_path: Path) -> None:
    _, opened = read(tmp_path, establishments(RESTAURANT), units({}))
    assert opened.is_empty()
    found, opened = read(tmp_path, establishments(RESTAURANT), units({}), SIRET, OTHER_SIRET)
    assert opened["siret"].to_list() == [SIRET]
    assert (found.counts.in_scope, found.counts.named_found) == (0, 1)


def test_the_activity_of_the_legal_unit_brings_nothing_in(tmp_path: Path) -> None:
    legal = units({"activitePrincipaleUniteLegale": "86.10Z", "nomenclatureActivitePrincipaleUniteLegale": "NAFRev2"})
    _, opened = read(tmp_path, establishments(RESTAURANT), legal)
    assert opened.is_empty()


@pytest.mark.parametrize(
    ("establishment", "unit"),
    [({"etatAdministratifEtablissement": "F"}, {}), ({}, {"etatAdministratifUniteLegale": "C"})],
)
def test_a_closed_one_is_counted_and_dropped_unless_finess_names_it(
    tmp_path: Path, establishment: dict[str, str], unit: dict[str, str]
) -> None:
    found, opened = read(tmp_path, establishments(establishment), units(unit))
    assert opened.is_empty()
    assert found.counts.closed_dropped == 1
    found, opened = read(tmp_path, establishments(establishment), units(unit), SIRET)
    assert opened.select("siret", "active").rows() == [(SIRET, False)]
    assert found.counts.closed_dropped == 0


def test_an_establishment_without_its_legal_unit_is_masked(tmp_path: Path) -> None:
    found, opened = read(tmp_path, establishments({}), units({"siren": OTHER_SIREN}))
    assert opened.is_empty()
    assert pl.read_parquet(found.masked)["siret"].to_list() == [SIRET]


def test_hidden_anywhere_in_an_establishment_s_row_masks_it(tmp_path: Path) -> None:
    columns = [name for name, kind in STOCK.items() if kind == pl.String and name not in KEYS]
    others = [{"siret": f"{SIREN}{rank:05}", column: "[ND]"} for rank, column in enumerate(columns, start=100)]
    found, _ = read(tmp_path, establishments({}, *others), units({}), SIRET, *(each["siret"] for each in others))
    assert sides(found) == ([SIRET], [each["siret"] for each in others])


def test_hidden_anywhere_in_a_legal_unit_s_row_masks_its_establishments(tmp_path: Path) -> None:
    columns = [name for name, kind in UNITS.items() if kind == pl.String and name not in KEYS]
    others = [{"siren": f"{rank}", column: "BIS [ND]"} for rank, column in enumerate(columns, start=900_000_000)]
    theirs = [{"siren": each["siren"], "siret": f"{each['siren']}00012"} for each in others]
    sirets = [each["siret"] for each in theirs]
    found, _ = read(tmp_path, establishments({}, *theirs), units({}, *others), SIRET, *sirets)
    assert sides(found) == ([SIRET], sirets)


def test_hidden_in_a_geolocation_that_is_not_read_masks(tmp_path: Path) -> None:
    paths = files(tmp_path, establishments({}), units({}), positions({"plg_iris": "[ND]"}))
    assert sides(stock(*paths, tmp_path / "lu")) == ([], [SIRET])


def test_hidden_in_a_column_that_nobody_knows_masks(tmp_path: Path) -> None:
    said = pl.Series("couleurEtablissement", ["bleu", "[ND]"])
    stock_rows = establishments({"siren": OTHER_SIREN, "siret": OTHER_SIRET}, {}).with_columns(said)
    found, _ = read(tmp_path, stock_rows, units({}, {"siren": OTHER_SIREN}))
    assert found.unknown_columns == ["couleurEtablissement"]
    assert sides(found) == ([OTHER_SIRET], [SIRET])


def test_hidden_where_a_whole_number_written_as_text_should_be_masks(tmp_path: Path) -> None:
    legal = units({}).with_columns(categorieJuridiqueUniteLegale=pl.lit("[ND]"))
    found, _ = read(tmp_path, establishments({}), legal)
    assert sides(found) == ([], [SIRET])


@pytest.mark.parametrize(
    ("of_establishment", "of_unit"),
    [
        ({"dateDebut": "[ND]"}, {}),
        ({"dateDernierTraitementEtablissement": "[ND]"}, {}),
        ({"etablissementSiege": "[ND]"}, {}),
        ({"nombrePeriodesEtablissement": "[ND]"}, {}),
        ({"libelleVoie2Etablissement": "RUE [ND]"}, {}),
        ({}, {"categorieJuridiqueUniteLegale": "[ND]"}),
        ({}, {"dateCreationUniteLegale": "[ND]"}),
        ({}, {"prenom2UniteLegale": "[ND]"}),
    ],
)
def test_hidden_anywhere_in_a_csv_masks_before_it_is_typed(
    tmp_path: Path, of_establishment: dict[str, str], of_unit: dict[str, str]
) -> None:
    other = {"siren": OTHER_SIREN, "siret": OTHER_SIRET}
    stock_rows, legal = establishments({}, other), units({}, {"siren": OTHER_SIREN})
    paths = (
        zipped(tmp_path / "etablissements.zip", said(stock_rows, "siret", SIRET, of_establishment)),
        zipped(tmp_path / "unites.zip", said(legal, "siren", SIREN, of_unit)),
    )
    found = stock(*paths, None, tmp_path / "lu")
    assert found.unknown_columns == []
    assert sides(found) == ([OTHER_SIRET], [SIRET])


def test_types_that_say_the_same_are_read_alike(tmp_path: Path) -> None:
    stock_rows = establishments({}).with_columns(pl.col("dateDernierTraitementEtablissement").dt.cast_time_unit("ns"))
    legal = units({}).with_columns(pl.col("categorieJuridiqueUniteLegale").cast(pl.String))
    _, opened = read(tmp_path, stock_rows, legal)
    assert opened.schema == rows.OPEN
    assert opened["categorie_juridique"].to_list() == ["5499"]


def test_ranges_of_legal_units_lose_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "UNITS_AT_ONCE", 2)
    sirens = [f"{100_000_000 + rank}" for rank in range(7)]
    stock_rows = establishments(*({"siren": each, "siret": f"{each}000{nic}"} for each in sirens for nic in (11, 29)))
    found, opened = read(tmp_path, stock_rows, units(*({"siren": each} for each in sirens)))
    assert found.counts.open == 14
    assert opened["siret"].to_list() == sorted(f"{each}000{nic}" for each in sirens for nic in (11, 29))


def test_what_was_temporary_is_gone(tmp_path: Path) -> None:
    read(tmp_path, establishments({}), units({}))
    assert sorted(path.name for path in (tmp_path / "lu").iterdir()) == [scan.MASKED_NAME, scan.OPEN_NAME]


def test_the_demo_is_parted_as_its_files_say(france: demo.DemoFiles, tmp_path: Path) -> None:
    assert france.sirene is not None
    published, legal = pl.read_parquet(france.sirene.establishments), pl.read_parquet(france.sirene.units)
    named = published["siret"].head(50).to_list()
    found = whole(france, tmp_path, named)
    joined = published.join(legal, on="siren").filter(
        pl.col("siret").is_in(named)
        | (
            in_scope(
                "activitePrincipaleEtablissement",
                "nomenclatureActivitePrincipaleEtablissement",
                "activitePrincipaleNAF25Etablissement",
            )
            & pl.col("etatAdministratifEtablissement").eq("A")
            & pl.col("etatAdministratifUniteLegale").eq("A")
        )
    )
    free = pl.col("statutDiffusionEtablissement").eq("O") & pl.col("statutDiffusionUniteLegale").eq("O")
    assert pl.read_parquet(found.open)["siret"].to_list() == joined.filter(free)["siret"].to_list()
    assert pl.read_parquet(found.masked)["siret"].to_list() == joined.filter(~free)["siret"].to_list()
    assert found.counts.masked > 20
    assert found.counts.read == published.height


def test_nothing_of_the_masked_truth_comes_out(
    france: demo.DemoFiles, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        found = whole(france, tmp_path)
    opened, masked = pl.read_parquet(found.open), pl.read_parquet(found.masked)
    truth = pl.read_parquet(france.truth).filter(
        pl.col("siret").is_in(masked["siret"].implode()), pl.col("finess").is_null()
    )
    hyphenated = truth.filter(pl.col("name").str.contains("-"))
    words = [name.split("-")[-1] for name in hyphenated["name"]]  # the demo's family names: each is there once
    assert len(words) > 20
    assert masked.columns == rows.MASKED.names()
    assert not set(opened["siret"]) & set(masked["siret"])
    told = caplog.text + "".join(capfd.readouterr()) + repr(found) + opened.write_ndjson() + masked.write_ndjson()
    assert not [word for word in words if word in told]


def test_the_official_stock_is_read(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "official"
    found = stock(
        folder / "StockEtablissement_utf8.parquet",
        folder / "StockUniteLegale_utf8.parquet",
        folder / "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8.parquet",
        tmp_path,
    )
    assert (found.counts.read, found.unknown_columns) == (292_006, [])
    assert found.counts.open + found.counts.masked + found.counts.closed_dropped == found.counts.in_scope > 100_000


def damage(path: Path) -> None:
    """Its footer stays whole: the columns can be read, their pages cannot."""
    content = bytearray(path.read_bytes())
    end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[4:end] = b"\xff" * (end - 4)
    path.write_bytes(content)


@pytest.mark.parametrize("damaged", ["etablissements.parquet", "unites.parquet", "positions.parquet"])
def test_a_file_whose_pages_are_damaged_is_refused_by_its_name(tmp_path: Path, damaged: str) -> None:
    paths = files(tmp_path, establishments({}), units({}), positions({}))
    damage(tmp_path / damaged)
    with pytest.raises(Refused, match=rf"^{damaged} est endommagé"):
        stock(*paths, tmp_path / "lu")


def test_a_damaged_stock_is_refused_when_it_is_asked_its_date(tmp_path: Path) -> None:
    path, *_ = files(tmp_path, establishments({}), units({}), positions({}))
    damage(path)
    with pytest.raises(Refused, match=r"^etablissements\.parquet est endommagé"):
        last_treatment(path)
