"""Words as people type them."""

import pytest

from geo.filters import Circle, Filters
from geo.text import sort_key
from search.identifiers import typed_number
from search.query import Facet, Origin, SearchQuery, Sort
from search.results import Commune, Corrected, FacetValue
from tests.builders import a_structure
from tests.places import BORDEAUX, LILLE, LORIENT, PARIS_13, Place
from tests.search.conftest import Searchable

VALENCE = Place("Valence", "26362", "26", "84", "26000", 4.8924, 44.9334)
BOURG_LES_VALENCE = Place("Bourg-lès-Valence", "26058", "26", "84", "26500", 4.8954, 44.9479)
VALENCE_D_AGEN = Place("Valence", "82186", "82", "76", "82400", 0.8917, 44.1086)
SAINT_ETIENNE = Place("Saint-Étienne", "42218", "42", "84", "42000", 4.3872, 45.4397)
SAINT_DENIS = Place("Saint-Denis", "93066", "93", "11", "93200", 2.3580, 48.9356)
SAINT_VALLIER = Place("Saint-Vallier", "26333", "26", "84", "26240", 4.8178, 45.1808)
DAX = Place("Dax", "40088", "40", "75", "40100", -1.0540, 43.7102)
DOLE = Place("Dole", "39198", "39", "27", "39100", 5.4893, 47.0931)
LONS_LE_SAUNIER = Place("Lons-le-Saunier", "39300", "39", "27", "39000", 5.5539, 46.6745)
LYON_3E = Place("Lyon 3e Arrondissement", "69383", "69", "84", "69003", 4.8493, 45.7576)
TOULOUSE = Place("Toulouse", "31555", "31", "76", "31000", 1.4442, 43.6047)


def asked(words: str, **more: object) -> SearchQuery:
    return SearchQuery(words=words, sort=Sort.RELEVANCE, **more)  # type: ignore[arg-type]


def test_the_exact_name_comes_before_a_longer_one(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="CLINIQUE PASTEUR ANNEXE"),
        a_structure(finess="990000002", name="CLINIQUE PASTEUR"),
    )
    assert searchable.names(asked("clinique pasteur")) == ["CLINIQUE PASTEUR", "CLINIQUE PASTEUR ANNEXE"]


@pytest.mark.parametrize(
    "typed",
    ["hôpital de l'estuaire", "HOPITAL ESTUAIRE", "hopitaux estuaire", "estuaire hôpital", "hôpital de l’Estuaire"],
)
def test_accents_case_elision_plurals_and_order_do_not_count(searchable: Searchable, typed: str) -> None:
    searchable.index(a_structure(name="HOPITAL DE L'ESTUAIRE"), a_structure(name="HOPITAL DU NORD"))
    assert searchable.names(asked(typed)) == ["HOPITAL DE L'ESTUAIRE"]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("EHPAD", 500), ("maison de retraite", 500), ("prise de sang", 611), ("IME", 183), ("i.m.e.", 183), ("SSIAD", 354),
        ("CMP", 156), ("officine", 620), ("foyer logement", 202), ("msp", 603),
    ],
)  # fmt: skip
def test_what_people_call_a_category_finds_it_whatever_the_name(
    searchable: Searchable, typed: str, number: int
) -> None:
    others = [n for n in (500, 611, 183, 354, 156, 620, 202, 603) if n != number]
    searchable.index(
        a_structure(finess="990000009", name="LES TILLEULS", categorie_no=number),
        *(a_structure(name=f"AUTRE {n}", categorie_no=n) for n in others),
    )
    assert searchable.names(asked(typed)) == ["LES TILLEULS"]


def test_what_and_where_are_understood_from_one_box(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="PHARMACIE DU PONT", at=BORDEAUX),
        a_structure(name="PHARMACIE DU PORT", at=LILLE),
        a_structure(name="EHPAD DU PONT", at=BORDEAUX, categorie_no=500),
    )
    for typed in ("pharmacie bordeaux", "bordeaux pharmacie", "pharmacie 33000", "pharmacie gironde"):
        assert searchable.names(asked(typed)) == ["PHARMACIE DU PONT"], typed


def test_the_place_comes_before_a_name_that_sounds_like_it(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="EHPAD RESIDENCE LORIENT", at=LILLE, categorie_no=500),
        a_structure(name="EHPAD RESIDENCE KER ANNA", at=LORIENT, categorie_no=500),
    )
    assert searchable.names(asked("ehpad lorient")) == ["EHPAD RESIDENCE KER ANNA", "EHPAD RESIDENCE LORIENT"]


def test_a_town_comes_before_towns_whose_name_holds_its_own(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="PHARMACIE A", at=BOURG_LES_VALENCE),
        a_structure(finess="990000002", name="PHARMACIE B", at=VALENCE),
        a_structure(finess="990000003", name="PHARMACIE C", at=VALENCE_D_AGEN),
    )
    assert searchable.names(asked("pharmacie valence")) == ["PHARMACIE B", "PHARMACIE C", "PHARMACIE A"]


def test_a_city_comes_before_what_is_called_so_elsewhere_and_a_village_after(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="PHARMACIE SAINT-ETIENNE", at=LILLE),
        a_structure(finess="990000002", name="PHARMACIE DU STADE", at=SAINT_ETIENNE),
        a_structure(finess="990000003", name="EHPAD SAINT-VALLIER", at=LILLE, categorie_no=500),
        a_structure(finess="990000004", name="EHPAD DES PINS", at=SAINT_VALLIER, categorie_no=500),
    )
    assert searchable.names(asked("pharmacie st étienne")) == ["PHARMACIE DU STADE", "PHARMACIE SAINT-ETIENNE"]
    assert searchable.names(asked("ehpad st-vallier")) == ["EHPAD SAINT-VALLIER", "EHPAD DES PINS"]


@pytest.mark.parametrize(
    "typed", ["pharmacie paris 13", "pharmacie paris 13e", "pharmacie paris 13ème arrondissement", "pharmacie 75013"]
)
def test_an_arrondissement_is_a_place_however_it_is_written(searchable: Searchable, typed: str) -> None:
    searchable.index(
        a_structure(finess="990000001", name="PHARMACIE DU PARC", at=PARIS_13),
        a_structure(finess="990000002", name="PHARMACIE DU PORT", at=LILLE),
    )
    assert searchable.names(asked(typed)) == ["PHARMACIE DU PARC"]


def test_a_kind_comes_before_what_only_bears_its_word(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="PHARMACIE DE L'HOPITAL"),
        a_structure(finess="990000002", name="PIERRE BEREGOVOY", categorie_no=355),
    )
    assert searchable.names(asked("hôpital")) == ["PIERRE BEREGOVOY", "PHARMACIE DE L'HOPITAL"]


def test_a_name_that_says_only_the_kind_counts_for_nothing_far_away(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="LA PHARMACIE", at=BORDEAUX),
        a_structure(finess="990000002", name="GRANDE PHARMACIE DU BEFFROI DE LILLE", at=LILLE),
    )
    near = asked("pharmacie", origin=Origin(LILLE.lon, LILLE.lat))
    assert searchable.names(near) == ["GRANDE PHARMACIE DU BEFFROI DE LILLE", "LA PHARMACIE"]
    assert searchable.names(asked("pharmacie")) == ["LA PHARMACIE", "GRANDE PHARMACIE DU BEFFROI DE LILLE"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("st martin", "CLINIQUE SAINT-MARTIN"),
        ("clinique ste anne", "CL SAINTE ANNE"),
        ("fitlab", "FIT LAB"),
        ("domus vi", "DOMUSVI DOMICILE"),
        ("gustaveroussy", "INSTITUT GUSTAVE ROUSSY"),
        ("saintgenis", "LES TILLEULS DE ST-GENIS"),
        ("ehpad", "E H P A D DES PINS"),
        ("ladapt", "L.A.D.A.P.T."),
        ("ccas", "C C A S DE LA VILLE"),
        ("uema", "UNITE D'ENSEIGNEMENT EN MATERNELLE AUTISME"),
        ("unité d'enseignement en maternelle autisme", "UEMA LES PINS"),
        ("hospitalisation à domicile", "HAD DU NORD"),
        ("ifsi", "INSTITUT DE FORMATION EN SOINS INFIRMIERS"),
        ("dentiste", "CENTRE DENTAIRE MUTUALISTE"),
        ("infirmière", "SOINS INFIRMIERS DU PORT"),
    ],
)
def test_what_is_written_otherwise_is_found(searchable: Searchable, typed: str, name: str) -> None:
    searchable.index(a_structure(name=name, categorie_no=698), a_structure(name="AUTRE CHOSE", categorie_no=698))
    assert searchable.names(asked(typed)) == [name]


@pytest.mark.parametrize(
    "typed",
    [
        "où trouver une pharmacie à Bordeaux ?", "je cherche une pharmacie près de Bordeaux", "Y a-t-il une pharmacie à bordeaux",
        "quelle pharmacie à Bordeaux, svp", "adresse pharmacie bordeaux", "pharmacie pas cher bordeaux",
        "une pharmacie à proximité de Bordeaux",
    ],
)  # fmt: skip
def test_what_is_said_around_a_question_is_no_part_of_it(searchable: Searchable, typed: str) -> None:
    searchable.index(a_structure(name="PHARMACIE DU PONT", at=BORDEAUX), a_structure(name="PHARMACIE", at=LILLE))
    assert searchable.names(asked(typed)) == ["PHARMACIE DU PONT"]


def test_a_name_made_of_such_words_is_still_a_name(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="CHEZ NOUS", categorie_no=698),
        a_structure(name="LES PRES DE LA FONTAINE", categorie_no=698),
        a_structure(name="LA FONTAINE", categorie_no=698),
    )
    assert searchable.names(asked("chez nous")) == ["CHEZ NOUS"]
    assert searchable.names(asked("les prés de la fontaine")) == ["LES PRES DE LA FONTAINE"]


def test_a_word_that_nothing_holds_is_left_out_and_said(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="CLINIQUE PASTEUR", at=LILLE, categorie_no=365),
        a_structure(name="CLINIQUE DES LILAS", at=LILLE, categorie_no=365),
    )
    found = searchable.ask(asked("clinique pasteur orthodontie", explain=True))
    assert found.left_out == ("orthodontie",)
    assert [hit.explanation["left_out:orthodontie"] for hit in found.hits if hit.explanation] == [-2.0]
    assert sum((found.hits[0].explanation or {}).values()) == pytest.approx(found.hits[0].score, abs=1e-4)


def test_when_no_structure_has_every_word_the_most_common_one_goes_and_the_place_stays(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="UNITE AUTISME", at=LILLE, categorie_no=698),
        a_structure(name="UNITE ENFANTS", at=LILLE, categorie_no=698),
        a_structure(name="ENFANTS DU PORT", at=LILLE, categorie_no=698),
        a_structure(name="UNITE AUTISME DU SUD", at=BORDEAUX, categorie_no=698),
    )
    assert searchable.names(asked("enfant autiste lille")) == ["UNITE AUTISME"]


def test_at_most_half_of_a_question_is_left_out(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR", categorie_no=365))
    assert searchable.names(asked("clinique qwerty azerty uiop")) == []
    assert searchable.names(asked("qwerty lille")) == []


def test_where_a_town_has_none_of_a_kind_its_departement_s_are_told_nearest_first(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="SAMSAH LOIN", at=DAX.moved(east_m=40_000), categorie_no=445),
        a_structure(name="SAMSAH PRES", at=DAX, categorie_no=445),
        a_structure(name="SAMSAH AILLEURS", at=LILLE, categorie_no=445),
    )
    assert searchable.names(asked("samsah saint-paul-lès-dax"))[0] == "SAMSAH PRES"
    assert "SAMSAH AILLEURS" not in searchable.names(asked("samsah saint-paul-lès-dax"))


def test_the_begun_town_is_the_largest_of_that_name(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="PHARMACIE TOULOUSAINE", at=LILLE),
        a_structure(finess="990000002", name="PHARMACIE DU CAPITOLE ET DE LA GARONNE", at=TOULOUSE),
    )
    assert searchable.names(asked("pharmacie toulous"))[0] == "PHARMACIE DU CAPITOLE ET DE LA GARONNE"


@pytest.mark.parametrize(
    "letters", ["a", "s", "é", "🏥", "\x00", "…", "l'", "*", "?", '"', "\\", "-", "( [ {", "²³", "١٢٣"]
)
def test_a_question_of_signs_or_of_one_letter_finds_nothing(searchable: Searchable, letters: str) -> None:
    searchable.index(a_structure(name="SERVICE D'AIDE"))
    assert searchable.names(asked(letters)) == []


@pytest.mark.parametrize(
    "typed",
    ["clinique 🏥", '"clinique"', "clin*que clinique", "clinique AND (", "CLINIQUE\x00", " ".join(["clinique"] * 60)],
)
def test_signs_beside_words_do_not_count(searchable: Searchable, typed: str) -> None:
    searchable.index(a_structure(name="CLINIQUE"), a_structure(name="AUTRE"))
    assert searchable.names(asked(typed)) == ["CLINIQUE"]


def test_sixty_words_are_answered_by_the_first_ones(searchable: Searchable) -> None:
    searchable.index(a_structure(name=" ".join(f"MOT{n}" for n in range(12))))
    assert len(searchable.names(asked(" ".join(f"mot{n}" for n in range(60))))) == 1


def test_a_typo_is_forgiven_only_when_nothing_else_matches(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR"), a_structure(name="CLINIQUE PASTOUR"))
    assert searchable.names(asked("pasteur")) == ["CLINIQUE PASTEUR"]
    assert searchable.names(asked("clinique pastuer")) == ["CLINIQUE PASTEUR"]
    assert searchable.names(asked("xyzzyqwz")) == []


def test_the_last_word_may_be_only_begun(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR"), a_structure(name="CLINIQUE DES LILAS"))
    assert searchable.names(asked("clinique past")) == ["CLINIQUE PASTEUR"]


@pytest.mark.parametrize(
    "typed",
    [
        "990000002", "99 000 0002", "FINESS : 990000002", "n° finess 99 000 0002", "732 829 320 00074", "73282932000074",
        "SIRET 732.829.320.00074", "05 65 44 31 10", "05.65.44.31.10", "0565443110", "+33565443110", "+33 (0)5 65 44 31 10",
        "tél. 05 65 44 31 10", "Téléphone : 05-65-44-31-10",
    ],
)  # fmt: skip
def test_a_number_answers_exactly_what_bears_it(searchable: Searchable, typed: str) -> None:
    searchable.index(
        a_structure(finess="990000001", name="UNE"),
        a_structure(finess="990000002", name="DEUX", siret=["73282932000074"], phones=["05 65 44 31 10"]),
    )
    assert searchable.names(asked(typed)) == ["DEUX"]


@pytest.mark.parametrize(
    "typed",
    [
        "990000002 paris", "pharmacie 990000002", "EHPAD, 99 000 000 2", "siret 732 829 320 00074 lille", "05 65 44 31 10 rodez",
        "docteur +33565443110", "Hôpital 0565443110.",
    ],
)  # fmt: skip
def test_a_number_among_words_decides(searchable: Searchable, typed: str) -> None:
    searchable.index(
        a_structure(finess="990000001", name="PHARMACIE DE PARIS"),
        a_structure(finess="990000002", name="DEUX", siret=["73282932000074"], phones=["05 65 44 31 10"]),
    )
    assert searchable.names(asked(typed)) == ["DEUX"]


@pytest.mark.parametrize(
    "typed", ["pharmacie 75013", "pharmacie 75013 2022", "pharmacie 12345678", "pharmacie a990000002"]
)
def test_other_digits_are_words(typed: str) -> None:
    assert typed_number(typed) is None


def test_a_legal_entity_s_number_answers_its_establishments(searchable: Searchable) -> None:
    searchable.index(a_structure(name="UNE", ej_finess="750000001"), a_structure(name="AUTRE", ej_finess="750000002"))
    assert searchable.names(asked("750000001")) == ["UNE"]


def test_words_place_and_filters_combine_and_the_total_is_exact(searchable: Searchable) -> None:
    near = [a_structure(name=f"PHARMACIE {n}", at=PARIS_13.moved(200 * n)) for n in range(1, 8)]
    searchable.index(
        *near,
        a_structure(name="PHARMACIE LOIN", at=LILLE),
        a_structure(name="EHPAD PRES", at=PARIS_13, categorie_no=500),
    )
    circle = Circle(PARIS_13.lon, PARIS_13.lat, 1_001)
    query = asked(
        "pharmacie",
        origin=Origin(PARIS_13.lon, PARIS_13.lat),
        filters=Filters(circle=circle),
        facets=(Facet.CATEGORIE,),
        limit=3,
    )
    found = searchable.ask(query)
    assert (found.total, len(found.hits), found.more) == (5, 3, True)
    assert found.facets["categorie"] == [FacetValue("620", "Pharmacie d'Officine", 5)]
    assert [hit.distance_m for hit in found.hits] == pytest.approx([200, 400, 600], abs=1)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("farmacie", "pharmacie"), ("ospital", "hôpital"), ("dialize", "dialyse"), ("kinesiterapeute", "kinésithérapeute"),
        ("oftalmo", "ophtalmo"), ("Rézidance", "résidence"), ("sikologue", "psychologue"), ("klinique", "clinique"),
    ],
)  # fmt: skip
def test_what_is_written_by_ear_is_found_and_told(searchable: Searchable, typed: str, meant: str) -> None:
    names = (
        "PHARMACIE",
        "HOPITAL",
        "DIALYSE",
        "KINESITHERAPIE",
        "OPHTALMOLOGIE",
        "RESIDENCE",
        "PSYCHOLOGUE",
        "CLINIQUE",
    )
    searchable.index(*(a_structure(name=name, categorie_no=698) for name in names))
    assert searchable.ask(asked(typed)).corrected == (Corrected(typed, meant, instead=True),)
    assert searchable.names(asked(typed))[0][:4] == sort_key(meant)[:4]


def test_what_is_found_as_typed_too_is_told_so(searchable: Searchable) -> None:
    """« PHARMAICE » is in the name of one, and meant for all."""
    searchable.index(
        a_structure(name="PHARMAICE DU PONT", categorie_no=620),
        *(a_structure(name="PHARMACIE", categorie_no=620) for _ in range(1_000)),
    )
    found = searchable.ask(asked("pharmaice"))
    assert (found.total, found.corrected) == (1_001, (Corrected("pharmaice", "pharmacie", instead=False),))


def test_what_is_found_as_typed_is_told_of_what_the_filters_leave(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="PHARMAICE DU PONT", at=BORDEAUX),
        *(a_structure(name="PHARMACIE", at=LILLE) for _ in range(1_000)),
    )
    found = searchable.ask(asked("pharmaice", filters=Filters(communes=(LILLE.commune,))))
    assert (found.total, found.corrected) == (1_000, (Corrected("pharmaice", "pharmacie", instead=True),))
    assert searchable.ask(asked("pharmaice", filters=Filters(communes=(BORDEAUX.commune,)))).corrected == ()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mdph", "SELARL MCPH"),  # a sigle is another with another letter
        ("psi", "CENTRE PSYCHOLOGUE"),  # three letters say too little to be heard
        ("samu lille", "SAMMUT"),  # found elsewhere as it is typed
    ],
)
def test_a_short_word_is_no_slip_for_another(searchable: Searchable, typed: str, name: str) -> None:
    searchable.index(
        a_structure(name=name, at=LILLE, categorie_no=698), a_structure(name="SAMU", at=BORDEAUX, categorie_no=698)
    )
    assert searchable.names(asked(typed)) == []


@pytest.mark.parametrize(
    "typed", ["dentiste lille", "dantiste lille", "dentist lille", "lille dentist", "dentsite lille"]
)
def test_a_word_that_no_name_says_is_forgiven_its_letters_too(searchable: Searchable, typed: str) -> None:
    searchable.index(
        a_structure(name="CENTRE DENTAIRE", at=LILLE, categorie_no=124),
        a_structure(name="AUTRE", at=LILLE, categorie_no=124),
    )
    assert searchable.names(asked(typed)) == ["CENTRE DENTAIRE"]


def test_nothing_is_told_of_what_is_found_as_typed(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR"))
    assert searchable.ask(asked("clinique pasteur")).corrected == ()
    assert searchable.ask(asked("clinique paste")).corrected == ()


@pytest.mark.parametrize(
    "name", ["CLINIQUE DENTAIRE", "MAISON DES PARENTS", "ACCUEIL DE JOUR POUR PERSONNES AGEES", "EHPA"]
)
def test_a_whole_name_made_of_words_of_kinds_comes_first_whatever_its_kind(searchable: Searchable, name: str) -> None:
    """Of those kinds and called a little more: a clinic, a residence, a day centre."""
    searchable.index(
        *(a_structure(name=f"{name} DES PINS", categorie_no=number) for number in (365, 124, 202, 207, 502)),
        a_structure(name=name, categorie_no=698),
    )
    assert searchable.names(asked(name.lower()))[0] == name


def test_a_name_said_with_all_its_words_comes_before_one_that_lacks_those_said_around(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="PHARMACIE"), a_structure(finess="990000002", name="PHARMACIE DES PRES")
    )
    assert searchable.names(asked("pharmacie près"))[0] == "PHARMACIE DES PRES"
    assert searchable.names(asked("adresse pharmacie"))[0] == "PHARMACIE"


def test_dotted_letters_after_an_article_are_the_acronym_they_are_in_a_name(searchable: Searchable) -> None:
    searchable.index(a_structure(name="SERVICE D'A.E.M.O. NORD", categorie_no=698), a_structure(name="SERVICE NORD"))
    assert searchable.names(asked("service d'a.e.m.o. nord")) == ["SERVICE D'A.E.M.O. NORD"]


def test_a_town_whose_departement_has_nothing_is_answered_by_the_nearest(searchable: Searchable) -> None:
    """Chenôve is beside Dijon; what stands in the Jura is within fifty kilometres, what stands in Lyon is not."""
    searchable.index(
        a_structure(name="PHARMACIE DE DIJON", at=LILLE),
        a_structure(name="PHARMACIE B", at=DOLE.moved(east_m=5_000)),
        a_structure(name="GRANDE PHARMACIE LA PLUS PROCHE", at=DOLE),
        a_structure(name="PHARMACIE", at=LYON_3E),
    )
    assert searchable.names(asked("pharmacie à Dijon")) == ["PHARMACIE DE DIJON"]
    found = searchable.ask(asked("pharmacie chenôve"))
    assert searchable.names(asked("pharmacie chenôve")) == ["GRANDE PHARMACIE LA PLUS PROCHE", "PHARMACIE B"]
    assert found.around is not None
    assert (found.around.commune.name, found.around.radius_m, found.around.words) == ("Chenôve", 50_000, ("chenôve",))
    assert [hit.distance_m for hit in found.hits] == pytest.approx([42_000, 45_000], abs=4_000)


def test_an_area_that_holds_nothing_holds_nothing(searchable: Searchable) -> None:
    """« La Réunion » is a village of the Lot-et-Garonne too."""
    searchable.index(a_structure(name="SSIAD", at=LILLE, categorie_no=354), a_structure(name="SSIAD", at=BORDEAUX))
    for typed in ("ssiad morbihan", "ssiad la réunion", "ssiad saint-denis de la réunion"):
        assert searchable.ask(asked(typed)).total == 0, typed


def test_of_two_towns_of_a_name_the_one_of_the_departement_that_is_said_is_meant(searchable: Searchable) -> None:
    searchable.index(a_structure(name="PHARMACIE A", at=VALENCE), a_structure(name="PHARMACIE B", at=VALENCE_D_AGEN))
    assert searchable.names(asked("pharmacie valence tarn-et-garonne")) == ["PHARMACIE B"]


def test_the_surroundings_of_a_town_are_those_that_are_open_and_of_the_kind(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="PHARMACIE FERMEE", at=DOLE, open=False),
        a_structure(name="CHEZ LE PHARMACIEN", at=DOLE, categorie_no=698, ej_name="PHARMACIE"),
        a_structure(name="CHEZ LE PHARMACIEN LOIN", at=LYON_3E, categorie_no=698, ej_name="PHARMACIE"),
    )
    assert searchable.names(asked("pharmacie chenôve")) == ["CHEZ LE PHARMACIEN"]
    searchable.index(
        a_structure(name="CHEZ LE PHARMACIEN", at=DOLE, categorie_no=698, ej_name="PHARMACIE"),
        a_structure(name="PHARMACIE", at=DOLE.moved(east_m=2_000)),
    )
    assert searchable.names(asked("pharmacie chenôve")) == ["PHARMACIE"]


def test_a_town_whose_own_are_all_closed_has_none(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="PHARMACIE FERMEE", at=DOLE, open=False), a_structure(name="PHARMACIE", at=LONS_LE_SAUNIER)
    )
    for typed in ("pharmacie dole", "dole pharmacie", "pharmacie 39100"):
        found = searchable.ask(asked(typed))
        assert (found.total, found.around and found.around.departement) == (1, "39"), typed
    everything = searchable.ask(asked("pharmacie dole", filters=Filters(open_only=False)))
    assert (everything.total, everything.around) == (1, None)


def test_whether_a_town_has_any_does_not_depend_on_where_one_looks(searchable: Searchable) -> None:
    searchable.index(a_structure(name="PHARMACIE", at=DOLE), a_structure(name="PHARMACIE", at=LONS_LE_SAUNIER))
    near_lons = Circle(LONS_LE_SAUNIER.lon, LONS_LE_SAUNIER.lat, 5_000)
    found = searchable.ask(asked("pharmacie dole", filters=Filters(circle=near_lons)))
    assert (found.total, found.around) == (0, None)


def test_the_surroundings_hold_the_kind_that_is_asked_for_alone_however_far(searchable: Searchable) -> None:
    """« CHU » in the name of a shelter of the département, none of the kind before the next one."""
    searchable.index(
        a_structure(name="CHU LE REFUGE", at=DOLE, categorie_no=219),
        a_structure(name="LE GRAND", at=LYON_3E, categorie_no=101),
    )
    found = searchable.ask(asked("chu lons-le-saunier"))
    assert (searchable.names(asked("chu lons-le-saunier")), found.around and found.around.radius_m) == (
        ["LE GRAND"],
        200_000,
    )


def test_the_departement_of_a_town_holds_what_is_of_the_kind_s_domain_where_the_kind_is(searchable: Searchable) -> None:
    """« HAD » in the name of a hospital is one; « CHU » in that of a shelter is none."""
    searchable.index(
        a_structure(name="HAD", at=DOLE, categorie_no=127),
        a_structure(name="HAD DE L'HOPITAL", at=DOLE.moved(east_m=2_000), categorie_no=355),
        a_structure(name="CHU LE REFUGE", at=DOLE, categorie_no=219),
        a_structure(name="GRAND POUR ADULTES", at=DOLE.moved(east_m=4_000), categorie_no=101),
    )
    assert set(searchable.names(asked("had lons-le-saunier"))) == {"HAD", "HAD DE L'HOPITAL"}
    assert searchable.names(asked("chu lons-le-saunier")) == ["GRAND POUR ADULTES"]
    assert searchable.names(asked("chu adultes lons-le-saunier")) == ["GRAND POUR ADULTES"]


@pytest.mark.parametrize(
    ("typed", "town"),
    [
        ("pharmacie 39000", "Lons-le-Saunier"),
        ("39000 pharmacie", "Lons-le-Saunier"),
        ("pharmacie 75013", "Paris 13e Arrondissement"),
    ],
)
def test_a_postcode_is_a_place_that_is_not_given_up(searchable: Searchable, typed: str, town: str) -> None:
    at = DOLE if "39000" in typed else SAINT_DENIS
    searchable.index(a_structure(name="PHARMACIE PRES", at=at), a_structure(name="PHARMACIE LOIN", at=BORDEAUX))
    found = searchable.ask(asked(typed))
    assert (searchable.names(asked(typed)), found.around and found.around.commune.name) == (["PHARMACIE PRES"], town)


@pytest.mark.parametrize("typed", ["ehpad 29", "ehpad 974", "ehpad 2A", "samu 59", "ehpad saint denis 974"])
def test_the_number_of_a_departement_that_has_none_is_not_given_up(searchable: Searchable, typed: str) -> None:
    searchable.index(
        a_structure(name="EHPAD", at=BORDEAUX, categorie_no=500),
        a_structure(name="EHPAD", at=SAINT_DENIS, categorie_no=500),
        a_structure(name="SAMU", at=BORDEAUX, categorie_no=101),
    )
    assert searchable.ask(asked(typed)).total == 0


def test_the_number_of_a_departement_says_which_town_of_a_name_is_meant(searchable: Searchable) -> None:
    searchable.index(a_structure(name="PHARMACIE A", at=VALENCE), a_structure(name="PHARMACIE B", at=LONS_LE_SAUNIER))
    found = searchable.ask(asked("pharmacie valence 82"))
    assert (found.total, found.around and found.around.commune.code) == (0, "82186")


@pytest.mark.parametrize(
    "typed", ["13 rue pasteur", "pharmacie 12 pasteur", "pharmacie pasteur 24h/24", "pharmacie pasteur 100"]
)
def test_a_number_that_is_no_departement_s_may_be_given_up(searchable: Searchable, typed: str) -> None:
    searchable.index(a_structure(name="PHARMACIE PASTEUR DE LA RUE", at=BORDEAUX), a_structure(name="AUTRE", at=LILLE))
    assert searchable.names(asked(typed)) == ["PHARMACIE PASTEUR DE LA RUE"]


def test_the_surroundings_of_paris_are_those_of_the_city(searchable: Searchable) -> None:
    searchable.index(a_structure(name="THERMES", at=SAINT_DENIS, categorie_no=698))
    found = searchable.ask(asked("thermes paris"))
    assert found.around is not None
    assert found.around.commune == Commune("75056", "Paris")


def test_the_distance_is_from_who_asks_where_they_say_where_they_are(searchable: Searchable) -> None:
    searchable.index(a_structure(name="PHARMACIE", at=DOLE))
    (hit,) = searchable.ask(asked("pharmacie chenôve", origin=Origin(DOLE.lon, DOLE.lat))).hits
    assert hit.distance_m == pytest.approx(0, abs=1)


def test_a_town_s_own_name_is_no_slip_for_another_word(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE DIJEN", at=LILLE, categorie_no=365))
    assert searchable.names(asked("clinique dijon")) == []


def test_nothing_within_reach_of_a_town_says_how_far_one_looked(searchable: Searchable) -> None:
    searchable.index(a_structure(name="PHARMACIE", at=LILLE))
    found = searchable.ask(asked("pharmacie chenôve"))
    assert (found.total, found.around and found.around.radius_m) == (0, 200_000)


def test_closed_ones_are_found_only_on_demand_and_come_last(searchable: Searchable) -> None:
    searchable.index(
        a_structure(finess="990000001", name="CLINIQUE", open=False), a_structure(finess="990000002", name="CLINIQUE")
    )
    assert len(searchable.ask(asked("clinique")).hits) == 1
    everything = searchable.ask(asked("clinique", filters=Filters(open_only=False)))
    assert [hit.id for hit in everything.hits] == ["f990000002", "f990000001"]


def test_a_part_that_takes_nothing_is_zero_and_no_minus_zero(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE"))
    (hit,) = searchable.ask(asked("clinique", explain=True, filters=Filters(open_only=False))).hits
    assert str((hit.explanation or {})["closed"]) == "0.0"


def test_explain_names_every_part_and_they_add_up_to_the_score(searchable: Searchable) -> None:
    searchable.index(a_structure(name="CLINIQUE PASTEUR", at=LILLE))
    (hit,) = searchable.ask(asked("clinique pasteur", origin=Origin(LILLE.lon, LILLE.lat), explain=True)).hits
    assert hit.explanation is not None
    assert set(hit.explanation) == {
        "words", "kind", "place", "exact_name", "coverage", "complete", "closed", "nearness",
    }  # fmt: skip
    assert sum(hit.explanation.values()) == pytest.approx(hit.score, abs=1e-4)


def test_suggestions_offer_places_kinds_and_names(searchable: Searchable) -> None:
    searchable.index(
        a_structure(name="PHARMACIE DE LILLE", at=LILLE), a_structure(name="CLINIQUE PASTEUR", at=BORDEAUX)
    )
    suggest = lambda words: searchable.engine.suggest(searchable.connection, words, None, 8, searchable.publication)  # noqa: E731
    assert ("commune", "59350") in [(s.kind, s.id) for s in suggest("lil")]
    assert ("categorie", "620") in [(s.kind, s.id) for s in suggest("pharm")]
    assert ("structure", "CLINIQUE PASTEUR – Bordeaux") in [(s.kind, s.label) for s in suggest("pasteu")]
    assert suggest("") == []
