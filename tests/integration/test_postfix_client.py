"""Postfix as the client, with the settings of docs/postfix.md: what it sends arrives, and it bounces nothing
that it should keep.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from tests.postfix import Postfix, documented, require_postfix
from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, UpstreamInThread
from tests.smtp_upstream import DROP, SILENCE, Answer, ScriptedUpstream, SeenTransaction

PAGE = b'<p><a href="https://shop.example/offer?a=1&amp;b=2">Gr\xc3\xb6\xc3\x9fe 42</a></p>\r\n'
TRACE = re.compile(rb"(?:Received: .*\r\n(?:[ \t].*\r\n)*){2}")  # Waypost's and Postfix'
numbers = count(1)


def message(body: bytes = b"Hello\r\n", kind: str = "text/plain; charset=utf-8") -> bytes:
    """Return a message to which Postfix adds nothing but its trace."""
    return (
        b"From: News <news@sender.test>\r\nTo: reader@there.test\r\nSubject: Offer\r\n"
        b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <peer@sender.test>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: " + kind.encode() + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body
    )


@dataclass(frozen=True)
class Chain:
    """Postfix → Waypost → a scripted upstream."""

    postfix: Postfix
    upstream: ScriptedUpstream
    base: str

    def arrived(self, recipient: str) -> SeenTransaction:
        """Wait for a message to the recipient, and return its transaction at the upstream."""

        def found() -> list[SeenTransaction]:
            return [seen for seen in self.upstream.taken if f"<{recipient}>" in seen.recipients[-1]]

        self.postfix.wait_for(found, f"nothing arrived for {recipient}")
        return found()[0]

    def content(self, recipient: str) -> bytes:
        """Wait for it, and return what arrived, without the trace."""
        content = self.arrived(recipient).content
        assert content is not None
        trace = TRACE.match(content)
        assert trace is not None, content
        return content[trace.end() :]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    require_postfix()
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        folder = tmp_path_factory.mktemp("waypost")
        installation = RelayInstallation(
            folder, upstream.port, upstream="final_reply_seconds = 1", relay="max_recipients = 5"
        )
        main, master = documented("All mail", installation.smtp_port)
        main += "smtp_line_length_limit = 0\n"  # the default of 998 is tried below
        with RunningWaypost(folder), Postfix(main, master) as postfix:
            yield Chain(postfix, upstream, installation.base)


@pytest.fixture
def reader() -> str:
    """A recipient that no other test has."""
    return f"reader{next(numbers)}@there.test"


def test_09_eight_bit_arrives_byte_for_byte(chain: Chain, reader: str) -> None:
    sent = message("Größe 42 — ab morgen\r\n".encode())
    chain.postfix.send(sent, "news@sender.test", reader, mail_options=("BODY=8BITMIME",))
    assert chain.content(reader) == sent
    assert "BODY=8BITMIME" in chain.arrived(reader).mail


def test_09_links_are_rewritten_and_nothing_else(chain: Chain, reader: str) -> None:
    sent = message(PAGE, "text/html; charset=utf-8")
    chain.postfix.send(sent, "news@sender.test", reader, mail_options=("BODY=8BITMIME",))
    base = re.escape(chain.base.encode())
    received = re.sub(rb'(?:\r\n)?<img src="%s/o/[^>]*>(?:\r\n)?' % base, b"", chain.content(reader))
    undone, links = re.subn(
        rb'"%s/c/[A-Za-z0-9_-]+"' % base, b'"https://shop.example/offer?a=1&amp;b=2"', received
    )
    assert links == 1
    assert undone.rstrip() == sent.rstrip()


def test_09_the_null_sender(chain: Chain, reader: str) -> None:
    sent = message(b"Your message was not delivered\r\n")
    chain.postfix.send(sent, "<>", reader)
    assert chain.content(reader) == sent
    assert chain.arrived(reader).mail.startswith("<>")


def test_09_internationalised_addresses(chain: Chain) -> None:
    recipient = "jürgen@dömäin.test"
    sent = message().replace(b"Offer", "Größe".encode())
    chain.postfix.send(sent, "grüße@sender.test", recipient, mail_options=("SMTPUTF8", "BODY=8BITMIME"))
    assert chain.content(recipient) == sent
    arrived = chain.arrived(recipient)
    assert arrived.mail.startswith("<grüße@sender.test>")
    assert "SMTPUTF8" in arrived.mail


def test_09_delivery_status_notifications(chain: Chain, reader: str) -> None:
    chain.postfix.send(
        message(),
        "news@sender.test",
        reader,
        mail_options=("RET=HDRS", "ENVID=QQ314159"),
        rcpt_options=("NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;first@there.test"),
    )
    arrived = chain.arrived(reader)
    assert {"RET=HDRS", "ENVID=QQ314159"} <= set(arrived.mail.split(" "))
    parameters = set(arrived.recipients[0].split(" ")[1:])
    assert parameters == {"NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;first@there.test"}


def test_09_lines_of_3000_characters(chain: Chain, reader: str) -> None:
    sent = message(b"x" * 3000 + b"\r\n." + b"y" * 3000 + b"\r\n")
    chain.postfix.send(sent, "news@sender.test", reader)
    assert chain.content(reader) == sent


def test_a_recipient_of_one_message_gets_a_copy_of_its_own(chain: Chain) -> None:
    recipients = [f"many{number}@there.test" for number in range(12)]
    sent = message(PAGE, "text/html; charset=utf-8")
    chain.postfix.send(sent, "news@sender.test", *recipients)
    bodies = {chain.content(recipient) for recipient in recipients}
    assert len(bodies) == len(recipients)
    assert all(len(chain.arrived(recipient).recipients) == 1 for recipient in recipients)


@pytest.mark.parametrize(
    ("phase", "answer", "status"),
    [
        ("MAIL", "550 5.7.1 not you", "bounced"),
        ("MAIL", "450 4.7.1 not now", "deferred"),
        ("MAIL", "421 4.3.2 going down", "deferred"),
        ("RCPT", "550 5.1.1 nobody here", "bounced"),
        ("RCPT", "450 4.2.1 busy", "deferred"),
        ("RCPT", "421 4.3.2 going down", "deferred"),
        ("RCPT", DROP, "deferred"),
        ("RCPT", b"garbage\r\n", "deferred"),
        ("DATA", "554 5.7.1 no", "bounced"),
        ("DATA", "451 4.3.0 later", "deferred"),
        ("DATA", "421 4.3.2 going down", "deferred"),
        ("end", "554 5.7.1 spam", "bounced"),
        ("end", "452 4.3.1 disk full", "deferred"),
        ("end", "421 4.3.2 going down", "deferred"),
        ("end", DROP, "deferred"),
        ("end", b"garbage\r\n", "deferred"),
        ("end", SILENCE, "deferred"),
    ],
)
def test_what_the_upstream_says_decides_between_bounce_and_retry(
    chain: Chain, reader: str, phase: str, answer: Answer, status: str
) -> None:
    # Twice: the relay says MAIL and RCPT again where a connection was lost before the message.
    chain.upstream.answer(phase, *[answer] * (2 if status == "deferred" and phase != "end" else 1))
    chain.postfix.send(message(), "news@sender.test", reader)
    said = chain.postfix.status(reader)
    chain.upstream.forget_answers()
    # What it tries again, or sends as a bounce, must not get the answers that the next test sets.
    chain.postfix.wait_for(lambda: not chain.postfix.queue(), "the queue did not empty")
    assert said.startswith(status), said
    if status == "deferred":
        assert chain.content(reader) == message()
    else:
        assert str(answer)[:9] in said  # the code and the enhanced code of the upstream
        assert not [seen for seen in chain.upstream.taken if f"<{reader}>" in seen.recipients]
