"""The client through a real addok: what any geocoder with the BAN's contract answers."""

import polars as pl
import pytest

from etl import demo
from geo.communes import communes
from geo.geocoder import Answer, Geocoder, Kind, Question, Status
from geo.position import distance_m

LILAS = Question("12 BIS RUE DES LILAS", town="LILLE", postcode="59000", citycode="59350")


def test_an_address_is_found_with_its_number_and_its_commune(addok: Geocoder) -> None:
    [answer] = addok.search(LILAS)
    assert answer.status == Status.OK
    assert (answer.kind, answer.housenumber, answer.street) == (Kind.HOUSENUMBER, "12bis", "Rue des Lilas")
    assert (answer.lon, answer.lat, answer.id) == (3.0702, 50.6402, "59350_5321_00012_bis")
    assert (answer.postcode, answer.citycode, answer.city) == ("59000", "59350", "Lille")
    assert answer.score is not None
    assert answer.score > 0.8


def test_a_batch_answers_as_one_question_does(addok: Geocoder) -> None:
    questions = [
        LILAS,
        Question("RUE DES LILAS", town="LILLE", citycode="59350"),
        Question("22 ALLEE DARIUS MILHAUD", town="PARIS", postcode="75019", citycode="75119"),
        Question("7 LA MONTAGNE SAINT BERNARD", town="SAINT DENIS", citycode="97411"),
        Question("LILLE", town="LILLE", citycode="59350"),
    ]

    def place(answer: Answer) -> tuple[object, ...]:
        return (
            answer.status,
            answer.kind,
            answer.lon,
            answer.lat,
            answer.id,
            answer.street,
            answer.citycode,
            answer.label,
        )

    batch = addok.search_csv(questions)
    assert [each.kind for each in batch] == ["housenumber", "street", "housenumber", "housenumber", "municipality"]
    assert [place(each) for each in batch] == [place(addok.search(question)[0]) for question in questions]


def test_the_next_best_is_told_by_its_score(addok: Geocoder) -> None:
    several = addok.search(Question("SAINT DENIS"), limit=5)
    assert [each.score_next for each in several] == [*[each.score for each in several[1:]], None]
    [alone] = addok.search_csv([Question("7 LA MONTAGNE SAINT BERNARD", citycode="97411", kind=Kind.HOUSENUMBER)])
    assert alone.score_next is None


def test_an_insee_code_is_a_hard_filter_that_a_city_and_its_arrondissement_share(addok: Geocoder) -> None:
    asked = [Question("22 ALLEE DARIUS MILHAUD", citycode=code) for code in ("75119", "75056", "75118", None)]
    answers = addok.search_csv(asked)
    assert [each.status for each in answers] == ["ok", "ok", "not-found", "ok"]
    assert {each.citycode for each in answers} == {"75119", None}


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (Kind.HOUSENUMBER, (Kind.HOUSENUMBER, "59350_5321_00012")),
        (Kind.STREET, (Kind.STREET, "59350_5321")),
        (Kind.LOCALITY, (None, None)),
        (None, (Kind.HOUSENUMBER, "59350_5321_00012")),
    ],
)
def test_only_answers_of_the_kind_that_is_asked(addok: Geocoder, kind: Kind | None, found: tuple[object, ...]) -> None:
    question = Question("12 RUE DES LILAS", citycode="59350", kind=kind)
    beside = Question("12 RUE DES LILAS", citycode="59350")  # in the same batch, without a kind
    answer, other = addok.search_csv([question, beside])
    assert (answer.kind, answer.id) == found
    assert other.kind == Kind.HOUSENUMBER
    assert [(each.kind, each.id) for each in addok.search(question)] == ([found] if found[0] else [])


def test_what_does_not_exist_is_not_found_and_a_blank_is_not_asked(addok: Geocoder) -> None:
    nowhere, blank, wrong_town = addok.search_csv(
        [Question("ZZYZX"), Question("  \n "), Question("RUE DES LILAS", citycode="99999", kind=Kind.STREET)]
    )
    assert [nowhere.status, blank.status, wrong_town.status] == ["not-found", "skipped", "not-found"]
    assert addok.search(Question("ZZYZX")) == []
    assert addok.search(Question(" ")) == []


def test_accents_quotes_separators_and_lines_survive(addok: Geocoder) -> None:
    answers = addok.search_csv(
        [
            Question("rue de l'Œuvre d’Élise", citycode="59350"),
            Question('RUE "DES; LILAS", 12', town='LILLE;"', citycode="59350"),
            Question("BATIMENT B\r\n12 RUE DES LILAS\n\nLILLE", citycode="59350"),
            Question("\u2028ZZYZX\x00\x85", town="…"),
            LILAS,
        ]
    )
    assert [each.id for each in answers] == [
        "59350_5400",
        "59350_5321",
        "59350_5321_00012",
        None,
        "59350_5321_00012_bis",
    ]
    assert answers[0].label == "Rue de l’Œuvre d’Élise 59000 Lille"


def test_a_text_that_is_too_long_is_an_error_of_its_own(addok: Geocoder) -> None:
    answers = addok.search_csv([LILAS, Question("RUE " * 80), Question("LILLE")])
    assert [each.status for each in answers] == ["ok", "error", "ok"]
    assert sum(addok.reasons.values()) == 1
    assert "413" in next(iter(addok.reasons))


def test_a_point_has_an_address(addok: Geocoder) -> None:
    near = addok.reverse(3.07011, 50.64012)
    assert (near.status, near.kind, near.id) == ("ok", "housenumber", "59350_5321_00012")
    assert addok.reverse(-30.0, 40.0).status == Status.NOT_FOUND


def test_addresses_of_the_demo_are_found_where_they_truly_are(addok: Geocoder, france: demo.DemoFiles) -> None:
    """Of those that FINESS has and nobody hides; some share words and number with another of their commune."""
    shown = pl.col("finess").is_not_null() & (pl.col("diffusion_after").fill_null("O") == "O")
    truth = pl.read_parquet(france.truth).filter(shown)
    asked = [
        Question(street, town=communes()[code].name, citycode=code)
        for street, code in truth.select("street", "commune").iter_rows()
    ]
    answers = [answer for batch in addok.answers(asked, at_once=60) for answer in batch]
    apart = [
        distance_m(answer.lon, answer.lat, lon, lat) if answer.lon is not None and answer.lat is not None else None
        for answer, (lon, lat) in zip(answers, truth.select("lon", "lat").iter_rows(), strict=True)
    ]
    assert len(asked) > 100
    assert sum(metres is not None and metres < 1 for metres in apart) / len(apart) > 0.97
