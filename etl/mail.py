"""Plain-text mail to the operator, through the SMTP server that the settings name."""

import os
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from geo.errors import Lum1Error

PATIENCE_S = 20
# starttls: encrypted after a greeting in clear, or not sent; smtps: encrypted from the first byte; smtp: in clear,
# for a relay on the same machine or private network
PORTS = {"smtp": 25, "starttls": 587, "smtps": 465}


class CannotMail(Lum1Error):
    """The mail did not leave; the message says why, without the password."""


@dataclass(frozen=True)
class Mailbox:
    """Where alerts go and by which server."""

    to: str  # one address, or several separated by commas
    sender: str
    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None

    @classmethod
    def from_environment(cls) -> "Mailbox | None":
        """None when `LUM1_OPERATOR_MAIL` or `LUM1_SMTP_URL` is not set: alerts then stay in the log."""
        to, url = os.environ.get("LUM1_OPERATOR_MAIL"), os.environ.get("LUM1_SMTP_URL")
        if not to or not url:
            return None
        return cls.parse(url, to=to, sender=os.environ.get("LUM1_MAIL_FROM") or to.split(",")[0].strip())

    @classmethod
    def parse(cls, url: str, *, to: str, sender: str) -> "Mailbox":
        """Read `scheme://user:password@host:port`; characters that an address cannot hold are %-written."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in PORTS or not parts.hostname or port == 0:
            raise CannotMail(
                "LUM1_SMTP_URL : smtp://, starttls:// ou smtps:// est attendu, puis utilisateur:mot_de_passe@hôte:port."
            )
        return cls(
            to=to,
            sender=sender,
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or PORTS[parts.scheme],
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    def send(self, subject: str, body: str) -> None:
        """Hand one message to the server, or CannotMail."""
        try:
            with self._connected() as server:
                if self.user:
                    server.login(self.user, self.password or "")
                server.send_message(self._message(subject, body))
        except (smtplib.SMTPException, OSError, UnicodeError) as error:  # smtplib wants passwords in ASCII
            raise CannotMail(
                f"Le serveur de courriel {self.host}:{self.port} n’a pas pris le message : {error}"
            ) from error

    def _connected(self) -> smtplib.SMTP:
        trusted = ssl.create_default_context()
        if self.scheme == "smtps":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE_S, context=trusted)
        server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE_S)
        if self.scheme == "starttls":
            try:
                server.starttls(context=trusted)
            except BaseException:
                server.close()
                raise
        return server

    def _message(self, subject: str, body: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, self.to, subject
        message["Date"], message["Message-ID"] = formatdate(localtime=True), make_msgid(domain=self._domain())
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no « out of office » in return
        message.set_content(body)
        return message

    def _domain(self) -> str:
        return self.sender.rpartition("@")[2].strip("> ") or "localhost"
