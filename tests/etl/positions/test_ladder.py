"""The questions of an address, best first, and the key under which answers are kept."""

import msgspec

from etl.positions.addresses import address_of
from etl.positions.climbing import best_rung, next_rung
from etl.positions.damaged import mended
from etl.positions.ladder import GaveUp, key_of, ladder
from etl.positions.verdict import Reason, Verdict
from geo.geocoder.shapes import Kind, Question
from geo.position import Precision

LILLE, MAUGES = "59350", "49244"


def asked(
    *lines: str, commune: str | None = LILLE, postcode: str | None = "59000"
) -> list[tuple[str, str | None, str]]:
    rungs = ladder(address_of(lines, postcode, commune, "LILLE"))
    return [(rung.question.text, rung.question.kind, rung.gave_up.value) for rung in rungs]


def test_a_numbered_address_gives_up_its_suffix_then_its_number() -> None:
    assert asked("12 BIS RUE DES LILAS", "BP 40") == [
        ("12 BIS RUE DES LILAS", None, "nothing"),
        ("12 RUE DES LILAS", "housenumber", "suffix"),
        ("RUE DES LILAS", "street", "number"),
    ]


def test_a_street_without_number_gives_up_nothing_when_it_is_asked() -> None:
    assert asked("RUE DES LILAS") == [("RUE DES LILAS", "street", "nothing")]


def test_a_lieu_dit_comes_after_the_street_and_a_commune_is_never_asked() -> None:
    assert asked("ROUTE DE FOUGERES", "ZONE DE LA BEUCHERIE") == [
        ("ROUTE DE FOUGERES", "street", "nothing"),
        ("ROUTE DE FOUGERES", "street", "nothing"),  # with the zone for a town
        ("ZONE DE LA BEUCHERIE", None, "street"),
    ]
    assert asked("LE BOURG") == [("LE BOURG", None, "nothing")]
    assert asked("BP 40") == []


def test_a_damaged_word_gives_a_second_wording_of_the_same_rung() -> None:
    assert asked("12 RUE EIERS")[:4] == [
        ("12 RUE EIERS", None, "nothing"),
        ("12 RUE THIERS", None, "nothing"),
        ("RUE EIERS", "street", "number"),
        ("RUE THIERS", "street", "number"),
    ]


def test_only_damaged_words_are_mended() -> None:
    for damaged, right in [
        ("EEATRE", "THEATRE"),
        ("MONEIEUX", "MONTHIEUX"),
        ("CAEEDRALE", "CATHEDRALE"),
        ("BEEENY", "BETHENY"),
    ]:
        assert mended(damaged) == right
    for sound in (
        "ALLEE GEORGES",
        "EIFFEL",
        "EINSTEIN",
        "EUGENE",
        "EOLE",
        "EAUX",
        "PYRENEES",
        "EUROPE",
        "CREON",
        "REIMS",
        "NUEIL",
    ):
        assert mended(sound) is None, sound


def test_the_citycode_filters_and_the_quarter_tells_streets_of_merged_communes_apart() -> None:
    address = address_of(["3 RUE DE LA MAIRIE", "MONTJEAN-SUR-LOIRE"], "49570", MAUGES, "MAUGES SUR LOIRE")
    plain, quarter, *_ = ladder(address)
    assert plain.question == Question("3 RUE DE LA MAIRIE", "Mauges-sur-Loire", "49570", MAUGES)
    assert quarter.question == msgspec.structs.replace(plain.question, town="MONTJEAN SUR LOIRE")
    assert (plain.if_ambiguous, quarter.if_ambiguous) == (False, True)


def test_nobody_is_asked_for_a_street_of_an_unknown_commune() -> None:
    assert asked("12 RUE DES LILAS", commune=None, postcode=None) == []
    assert asked("12 RUE DES LILAS", commune=None, postcode="59000")[0][0] == "12 RUE DES LILAS"


def test_a_key_holds_all_that_is_asked_and_nothing_else() -> None:
    question = Question("12 BIS RUE DE L ETANG", "Lille", "59000", LILLE, Kind.STREET)
    assert key_of(question) == "59350|12 BIS RUE DE L ETANG|LILLE|59000|street"
    assert key_of(msgspec.structs.replace(question, text="12 bis, rue de l’Étang", town="LILLE")) == key_of(question)
    for other in (
        {"text": "12 RUE DE L ETANG"},
        {"town": "LOMME"},
        {"postcode": None},
        {"citycode": None},
        {"kind": None},
    ):
        assert key_of(msgspec.structs.replace(question, **other)) != key_of(question)
    assert key_of(Question("LILLE")) == "|LILLE|||"


def test_two_spellings_of_an_address_are_one_question() -> None:
    addresses = [
        address_of(lines, "59000", LILLE, "LILLE")
        for lines in (["12 BD ST MICHEL", "BP 9"], ["12, Boulevard Saint-Michel"])
    ]
    first, second = ([key_of(rung.question) for rung in ladder(address)] for address in addresses)
    assert first == second


REFUSED = {reason: Verdict(Precision.NONE, reason, GaveUp.NOTHING) for reason in Reason}


def test_the_ladder_is_climbed_down_until_an_answer_is_precise() -> None:
    rungs = ladder(address_of(["12 BIS RUE DES LILAS", "LES TROIS ORMES"], "59000", LILLE))
    assert [(rung.question.text, rung.if_ambiguous) for rung in rungs] == [
        ("12 BIS RUE DES LILAS", False),
        ("12 BIS RUE DES LILAS", True),
        ("12 RUE DES LILAS", False),
        ("RUE DES LILAS", False),
        ("RUE DES LILAS", True),
        ("LES TROIS ORMES", False),
    ]
    found = Verdict(Precision.HOUSENUMBER, None, GaveUp.NOTHING)
    street_only = Verdict(Precision.STREET, Reason.NUMERO_ABSENT, GaveUp.NUMBER)
    centre = Verdict(Precision.COMMUNE, Reason.CENTRE_DE_COMMUNE, GaveUp.ADDRESS)
    assert next_rung(rungs, {}) == 0
    assert next_rung(rungs, {0: found}) is None
    assert next_rung(rungs, {0: REFUSED[Reason.AMBIGUE]}) == 1
    assert next_rung(rungs, {0: REFUSED[Reason.INTROUVABLE]}) == 2
    assert next_rung(rungs, {0: centre}) == 2
    assert next_rung(rungs, {0: street_only}) == 2  # 12 may be known without its BIS
    assert next_rung(rungs, {0: street_only, 2: REFUSED[Reason.INTROUVABLE]}) is None
    assert next_rung(rungs, {0: REFUSED[Reason.SANS_REPONSE]}) is None
    assert next_rung(rungs, dict.fromkeys((0, 2, 3, 5), REFUSED[Reason.INTROUVABLE])) is None


def test_the_most_precise_answer_is_kept() -> None:
    street = Verdict(Precision.STREET, Reason.NUMERO_ABSENT, GaveUp.NUMBER)
    number = Verdict(Precision.HOUSENUMBER, None, GaveUp.SUFFIX)
    assert best_rung({0: street, 2: number}) == 2
    assert best_rung({0: street, 2: REFUSED[Reason.INTROUVABLE]}) == 0
    assert best_rung({0: REFUSED[Reason.AUTRE_RUE]}) is None
