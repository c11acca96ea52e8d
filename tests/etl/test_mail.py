"""Mail to the operator, through a real SMTP server: in clear, STARTTLS, TLS, with a password, refused, down."""

from pathlib import Path
from urllib.parse import quote

import pytest

from etl.mail import CannotMail, Mailbox
from tests.certificate import needs_openssl, self_signed
from tests.etl.smtp import PASSWORD, USER, smtp_server
from tests.ports import a_port

# aiosmtpd on its own settings: a password in clear is what these tests need
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

CREDENTIALS = f"{USER}:{quote(PASSWORD, safe='')}"


def mailbox(url: str) -> Mailbox:
    return Mailbox.parse(url, to="a@exemple.fr, b@exemple.fr", sender="lum1@exemple.fr")


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate this process trusts, as one the machine's authorities signed."""
    both = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    return both


def test_french_arrives_as_it_was_written_to_everyone_named() -> None:
    with smtp_server() as postbox:
        mailbox(f"smtp://127.0.0.1:{postbox.port}").send("données vieilles de 4 jours", "L’été « déjà ».\n")
    (message,) = postbox.messages
    assert (message["subject"], message.get_content()) == ("données vieilles de 4 jours", "L’été « déjà ».\r\n")
    assert (message["from"], postbox.recipients) == ("lum1@exemple.fr", [["a@exemple.fr", "b@exemple.fr"]])
    assert message["auto-submitted"] == "auto-generated"


@needs_openssl
@pytest.mark.parametrize(("scheme", "wrapped"), [("starttls", False), ("smtps", True)])
def test_encrypted_with_a_password(certificate: Path, scheme: str, wrapped: bool) -> None:
    with smtp_server(certificate=certificate, wrapped=wrapped, password=True) as postbox:
        mailbox(f"{scheme}://{CREDENTIALS}@127.0.0.1:{postbox.port}").send("essai", "essai")
    assert len(postbox.messages) == 1


@needs_openssl
@pytest.mark.parametrize(("scheme", "wrapped"), [("starttls", False), ("smtps", True)])
def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path, scheme: str, wrapped: bool) -> None:
    server = smtp_server(certificate=self_signed(tmp_path), wrapped=wrapped)
    with server as postbox, pytest.raises(CannotMail, match=r"(?i)certificate"):
        mailbox(f"{scheme}://127.0.0.1:{postbox.port}").send("essai", "essai")
    assert postbox.messages == []


def test_nothing_is_sent_in_clear_to_a_server_without_starttls() -> None:
    with smtp_server() as postbox, pytest.raises(CannotMail, match="STARTTLS"):
        mailbox(f"starttls://127.0.0.1:{postbox.port}").send("essai", "essai")
    assert postbox.messages == []


def test_a_wrong_password_is_told_without_it() -> None:
    with smtp_server(password=True) as postbox, pytest.raises(CannotMail, match="535") as refused:
        mailbox(f"smtp://{USER}:secret@127.0.0.1:{postbox.port}").send("essai", "essai")
    assert "secret" not in str(refused.value)


def test_a_password_that_smtp_cannot_carry_is_told() -> None:
    with smtp_server(password=True) as postbox, pytest.raises(CannotMail):
        mailbox(f"smtp://{USER}:clé@127.0.0.1:{postbox.port}").send("essai", "essai")


def test_a_server_that_is_down_is_told() -> None:
    with pytest.raises(CannotMail, match="n’a pas pris le message"):
        mailbox(f"smtp://127.0.0.1:{a_port()}").send("essai", "essai")


@pytest.mark.parametrize("url", ["mail.exemple.fr", "http://mail.exemple.fr", "smtp://", "smtp://h:port", "smtp://h:0"])
def test_an_address_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(CannotMail, match="LUM1_SMTP_URL : smtp://"):
        mailbox(url)


def test_ports_follow_the_scheme() -> None:
    ports = [mailbox(f"{scheme}://mail.exemple.fr").port for scheme in ("smtp", "starttls", "smtps")]
    assert ports == [25, 587, 465]


def test_without_an_address_or_a_server_alerts_stay_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    for set_, unset in [("LUM1_OPERATOR_MAIL", "LUM1_SMTP_URL"), ("LUM1_SMTP_URL", "LUM1_OPERATOR_MAIL")]:
        monkeypatch.setenv(set_, "smtp://mail.exemple.fr")
        monkeypatch.delenv(unset, raising=False)
        assert Mailbox.from_environment() is None


def test_the_sender_is_the_first_operator_unless_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUM1_OPERATOR_MAIL", "a@exemple.fr, b@exemple.fr")
    monkeypatch.setenv("LUM1_SMTP_URL", "smtp://mail.exemple.fr")
    monkeypatch.delenv("LUM1_MAIL_FROM", raising=False)
    assert Mailbox.from_environment().sender == "a@exemple.fr"  # type: ignore[union-attr]
    monkeypatch.setenv("LUM1_MAIL_FROM", "lum1@exemple.fr")
    assert Mailbox.from_environment().sender == "lum1@exemple.fr"  # type: ignore[union-attr]
