"""Postfix as the upstream: its replies are ours, and its ways of ending a connection cost no mail."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.postfix import Postfix, require_postfix
from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, UpstreamInThread
from tests.smtp_upstream import ScriptedUpstream

RULES = (
    "smtpd_recipient_restrictions = check_recipient_access inline:{"
    " { nobody@there.test = 550 5.1.1 no such user } { busy@there.test = 450 4.2.1 mailbox busy }"
    " { twoline@there.test = 550 5.7.1 not here } }\n"
    "smtpd_data_restrictions = reject_unauth_pipelining\n"
    "message_size_limit = 2000000\n"
)
# With all the headers that Postfix would add.
MESSAGE = (
    "From: news@sender.test\r\nSubject: Größe\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
    "Message-ID: <peer@sender.test>\r\n\r\nGröße 42\r\n"
).encode()


@dataclass(frozen=True)
class Chain:
    """A client → Waypost → Postfix → a sink."""

    smtp_port: int
    postfix: Postfix
    sink: ScriptedUpstream

    @contextmanager
    def client(self) -> Iterator[smtplib.SMTP]:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=30) as client:
            client.ehlo()
            yield client

    def send(self, recipient: str) -> None:
        """Send a message; fail where it is not taken."""
        with self.client() as client:
            client.sendmail("news@sender.test", recipient, MESSAGE, ["BODY=8BITMIME"])

    def arrived(self, recipient: str) -> list[bytes]:
        """Return the messages to the recipient that are at the sink."""
        return [
            seen.content or b"" for seen in self.sink.taken if any(recipient in to for to in seen.accepted)
        ]

    def expect(self, recipient: str) -> bytes:
        """Wait for the one message to the recipient."""
        self.postfix.wait_for(lambda: self.arrived(recipient), "it did not arrive")
        [content] = self.arrived(recipient)
        return content


@contextmanager
def chain_of(folder: Path, main: str = RULES) -> Iterator[Chain]:
    require_postfix()
    with UpstreamInThread(ScriptedUpstream()) as sink:
        main += f"relayhost = [127.0.0.1]:{sink.port}\n"
        with Postfix(main) as postfix:
            installation = RelayInstallation(folder, postfix.port)
            with RunningWaypost(folder):
                yield Chain(installation.smtp_port, postfix, sink)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain_of(tmp_path_factory.mktemp("waypost")) as chain:
        yield chain


def test_a_message_arrives_as_it_was(chain: Chain) -> None:
    chain.send("plain@there.test")
    assert chain.expect("plain@there.test").endswith(MESSAGE)


def test_internationalised_addresses_and_notifications_arrive(chain: Chain) -> None:
    with chain.client() as client:
        assert {"8bitmime", "smtputf8", "dsn"} <= set(client.esmtp_features)
        client.sendmail(
            "grüße@sender.test",
            "jürgen@there.test",
            MESSAGE,
            ["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS", "ENVID=QQ1"],
            ["NOTIFY=FAILURE"],
        )
    chain.expect("jürgen@there.test")
    [seen] = [seen for seen in chain.sink.taken if "jürgen" in seen.recipients[0]]
    assert {"SMTPUTF8", "RET=HDRS", "ENVID=QQ1"} <= set(seen.mail.split(" "))
    assert "NOTIFY=FAILURE" in seen.recipients[0]


def test_09_auth_of_nobody_is_taken_and_not_passed_on(chain: Chain) -> None:
    """RFC 4954 section 5: a client may add AUTH=<> where a server knows AUTH; Postfix without it refuses."""
    with chain.client() as client:
        assert client.docmd("MAIL FROM:<news@sender.test> AUTH=<>")[0] == 250
        assert client.docmd("RCPT TO:<auth@there.test>")[0] == 250
        assert client.data(MESSAGE)[0] == 250
    chain.expect("auth@there.test")


@pytest.mark.parametrize(
    ("recipient", "code", "text"),
    [
        ("nobody@there.test", 550, b"5.1.1 <nobody@there.test>: Recipient address rejected: no such user"),
        ("busy@there.test", 450, b"4.2.1 <busy@there.test>: Recipient address rejected: mailbox busy"),
    ],
)
def test_its_refusals_are_passed_back(chain: Chain, recipient: str, code: int, text: bytes) -> None:
    with chain.client() as client:
        client.mail("news@sender.test")
        assert client.rcpt(recipient) == (code, text)


def test_only_the_accepted_recipients_get_it(chain: Chain) -> None:
    with chain.client() as client:
        refused = client.sendmail(
            "news@sender.test",
            ["good@there.test", "nobody@there.test", "busy@there.test"],
            MESSAGE,
            ["BODY=8BITMIME"],
        )
    assert {recipient: code for recipient, (code, _) in refused.items()} == {
        "nobody@there.test": 550,
        "busy@there.test": 450,
    }
    chain.expect("good@there.test")
    assert not chain.arrived("nobody@there.test")


def test_its_size_limit_less_room_for_links_is_offered(chain: Chain) -> None:
    with chain.client() as client:
        offered = int(client.esmtp_features["size"])
        assert 1_700_000 < offered < 2_000_000
        largest = MESSAGE + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * ((offered - 200) // 72)
        client.sendmail("news@sender.test", "large@there.test", largest, ["BODY=8BITMIME"])
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail("news@sender.test", "larger@there.test", largest + b"z" * 400)
    assert refused.value.smtp_code == 552
    assert chain.expect("large@there.test").endswith(largest)


def test_a_pooled_connection_that_it_closed_costs_nothing(tmp_path: Path) -> None:
    with chain_of(tmp_path, "smtpd_timeout = 1s\n") as chain:
        chain.send("first@there.test")
        chain.postfix.wait_for(lambda: "timeout after" in chain.postfix.log, "it closed no connection")
        chain.send("second@there.test")
        chain.expect("first@there.test")
        chain.expect("second@there.test")


@pytest.mark.long
def test_a_restart_behind_a_pooled_connection_costs_nothing(tmp_path: Path) -> None:
    with chain_of(tmp_path) as chain:
        chain.send("first@there.test")
        chain.postfix.stop()
        chain.postfix.start()
        chain.send("second@there.test")
        chain.expect("first@there.test")
        chain.expect("second@there.test")


@pytest.mark.long
def test_its_421_to_one_connection_too_many_is_a_451(tmp_path: Path) -> None:
    limit = "smtpd_client_connection_count_limit = 1\nsmtpd_client_event_limit_exceptions =\n"
    with chain_of(tmp_path, limit) as chain, chain.client() as first, chain.client() as second:
        assert first.mail("news@sender.test")[0] == 250
        assert first.rcpt("first@there.test")[0] == 250  # the connection is in use now, at the latest
        code, text = second.mail("news@sender.test")
        assert (code, text[:5]) == (451, b"4.4.1")
        assert first.data(MESSAGE)[0] == 250
        assert second.mail("news@sender.test")[0] == 250  # first's connection is free
        second.rset()
        assert "concurrency limit exceeded" in chain.postfix.log
