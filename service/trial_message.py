"""A test message through the running relay, as an application would send it."""

import re
import smtplib
import ssl
from dataclasses import dataclass
from email.utils import formatdate, make_msgid
from pathlib import Path

from relay.listener import Listener, Protocol, Tls
from service.errors import OperatorError
from service.settings import Settings
from service.settings_checks import listeners

PATIENCE_SECONDS = 60
MESSAGE = """\
From: Waypost test <{sender}>
To: {recipient}
Subject: Waypost test message
Date: {date}
Message-ID: {message_id}
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 7bit

<!DOCTYPE html>
<html><body>
<p>This message went through Waypost.</p>
<p><a href="https://example.com/?from=waypost-test">A link</a></p>
</body></html>
"""
WAYPOST_ID = re.compile(r"waypost=([0-9a-f]+)")
TRACKED_LINK = re.compile(rb'href="(https?://[^"]+/c/[^"]+)"')


class NotSent(OperatorError):
    """The relay did not take the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The relay's last reply; where the upstream is a folder also the file, and the tracked link in it."""

    reply: str
    file: Path | None = None
    link: str | None = None


def send_trial(settings: Settings, sender: str, recipient: str) -> Trial:
    """Send the test message to the first address where the relay speaks SMTP. Raises NotSent."""
    listener = _first_smtp(settings)
    text = MESSAGE.format(
        sender=sender, recipient=recipient, date=formatdate(), message_id=make_msgid(domain="waypost.test")
    )
    try:
        with _connected(listener) as client:
            reply = _deliver(client, sender, recipient, text)
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"the relay answered {error.smtp_code} {_text(error.smtp_error)}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"no relay at {listener} ({error}); is `waypost serve` running?") from None
    return _found(settings, reply)


def _first_smtp(settings: Settings) -> Listener:
    for listener in listeners(settings.relay):
        if listener.protocol is Protocol.SMTP:
            return listener
    raise NotSent("the relay listens for no SMTP: relay.listen has none")


def _connected(listener: Listener) -> smtplib.SMTP:
    """Connect, with TLS where it is needed, unchecked: the certificate names another host than this."""
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    if listener.tls is Tls.IMPLICIT:
        return smtplib.SMTP_SSL(listener.host, listener.port, timeout=PATIENCE_SECONDS, context=tls)
    client = smtplib.SMTP(listener.host, listener.port, timeout=PATIENCE_SECONDS)
    if listener.tls is Tls.REQUIRED:
        client.starttls(context=tls)
    return client


def _deliver(client: smtplib.SMTP, sender: str, recipient: str, text: str) -> str:
    client.ehlo_or_helo_if_needed()
    for code, answer in (client.mail(sender), client.rcpt(recipient)):
        if code >= 400:
            raise smtplib.SMTPResponseException(code, answer)
    code, answer = client.data(text.replace("\n", "\r\n"))
    if code >= 400:
        raise smtplib.SMTPResponseException(code, answer)
    return f"{code} {_text(answer)}"


def _text(answer: bytes | str) -> str:
    return answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer


def _found(settings: Settings, reply: str) -> Trial:
    identity = WAYPOST_ID.search(reply)
    if identity is None or not settings.upstream.url.startswith("dir:"):
        return Trial(reply=reply)
    folder = Path(settings.upstream.url.removeprefix("dir:"))
    for path in folder.glob(f"*{identity[1]}*.eml"):
        link = TRACKED_LINK.search(path.read_bytes())
        return Trial(reply=reply, file=path, link=link[1].decode("ascii") if link else None)
    return Trial(reply=reply)
