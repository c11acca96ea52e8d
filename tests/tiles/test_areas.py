"""Rates, classes and levels of areas."""

import pytest

from geo.communes import communes
from tiles.areas import COMMUNES, DEPARTEMENTS, LEVELS, REGIONS, breaks, level_of, of_regions, per_10000, population
from tiles.grid import TileAddress


def test_a_rare_kind_keeps_two_figures() -> None:
    assert per_10000(1_234, 2_613_000) == 4.7
    assert per_10000(12, 2_613_000) == 0.046
    assert per_10000(0, 2_613_000) == 0
    assert per_10000(3, 0) is None


def test_every_level_counts_every_inhabitant() -> None:
    whole = sum(each.population for each in communes().values() if each.parent is None)
    assert sum(population(REGIONS).values()) == sum(population(DEPARTEMENTS).values()) == whole
    cities = {each.parent for each in communes().values() if each.parent}
    assert cities == {"13055", "69123", "75056"}
    assert not cities & population(COMMUNES).keys()


def test_a_region_has_what_its_departements_have() -> None:
    assert of_regions({"59": 3, "62": 4, "2A": 1, "974": 2}) == {"32": 7, "94": 1, "04": 2}


def test_no_class_is_empty() -> None:
    one_rate = {code: people // 10_000 for code, people in population(REGIONS).items()}
    alike = {code: number for code, number in one_rate.items() if number >= 100}
    assert breaks(REGIONS, alike) == []  # one structure for 10,000 inhabitants everywhere: one class
    assert breaks(REGIONS, {}) == []
    spread = {code: rank for rank, code in enumerate(sorted(population(DEPARTEMENTS)), 1)}
    rates = [per_10000(number, population(DEPARTEMENTS)[code]) for code, number in spread.items()]
    found = breaks(DEPARTEMENTS, spread)
    known = [rate for rate in rates if rate is not None]
    assert len(found) == 4
    assert all(any(low <= rate < high for rate in known) for low, high in zip([0, *found], [*found, 1e9], strict=True))


@pytest.mark.parametrize(
    ("zoom", "level"), [(0, REGIONS), (5, REGIONS), (6, DEPARTEMENTS), (9, COMMUNES), (12, COMMUNES)]
)
def test_each_zoom_has_its_level(zoom: int, level: object) -> None:
    assert level_of(TileAddress(zoom, 0, 0)) is level


def test_levels_follow_each_other() -> None:
    assert [each.min_zoom for each in LEVELS[1:]] == [each.max_zoom + 1 for each in LEVELS[:-1]]
