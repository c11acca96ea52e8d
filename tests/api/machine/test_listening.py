"""Where the server listens: settings understood, or one sentence."""

import os

import pytest

from api.machine.listening import InvalidListening, Listening, url
from api.machine.ports import is_free
from geo.errors import Lum1Error

needs_ipv6 = pytest.mark.skipif(not is_free(0, "::1"), reason="cette machine n’a pas IPv6")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("LUM1_HOST", "LUM1_PORT", "LUM1_WORKERS"):
        monkeypatch.delenv(name, raising=False)


def test_without_settings_only_this_machine_reaches_it():
    cores = len(os.sched_getaffinity(0))
    assert Listening.from_environment() == Listening("127.0.0.1", None, 1 if cores == 1 else 2)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LUM1_PORT", "abc", "LUM1_PORT vaut « abc » : un nombre entier"),
        ("LUM1_PORT", "99999", "LUM1_PORT vaut « 99999 » : un port est attendu, de 1 à 65535"),
        ("LUM1_PORT", "0", "de 1 à 65535"),
        ("LUM1_WORKERS", "x", "LUM1_WORKERS vaut « x » : un nombre entier"),
        ("LUM1_WORKERS", "0", "au moins un processus"),
        ("LUM1_HOST", "nulle.part.invalid", "LUM1_HOST vaut « nulle.part.invalid », qui ne mène à aucune adresse"),
        ("LUM1_HOST", "a..b", "aucune adresse"),
        ("LUM1_HOST", "192.0.2.1", "qui n’est pas une adresse de cette machine"),  # RFC 5737: nobody's
    ],
)
def test_a_wrong_setting_is_one_sentence(monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    with pytest.raises(Lum1Error, match=sentence):
        Listening.from_environment()


def test_a_port_on_the_command_line_wins(monkeypatch):
    monkeypatch.setenv("LUM1_PORT", "8700")
    assert Listening.from_environment(8701).port == 8701
    assert Listening.from_environment().port == 8700


def test_a_name_is_the_address_it_leads_to(monkeypatch):
    monkeypatch.setenv("LUM1_HOST", "localhost")
    assert Listening.from_environment().host == "127.0.0.1"


@needs_ipv6
@pytest.mark.parametrize("asked", ["::1", "[::1]"])
def test_ipv6_is_understood(monkeypatch, asked):
    monkeypatch.setenv("LUM1_HOST", asked)
    assert Listening.from_environment().host == "::1"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8640/"),
        ("0.0.0.0", "http://127.0.0.1:8640/"),
        ("::1", "http://[::1]:8640/"),
        ("::", "http://[::1]:8640/"),
    ],
)
def test_the_address_is_one_that_a_browser_here_opens(host, address):
    assert url(host, 8640) == address


def test_a_wrong_setting_is_an_error_of_ours():
    assert issubclass(InvalidListening, Lum1Error)
