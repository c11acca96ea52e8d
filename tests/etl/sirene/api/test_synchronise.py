"""Days received one after the other, whatever happens in between."""

import os
import signal
import stat
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path

import pytest

from etl.sirene.api import Received, Sirene, Spool, days_to_ask, read_day, synchronise
from etl.sirene.api.members import ESTABLISHMENTS, UNITS
from geo.errors import Refused, Unreachable
from geo.settings import REPOSITORY
from tests.etl.sirene.api.entries import a_siret, a_unit, an_establishment
from tests.etl.sirene.api.insee import Insee, honest, silent, status

DAY = date(2026, 11, 20)
EVE = date(2026, 11, 19)
STOCK = date(2026, 11, 1)


def received(spool: Spool, day: date = DAY) -> set[str]:
    return set(read_day(spool, day).establishments.rows["siret"])


def a_long_day(insee: Insee, count: int = 2_500) -> set[str]:
    insee.establishments = [an_establishment(n) for n in range(count)]
    return {a_siret(n) for n in range(count)}


@pytest.mark.parametrize(
    ("last_done", "watermark", "days"),
    [
        (None, date(2026, 11, 3), [1, 2, 3]),
        (date(2026, 11, 2), date(2026, 11, 4), [3, 4]),
        (date(2026, 11, 4), date(2026, 11, 4), []),
        (date(2026, 11, 5), date(2026, 11, 4), []),
        (date(2026, 10, 25), date(2026, 11, 2), [1, 2]),  # a newer stock was loaded since
        (date(2026, 10, 31), date(2026, 11, 1), [1]),
        (None, date(2026, 10, 31), []),
    ],
)
def test_days_from_the_last_done_or_the_stock_up_to_the_watermark(
    last_done: date | None, watermark: date, days: list[int]
) -> None:
    assert days_to_ask(last_done, STOCK, watermark) == [date(2026, 11, day) for day in days]


def test_a_day_says_its_establishments_and_its_legal_units(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    insee.establishments = [an_establishment(1), an_establishment(2, treated="2026-11-19T10:00:00")]
    insee.units = [a_unit(3, statutDiffusionUniteLegale="P")]
    assert synchronise(sirene, spool, date(2026, 11, 18), STOCK) == Received([EVE, DAY])
    assert (received(spool, EVE), received(spool, DAY)) == ({a_siret(2)}, {a_siret(1)})
    assert read_day(spool, DAY).units.rows["statutDiffusionUniteLegale"].to_list() == ["P"]
    assert read_day(spool, EVE).units.rows.is_empty()


def test_a_day_without_change_is_empty(sirene: Sirene, spool: Spool) -> None:
    assert synchronise(sirene, spool, EVE, STOCK) == Received([DAY])
    delta = read_day(spool, DAY)
    assert (delta.establishments.total, len(delta.establishments.rows), len(delta.units.rows)) == (0, 0, 0)


def test_what_is_received_is_not_asked_again(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    everyone = a_long_day(insee)
    synchronise(sirene, spool, EVE, STOCK)
    pages = len(insee.pages_asked)
    synchronise(sirene, spool, EVE, STOCK)
    assert len(insee.pages_asked) == pages
    assert received(spool) == everyone


def test_a_day_given_up_goes_on_from_its_last_page(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    everyone = a_long_day(insee)
    insee.next_answers(honest, honest, honest, *[status(503)] * 6)  # informations, two pages, then nothing
    with pytest.raises(Unreachable):
        synchronise(sirene, spool, EVE, STOCK)
    with pytest.raises(Refused, match="Le 20/11/2026 n’est pas reçu en entier"):
        read_day(spool, DAY)
    before = len(insee.asked)
    synchronise(sirene, spool, EVE, STOCK)
    assert received(spool) == everyone
    assert "*" not in [each.question.get("curseur") for each in insee.asked[before:] if each.endpoint == "siret"]


def test_a_process_killed_between_two_pages_goes_on_from_the_one_it_kept(
    insee: Insee, sirene: Sirene, spool: Spool
) -> None:
    everyone = a_long_day(insee)
    insee.next_answers(honest, honest, silent)  # informations, the first page, then a silence to be killed in
    command = [sys.executable, "-m", "tests.etl.sirene.api.receives", insee.url, str(spool.folder), DAY.isoformat()]
    process = subprocess.Popen(command, cwd=REPOSITORY)
    deadline = time.monotonic() + 60
    while len(insee.pages_asked) < 2:
        assert time.monotonic() < deadline, "la deuxième page n’a pas été demandée"
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert len(spool.of(DAY, ESTABLISHMENTS).files) == 1
    synchronise(sirene, spool, EVE, STOCK)
    assert received(spool) == everyone
    assert insee.cursors_asked.count("*") == 1


def test_a_morning_that_comes_between_two_pages_asks_the_day_anew(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    everyone = a_long_day(insee)
    insee.before_page(2, insee.flip)  # the total stays the same: only informations tell
    synchronise(sirene, spool, EVE, STOCK)
    assert received(spool) == everyone
    assert insee.cursors_asked.count("*") == 2


def test_entries_that_leave_a_day_while_it_is_read_ask_it_anew(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    everyone = a_long_day(insee)
    gone = insee.establishments[0]["siret"]

    def treated_again() -> None:
        insee.flip()
        insee.establishments[0]["dateDernierTraitementEtablissement"] = "2026-11-21T03:00:00.000"

    insee.before_page(2, treated_again)
    synchronise(sirene, spool, EVE, STOCK)
    assert received(spool) == everyone - {gone}


def test_half_a_day_of_another_morning_is_not_gone_on_with(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    everyone = a_long_day(insee)
    insee.next_answers(honest, honest, honest, *[status(503)] * 6)
    with pytest.raises(Unreachable):
        synchronise(sirene, spool, EVE, STOCK)
    insee.flip()
    synchronise(sirene, spool, EVE, STOCK)
    assert received(spool) == everyone
    assert insee.cursors_asked.count("*") == 2


def test_data_that_never_stay_are_given_up(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    a_long_day(insee, 1_500)
    for rank in range(2, 20):
        insee.before_page(rank, insee.flip)
    with pytest.raises(Unreachable, match="ont changé 3 fois"):
        synchronise(sirene, spool, EVE, STOCK)


def test_a_day_on_which_millions_were_treated_is_left_to_the_stock(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    a_long_day(insee)
    insee.mass_treated = datetime(2026, 11, 20)
    assert synchronise(sirene, spool, EVE, STOCK) == Received([], left_to_the_stock=DAY)
    assert insee.pages_asked == []


def test_the_days_after_one_on_which_millions_were_treated_are_asked(
    insee: Insee, sirene: Sirene, spool: Spool
) -> None:
    a_long_day(insee)
    insee.mass_treated = datetime(2026, 11, 18)
    received = synchronise(sirene, spool, date(2026, 11, 16), STOCK)
    assert received == Received([EVE, DAY], left_to_the_stock=date(2026, 11, 18))


def test_nothing_is_asked_of_days_that_are_done_even_after_a_mass_treatment(
    insee: Insee, sirene: Sirene, spool: Spool
) -> None:
    insee.mass_treated = datetime(2026, 11, 20)
    assert synchronise(sirene, spool, DAY, STOCK) == Received([])


def test_pages_are_for_their_owner_only(insee: Insee, sirene: Sirene, spool: Spool, tmp_path: Path) -> None:
    spool.folder.mkdir(mode=0o755)
    a_long_day(insee, 1)
    synchronise(sirene, spool, EVE, STOCK)
    folders = [spool.folder, *(each for each in spool.folder.rglob("*") if each.is_dir())]
    files = [each for each in spool.folder.rglob("*") if each.is_file()]
    assert {stat.S_IMODE(each.stat().st_mode) for each in folders} == {0o700}
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert any(b"LEFEBVRE" in each.read_bytes() for each in files)


def test_nothing_is_left_of_a_day_that_is_forgotten(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    insee.establishments = [an_establishment(1), an_establishment(2, treated="2026-11-19T10:00:00")]
    insee.units = [a_unit(1)]
    synchronise(sirene, spool, date(2026, 11, 18), STOCK)
    spool.forget(DAY)
    assert not any(spool.folder.glob("2026-11-20*"))
    assert received(spool, EVE) == {a_siret(2)}


def test_nothing_is_left_of_a_spool_that_is_forgotten(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    a_long_day(insee, 1_500)
    insee.next_answers(honest, honest, *[status(503)] * 6)
    with pytest.raises(Unreachable):
        synchronise(sirene, spool, EVE, STOCK)
    spool.forget_all()
    assert not spool.folder.exists()
    spool.forget_all()


def test_a_page_half_written_when_the_power_went_is_not_a_page(insee: Insee, sirene: Sirene, spool: Spool) -> None:
    everyone = a_long_day(insee, 1_500)
    insee.next_answers(honest, honest, *[status(503)] * 6)
    with pytest.raises(Unreachable):
        synchronise(sirene, spool, EVE, STOCK)
    (spool.of(DAY, ESTABLISHMENTS).folder / "00002.draft").write_bytes(b'{"header": {"sta')
    synchronise(sirene, spool, EVE, STOCK)
    assert received(spool) == everyone
    assert spool.of(DAY, UNITS).is_complete
