"""A test message through the running relay, as an application would send it."""

import re
import smtplib
from dataclasses import dataclass
from email.utils import formatdate, make_msgid
from pathlib import Path

from service.errors import OperatorError
from service.settings import Settings
from service.settings_checks import parse_listen

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
    """Send the test message to the first address that the relay listens on. Raises NotSent."""
    host, port = parse_listen(settings.relay.listen[0])
    text = MESSAGE.format(
        sender=sender, recipient=recipient, date=formatdate(), message_id=make_msgid(domain="waypost.test")
    )
    try:
        with smtplib.SMTP(host, port, timeout=PATIENCE_SECONDS) as client:
            reply = _deliver(client, sender, recipient, text)
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"the relay answered {error.smtp_code} {_text(error.smtp_error)}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"no relay at {host}:{port} ({error}); is `waypost serve` running?") from None
    return _found(settings, reply)


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
