"""A practitioner who asks for a partial diffusion was told before, and is nowhere after one load."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.app import create_app
from etl.registers import acts, journal
from etl.rollback import rollback
from etl.sirene.refresh import refresh_pages
from geo.settings import Settings
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import a_file, an_ege
from tests.etl.instance import Instance
from tests.etl.registers.nowhere import places
from tests.etl.registers.people import (
    API_DAY,
    NOVEMBER,
    Person,
    beside_a_pharmacy,
    how,
    load_pages,
    load_stock,
    pages_of,
)

LEAVES, STAYS, OTHER = Person(12), Person(34), Person(56)
SECOND = Person(12, nic=2)  # of the same legal unit
AT = [(LEAVES.lon, LEAVES.lat), (SECOND.lon, SECOND.lat)]
HIDDEN = LEAVES.secrets + SECOND.secrets
DECEMBER = datetime(2026, 12, 4, 8, 12, 30)
# Ways in which the API says of her that she is hidden; what is not said reads as anyone's.
OF_THE_UNIT = {"statutDiffusionUniteLegale": "P"}
SAYINGS = {
    "both levels": [LEAVES.hidden_entry(), SECOND.hidden_entry()],
    "the establishments alone": [
        LEAVES.entry(statutDiffusionEtablissement="P"),
        SECOND.entry(statutDiffusionEtablissement="P"),
    ],
    "the legal unit, by one establishment": [LEAVES.entry(**OF_THE_UNIT)],
    "the legal unit, by one, and the other as it was": [
        SECOND.entry("2026-11-19T08:00:00"),
        LEAVES.entry(**OF_THE_UNIT),
    ],
    "a text alone": [LEAVES.entry(nomUniteLegale="[ND]"), SECOND.entry(libelleVoieEtablissement="[ND]")],
}


@pytest.fixture(scope="module")
def october(make_instance: MakeInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Three practitioners beside a pharmacy, one of them with two practices, from the stock of October."""
    with beside_a_pharmacy(make_instance, tmp_path_factory.mktemp("octobre"), LEAVES, SECOND, STAYS, OTHER) as instance:
        yield instance


def structures(instance: Instance) -> list[str]:
    return [row[0] for row in instance.rows("SELECT id FROM structure WHERE register = 'sirene' ORDER BY id")]


def was_told(instance: Instance) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in instance.rows("SELECT siret, was_told FROM masked_siret ORDER BY siret")]


def test_who_is_told_is_found_in_each_place_that_is_looked_into(told: Instance) -> None:
    kinds = {each.split()[0] for each in places(told, LEAVES.secrets, AT)}
    assert kinds == {"table", "statistiques", "fichier", "index", "tuile", "export", "réponse"}


@pytest.mark.parametrize("saying", SAYINGS)
def test_hidden_by_the_api_she_is_nowhere(told: Instance, tmp_path: Path, saying: str) -> None:
    report = load_pages(told, tmp_path, *SAYINGS[saying])
    assert report.state == "published", report
    assert structures(told) == [STAYS.id, OTHER.id]
    assert places(told, HIDDEN, AT) == []
    assert was_told(told) == [(LEAVES.siret, True), (SECOND.siret, True)]
    assert told.differences() == []


def test_only_six_columns_of_her_are_kept_and_the_same_beside_the_database(told: Instance, tmp_path: Path) -> None:
    load_pages(told, tmp_path, *SAYINGS["both levels"])
    kept = told.rows("SELECT siret, siren, diffusion, naf, nomenclature, commune, said_by FROM masked_siret ORDER BY 1")
    assert [tuple(row) for row in kept] == [
        (each.siret, each.siren, "P", "86.90D", "NAFRev2", "59350", "api") for each in (LEAVES, SECOND)
    ]
    file = told.home / journal.FOLDER / journal.NAME
    (first, _) = msgspec.json.decode(file.read_bytes())["masked"]
    columns = [
        "siret",
        "siren",
        "diffusion",
        "naf",
        "nomenclature",
        "commune",
        "said_by",
        "since",
        "was_told",
        "said_at",
    ]
    assert list(first) == columns
    assert (file.stat().st_mode & 0o77, file.parent.stat().st_mode & 0o77) == (0, 0)


def test_hidden_by_the_stock_she_is_nowhere(told: Instance, tmp_path: Path) -> None:
    hidden = {LEAVES.siren: OF_THE_UNIT}
    report = load_stock(told, tmp_path, LEAVES, SECOND, STAYS, OTHER, day=NOVEMBER, changed=hidden)
    assert report.state == "published", report
    assert structures(told) == [STAYS.id, OTHER.id]
    assert places(told, HIDDEN, AT) == []


@pytest.mark.parametrize(
    "changed",
    [
        {LEAVES.siren: {"prenom2UniteLegale": "[ND]"}},
        {each.siret: {"libelleVoie2Etablissement": "[ND]"} for each in (LEAVES, SECOND)},
    ],
    ids=["of the legal unit", "of both establishments"],
)
def test_hidden_by_a_column_of_the_stock_that_nobody_keeps_she_is_nowhere(
    told: Instance, tmp_path: Path, changed: dict[str, dict[str, str]]
) -> None:
    report = load_stock(told, tmp_path, LEAVES, SECOND, STAYS, OTHER, day=NOVEMBER, changed=changed)
    assert report.state == "published", report
    assert structures(told) == [STAYS.id, OTHER.id]
    assert places(told, HIDDEN, AT) == []


def test_retired_then_hidden_by_a_later_stock_she_is_nowhere(told: Instance, tmp_path: Path) -> None:
    closed = {LEAVES.siret: {"etatAdministratifEtablissement": "F"}}
    everyone = (LEAVES, SECOND, STAYS, OTHER)
    assert load_stock(told, tmp_path, *everyone, day=NOVEMBER, changed=closed, accept=["closed"]).state == "published"
    assert told.rows(f"SELECT open FROM structure WHERE id = '{LEAVES.id}'") == [(False,)]
    closed[LEAVES.siren] = OF_THE_UNIT
    report = load_stock(told, tmp_path, *everyone, day=DECEMBER, changed=closed, accept=["closed"])
    assert report.state == "published", report
    assert places(told, HIDDEN, AT) == []


def test_a_stock_that_lags_does_not_bring_her_back_and_the_api_does(told: Instance, tmp_path: Path) -> None:
    load_pages(told, tmp_path, *SAYINGS["both levels"])
    everyone = (LEAVES, SECOND, STAYS, OTHER)
    report = load_stock(told, tmp_path, *everyone, day=DECEMBER)
    assert (report.state, structures(told)) == ("published", [STAYS.id, OTHER.id])
    assert places(told, HIDDEN, AT) == []
    load_pages(told, tmp_path, LEAVES.entry("2026-12-20T08:00:00"))
    assert structures(told) == [LEAVES.id, STAYS.id, OTHER.id]


def test_a_stock_that_lags_does_not_tell_a_practice_that_her_hidden_unit_opened_since(
    told: Instance, tmp_path: Path
) -> None:
    load_pages(told, tmp_path, LEAVES.hidden_entry())
    third = Person(12, nic=3)
    report = load_stock(told, tmp_path, LEAVES, SECOND, third, STAYS, OTHER, day=DECEMBER)
    assert (report.state, structures(told)) == ("published", [STAYS.id, OTHER.id])
    assert places(told, HIDDEN + third.secrets, [*AT, (third.lon, third.lat)]) == []


def test_what_a_stock_hid_the_next_stock_may_tell(told: Instance, tmp_path: Path) -> None:
    everyone = (LEAVES, SECOND, STAYS, OTHER)
    hidden = {LEAVES.siren: OF_THE_UNIT}
    load_stock(told, tmp_path, *everyone, day=NOVEMBER, changed=hidden)
    load_stock(told, tmp_path, *everyone, day=DECEMBER)
    assert structures(told) == [LEAVES.id, SECOND.id, STAYS.id, OTHER.id]
    assert was_told(told) == []


def test_going_back_to_a_load_that_told_her_does_not(told: Instance, tmp_path: Path) -> None:
    (first,) = told.rows("SELECT max(id) FROM load WHERE pipeline = 'sirene'")
    load_pages(told, tmp_path, *SAYINGS["both levels"])
    rollback(told.engine, told.search, first[0], home=told.home)
    assert structures(told) == [STAYS.id, OTHER.id]
    assert places(told, HIDDEN, AT) == []
    assert told.differences() == []


def test_hidden_while_an_earlier_load_is_served_she_does_not_come_with_a_later_one(
    told: Instance, tmp_path: Path
) -> None:
    """Her second practice opened after the load served: it is in history alone when her unit turns."""
    (first,) = told.rows("SELECT max(id) FROM load WHERE pipeline = 'sirene'")
    third = Person(12, nic=3)
    later = load_pages(told, tmp_path, third.entry("2026-11-19T08:00:00"))
    rollback(told.engine, told.search, first[0], home=told.home)
    assert third.id not in structures(told)
    load_pages(told, tmp_path, LEAVES.entry(**OF_THE_UNIT))
    assert places(told, third.secrets) == []
    rollback(told.engine, told.search, later.load, home=told.home)
    assert structures(told) == [STAYS.id, OTHER.id]
    assert places(told, HIDDEN + third.secrets, AT) == []


def test_changes_that_told_of_her_leave_the_feed(told: Instance, tmp_path: Path) -> None:
    load_pages(
        told,
        tmp_path,
        STAYS.entry("2026-11-19T08:00:00", enseigne1Etablissement="CABINET NEUF"),
        LEAVES.entry("2026-11-19T08:00:00", enseigne1Etablissement="QUOBLIX"),
    )
    of_whom = "SELECT structure, kind FROM structure_change ORDER BY structure"
    assert told.rows(of_whom) == [(LEAVES.id, "renamed"), (STAYS.id, "renamed")]
    load_pages(told, tmp_path, *SAYINGS["both levels"])
    assert told.rows(of_whom) == [(STAYS.id, "renamed")]
    assert places(told, [*HIDDEN, "QUOBLIX"], AT) == []


EVERYONE = (LEAVES, SECOND, STAYS, OTHER)
MASKED_BY = "SELECT siret, said_by FROM masked_siret ORDER BY siret"


def masked_by(instance: Instance) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in instance.rows(MASKED_BY)]


@pytest.mark.parametrize("treated", ["2026-11-10T08:00:00", API_DAY])
def test_an_older_page_or_one_as_old_does_not_bring_her_back(told: Instance, tmp_path: Path, treated: str) -> None:
    load_pages(told, tmp_path, LEAVES.hidden_entry())
    load_pages(told, tmp_path, LEAVES.entry(treated))
    assert structures(told) == [STAYS.id, OTHER.id]
    load_pages(told, tmp_path, LEAVES.entry("2026-11-21T08:00:00"))
    assert structures(told) == [LEAVES.id, STAYS.id, OTHER.id]


def test_hidden_again_it_is_the_last_time_that_counts(told: Instance, tmp_path: Path) -> None:
    load_pages(told, tmp_path, LEAVES.hidden_entry("2026-11-10T08:00:00"))
    load_pages(told, tmp_path, LEAVES.hidden_entry("2026-11-22T08:00:00", activitePrincipaleEtablissement="86.21Z"))
    load_pages(told, tmp_path, LEAVES.entry("2026-11-21T08:00:00"))
    assert LEAVES.id not in structures(told)
    load_pages(told, tmp_path, LEAVES.hidden_entry("2026-11-05T08:00:00"))
    load_pages(told, tmp_path, LEAVES.entry("2026-11-21T09:00:00"))
    assert LEAVES.id not in structures(told)


def test_an_older_stock_lifts_nothing_that_a_newer_one_hid(told: Instance, tmp_path: Path) -> None:
    load_stock(told, tmp_path, *EVERYONE, day=NOVEMBER, changed={LEAVES.siren: OF_THE_UNIT})
    october = datetime(2026, 10, 4, 8, 12, 31)
    report = load_stock(told, tmp_path, *EVERYONE, day=october, accept=["older", "removed", "rows"])
    assert (report.state, structures(told)) == ("published", [STAYS.id, OTHER.id])


def test_a_register_kept_before_sayings_were_dated_is_read(told: Instance, tmp_path: Path) -> None:
    load_pages(told, tmp_path, LEAVES.hidden_entry())
    file = told.home / journal.FOLDER / journal.NAME
    kept = msgspec.json.decode(file.read_bytes())
    for each in kept["masked"]:
        del each["said_at"]
    file.write_bytes(msgspec.json.encode(kept))
    with told.engine.begin() as connection:
        connection.execute(text("DELETE FROM masked_siret"))
        assert journal.read(connection, told.home) == 2
    assert told.rows("SELECT DISTINCT said_at = since FROM masked_siret") == [(True,)]


def test_a_backup_older_than_the_api_s_word_takes_it_from_the_register_beside(told: Instance, tmp_path: Path) -> None:
    load_pages(told, tmp_path, *SAYINGS["both levels"])
    with told.engine.begin() as connection:
        connection.execute(text("UPDATE masked_siret SET said_by = 'stock', said_at = said_at - interval '9 days'"))
    load_stock(told, tmp_path, *EVERYONE, day=DECEMBER)
    assert structures(told) == [STAYS.id, OTHER.id]


def test_a_stock_older_than_what_the_api_showed_hides_nobody_whom_it_showed(told: Instance, tmp_path: Path) -> None:
    hidden = {LEAVES.siren: OF_THE_UNIT}
    load_stock(told, tmp_path, *EVERYONE, day=NOVEMBER, changed=hidden)
    load_pages(told, tmp_path, LEAVES.entry())
    assert LEAVES.id in structures(told)
    again = datetime(2026, 11, 4, 8, 12, 31)
    report = load_stock(told, tmp_path, *EVERYONE, day=again, changed=hidden, accept=["removed"])
    assert (report.state, structures(told)) == ("published", [LEAVES.id, STAYS.id, OTHER.id])
    assert was_told(told) == [(SECOND.siret, True)]
    load_stock(told, tmp_path, *EVERYONE, day=DECEMBER, changed=hidden)
    assert structures(told) == [STAYS.id, OTHER.id]


def test_what_a_stock_hid_and_the_api_hides_too_the_api_alone_lifts(told: Instance, tmp_path: Path) -> None:
    load_stock(told, tmp_path, *EVERYONE, day=NOVEMBER, changed={LEAVES.siren: OF_THE_UNIT})
    load_pages(told, tmp_path, LEAVES.entry(**OF_THE_UNIT))
    assert masked_by(told) == [(LEAVES.siret, "api"), (SECOND.siret, "api")]
    load_stock(told, tmp_path, *EVERYONE, day=DECEMBER)
    assert structures(told) == [STAYS.id, OTHER.id]


def test_hidden_by_an_entry_that_cannot_be_read_in_whole_she_is_nowhere(told: Instance, tmp_path: Path) -> None:
    entry = LEAVES.entry(dateDebut="hier", **OF_THE_UNIT)
    report = load_pages(told, tmp_path, entry)
    assert (report.state, report.counts["rejected"], report.counts["samples"]) == ("published", {}, {})
    assert structures(told) == [STAYS.id, OTHER.id]
    assert places(told, HIDDEN, AT) == []


def test_hidden_by_pages_that_a_gate_refuses_she_is_nowhere_and_nothing_else_of_them_is_told(
    told: Instance, tmp_path: Path
) -> None:
    closed = {"etatAdministratifEtablissement": "F"}
    report = load_pages(told, tmp_path, LEAVES.entry(**OF_THE_UNIT), STAYS.entry(**closed), OTHER.entry(**closed))
    assert report.state == "refused"
    assert report.counts["noticed"]["masques_malgre_le_refus"] == 2
    assert report.counts["purged"]["structures"] == 2
    assert told.rows("SELECT DISTINCT open FROM structure WHERE register = 'sirene'") == [(True,)]
    assert structures(told) == [STAYS.id, OTHER.id]
    assert places(told, HIDDEN, AT) == []
    assert told.differences() == []
    assert masked_by(told) == [(LEAVES.siret, "api"), (SECOND.siret, "api")]
    assert LEAVES.siret in (told.home / journal.FOLDER / journal.NAME).read_text()
    assert told.rows("SELECT state FROM load ORDER BY id DESC LIMIT 1") == [("refused",)]


def test_refused_pages_that_are_only_tried_hide_nobody(told: Instance, tmp_path: Path) -> None:
    closed = {"etatAdministratifEtablissement": "F"}
    pages = pages_of(tmp_path, LEAVES.hidden_entry(), STAYS.entry(**closed), OTHER.entry(**closed))
    report = refresh_pages(told.engine, pages, msgspec.structs.replace(how(told), dry_run=True))
    assert (report.state, was_told(told)) == ("refused", [])


def test_a_stock_that_a_gate_refuses_hides_nobody(told: Instance, tmp_path: Path) -> None:
    report = load_stock(told, tmp_path, LEAVES, SECOND, day=NOVEMBER, changed={LEAVES.siren: OF_THE_UNIT})
    assert (report.state, was_told(told)) == ("refused", [])


def test_the_last_establishment_of_sirene_takes_with_it_what_it_gave(instance: Instance, tmp_path: Path) -> None:
    ege = an_ege()
    assert instance.refresh(a_file(tmp_path, ege)).state == "published"
    load_stock(instance, tmp_path, LEAVES)
    (finess,) = instance.rows("SELECT finess[1] FROM structure WHERE register = 'finess'")
    where = acts.Instance(instance.engine, instance.home, instance.search)
    acts.decide(where, finess[0], LEAVES.siret, "accepted", "essai", "le même lieu")
    said = "SELECT naf, siret FROM structure WHERE register = 'finess'"
    assert "86.90D" in instance.rows(said)[0].naf
    load_pages(instance, tmp_path, LEAVES.hidden_entry())
    assert instance.rows("SELECT count(*) FROM sirene_establishment") == [(0,)]
    assert instance.rows(said)[0].naf == []


SELARL = {"categorieJuridiqueUniteLegale": 5485, "denominationUniteLegale": "SELARL VRAQUOR", "nomUniteLegale": None}
EVERYONE = (LEAVES, SECOND, STAYS, OTHER)


def test_an_older_word_lifts_nothing_though_it_comes_with_a_newer_one_of_somebody_else(
    told: Instance, tmp_path: Path
) -> None:
    load_pages(told, tmp_path, LEAVES.hidden_entry("2026-11-20T08:00:00"))
    load_pages(told, tmp_path, LEAVES.entry("2026-11-10T08:00:00"), STAYS.entry("2026-11-25T08:00:00"))
    assert structures(told) == [STAYS.id, OTHER.id]


def test_a_mask_is_of_its_own_day_not_of_the_newest_of_its_file(told: Instance, tmp_path: Path) -> None:
    load_pages(told, tmp_path, LEAVES.hidden_entry("2026-11-10T08:00:00"), STAYS.entry("2026-11-25T08:00:00"))
    load_pages(told, tmp_path, LEAVES.entry("2026-11-20T08:00:00"))
    assert LEAVES.id in structures(told)


def test_shown_again_by_the_api_she_is_not_hidden_because_her_other_practice_still_is(
    told: Instance, tmp_path: Path
) -> None:
    hidden = [each.hidden_entry("2026-11-20T08:00:00") for each in (LEAVES, SECOND)]
    load_pages(told, tmp_path, *hidden)
    load_pages(told, tmp_path, LEAVES.entry("2026-11-25T08:00:00"))
    load_stock(told, tmp_path, *EVERYONE, day=DECEMBER)
    assert structures(told) == [LEAVES.id, STAYS.id, OTHER.id]


def test_a_masked_company_hides_the_establishment_that_a_stock_that_lags_tells_first(
    told: Instance, tmp_path: Path
) -> None:
    third, company = Person(12, nic=3), {LEAVES.siren: SELARL}
    load_stock(told, tmp_path, *EVERYONE, day=NOVEMBER, changed=company)
    of_company = SELARL | {"categorieJuridiqueUniteLegale": "5485"}
    load_pages(told, tmp_path, LEAVES.entry(**of_company, **OF_THE_UNIT))
    load_stock(told, tmp_path, *EVERYONE, third, day=DECEMBER, changed=company)
    assert structures(told) == [STAYS.id, OTHER.id]


@pytest.mark.parametrize("naf", [("96.09Z", "86.96Y"), ("86.90D", "86.94G"), ("[ND]", "[ND]")])
def test_one_whom_the_api_hides_before_any_stock_tells_her_is_never_told(
    told: Instance, tmp_path: Path, naf: tuple[str, str]
) -> None:
    new = Person(80)
    hidden = dict(zip(("activitePrincipaleEtablissement", "activitePrincipaleNAF25Etablissement"), naf, strict=True))
    load_pages(told, tmp_path, new.hidden_entry(**hidden))
    load_stock(told, tmp_path, *EVERYONE, new, day=DECEMBER)
    assert new.id not in structures(told)


def test_a_unit_that_an_establishment_out_of_our_field_says_is_hidden_is_hidden(told: Instance, tmp_path: Path) -> None:
    elsewhere, new = Person(80), Person(80, nic=2)
    teaching = {"activitePrincipaleEtablissement": "85.59A", "activitePrincipaleNAF25Etablissement": "85.59H"}
    load_pages(told, tmp_path, elsewhere.hidden_entry(**teaching), STAYS.entry())
    load_stock(told, tmp_path, *EVERYONE, new, day=DECEMBER)
    assert new.id not in structures(told)


def test_of_masked_units_nothing_is_kept_once_a_stock_knows_none_of_their_establishments(
    told: Instance, tmp_path: Path
) -> None:
    teaching = {"activitePrincipaleEtablissement": "85.59A", "activitePrincipaleNAF25Etablissement": "85.59H"}
    load_pages(told, tmp_path, Person(80).hidden_entry(**teaching), LEAVES.hidden_entry())
    assert told.rows("SELECT siren FROM masked_unit ORDER BY 1") == [(LEAVES.siren,), (Person(80).siren,)]
    load_stock(told, tmp_path, *EVERYONE, day=DECEMBER)
    assert told.rows("SELECT siren FROM masked_unit") == [(LEAVES.siren,)]


WRITTEN = {
    "no siret": None,
    "a number": int(LEAVES.siret),
    "with a space": f"{LEAVES.siret[:9]} {LEAVES.siret[9:]}",
}


@pytest.mark.parametrize("siret", WRITTEN)
def test_hidden_by_an_entry_whose_number_is_written_otherwise_she_is_nowhere(
    told: Instance, tmp_path: Path, siret: str
) -> None:
    entry = LEAVES.hidden_entry() | {"siret": WRITTEN[siret], "siren": LEAVES.siren}
    if WRITTEN[siret] is None:
        del entry["siret"]
    load_pages(told, tmp_path, entry, STAYS.entry(), accept=["anomalies"])
    assert structures(told) == [STAYS.id, OTHER.id]


def test_hidden_by_a_list_that_was_cut_she_leaves_and_nothing_else_of_it_is_told(
    told: Instance, tmp_path: Path
) -> None:
    [file] = pages_of(tmp_path, LEAVES.hidden_entry(), STAYS.entry(enseigne1Etablissement="CABINET NEUF"))
    page = msgspec.json.decode(file.read_bytes())
    page["header"]["total"] = 3
    file.write_bytes(msgspec.json.encode(page))
    report = refresh_pages(told.engine, [file], how(told))
    assert (report.state, report.error) == (
        "refused",
        "3 entrées annoncées, 2 reçues : redemandez ce jour depuis le début.",
    )
    assert structures(told) == [STAYS.id, OTHER.id]
    assert told.rows("SELECT 1 FROM structure WHERE name ILIKE '%neuf%'") == []


def test_hidden_by_pages_on_which_the_database_breaks_she_is_nowhere(told: Instance, tmp_path: Path) -> None:
    new = Person(90)
    with told.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE sirene_establishment ADD CHECK (siret <> '{new.siret}')")
    with pytest.raises(IntegrityError):
        load_pages(told, tmp_path, LEAVES.entry(**OF_THE_UNIT), new.entry())
    assert structures(told) == [STAYS.id, OTHER.id]
    assert places(told, HIDDEN, AT) == []


def test_what_an_operator_wrote_of_her_goes_and_the_decision_stays(told: Instance, tmp_path: Path) -> None:
    [(finess,)] = told.rows("SELECT finess[1] FROM structure WHERE register = 'finess'")
    acting = acts.Instance(told.engine, told.home, told.search)
    acts.decide(acting, finess, LEAVES.siret, "accepted", "A. Vérificateur", f"cabinet de {LEAVES.surname}")
    load_pages(told, tmp_path, LEAVES.hidden_entry())
    assert told.rows("SELECT siret, verdict FROM link_decision") == [(LEAVES.siret, "accepted")]
    assert places(told, LEAVES.secrets, AT) == []


def test_an_address_that_led_to_a_structure_of_finess_answers_410_once_she_is_hidden(
    instance: Instance, tmp_path: Path
) -> None:
    declaring = {"egeId": "590000001", "numFinessEge": "590000001", "nomEgeLong": "CABINET", "siret": LEAVES.siret}
    assert instance.refresh(a_file(tmp_path, an_ege(about=declaring))).state == "published"
    load_stock(instance, tmp_path, *EVERYONE)
    with TestClient(create_app(Settings(home=instance.home, database_url=instance.url))) as client:
        client.follow_redirects = False
        address = f"/api/v1/structures/{LEAVES.id}"
        assert client.get(address).status_code == 308
        load_pages(instance, tmp_path, LEAVES.hidden_entry())
        assert client.get(address).status_code == 410
