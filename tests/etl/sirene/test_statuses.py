"""Statuses of diffusion that change without a treatment: asked anew, a share a day, until all were."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from etl.report import Report
from etl.sirene.pipeline import How
from etl.sirene.refresh import refresh_pages
from tests.etl.instance import Instance
from tests.etl.registers.people import pages_of
from tests.etl.sirene.test_live import NOVEMBER_1, STOCK, limits  # noqa: F401 - the limits hold here too
from tests.etl.sirene.world import DECEMBER, LAST_TREATED, Nurse, World, a_world

ZELIE, ODETTE, MARTHE = Nurse(1, "LEFEBVRE"), Nurse(2, "VANDAMME"), Nurse(3, "DELATTRE")
TODAY = "statuts de diffusion"
JANUARY = date(2027, 1, 1)


@pytest.fixture
def world(instance: Instance, tmp_path: Path) -> Iterator[World]:
    """November's stock is loaded, and the 1st; no status was asked for yet."""
    with a_world(instance, tmp_path) as world:
        world.publish_stock(ZELIE, ODETTE, MARTHE)
        world.days_until(NOVEMBER_1)
        world.refresh()
        yield world


def ask(world: World, questions: int = 10) -> list[Report]:
    return world.refresh(settings=replace(world.settings, sirene_statuses=questions))


def says(world: World, *nurses: Nurse) -> None:
    """What the register answers of each today, none of them treated since."""
    world.insee.establishments = [each.entry() for each in (*nurses, LAST_TREATED)]


def statuses(reports: list[Report]) -> list[dict[str, Any]]:
    return [each.counts["statuses"] for each in reports if TODAY in each.source]


def tomorrow(world: World) -> None:
    with world.instance.engine.begin() as connection:
        connection.execute(text("UPDATE load SET started_at = started_at - interval '1 day'"))


def test_one_that_the_stock_tells_and_the_api_masks_without_a_treatment_leaves(world: World) -> None:
    says(world, ZELIE, ODETTE.but(status="P"), MARTHE.but(unit_status="P"))
    [report] = ask(world)
    assert (report.state, report.counts["noticed"]["masques_entre_temps"]) == ("published", 2)
    assert world.structures().keys() == {ZELIE.structure, LAST_TREATED.structure}
    assert world.rows("SELECT 1 FROM source_record WHERE kind = 'siret' AND record->>'surname' = 'VANDAMME'") == []
    assert world.instance.differences() == []


def test_one_that_the_register_has_no_more_is_closed(world: World) -> None:
    says(world, ZELIE, MARTHE)
    ask(world)
    assert world.structures()[ODETTE.structure] == ("Zelie Vandamme", False)


def test_a_register_that_answers_nothing_of_anybody_is_not_believed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.sirene.statuses.GONE_AT_MOST", 2)
    world.insee.establishments = []
    [report] = ask(world)
    assert report.state == "refused"
    assert "rien d’autre n’en est cru" in (report.error or "")
    assert all(is_open for _, is_open in world.structures().values())


def test_everybody_is_asked_about_once_a_stock(world: World) -> None:
    says(world, ZELIE, ODETTE, MARTHE)
    [done] = statuses(ask(world))
    assert done["until"] is None
    tomorrow(world)
    assert ask(world) == []
    world.publish_stock(ZELIE, ODETTE, MARTHE, month=DECEMBER, last_treated=datetime(2026, 11, 30, 22))
    assert statuses(ask(world))[0]["until"] is None


def test_everybody_is_asked_about_again_after_a_day_of_millions_that_nobody_can_read(world: World) -> None:
    says(world, ZELIE, ODETTE, MARTHE)
    ask(world)
    tomorrow(world)
    world.insee.mass_treated = datetime(2026, 11, 2)
    says(world, ZELIE, ODETTE.but(status="P"), MARTHE)
    [done] = statuses(ask(world))
    assert (done["until"], done["mass"]) == (None, "2026-11-02")
    assert ODETTE.structure not in world.structures()
    tomorrow(world)
    assert ask(world) == []


def test_a_share_a_day_goes_on_where_the_last_one_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etl.sirene.statuses.SIRETS_A_QUESTION", 2)
    monkeypatch.setattr("etl.sirene.api.client.SIRETS_A_QUESTION", 2)
    says(world, ZELIE, ODETTE, MARTHE)
    in_order = sorted(each.siret for each in (ZELIE, ODETTE, MARTHE, LAST_TREATED))
    [first] = statuses(ask(world, questions=1))
    assert first["until"] == in_order[1]
    assert ask(world, questions=1) == []  # today's share is done
    tomorrow(world)
    [second] = statuses(ask(world, questions=1))
    assert second["until"] == in_order[3]
    tomorrow(world)
    assert statuses(ask(world, questions=1))[0]["until"] is None
    asked = [each.question["q"] for each in world.insee.asked if each.question.get("q", "").startswith("siret:(")]
    assert asked == [f"siret:({' OR '.join(in_order[:2])})", f"siret:({' OR '.join(in_order[2:])})"]


def test_the_api_alone_lifts_what_it_masked_and_the_next_stock_tells_it(world: World) -> None:
    says(world, ZELIE, ODETTE.but(status="P"), MARTHE)
    ask(world)
    tomorrow(world)
    world.publish_stock(ZELIE, ODETTE, MARTHE, month=DECEMBER, last_treated=datetime(2026, 11, 30, 22))
    says(world, ZELIE, ODETTE, MARTHE)
    assert ask(world)[0].source.partition(",")[0] == STOCK.replace("-11", "-12")
    assert world.rows("SELECT 1 FROM masked_siret") == []
    assert ODETTE.structure not in world.structures()
    tomorrow(world)
    world.producer.published.clear()
    world.publish_stock(ZELIE, ODETTE, MARTHE, month=JANUARY, last_treated=datetime(2026, 12, 31, 22))
    ask(world)
    assert ODETTE.structure in world.structures()


def pages(world: World, folder: Path, nurse: Nurse) -> None:
    how = How(home=world.home, search_root=world.instance.search, accept=["closed", "removed"])
    assert refresh_pages(world.instance.engine, pages_of(folder, nurse.entry()), how).state == "published"


def test_one_that_is_still_masked_is_masked_as_of_today(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("pages")
    hidden = ODETTE.but(status="P", treated=datetime(2026, 11, 2, 8))
    pages(world, folder, hidden)
    says(world, ZELIE, hidden, MARTHE)
    ask(world)
    pages(world, folder, ODETTE.but(treated=datetime(2026, 11, 20, 8)))
    assert ODETTE.structure not in world.structures()


def test_who_is_masked_leaves_though_the_register_answers_nothing_of_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.sirene.statuses.GONE_AT_MOST", 1)
    says(world, ODETTE.but(status="P"))
    [report] = ask(world)
    assert report.state == "refused"
    assert {name for name, (_, is_open) in world.structures().items() if is_open} == {
        ZELIE.structure,
        MARTHE.structure,
        LAST_TREATED.structure,
    }
