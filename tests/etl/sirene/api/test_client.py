"""Questions to Insee, on its good and bad days."""

import logging
import traceback
from collections.abc import Callable
from datetime import date, datetime

import pytest

from etl.sirene.api import KeyRefused, QuestionRefused, Sirene
from etl.sirene.api.client import Status
from etl.sirene.api.errors import Flipped
from etl.sirene.api.flatten import flatten, flatten_units
from etl.sirene.api.members import ESTABLISHMENTS, UNITS
from geo.errors import Lum1Error, Unreachable
from geo.settings import Settings
from tests.etl.sirene.api.conftest import Calm, MakeSirene
from tests.etl.sirene.api.entries import a_siret, a_unit, an_establishment
from tests.etl.sirene.api.insee import KEY, Insee, broken_json, first_page_again, honest, status, truncated

DAY = date(2026, 11, 20)
OTHER_DAY = "2026-11-19T10:00:00.000"


def sirets(sirene: Sirene) -> list[str]:
    return [entry["siret"] for page in sirene.treated_on(DAY, ESTABLISHMENTS) for entry in page.entries]


@pytest.mark.parametrize("ends_empty", [False, True])
def test_a_day_of_2_500_establishments_comes_in_three_pages(insee: Insee, sirene: Sirene, ends_empty: bool) -> None:
    insee.ends_empty = ends_empty
    insee.establishments = [an_establishment(n) for n in range(2_500)] + [an_establishment(9_999, treated=OTHER_DAY)]
    pages = list(sirene.treated_on(DAY, ESTABLISHMENTS))
    entries = [entry for page in pages for entry in page.entries]
    assert [len(page.entries) for page in pages] == [1000, 1000, 500, 0][: 4 if ends_empty else 3]
    assert sorted(entry["siret"] for entry in entries) == sorted(a_siret(n) for n in range(2_500))
    assert {page.total for page in pages} == {2_500}


def test_only_what_is_read_is_asked_for_and_all_of_it_comes(insee: Insee, sirene: Sirene) -> None:
    insee.establishments = [an_establishment(1, trancheEffectifsEtablissement="NN")]
    [page] = sirene.treated_on(DAY, ESTABLISHMENTS)
    [asked] = insee.asked
    assert asked.question["q"] == "dateDernierTraitementEtablissement:2026-11-20"
    assert asked.question["nombre"] == "1000"
    assert "trancheEffectifsEtablissement" not in page.entries[0]
    assert "adresse2Etablissement" not in page.entries[0]
    assert flatten(page.entries).rows.equals(flatten(insee.establishments).rows)


def test_the_current_period_is_known_though_ends_are_not_asked_for(insee: Insee, sirene: Sirene) -> None:
    entry = an_establishment(1, etatAdministratifEtablissement="F")
    over = {"dateFin": "2020-02-02", "dateDebut": "2009-08-01", "etatAdministratifEtablissement": "A"}
    entry["periodesEtablissement"].insert(0, over)
    insee.establishments = [entry]
    [page] = sirene.treated_on(DAY, ESTABLISHMENTS)
    assert "dateFin" not in page.entries[0]["periodesEtablissement"][0]
    assert flatten(page.entries).rows["etatAdministratifEtablissement"].to_list() == ["F"]


def test_a_day_without_change_is_no_trouble(sirene: Sirene) -> None:
    assert list(sirene.treated_on(DAY, ESTABLISHMENTS)) == []


def test_legal_units_of_a_day_say_their_status_and_state(insee: Insee, sirene: Sirene) -> None:
    insee.units = [
        a_unit(1, statutDiffusionUniteLegale="P"),
        a_unit(2, etatAdministratifUniteLegale="C"),
        a_unit(3, treated=OTHER_DAY),
    ]
    units = flatten_units(entry for page in sirene.treated_on(DAY, UNITS) for entry in page.entries).rows
    said = units.select("siren", "statutDiffusionUniteLegale", "etatAdministratifUniteLegale").rows()
    assert sorted(said) == sorted([(a_siret(1)[:9], "P", "A"), (a_siret(2)[:9], "O", "C")])


def test_informations_say_how_far_the_data_go(insee: Insee, sirene: Sirene) -> None:
    informations = sirene.informations()
    assert informations.watermark == date(2026, 11, 20)
    for collection in (ESTABLISHMENTS, UNITS):
        assert informations.of(collection).made_available == datetime(2026, 11, 21, 7, 40, 12)


def test_informations_say_the_last_day_on_which_millions_were_treated(insee: Insee, sirene: Sirene) -> None:
    insee.mass_treated = datetime(2026, 11, 18)
    informations = sirene.informations()
    assert informations.mass_treated_since(date(2026, 11, 1)) == date(2026, 11, 18)
    assert informations.mass_treated_since(date(2026, 11, 18)) == date(2026, 11, 18)
    assert informations.mass_treated_since(date(2026, 11, 19)) is None
    insee.mass_treated = None
    assert sirene.informations().mass_treated_since(date(2026, 1, 1)) is None


def test_a_full_quota_waits_as_long_as_insee_asks(insee: Insee, sirene: Sirene, calm: Calm) -> None:
    insee.establishments = [an_establishment(1)]
    insee.next_answers(status(429, Retry_After="17"))
    assert sirets(sirene) == [a_siret(1)]
    assert calm.waits == [17.0]


@pytest.mark.parametrize("code", [502, 503, 504])
def test_a_server_that_is_busy_is_asked_again_later_and_later(
    insee: Insee, sirene: Sirene, calm: Calm, code: int
) -> None:
    insee.establishments = [an_establishment(1)]
    insee.next_answers(*[status(code)] * 3)
    assert sirets(sirene) == [a_siret(1)]
    assert calm.waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("trouble", [status(503), truncated(), broken_json()])
def test_trouble_that_lasts_ends_with_a_sentence(insee: Insee, sirene: Sirene, trouble: object) -> None:
    insee.establishments = [an_establishment(1)]
    insee.next_answers(*[trouble] * 6)  # type: ignore[list-item]
    with pytest.raises(Unreachable, match="abandon après 6 essais"):
        sirets(sirene)
    assert len(insee.asked) == 6


@pytest.mark.parametrize("trouble", [truncated(), broken_json()])
def test_a_body_cut_short_is_asked_again(insee: Insee, sirene: Sirene, trouble: object) -> None:
    insee.establishments = [an_establishment(1)]
    insee.next_answers(trouble)  # type: ignore[arg-type]
    assert sirets(sirene) == [a_siret(1)]


def test_a_page_that_is_not_the_one_asked_for_is_asked_again(insee: Insee, sirene: Sirene) -> None:
    insee.establishments = [an_establishment(n) for n in range(1_500)]
    insee.next_answers(honest, first_page_again)
    assert sorted(sirets(sirene)) == sorted(a_siret(n) for n in range(1_500))


def test_informations_cut_short_are_asked_again(insee: Insee, sirene: Sirene) -> None:
    insee.next_answers(broken_json(), truncated())
    assert sirene.informations().watermark == DAY


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (500, "répond 500 : redemander n’y changerait rien"),
        (400, "répond 400 : redemander n’y changerait rien"),
        (414, "trop longue"),
        (404, "pas d’API Sirene à cette adresse"),
        (302, "renvoie ailleurs"),
    ],
)
def test_what_asking_again_would_not_change_is_asked_once(insee: Insee, sirene: Sirene, code: int, words: str) -> None:
    insee.next_answers(status(code, Location="http://ailleurs.example/"))
    with pytest.raises(QuestionRefused, match=words):
        sirets(sirene)
    assert len(insee.asked) == 1


def test_an_api_that_is_not_there_is_tried_then_given_up(insee: Insee, a_client: MakeSirene, calm: Calm) -> None:
    sirene = a_client()
    insee.__exit__()
    with pytest.raises(Unreachable, match="abandon après 6 essais"):
        sirene.informations()
    assert len(calm.waits) == 5


def test_a_refused_key_says_what_to_do_and_is_not_shown(
    insee: Insee, a_client: MakeSirene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "cle-perimee-9876543210"
    sirene = a_client(secret)
    with pytest.raises(KeyRefused, match=r"Clé refusée : .* répond 401.*LUM1_SIRENE_API_KEY") as refused:
        sirets(sirene)
    assert len(insee.asked) == 1
    told = "".join(traceback.format_exception(refused.value))
    assert secret not in f"{told}{sirene!r}{vars(sirene)!r}{caplog.text}"


def test_the_key_travels_in_its_header_only(insee: Insee, sirene: Sirene) -> None:
    list(sirene.treated_on(DAY, ESTABLISHMENTS))
    assert insee.asked[0].headers["x-insee-api-key-integration"] == KEY
    assert KEY not in insee.asked[0].address


@pytest.mark.parametrize("key", ["", "deux mots", "retour\nligne", "clé-accentuée"])
def test_a_key_that_cannot_be_one_is_said_without_being_shown(a_client: MakeSirene, key: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        a_client(key)
    assert not key or key not in str(refused.value)


def test_settings_do_not_show_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUM1_SIRENE_API_KEY", f" {KEY}\n")
    settings = Settings.from_environment()
    assert settings.sirene_api_key == KEY
    assert KEY not in repr(settings)


def test_thirty_questions_a_minute_never_meet_insee_s_limit(insee: Insee, sirene: Sirene, calm: Calm) -> None:
    for _ in range(100):
        sirene.informations()
    assert {each.status for each in insee.asked} == {200}
    assert calm.clock() == pytest.approx(3 * 60.5)


def test_a_client_that_exceeds_the_quota_is_stopped_by_insee_and_waits(insee: Insee, a_client: MakeSirene) -> None:
    sirene = a_client(per_minute=1000)
    for _ in range(31):
        sirene.informations()
    assert [each.status for each in insee.asked].count(429) == 1
    assert insee.asked[-1].status == 200


def a_new_entry(insee: Insee) -> Callable[[], None]:
    return lambda: insee.establishments.append(an_establishment(8_000))


def test_a_total_that_changes_between_pages_is_a_flip(insee: Insee, sirene: Sirene) -> None:
    insee.establishments = [an_establishment(n) for n in range(1_500)]
    insee.before_page(2, a_new_entry(insee))
    with pytest.raises(Flipped):
        sirets(sirene)


def test_a_day_that_empties_between_pages_is_a_flip(insee: Insee, sirene: Sirene) -> None:
    insee.establishments = [an_establishment(n) for n in range(1_500)]
    insee.before_page(2, insee.establishments.clear)
    with pytest.raises(Flipped):
        sirets(sirene)


def test_statuses_are_asked_thirty_at_a_time_and_absence_is_said(insee: Insee, sirene: Sirene) -> None:
    insee.establishments = [
        an_establishment(n, statutDiffusionEtablissement="P" if n == 40 else "O") for n in range(1, 70)
    ]
    asked = [a_siret(n) for n in range(1, 71)]
    statuses = list(sirene.diffusion_statuses(asked))
    assert [each.siret for each in statuses] == asked
    assert statuses[0] == Status(a_siret(1), "O", "O")
    assert statuses[39] == Status(a_siret(40), "P", "O")
    assert [each.siret for each in statuses if each.is_gone] == [a_siret(70)]
    assert [each.status for each in insee.asked] == [200, 200, 200]
    assert insee.asked[0].question["champs"] == "siret,statutDiffusionEtablissement,statutDiffusionUniteLegale"


def test_statuses_of_sirets_that_are_all_gone_are_no_trouble(insee: Insee, sirene: Sirene) -> None:
    assert [each.is_gone for each in sirene.diffusion_statuses([a_siret(1), "pas-un-siret"])] == [True, True]
    assert "pas-un-siret" not in insee.asked[0].question["q"]


def test_a_status_that_is_not_said_is_not_taken_for_a_disappearance(insee: Insee, sirene: Sirene) -> None:
    insee.establishments = [an_establishment(1)]
    del insee.establishments[0]["uniteLegale"]
    with pytest.raises(Lum1Error, match="statuts de diffusion"):
        list(sirene.diffusion_statuses([a_siret(1)]))


def test_the_next_turn_after_trouble_is_honest(insee: Insee, sirene: Sirene) -> None:
    insee.next_answers(honest, status(503), honest)
    assert [sirene.informations().watermark for _ in range(2)] == [DAY, DAY]
    assert [each.status for each in insee.asked] == [200, 503, 200]
