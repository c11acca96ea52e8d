"""A real SMTP server that keeps what it is sent, encrypted or not, with or without a password."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from api.machine.ports import LOOPBACK
from tests.ports import a_port

USER, PASSWORD = "exploitant", "p@ss/w:rd"


class Postbox:
    """aiosmtpd's handler: messages in the order of their arrival."""

    def __init__(self) -> None:
        self.port = 0
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.recipients.append(envelope.rcpt_tos)
        return "250 OK"


@contextmanager
def smtp_server(*, certificate: Path | None = None, wrapped: bool = False, password: bool = False) -> Iterator[Postbox]:
    """A server on a free port: in clear, after STARTTLS, or encrypted from the first byte (`wrapped`)."""
    postbox = Postbox()
    postbox.port = a_port()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if certificate else None
    if tls is not None:
        tls.load_cert_chain(certificate)
    controller = Controller(
        postbox,
        hostname=LOOPBACK,
        port=postbox.port,
        ssl_context=tls if wrapped else None,
        tls_context=None if wrapped else tls,
        require_starttls=bool(tls) and not wrapped,
        auth_required=password,
        auth_require_tls=False,
        authenticator=_authenticated,
    )
    controller.start()
    try:
        yield postbox
    finally:
        controller.stop()


def _authenticated(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
    return AuthResult(success=right, handled=False)
