"""The server is known by name and version, reached as the operator says, and its secrets are in no message."""

import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from geo.errors import Lum1Error, NotAnswering, NotReady
from geo.search_server import SearchServer
from geo.settings import Settings
from search.elastic.connect import connected, flavour_of, in_our_words
from search.elastic.indices import Indices
from search.engine import SearchEngine, engine_of
from tests.certificate import needs_openssl, self_signed
from tests.elastic.conftest import Both, at
from tests.opensearch.peer import Node
from tests.ports import a_port


def test_the_real_node_is_known(node: Node) -> None:
    with connected(node.server("lum1")) as client:
        assert str(flavour_of(client)) == "OpenSearch 3.8.0"


def test_elasticsearch_9_is_known_and_asked_in_plain_json(answering: Callable[..., Any]) -> None:
    server = answering({"version": {"number": "9.2.1"}})
    with connected(at(server)) as client:
        assert str(flavour_of(client)) == "Elasticsearch 9.2.1"
    assert server.headers_seen[0]["accept"] == "application/json"


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ({"number": "8.19.0"}, "Elasticsearch 8.19.0"),
        ({"number": "2.19.0", "distribution": "opensearch"}, "OpenSearch 2.19.0"),
        ({"number": "3.0.0", "distribution": "autre"}, "autre 3.0.0"),
    ],
)
def test_another_version_is_refused_with_the_reason(answering: Callable[..., Any], version: Any, told: str) -> None:
    with connected(at(answering({"version": version}))) as client, pytest.raises(NotReady, match=told) as refused:
        flavour_of(client)
    assert "Elasticsearch 9, OpenSearch 3" in str(refused.value)


def test_a_refused_entry_says_what_to_set_and_no_secret(answering: Callable[..., Any]) -> None:
    server = answering({"error": "non"}, status=401)
    with (
        connected(at(server, api_key="c2VjcmV0")) as client,
        pytest.raises(NotReady, match="LUM1_SEARCH_API_KEY") as refused,
    ):
        flavour_of(client)
    assert server.headers_seen[0]["authorization"] == "ApiKey c2VjcmV0"
    assert "c2VjcmV0" not in f"{refused.value}{at(server, api_key='c2VjcmV0')!r}"


def test_a_user_enters_with_a_password(answering: Callable[..., Any]) -> None:
    server = answering({"version": {"number": "9.0.0"}})
    with connected(at(server, account=("lum1", "s@cret"))) as client:
        flavour_of(client)
    assert server.headers_seen[0]["authorization"].startswith("Basic ")
    assert "s@cret" not in repr(at(server, account=("lum1", "s@cret")))


@needs_openssl
def test_a_server_is_believed_over_tls_where_the_operators_authority_vouches_for_it(
    answering: Callable[..., Any], tmp_path: Path
) -> None:
    signed = self_signed(tmp_path)
    server = answering({"version": {"number": "9.0.0"}})
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(signed)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://127.0.0.1:{server.server_port}"
    with connected(SearchServer(urls=(url,), ca=signed)) as client:
        assert str(flavour_of(client)) == "Elasticsearch 9.0.0"
    with connected(SearchServer(urls=(url,))) as client, pytest.raises(NotAnswering, match="LUM1_SEARCH_CA"):
        flavour_of(client)


def test_a_server_that_is_not_there_is_not_ready(both: Both) -> None:
    absent = SearchServer(urls=(f"http://127.0.0.1:{a_port()}",), timeout_s=1)
    with connected(absent) as client, pytest.raises(NotReady, match="ne répond pas"):
        flavour_of(client)


def test_the_engine_is_the_one_that_settings_choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(engine_of(Settings(home=tmp_path, database_url="")), SearchEngine)
    monkeypatch.setenv("LUM1_SEARCH", "elasticsearch")
    monkeypatch.setenv("LUM1_SEARCH_URL", "https://un:9200, https://deux:9200/")
    monkeypatch.setenv("LUM1_SEARCH_USER", "lum1")
    monkeypatch.setenv("LUM1_SEARCH_PASSWORD", "s@cret")
    settings = Settings.from_environment()
    assert settings.search_server
    assert settings.search_server.urls == ("https://un:9200", "https://deux:9200")
    assert settings.search_server.account == ("lum1", "s@cret")
    assert "s@cret" not in repr(settings)
    assert type(engine_of(settings)).__name__ == "GuardedEngine"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LUM1_SEARCH", "solr"),
        ("LUM1_SEARCH_FALLBACK", "postgis"),
        ("LUM1_SEARCH_URL", "https://lum1:s@cret@moteur:9200"),
        ("LUM1_SEARCH_URL", "moteur:9200"),
        ("LUM1_SEARCH_CA", "/nulle/part.pem"),
        ("LUM1_SEARCH_NAME", "Lum 1"),
        ("LUM1_SEARCH_SHARDS", "deux"),
    ],
)
def test_a_wrong_setting_is_said_in_one_sentence(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUM1_SEARCH", "elasticsearch")
    monkeypatch.setenv(name, value)
    with pytest.raises(Lum1Error, match=name) as refused:
        Settings.from_environment()
    assert "cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("<html><body>Maintenance</body></html>", "text/html"),
        ("maintenance", "application/json"),
        ([], "application/json"),
        ({"version": "1"}, "application/json"),
        ({"status": "ok"}, "application/json"),
    ],
)
def test_whoever_answers_something_else_is_no_search_server(
    answering: Callable[..., Any], answer: Any, kind: str
) -> None:
    """A proxy's page, another program at the address: nobody is asked anything more, and another engine answers."""
    server = at(answering(answer, kind=kind))
    with connected(server) as client, pytest.raises(NotAnswering) as refused:
        flavour_of(client)
    assert refused.value.absent
    with connected(server) as client:
        indices = Indices(client, server.name)
        with suppress(NotAnswering), in_our_words():
            assert indices.held() is None
