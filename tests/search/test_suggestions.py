"""Lines under the search box: what is typed so far, near the map first, never more for a longer beginning."""

import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.embedded.typed import typed
from search.french import STOP_WORDS
from search.query import Origin
from search.results import Suggestion
from tests.builders import a_structure
from tests.places import BORDEAUX, LILLE, LORIENT, PARIS_13, SAINT_DENIS_REUNION, Place
from tests.search.conftest import Searchable

NAMES = (
    "CLINIQUE PASTEUR", "CLINIQUE DU PARC", "PHARMACIE DU PONT", "PHARMACIE DE LA PLAGE", "HOPITAUX DE L'EST", "EHPAD LES LILAS",
    "EHPAD LE LAC", "RESIDENCE LA CLE DES CHAMPS", "MAISON DE SANTE PAUL-EMILE VICTOR", "SSIAD DU LITTORAL",
)  # fmt: skip


def suggested(
    searchable: Searchable, words: str, near: Place | None = None, limit: int = 8, kind: str = "structure"
) -> list[Suggestion]:
    origin = Origin(near.lon, near.lat) if near else None
    found = searchable.engine.suggest(searchable.connection, words, origin, limit, searchable.publication)
    return [each for each in found if each.kind == kind]


def labels(searchable: Searchable, words: str, near: Place | None = None, **how: object) -> list[str]:
    return [each.label for each in suggested(searchable, words, near, **how)]  # type: ignore[arg-type]


@pytest.fixture
def named(searchable: Searchable) -> Searchable:
    searchable.index(*(a_structure(name=name, at=place) for name in NAMES for place in (LILLE, BORDEAUX)))
    return searchable


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(NAMES), start=st.integers(0, 3))
def test_a_longer_beginning_finds_part_of_what_a_shorter_one_found(named: Searchable, name: str, start: int) -> None:
    """Letter by letter, from any word of a name on; stop words say nothing by themselves."""
    said = " ".join(name.split()[start:]) or name
    index = named.engine._indexes.of(named.publication.version)
    before: set[int] | None = None
    for length in range(1, len(said) + 1):
        beginning = said[:length]
        if STOP_WORDS.issuperset(re.split(r"\W+", beginning.lower().strip(" '"))):
            continue
        found = set(typed(index, beginning, None, 100))
        assert found, beginning
        assert before is None or found <= before, beginning
        before = found


def test_a_word_once_whole_brings_nothing_that_its_beginning_left_out(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="SOINS INFIRMIERS DUPONT", at=LILLE, categorie_no=620),
        a_structure(finess="990000002", name="CABINET INFIRMIER DURAND", at=LILLE, categorie_no=620),
        a_structure(finess="990000003", name="INFIRMIERE DUBOIS", at=LILLE, categorie_no=620),
    )
    found = [set(labels(searchable, typed, limit=20)) for typed in ("infirmier", "infirmiers", "infirmiers d")]
    assert len(found[-1]) == 3
    assert found[2] <= found[1] <= found[0]


@pytest.mark.parametrize(
    "letters",
    [
        ("lbm c", "lbm ce", "lbm cer"),
        ("lbm p", "lbm pa", "lbm par", "lbm parc"),
        ("lbm d", "lbm du", "lbm du ", "lbm du p"),
    ],
)
def test_a_small_word_on_its_way_leaves_nobody_out(searchable: Searchable, letters: tuple[str, ...]) -> None:
    searchable.index(
        *(
            a_structure(finess=f"99000000{n}", name=name, at=LILLE, categorie_no=355)
            for n, name in enumerate(["LBM DU PARC", "LBM CERBALLIANCE", "LBM DELTA", "LBM", "GRAND LBM PARIS"])
        )
    )
    found = [set(labels(searchable, typed, limit=20)) for typed in letters]
    assert all(longer <= shorter for shorter, longer in pairwise(found)), found
    assert found[-1]


def test_who_bears_the_word_that_is_begun_comes_before_who_bears_none_yet(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="GRAND LBM", at=LILLE, categorie_no=620),
        a_structure(finess="990000002", name="GRAND LBM QUERCY", at=LILLE.moved(east_m=3_000), categorie_no=620),
    )
    assert labels(searchable, "lbm q", LILLE) == ["GRAND LBM QUERCY – Lille", "GRAND LBM – Lille"]


def test_in_a_crowded_town_those_of_the_quarter_are_looked_at_and_its_hospitals_wherever_they_are(
    searchable: Searchable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.embedded.typed.MANY", 3)
    searchable.index(
        *(a_structure(name="PARC", at=PARIS_13.moved(east_m=10 * n), categorie_no=620) for n in range(3)),
        a_structure(name="PARC DE L'AUTRE RIVE", at=PARIS_13.moved(east_m=9_000), categorie_no=620),
        a_structure(name="HOPITAL DU PARC", at=PARIS_13.moved(east_m=9_000), categorie_no=355),
    )
    assert [label.partition(" – ")[0] for label in labels(searchable, "parc", PARIS_13)] == [
        "PARC", "PARC", "PARC", "HOPITAL DU PARC",
    ]  # fmt: skip
    assert len(labels(searchable, "par", PARIS_13.moved(east_m=60_000))) == 5


def test_those_in_sight_of_the_map_come_first(searchable: Searchable) -> None:
    searchable.index(
        *(a_structure(name="PHARMACIE DU CENTRE", at=BORDEAUX.moved(east_m=100 * n)) for n in range(20)),
        a_structure(name="PHARMACIE DU NORD", at=LILLE),
        a_structure(name="PHARMACIE DE LA PLAINE", at=LILLE.moved(east_m=3_000)),
    )
    assert labels(searchable, "pharm", LILLE)[:2] == ["PHARMACIE DU NORD – Lille", "PHARMACIE DE LA PLAINE – Lille"]
    assert labels(searchable, "pharm", BORDEAUX)[0] == "PHARMACIE DU CENTRE – Bordeaux"


def test_afar_is_looked_at_when_nothing_near_begins_so(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="CLINIQUE PASTEUR", at=SAINT_DENIS_REUNION), a_structure(name="CLINIQUE DU NORD", at=LILLE)
    )
    assert labels(searchable, "paste", LILLE) == ["CLINIQUE PASTEUR – Saint-Denis"]


def test_the_one_called_exactly_so_comes_before_a_nearer_one(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="CLINIQUE PASTEUR ANNEXE", at=LILLE), a_structure(name="CLINIQUE PASTEUR", at=BORDEAUX)
    )
    assert labels(searchable, "clinique pasteur", LILLE)[0] == "CLINIQUE PASTEUR – Bordeaux"


def test_a_name_that_begins_so_comes_before_one_that_holds_the_word(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="CABINET PASTEUR"), a_structure(finess="990000002", name="PASTEUR CABINET")
    )
    assert labels(searchable, "past") == ["PASTEUR CABINET", "CABINET PASTEUR"]


def test_a_hospital_comes_before_a_pharmacy_called_so(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="SAINT LOUIS", at=PARIS_13, categorie_no=620),
        a_structure(finess="990000002", name="SAINT LOUIS SUD", at=PARIS_13, categorie_no=355),
    )
    assert labels(searchable, "saint lo")[0].startswith("SAINT LOUIS SUD")


@pytest.mark.parametrize("beginning", ["hopitau", "hopital", "hôpitaux", "l'hop", "HOP"])
def test_plurals_accents_and_articles_do_not_stop_a_beginning(searchable: Searchable, beginning: str) -> None:
    searchable.index(a_structure(name="HOPITAUX DE L'EST", at=LILLE))
    found = labels(searchable, beginning)
    assert found == ["HOPITAUX DE L'EST – Lille"] or beginning == "hopital"


def test_the_place_and_the_kind_may_be_begun_too(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="LES LILAS", at=LORIENT, categorie_no=500),
        a_structure(name="LES TILLEULS", at=LILLE, categorie_no=500),
    )
    assert labels(searchable, "ehpad lor") == ["LES LILAS – Lorient"]
    assert labels(searchable, "lorient ehp") == ["LES LILAS – Lorient"]


def test_a_letter_is_forgiven_where_nothing_begins_so(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR", at=LILLE), a_structure(name="CLINIQUE DU PARC", at=LILLE))
    assert labels(searchable, "clinique psateu") == ["CLINIQUE PASTEUR – Lille"]
    assert labels(searchable, "clinqiue past") == ["CLINIQUE PASTEUR – Lille"]
    assert labels(searchable, "xyz") == []


def test_a_misspelt_word_that_is_another_word_is_forgiven_where_nothing_bears_both(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="PHARMACIE MARTIN", at=LILLE, categorie_no=620),
        a_structure(name="CABINET MARTAN", at=LILLE, categorie_no=500),
    )
    assert labels(searchable, "pharmacie martan lil") == ["PHARMACIE MARTIN – Lille"]
    assert labels(searchable, "cabinet martan lil") == ["CABINET MARTAN – Lille"]


@pytest.mark.parametrize("typed", ["farmaci", "farmacie du pont", "la farmasie du pon", "pharmassie"])
def test_what_is_written_by_ear_is_heard_while_it_is_typed(searchable: Searchable, typed: str) -> None:
    searchable.index(
        a_structure(name="PHARMACIE DU PONT", at=LILLE), a_structure(name="PARMENTIER", at=LILLE, categorie_no=500)
    )
    assert labels(searchable, typed) == ["PHARMACIE DU PONT – Lille"]


def test_closed_ones_are_not_suggested(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR", open=False), a_structure(name="CLINIQUE PARMENTIER"))
    assert labels(searchable, "cliniq") == ["CLINIQUE PARMENTIER"]


@pytest.mark.parametrize("typed_so_far", ["59000", "590 001", "5900012", "590001234"])
def test_a_number_that_is_begun_is_said_with_who_bears_it(searchable: Searchable, typed_so_far: str) -> None:
    searchable.index(
        a_structure(finess="590001234", name="CLINIQUE PASTEUR", at=LILLE), a_structure(finess="330001234")
    )
    found = suggested(searchable, typed_so_far, kind="identifier") or suggested(searchable, typed_so_far)
    assert [each.id for each in found] == ["f590001234"]
    if len(typed_so_far) < 9:
        assert found[0].label == "590001234 – CLINIQUE PASTEUR – Lille"


@pytest.mark.parametrize("signs", ["%", "🏥", "…", "« »", "-"])
def test_signs_alone_are_the_beginning_of_nothing(searchable: Searchable, signs: str) -> None:
    searchable.index(a_structure(name="X", at=PARIS_13))
    assert searchable.engine.suggest(searchable.connection, signs, None, 8, searchable.publication) == []


def test_a_village_far_away_comes_after_kinds_and_what_stands_near(searchable: Searchable) -> None:
    """L'Hôpital-Camfrout (Finistère) begins as every hospital does."""
    searchable.index(a_structure(name="HOPITAL DU PARC", at=PARIS_13, categorie_no=355))
    near = Origin(PARIS_13.lon, PARIS_13.lat)
    found = searchable.engine.suggest(searchable.connection, "hop", near, 8, searchable.publication)
    kinds = [each.kind for each in found]
    assert kinds.index("categorie") < kinds.index("structure") < kinds.index("commune")
    (only,) = searchable.engine.suggest(searchable.connection, "hop", near, 1, searchable.publication)
    assert only.kind == "categorie"


def test_a_town_far_away_still_comes_first(searchable: Searchable) -> None:
    searchable.index(a_structure(name="LILAS", at=PARIS_13))
    near = Origin(PARIS_13.lon, PARIS_13.lat)
    first, *_ = searchable.engine.suggest(searchable.connection, "lil", near, 8, searchable.publication)
    assert (first.kind, first.id) == ("commune", "59350")


def test_communes_in_sight_come_before_larger_ones_far_away(searchable: Searchable) -> None:
    searchable.index(a_structure(name="X", at=LILLE))
    assert suggested(searchable, "saint-d", SAINT_DENIS_REUNION, kind="commune")[0].id == "97411"
    assert suggested(searchable, "saint-denis", PARIS_13, kind="commune")[0].id == "93066"
