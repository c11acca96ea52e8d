"""Whatever loads, decisions, withdrawals and returns follow one another, the registers agree and nobody withheld is told."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.registers import acts
from etl.rollback import rollback
from geo.errors import Lum1Error
from tests.etl.conftest import MakeInstance
from tests.etl.finess.published import many
from tests.etl.finess.test_history import a_day
from tests.etl.instance import Instance
from tests.etl.registers.people import Person, load_pages, load_stock
from tests.etl.registers.test_links import EGE, SECOND, declaring

PEOPLE = [Person(12), Person(12, nic=2), Person(34), Person(56)]
BEGINNING = datetime(2026, 10, 1, 8, tzinfo=UTC)
REST = many(30, first=3)
MOST_REMOVED = ("closed", "removed", "older")  # a gate refuses a load that changes half of four people

TOLD_AND_WITHHELD = """
SELECT id FROM structure WHERE register = 'sirene' AND substr(id, 2) IN (
    SELECT siret FROM masked_siret UNION SELECT siret FROM withdrawal WHERE undone_at IS NULL
)
"""
KEPT_OF_WITHHELD = """
SELECT siret FROM (
    SELECT siret FROM sirene_establishment UNION SELECT key FROM source_record WHERE kind = 'siret'
    UNION SELECT substr(structure, 2) FROM structure_change WHERE structure LIKE 's%'
) AS kept
JOIN (SELECT siret FROM masked_siret UNION SELECT siret FROM withdrawal WHERE undone_at IS NULL) AS w USING (siret)
"""
TWO_STRUCTURES = """
SELECT id FROM structure AS s JOIN link AS l ON s.id = 's' || l.siret
WHERE l.status = 'accepted' AND l.valid_to IS NULL
"""
# What a structure of FINESS says of an activity or another name, without an accepted link that gives it.
UNEXPLAINED = """
SELECT s.id, told
FROM structure AS s CROSS JOIN LATERAL unnest(s.naf || s.aliases) AS told
WHERE s.register = 'finess' AND NOT EXISTS (
    SELECT FROM link AS l JOIN sirene_establishment AS e USING (siret)
    WHERE l.finess = ANY (s.finess) AND l.status = 'accepted' AND l.valid_to IS NULL
      AND told = ANY (e.naf || e.other_names || e.name)
)
"""
PLACED_BY_NOBODY = """
SELECT id FROM structure AS s
WHERE register = 'finess' AND position_source = 'insee' AND NOT EXISTS (
    SELECT FROM link AS l JOIN sirene_establishment AS e USING (siret)
    WHERE l.finess = ANY (s.finess) AND l.status = 'accepted' AND l.valid_to IS NULL AND (e.lon, e.lat) = (s.lon, s.lat)
)
"""
INVARIANTS = (TOLD_AND_WITHHELD, KEPT_OF_WITHHELD, TWO_STRUCTURES, UNEXPLAINED, PLACED_BY_NOBODY)

Step = Callable[["World"], Any]


class World:
    """An instance, and a clock that every step moves by a day."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance = instance
        self.folder = folder
        self.days = 0

    @property
    def acting(self) -> acts.Instance:
        return acts.Instance(self.instance.engine, self.instance.home, self.instance.search)

    def now(self) -> datetime:
        self.days += 1
        return BEGINNING + timedelta(days=self.days)

    def finess(self, declared: str | None) -> None:
        day = a_day(
            self.folder, f"{self.now():%Y-%m-%dT%H:%M:%SZ}", declaring(declared), declaring(None, SECOND), *REST
        )
        assert self.instance.refresh(day, accept=MOST_REMOVED).state == "published"

    def stock(self, hidden: Person | None) -> None:
        changed = {hidden.siren: {"statutDiffusionUniteLegale": "P"}} if hidden else {}
        day = self.now().replace(tzinfo=None)
        report = load_stock(self.instance, self.folder, *PEOPLE, day=day, changed=changed, accept=MOST_REMOVED)
        assert report.state in ("published", "unchanged"), report

    def pages(self, person: Person, hidden: bool) -> None:
        entry = (person.hidden_entry if hidden else person.entry)(f"{self.now():%Y-%m-%dT%H:%M:%S}")
        assert load_pages(self.instance, self.folder, entry, accept=MOST_REMOVED).state == "published"

    def go_back(self, rank: int) -> None:
        loads = self.instance.rows("SELECT id FROM load WHERE state = 'published' ORDER BY id")
        rollback(self.instance.engine, self.instance.search, loads[rank % len(loads)][0], home=self.instance.home)


def attempt(act: Callable[[World], Any]) -> Step:
    """What cannot be done, as withdrawing twice, is refused and changes nothing."""

    def attempted(world: World) -> None:
        with suppress(Lum1Error):
            act(world)

    return attempted


person = st.sampled_from(PEOPLE)
STEPS = st.one_of(
    st.builds(lambda who: lambda world: world.finess(who.siret if who else None), st.none() | person),
    st.builds(lambda who: lambda world: world.stock(who), st.none() | person),
    st.builds(lambda who, hidden: lambda world: world.pages(who, hidden), person, st.booleans()),
    st.builds(lambda who: attempt(lambda world: acts.withdraw(world.acting, who.siret, "sa lettre")), person),
    st.builds(lambda who: attempt(lambda world: acts.undo_withdrawal(world.acting, who.siret)), person),
    st.builds(
        lambda finess, who, verdict: attempt(
            lambda world: acts.decide(world.acting, finess, who.siret, verdict, "A. Vérificateur", "vue sur place")
        ),
        st.sampled_from([EGE, SECOND]),
        person,
        st.sampled_from(["accepted", "rejected"]),
    ),
    st.builds(
        lambda finess, who: attempt(lambda world: acts.undo_decision(world.acting, finess, who.siret)),
        st.sampled_from([EGE, SECOND]),
        person,
    ),
    st.builds(lambda rank: lambda world: world.go_back(rank), st.integers(0, 9)),
)


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=7))
def test_the_registers_agree_after_any_step(make_instance: MakeInstance, steps: list[Step]) -> None:
    with make_instance() as instance, TemporaryDirectory() as folder:
        world = World(instance, Path(folder))
        world.finess(PEOPLE[2].siret)
        world.stock(None)
        for step in steps:
            step(world)
            assert [instance.rows(query) for query in INVARIANTS] == [[]] * len(INVARIANTS)
            assert instance.differences() == []
