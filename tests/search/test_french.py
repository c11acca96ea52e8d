"""Words in the form they are compared in, and what the tables of ours say of them."""

import doctest
from types import ModuleType

import pytest

from geo.categories import categories
from search import equivalents, french, readings, sigles, understood
from search.document import synonyms
from search.french import begun_stems, sound, stem, tokens
from search.tables import lines_of


@pytest.mark.parametrize("module", [french, sigles])
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Saint-Jean", "ST JEAN"),
        ("Ste-Foy", "sainte foy"),
        ("E.H.P.A.D.", "E H P A D"),
        ("C H de Rodez", "CH RODEZ"),
        ("13e arrondissement", "13ème arrondissement"),
        ("infirmières libérales", "infirmier libéral"),
        ("personnes âgées", "PERSONNE AGEE"),
        ("hôpitaux", "hôpital"),
        ("CDS dentaire", "centre de santé dentaire"),
        ("L’Œuvre d’Élise", "OEUVRE ELISE"),
    ],
)
def test_one_form_for_what_is_the_same(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)


@pytest.mark.parametrize("text", ["Résidence à l’orée du bois", "Y a de la vie", "Foyer l’Aube"])
def test_elided_articles_are_no_acronym(text: str) -> None:
    assert not {"al", "ya", "la"} & set(tokens(text))


@pytest.mark.parametrize(("one", "other"), [("roussi", "roussy"), ("neker", "necker"), ("filipe", "philippe")])
def test_what_sounds_alike_has_one_sound(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize("word", ["hopitaux", "rochelle", "infirmieres", "medicales", "soins", "educative"])
def test_no_letter_of_a_word_makes_it_unfindable(word: str) -> None:
    """However much of it is typed, the stem begins so or is among what it may become."""
    for length in range(3, len(word) + 1):
        typed = word[:length]
        assert stem(word).startswith(typed) or stem(word) in begun_stems(typed) or stem(typed) == stem(word), typed


def test_every_line_of_the_synonyms_is_of_a_category_or_a_family() -> None:
    codes = [line.partition(" : ")[0] for line in lines_of("synonyms.txt")]
    families = {code for each in categories().values() for code in (each.family, each.group, each.branch)}
    assert [code for code in codes if code not in categories() and code not in families] == []
    assert len(codes) == len(set(codes))
    assert "pharmacie mutualiste" in synonyms()["629"]


def test_every_sigle_is_one_word_with_long_forms_of_several() -> None:
    assert all(len(form) > 1 for forms in sigles.long_forms().values() for form in forms)


def test_a_hospital_is_found_by_its_sigle_and_who_asks_for_a_chu_asks_for_no_clinic() -> None:
    same = equivalents.equivalents()
    assert ("chu",) in same["hopital"]
    assert "chu" not in same


def test_a_shelter_keeps_the_letter_that_tells_it_from_a_hospital() -> None:
    assert french.stem("chrs") != french.stem("chr")


def test_of_two_towns_in_a_question_the_larger_one_is_a_place() -> None:
    """« De garde » is on duty; La Garde, beside Lille, is none."""
    named = understood.understood(["pharmacie", "garde", "lille"])
    assert list(named.communes) == ["59350"]
    assert named.place_words == {"lille"}
    assert "83062" in understood.understood(["pharmacie", "garde"]).communes


def test_equivalents_hold_both_ways_between_words() -> None:
    same = equivalents.equivalents()
    assert ("dentaire",) in same["dentiste"]
    assert ("dentiste",) in same["dentaire"]


def test_places_are_known_by_their_words_as_written_and_kinds_by_any_form() -> None:
    assert not understood.understood(["centre"]).communes  # Centrès is in the Aveyron
    named = understood.understood(["pharmacies", "saint", "denis"])
    assert 620 in named.kinds
    assert {"93066", "97411"} <= set(named.communes)


def test_the_longest_phrase_is_what_is_named() -> None:
    named = understood.understood(["pharmacie", "paris", "13"])
    assert set(named.communes) == {"75113"}
    everywhere = understood.understood(["pharmacie", "paris"])
    assert {"75101", "75113", "75120"} <= set(everywhere.communes)


def test_a_town_of_more_inhabitants_is_worth_more() -> None:
    worth = understood.understood(["valence"]).communes
    assert worth["26362"] > worth["82186"]


def test_meadows_are_not_said_around_a_question() -> None:
    assert readings.question_of("EHPAD les prés de la Fontaine").written == ("ehpad", "pres", "fontaine")
    assert readings.question_of("EHPAD près de la Fontaine").written == ("ehpad", "fontaine")
