"""What a geocoder can do wrong, and what becomes of it."""

import logging
from base64 import b64encode
from collections.abc import Callable

import pytest

from geo.errors import Lum1Error, NotAGeocoder, Unreachable
from geo.geocoder import Geocoder, Kind, Question, Status
from geo.geocoder.asking import Limits
from geo.settings import Settings
from tests.geocoder.conftest import Calm, MakeGeocoder
from tests.geocoder.faulty import (
    Asked,
    Behaviour,
    FaultyGeocoder,
    Said,
    a_row_less,
    above,
    cut,
    found,
    on_rows_with,
    permuted,
    redirect,
    says_error_of,
    shortened,
    silent,
    status,
    table,
    trickling,
    unfolding,
    without,
)

STREET = [Question(f"{number} RUE DES LILAS", town="PARIS", citycode="75056") for number in range(1, 9)]


def numbers(geocoder: Geocoder, questions: list[Question]) -> list[str | None]:
    return [answer.housenumber for answer in geocoder.search_csv(questions)]


HONEST = [str(number) for number in range(1, 9)]


def test_columns_are_read_by_their_names_and_unknown_ones_are_left(server: FaultyGeocoder, geocoder: Geocoder) -> None:
    [answer] = geocoder.search_csv(STREET[:1])
    assert (answer.lon, answer.lat, answer.score, answer.score_next) == (2.001, 48.8, 0.93, 0.5)
    assert (answer.street, answer.citycode, answer.label) == ("Rue des Lilas", "75056", "1 RUE DES LILAS PARIS")
    [asked] = server.asked
    assert asked.fields["columns"] == ["adresse", "code_postal", "commune"]
    assert asked.fields["citycode"] == ["code_insee"]
    assert "type" not in asked.fields


def test_a_server_without_statuses_finds_what_has_a_point(server: FaultyGeocoder, geocoder: Geocoder) -> None:
    server.always = without("result_status", "banID", "result_score_next")
    found, lost = geocoder.search_csv([STREET[0], Question("NULLE PART")])
    assert (found.status, found.score_next, lost.status) == ("ok", None, "not-found")


def test_the_town_alone_is_not_said_twice(server: FaultyGeocoder, geocoder: Geocoder) -> None:
    geocoder.search_csv([Question("SAINT ETIENNE", town="Saint-Étienne", kind=Kind.MUNICIPALITY)])
    [asked] = server.asked
    assert asked.words(asked.table[0]) == "SAINT ETIENNE"
    assert (asked.fields["type"], asked.table[0]["genre"]) == (["genre"], "municipality")


def test_a_server_that_does_not_filter_files_by_kind_is_asked_one_by_one(
    server: FaultyGeocoder, geocoder: Geocoder
) -> None:
    street = Question("3 RUE DES LILAS", kind=Kind.STREET)
    assert geocoder.search_csv([street]) == [geocoder.search_csv([Question("NULLE PART")])[0]]
    assert [(each.endpoint, each.fields.get("type")) for each in server.asked[:2]] == [
        ("search/csv", ["genre"]),
        ("search", ["street"]),
    ]


def test_a_server_that_is_too_busy_is_waited_for_as_it_asks(
    server: FaultyGeocoder, geocoder: Geocoder, calm: Calm
) -> None:
    server.next_answers(status(429, retry_after="5"), status(503), status(429, retry_after="7"))
    assert numbers(geocoder, STREET) == HONEST
    assert calm.waits == [5, 2, 7]


def test_an_address_of_the_network_asks_no_more_a_second_than_allowed(a_client: MakeGeocoder, calm: Calm) -> None:
    geocoder = a_client(per_second=3)
    for _ in range(7):
        geocoder.reverse(2.0, 48.0)
    assert calm.waits == [1.0, 1.0]


@pytest.mark.parametrize(
    "trouble",
    [status(500), status(502), cut(200), shortened(40), permuted, a_row_less, without("longitude"), status(200)],
    ids=["500", "502", "cut", "shortened", "permuted", "a row less", "no longitude", "empty"],
)
def test_what_fails_once_is_asked_again(
    server: FaultyGeocoder, geocoder: Geocoder, calm: Calm, trouble: Behaviour
) -> None:
    server.next_answers(trouble)
    assert numbers(geocoder, STREET) == HONEST
    assert ([each.rows for each in server.asked], calm.waits, geocoder.reasons) == ([8, 8], [1], {})


@pytest.mark.parametrize(
    "answer_of", [status(400), status(413), status(500), permuted], ids=["400", "413", "500", "permuted"]
)
def test_the_row_that_breaks_a_batch_is_found_and_the_others_are_answered(
    server: FaultyGeocoder, geocoder: Geocoder, answer_of: Behaviour
) -> None:
    broken = [*STREET[:5], Question("6 BROKEN"), *STREET[6:]]
    server.always = on_rows_with("BROKEN", answer_of if answer_of is not permuted else a_row_less)
    answers = geocoder.search_csv(broken)
    assert [each.status for each in answers] == ["ok"] * 5 + ["error"] + ["ok"] * 2
    assert [each.housenumber for each in answers if each.housenumber] == [*HONEST[:5], *HONEST[6:]]
    assert list(geocoder.reasons.values()) == [1]
    assert "BROKEN" not in str(geocoder.reasons)


def test_a_row_that_is_never_answered_is_found_too(server: FaultyGeocoder, a_client: MakeGeocoder) -> None:
    server.always = on_rows_with("BROKEN", silent)
    geocoder = a_client(answer_s=0.2)
    answers = geocoder.search_csv([*STREET[:3], Question("4 BROKEN")])
    assert [each.status for each in answers] == ["ok", "ok", "ok", "error"]
    [reason] = geocoder.reasons
    assert reason.endswith("pas de réponse dans le délai")


def test_a_proxy_that_takes_no_large_file_is_given_smaller_ones(server: FaultyGeocoder, geocoder: Geocoder) -> None:
    server.always = above(1_400, 413)
    assert numbers(geocoder, STREET * 3) == HONEST * 3
    assert geocoder.reasons == {}


def test_rows_of_which_the_service_says_error_are_asked_once_more_alone(
    server: FaultyGeocoder, geocoder: Geocoder
) -> None:
    server.always = says_error_of("3 RUE", times=1)
    assert numbers(geocoder, STREET) == HONEST
    assert [each.rows for each in server.asked] == [8, 1]
    server.always = says_error_of("3 RUE", times=2)
    assert geocoder.search_csv(STREET)[2].status == Status.ERROR
    assert geocoder.reasons == {"le service répond « error »": 1}


@pytest.mark.parametrize(
    "ask", [lambda it: it.search_csv(STREET), lambda it: it.search(STREET[0])], ids=["file", "one"]
)
def test_patience_ends_with_a_sentence_that_says_what_to_do(
    server: FaultyGeocoder, geocoder: Geocoder, calm: Calm, ask: Callable[[Geocoder], object]
) -> None:
    server.always = status(503)
    with pytest.raises(Unreachable, match=r"(?s)127\.0\.0\.1.*503.*LUM1_GEOCODER_URL") as told:
        ask(geocoder)
    assert geocoder.base_url in str(told.value)
    assert len(server.asked) == 6
    assert calm.waits == [1, 2, 4, 8, 16]


def test_nobody_there_is_said_too(a_client: MakeGeocoder) -> None:
    with pytest.raises(Unreachable, match=r"pas de connexion|connexion coupée"):
        a_client(url="http://127.0.0.1:9").search_csv(STREET)


@pytest.mark.parametrize("trouble", [status(500), cut(100), a_row_less], ids=["500", "cut", "a row less"])
def test_a_service_that_always_fails_is_not_asked_row_by_row(
    server: FaultyGeocoder, geocoder: Geocoder, trouble: Behaviour
) -> None:
    server.always = trouble
    with pytest.raises(Unreachable):
        geocoder.search_csv(STREET * 20)
    assert len(server.asked) < 25


def test_a_service_that_refuses_everything_is_no_geocoder(server: FaultyGeocoder, geocoder: Geocoder) -> None:
    server.always = status(400)
    with pytest.raises(NotAGeocoder, match="refuse tout ce qui lui est demandé"):
        geocoder.search_csv(STREET * 20)
    assert len(server.asked) < 60


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (404, "addok-csv"),
        (405, "addok-csv"),
        (401, "refuse cette machine"),
        (403, "refuse cette machine"),
        (418, "vérifiez"),
    ],
)
def test_what_is_no_geocoder_is_said_at_once(server: FaultyGeocoder, geocoder: Geocoder, code: int, words: str) -> None:
    server.always = status(code)
    with pytest.raises(NotAGeocoder, match=words):
        geocoder.search_csv(STREET)
    assert len(server.asked) == 1


def test_addresses_are_not_carried_along_to_another_host(server: FaultyGeocoder, geocoder: Geocoder) -> None:
    with FaultyGeocoder() as elsewhere:
        server.always = redirect(f"{elsewhere.url}/search/csv")
        for ask in (lambda: geocoder.search_csv(STREET), lambda: geocoder.search(STREET[0])):
            with pytest.raises(NotAGeocoder, match="renvoie ailleurs"):
                ask()
        assert elsewhere.asked == []


def test_no_word_of_a_question_is_in_a_log_or_an_error(
    server: FaultyGeocoder, geocoder: Geocoder, caplog: pytest.LogCaptureFixture
) -> None:
    secret = [Question("12 IMPASSE SECRETE", town="TRESCACHE", citycode="75056")]
    said: list[str] = []
    with caplog.at_level(logging.INFO):
        for trouble in (status(503), status(400, body=b"12 IMPASSE SECRETE"), status(404), cut(10)):
            server.always = trouble
            for ask in (geocoder.search_csv, lambda questions: geocoder.search(questions[0])):
                try:
                    ask(secret)
                except Lum1Error as error:
                    said.append(str(error))
    told = f"{caplog.text}{said}{geocoder.reasons}"
    assert "nouvel essai dans" in told
    assert "SECRETE" not in told
    assert "TRESCACHE" not in told


def test_a_killed_run_keeps_the_batches_it_was_given(server: FaultyGeocoder, geocoder: Geocoder) -> None:
    given = geocoder.answers(iter(STREET), at_once=3)
    assert [each.housenumber for each in next(given)] == HONEST[:3]
    assert [each.rows for each in server.asked] == [3]  # the others wait to be wanted
    assert [[each.housenumber for each in batch] for batch in given] == [HONEST[3:6], HONEST[6:]]


def test_the_operator_chooses_the_geocoder_and_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Geocoder.from_settings(Settings.from_environment()).base_url == "https://data.geopf.fr/geocodage"
    monkeypatch.setenv("LUM1_GEOCODER_URL", "http://127.0.0.1:7878/")
    monkeypatch.setenv("LUM1_GEOCODER_PER_SECOND", "1000")
    assert Geocoder.from_settings(Settings.from_environment()).base_url == "http://127.0.0.1:7878"
    monkeypatch.setenv("LUM1_GEOCODER_PER_SECOND", "0")
    with pytest.raises(Lum1Error, match="LUM1_GEOCODER_PER_SECOND vaut 0"):
        Geocoder.from_settings(Settings.from_environment())


@pytest.mark.parametrize("score", ["nan", "inf", "97", "-1"])
def test_a_score_that_is_none_is_no_answer(server: FaultyGeocoder, geocoder: Geocoder, score: str) -> None:
    def scored(_: FaultyGeocoder, asked: Asked) -> Said:
        return table(asked, [row | found(asked, row) | {"result_score": score} for row in asked.table])

    server.always = scored
    assert [each.status for each in geocoder.search_csv(STREET[:1])] == [Status.ERROR]


@pytest.mark.parametrize("what", ["headers", "sized", "chunked"])
def test_an_answer_that_trickles_for_ever_is_left(server: FaultyGeocoder, a_client: MakeGeocoder, what: str) -> None:
    server.always = trickling(what)
    geocoder = a_client(answer_s=0.2, limits=Limits(body_s=0.2))
    assert [each.status for each in geocoder.search_csv(STREET[:1])] == [Status.ERROR]
    assert any("réponse trop lente" in reason for reason in geocoder.reasons)


@pytest.mark.parametrize("size", [2_000_000, 190_000_000])
def test_an_answer_without_end_is_left_however_small_it_travels(
    server: FaultyGeocoder, geocoder: Geocoder, size: int
) -> None:
    server.always = unfolding(size)
    with pytest.raises(NotAGeocoder, match="répond sans fin"):
        geocoder.search_csv(STREET[:1])


def test_rows_that_it_cannot_take_do_not_condemn_a_service_that_answers_the_others(
    server: FaultyGeocoder, geocoder: Geocoder
) -> None:
    """As the second run asks them: nothing else is left to ask."""
    broken = [Question(f"{number} BROKEN") for number in range(1, 6)]
    server.always = on_rows_with("BROKEN", status(500))
    assert [each.status for each in geocoder.search_csv(broken)] == [Status.ERROR] * 5


def test_a_line_without_end_is_no_answer(server: FaultyGeocoder, geocoder: Geocoder) -> None:
    server.next_answers(unfolding(900_000))
    assert numbers(geocoder, STREET) == HONEST


@pytest.mark.parametrize(
    "written",
    [
        "alice:s3cret@127.0.0.1:9200", "http://alice:s3/cret@127.0.0.1", "http://alice:s3#cret@127.0.0.1", "http://[::1",
        "http://127.0.0.1/?key=s3cret", "http://alice:1/s3cret@127.0.0.1", "ftp://127.0.0.1/s3cret", "http:///s3cret",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_a_geocoder_s_is_refused_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("LUM1_GEOCODER_URL", written)
    with pytest.raises(Lum1Error, match="LUM1_GEOCODER_URL n’est pas l’adresse d’un géocodeur") as refused:
        Settings.from_environment()
    assert "cret" not in str(refused.value)


def test_an_account_is_given_to_the_geocoder_and_told_to_nobody(
    server: FaultyGeocoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUM1_GEOCODER_URL", server.url.replace("//", "//alice:s%40cret@"))
    settings = Settings.from_environment()
    assert (settings.geocoder_url, settings.geocoder_account) == (server.url, ("alice", "s@cret"))
    assert "cret" not in repr(settings)
    server.always = status(404)
    with pytest.raises(NotAGeocoder) as refused:
        Geocoder.from_settings(settings).search_csv(STREET[:1])
    assert "alice" not in str(refused.value)
    [asked] = server.asked
    assert asked.authorization == "Basic " + b64encode(b"alice:s@cret").decode()
