"""Entries of the API as rows."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from etl.sirene.api.flatten import Flattened, Rejected, flatten, flatten_units, latest_of_each_siret
from etl.sirene.diffusion import split, told_of_units
from etl.sirene.rows import JOINED, UNIT
from tests.etl.sirene.api.entries import a_siret, a_unit, an_establishment


def the_row(flattened: Flattened) -> dict[str, Any]:
    assert flattened.rejected == []
    return flattened.rows.row(0, named=True)


def test_what_is_nested_comes_beside_the_siret_in_the_stock_s_types() -> None:
    flattened = flatten([an_establishment(1)])
    assert flattened.rows.schema == JOINED
    row = the_row(flattened)
    assert row["siret"] == a_siret(1)
    assert row["siren"] == a_siret(1)[:9]
    assert row["libelleVoieEtablissement"] == "DES BOUCHERS"
    assert row["nomUniteLegale"] == "LEFEBVRE"
    assert row["categorieJuridiqueUniteLegale"] == 1000
    assert row["activitePrincipaleEtablissement"] == "86.90D"
    assert row["dateDebut"] == date(2020, 2, 3)
    assert row["dateDernierTraitementEtablissement"] == datetime(2026, 11, 20, 21, 52, 2, 598_000)
    assert row["etablissementSiege"] is True


def test_the_current_period_is_the_one_without_end_wherever_it_stands() -> None:
    entry = an_establishment(1)
    over = {"dateFin": "2020-02-02", "dateDebut": "2009-08-01", "etatAdministratifEtablissement": "F"}
    entry["periodesEtablissement"].insert(0, over)
    row = the_row(flatten([entry]))
    assert (row["etatAdministratifEtablissement"], row["dateDebut"]) == ("A", date(2020, 2, 3))


def test_a_closed_past_does_not_speak_for_the_present() -> None:
    over = {"dateFin": "2020-02-02", "dateDebut": "2009-08-01", "etatAdministratifEtablissement": "A"}
    assert (
        the_row(flatten([an_establishment(1, periodesEtablissement=[over])]))["etatAdministratifEtablissement"] is None
    )


def test_members_that_are_missing_are_null() -> None:
    row = the_row(flatten([{"siret": a_siret(1)}]))
    assert {name for name, value in row.items() if value is not None} == {"siret", "siren"}


def test_undocumented_members_are_counted_by_name() -> None:
    entries = [an_establishment(n, loginTitulaire="x") for n in (1, 2)]
    entries[0]["uniteLegale"]["humeurUniteLegale"] = "bonne"
    assert flatten(entries).unknown == {"loginTitulaire": 2, "humeurUniteLegale": 1}


@pytest.mark.parametrize(
    ("entry", "rejected"),
    [
        ("texte", Rejected(None, "ce n’est pas un objet")),
        (an_establishment(3, siret="123"), Rejected("123", "sans siret lisible")),
        (an_establishment(3, siret=12345678901234), Rejected(None, "sans siret lisible")),
        (an_establishment(3, siren=a_siret(4)[:9]), Rejected(a_siret(3), "le siren n’est pas celui du siret")),
        (an_establishment(3, dateDebut="hier"), Rejected(a_siret(3), "dateDebut illisible")),
        (an_establishment(3, etablissementSiege="oui"), Rejected(a_siret(3), "etablissementSiege illisible")),
        (
            an_establishment(3, categorieJuridiqueUniteLegale="10A0"),
            Rejected(a_siret(3), "categorieJuridiqueUniteLegale illisible"),
        ),
        (
            an_establishment(3, periodesEtablissement=[None]),
            Rejected(a_siret(3), "periodesEtablissement n’est pas une liste d’objets"),
        ),
    ],
)
def test_an_entry_that_cannot_be_read_is_rejected_and_the_rest_goes_on(entry: Any, rejected: Rejected) -> None:
    flattened = flatten([an_establishment(1), entry, an_establishment(2)])
    assert flattened.rejected == [rejected]
    assert flattened.rows["siret"].to_list() == [a_siret(1), a_siret(2)]


@pytest.mark.parametrize(
    "entry",
    [
        an_establishment(3, statutDiffusionUniteLegale="P", dateDebut="hier"),
        an_establishment(3, statutDiffusionEtablissement="P", etablissementSiege="oui"),
        an_establishment(3, statutDiffusionEtablissement=["O"]),
        an_establishment(3, statutDiffusionUniteLegale=["P"]),
        an_establishment(3, nomUniteLegale="[ND]", dateDebut="hier"),
        an_establishment(3, adresse2Etablissement={"numeroVoie2Etablissement": "[ND]"}, dateDebut="hier"),
        an_establishment(3, statutDiffusionEtablissement="P", siren=a_siret(4)[:9]),
        an_establishment(3, statutDiffusionUniteLegale="P", periodesEtablissement=[None]),
        an_establishment(3, statutDiffusionEtablissement="P", adresseEtablissement="là"),
        an_establishment(3, uniteLegale="ici"),
        {"siret": a_siret(3), "siren": a_siret(4)[:9]},
        # and of one that can be read, where no text says it
        an_establishment(3, dateCreationEtablissement="[ND]"),
        an_establishment(3, categorieJuridiqueUniteLegale="[ND]"),
    ],
)
def test_an_entry_that_may_be_hidden_is_masked_whatever_cannot_be_read_of_it(entry: Any) -> None:
    flattened = flatten([an_establishment(1), entry])
    assert flattened.rejected == []
    opened, masked = split(flattened.rows)
    assert opened["siret"].to_list() == [a_siret(1)]
    assert masked.select("siret", "siren").rows() == [(a_siret(3), a_siret(3)[:9])]


def test_what_can_be_read_of_a_hidden_entry_is_kept() -> None:
    row = the_row(flatten([an_establishment(1, statutDiffusionEtablissement="P", dateDebut="hier")]))
    assert (row["activitePrincipaleEtablissement"], row["codeCommuneEtablissement"]) == ("86.90D", "59350")
    assert row["dateDebut"] is None


def test_a_hidden_legal_unit_is_masked_whatever_cannot_be_read_of_it() -> None:
    units = [
        a_unit(1, statutDiffusionUniteLegale="P", categorieJuridiqueUniteLegale="10A0"),
        a_unit(2, statutDiffusionUniteLegale={"P": 1}),
        a_unit(3, categorieJuridiqueUniteLegale="[ND]"),
        a_unit(4, categorieJuridiqueUniteLegale="10A0"),
    ]
    flattened = flatten_units(units)
    assert [each.siret for each in flattened.rejected] == [a_siret(4)[:9]]
    assert flattened.rows["siren"].to_list() == [a_siret(n)[:9] for n in (1, 2, 3)]
    assert told_of_units(flattened.rows).is_empty()


def test_the_number_of_a_rejected_entry_that_may_be_hidden_is_not_told() -> None:
    entries = [an_establishment(1, siret="90 000 001", statutDiffusionEtablissement="P"), {"siret": "123"}]
    assert flatten(entries).rejected == [Rejected(None, "sans siret lisible")] * 2


def test_a_mask_stays_in_a_text_and_never_loses_the_row() -> None:
    masked = an_establishment(
        1,
        statutDiffusionUniteLegale="P",
        nomUniteLegale="[ND]",
        categorieJuridiqueUniteLegale="[ND]",
        dateCreationEtablissement="[ND]",
        etablissementSiege="[ND]",
    )
    row = the_row(flatten([masked]))
    assert (row["statutDiffusionUniteLegale"], row["nomUniteLegale"]) == ("P", "[ND]")
    assert row["categorieJuridiqueUniteLegale"] is None
    assert row["dateCreationEtablissement"] is None
    assert row["etablissementSiege"] is None


def test_nul_characters_are_dropped() -> None:
    assert the_row(flatten([an_establishment(1, nomUniteLegale="LE\0FEBVRE")]))["nomUniteLegale"] == "LEFEBVRE"


def test_of_a_siret_that_comes_twice_the_row_treated_last_stands() -> None:
    entries = [
        an_establishment(1, treated="2026-11-21T08:00:00", libelleVoieEtablissement="NEUVE"),
        an_establishment(1, treated="2026-11-20T08:00:00", libelleVoieEtablissement="VIEILLE"),
        an_establishment(1, treated=None, libelleVoieEtablissement="SANS DATE"),  # type: ignore[arg-type]
    ]
    assert latest_of_each_siret(flatten(entries).rows)["libelleVoieEtablissement"].to_list() == ["NEUVE"]


OPEN = an_establishment(1)
HIDDEN = [
    {"statutDiffusionEtablissement": "P"},
    {"statutDiffusionUniteLegale": "P"},
    {"nomUniteLegale": "[ND]"},
    {"statutDiffusionUniteLegale": "P", "dateDernierTraitementEtablissement": None},
]


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("backwards", [False, True])
def test_of_two_rows_of_a_siret_the_one_that_masks_stands_unless_the_other_was_treated_later(
    hidden: dict[str, Any], backwards: bool
) -> None:
    entries = [an_establishment(1, **hidden), OPEN]
    latest = latest_of_each_siret(flatten(reversed(entries) if backwards else entries).rows)
    opened, masked = split(latest)
    assert (opened.height, masked.height) == (0, 1)


@pytest.mark.parametrize("backwards", [False, True])
def test_one_that_was_treated_later_shows_again(backwards: bool) -> None:
    entries = [an_establishment(1, treated="2026-11-19T08:00:00", statutDiffusionEtablissement="P"), OPEN]
    latest = latest_of_each_siret(flatten(reversed(entries) if backwards else entries).rows)
    assert latest["statutDiffusionEtablissement"].to_list() == ["O"]


def test_a_legal_unit_takes_its_state_and_name_from_its_current_period() -> None:
    flattened = flatten_units([a_unit(1, statutDiffusionUniteLegale="P", etatAdministratifUniteLegale="C")])
    assert flattened.rows.schema == UNIT
    row = the_row(flattened)
    assert row["siren"] == a_siret(1)[:9]
    assert (row["statutDiffusionUniteLegale"], row["etatAdministratifUniteLegale"]) == ("P", "C")
    assert (row["nomUniteLegale"], row["prenom1UniteLegale"]) == ("LEFEBVRE", "ZELIE")
    assert row["categorieJuridiqueUniteLegale"] == 1000


def test_recorded_answers_are_read_in_whole(shared_data: Path) -> None:
    for name in ("diffusible", "search-by-siren"):
        document = msgspec.json.decode((shared_data / f"sirene/api-3.11/{name}.json").read_bytes())
        flattened = flatten(document.get("etablissements") or [document["etablissement"]])
        assert flattened.rejected == []
        assert flattened.unknown == {}
        assert flattened.rows["codeCommuneEtablissement"].to_list() == ["27226"]
        assert flattened.rows.select(pl.col("categorieJuridiqueUniteLegale")).item() == 7346
