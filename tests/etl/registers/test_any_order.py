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

KEPT = """
SELECT substr(id, 2) FROM structure WHERE register = 'sirene'
UNION SELECT siret FROM sirene_establishment
UNION SELECT key FROM source_record WHERE kind = 'siret'
UNION SELECT substr(structure, 2) FROM structure_change WHERE structure LIKE 's%'
"""
TOLD = """
SELECT substr(id, 2) FROM structure WHERE register = 'sirene'
UNION SELECT siret FROM link WHERE status = 'accepted' AND valid_to IS NULL
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
INVARIANTS = (TWO_STRUCTURES, UNEXPLAINED, PLACED_BY_NOBODY)

Step = Callable[["World"], Any]


class Sayings:
    """What Insee said of everybody, and who objected: who must be told nowhere, by the law and not by our registers."""

    def __init__(self) -> None:
        self.api: dict[str, tuple[datetime, bool]] = {}  # by SIRET and by SIREN, the newest
        self.stock: dict[str, tuple[datetime, bool]] = {}  # by SIREN
        self.withdrawn: set[str] = set()
        self.ever_hidden: set[str] = set()  # SIREN

    def by_api(self, who: Person, at: datetime, hidden: bool) -> None:
        for number in (who.siret, who.siren):
            before, was_hidden = self.api.get(number, (datetime.min.replace(tzinfo=UTC), False))
            if at > before or (at == before and hidden and not was_hidden):
                self.api[number] = (at, hidden)
        self._remember(who, hidden)

    def by_stock(self, who: Person, at: datetime, hidden: bool) -> None:
        self.stock[who.siren] = (at, hidden)
        self._remember(who, hidden)

    def by_herself(self, who: Person) -> None:
        self.withdrawn.add(who.siret)
        self._remember(who, True)

    def _remember(self, who: Person, hidden: bool) -> None:
        if hidden:
            self.ever_hidden.add(who.siren)

    def must_be_hidden(self, who: Person) -> bool:
        at, hidden = self.stock.get(who.siren, (datetime.min.replace(tzinfo=UTC), False))
        newest = [self.api[number] for number in (who.siret, who.siren) if number in self.api]
        by_stock = hidden and all(said_at <= at or is_hidden for said_at, is_hidden in newest)
        return who.siret in self.withdrawn or by_stock or any(is_hidden for _, is_hidden in newest)


class World:
    """An instance, and a clock that every step moves by a day."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance = instance
        self.folder = folder
        self.days = 0
        self.said = Sayings()

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
        for who in PEOPLE:
            self.said.by_stock(who, day.replace(tzinfo=UTC), hidden is not None and hidden.siren == who.siren)

    def pages(self, person: Person, hidden: bool, days_ago: int = 0) -> None:
        """One entry, maybe an old one, in a file whose other is of today."""
        now, other = self.now(), next(each for each in PEOPLE if each.siren != person.siren)
        at = now - timedelta(days=days_ago)
        entries = [(person.hidden_entry if hidden else person.entry)(f"{at:%Y-%m-%dT%H:%M:%S}")]
        self.said.by_api(person, at, hidden)
        if days_ago:
            entries.append(other.entry(f"{now:%Y-%m-%dT%H:%M:%S}"))
            self.said.by_api(other, now, False)
        report = load_pages(self.instance, self.folder, *entries, accept=MOST_REMOVED)
        assert report.state in ("published", "unchanged"), report

    def withdraw(self, person: Person) -> None:
        acts.withdraw(self.acting, person.siret, "sa lettre")
        self.said.by_herself(person)

    def undo_withdrawal(self, person: Person) -> None:
        acts.undo_withdrawal(self.acting, person.siret)
        self.said.withdrawn.discard(person.siret)

    def wrong(self) -> list[str]:
        """Who is told and must not be, who is not told and should be."""
        kept = {row[0] for row in self.instance.rows(KEPT)}
        told = {row[0] for row in self.instance.rows(TOLD)}
        hidden = {who.siret for who in PEOPLE if self.said.must_be_hidden(who)}
        never = {who.siret for who in PEOPLE if who.siren not in self.said.ever_hidden}
        return [f"gardé : {each}" for each in sorted(hidden & kept)] + [f"tu : {each}" for each in sorted(never - told)]

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
    st.builds(
        lambda who, hidden, ago: lambda world: world.pages(who, hidden, ago),
        person,
        st.booleans(),
        st.sampled_from([0, 0, 2, 5]),
    ),
    st.builds(lambda who: attempt(lambda world: world.withdraw(who)), person),
    st.builds(lambda who: attempt(lambda world: world.undo_withdrawal(who)), person),
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
    max_examples=8,
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
            assert world.wrong() == []
            assert [instance.rows(query) for query in INVARIANTS] == [[]] * len(INVARIANTS)
            assert instance.differences() == []
