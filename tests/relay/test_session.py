"""Dialogues over real sockets: a client, the relay, and a scripted upstream."""

import asyncio
import smtplib
from collections.abc import Callable
from typing import Any

import pytest

from events.model import Verdict
from tests.relay.harness import (
    MESSAGE,
    STRANGERS,
    Client,
    Clock,
    RunningRelay,
    smtp_upstream,
    until,
    without_received,
)
from tests.relay.scene import run
from tests.smtp_upstream import DROP, RESET, SILENCE, ScriptedUpstream


def test_a_message_arrives_and_the_reply_is_the_upstreams_with_our_id() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("end", "250 2.6.0 queued as 4711")
        client = await relay.ready()
        reply = await client.deliver()
        message = relay.messages[0]
        assert reply == f"250 2.6.0 queued as 4711 waypost={message.id}"
        seen = upstream.transactions[0]
        assert without_received(seen.content) == MESSAGE
        assert seen.content is not None
        assert f"id {message.id}".encode() in seen.content
        assert (seen.mail, seen.recipients) == ("<app@shop.example>", ["<b@there.example>"])
        assert (message.sender, message.message_id) == ("app@shop.example", "<1@shop.example>")
        assert [recipient.address for recipient in message.recipients] == ["b@there.example"]
        assert relay.outcomes[0].verdict is Verdict.RELAYED
        assert relay.outcomes[0].reply == "250 2.6.0 queued as 4711"
        assert await client.say("QUIT") == "221 2.0.0 Bye"
        assert await client.at_end()

    run(play)


def test_two_messages_use_one_connection_on_both_sides() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.deliver()).startswith("250")
        assert (await client.deliver(MESSAGE + b"second\r\n")).startswith("250")
        assert [seen.connection for seen in upstream.taken] == [1, 1]
        assert without_received(upstream.taken[1].content).endswith(b"second\r\n")

    run(play)


@pytest.mark.parametrize(
    ("said", "passed_on"),
    [
        ("450 4.2.1 try later", "450 4.2.1 try later"),
        ("550 5.7.1 not you", "550 5.7.1 not you"),
        ("550 not you", "550 not you"),
        ("250-2.1.0 first\r\n250 2.1.0 second", "250 2.1.0 first second"),
        ("550-5.7.1 first\r\n550-5.7.1 second\r\n550 5.7.1 third", "550 5.7.1 first second third"),
        ("550 5.7.1 nein – так", "550 5.7.1 nein ? ?"),
        (b"550 5.7.1 caf\xe9\r\n", "550 5.7.1 caf?"),
        ("421 4.3.2 leaving", "451 4.3.2 leaving"),
        ("999 what", "451 4.4.2"),
        ("hello", "451 4.4.2"),
        (b"\x00\x01\x02\r\n", "451 4.4.2"),
        ("354 too early", "451 4.4.2"),
        ("100 nothing", "451 4.4.2"),
        (DROP, "451 4.4.2"),
        (RESET, "451 4.4.2"),
    ],
)
@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "end"])
def test_what_the_upstream_says_is_what_the_client_hears(phase: str, said: Any, passed_on: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer(phase, said)
        client = await relay.ready()
        if phase == "end":
            heard = await client.deliver()
        else:
            heard = (await client.envelope("b@there.example"))[("MAIL", "RCPT").index(phase)]
        assert heard.startswith(passed_on)
        await client.say("RSET")
        assert (await client.deliver()).startswith("250")

    run(play)


@pytest.mark.parametrize(
    ("said", "passed_on"),
    [("451 4.3.0 later", "451 4.3.0"), ("554 5.0.0 no", "554 5.0.0"), ("250 odd", "451"), (DROP, "451")],
)
def test_the_upstreams_answer_to_data_comes_behind_the_final_dot(said: Any, passed_on: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("DATA", said)
        if passed_on == "451":  # lost before the message was out: the envelope is said again
            upstream.answer("DATA", said)
        client = await relay.ready()
        assert (await client.deliver()).startswith(passed_on)
        assert relay.outcomes[0].verdict is Verdict.REFUSED
        assert (await client.deliver()).startswith("250")

    run(play)


@pytest.mark.parametrize("phase", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "end"])
def test_a_silent_upstream_is_451(phase: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer(phase, *[SILENCE] * 3)
        client = await relay.ready()
        replies = await client.envelope("b@there.example")
        heard = await client.data(MESSAGE) if replies[-1].startswith("250") else replies[-1]
        assert heard.startswith("451 4.4.")
        assert relay.counted("messages_total", verdict="unknown") == (1 if phase == "end" else 0)

    run(play, server={"connect_timeout": 0.1, "reply_timeout": 0.1, "final_timeout": 0.1})


def test_an_upstream_that_is_away_is_451_and_comes_back() -> None:
    async def scene() -> None:
        upstream = ScriptedUpstream()
        async with upstream:
            pass
        clock = Clock()
        async with RunningRelay(smtp_upstream(upstream.port, monotonic=clock)) as relay:
            client = await relay.ready()
            assert (
                await client.envelope("b@there.example")
                == [
                    "451 4.4.1 The next server cannot be reached, try again later",
                ]
                * 2
            )
            assert (await client.say("DATA")).startswith("451 4.4.1")
            clock.now += 10
            async with upstream:
                assert (await client.deliver()).startswith("250")

    asyncio.run(scene())


@pytest.mark.parametrize("greeting", ["554 5.7.1 go away", "421 4.3.2 busy", "hello"])
def test_an_upstream_that_does_not_want_us_never_bounces_mail(greeting: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("connect", *[greeting] * 3)
        client = await relay.ready()
        assert (await client.envelope())[0].startswith("451 4.4.1")

    run(play)


def test_each_recipient_has_its_own_answer_and_only_the_accepted_get_it() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("RCPT", "250 2.1.5 ok", "550 5.1.1 unknown", "450 4.2.1 full", "251 2.1.5 forwarded")
        client = await relay.ready()
        _, *replies = await client.envelope("a@x.example", "b@x.example", "c@x.example", "d@x.example")
        assert replies == ["250 2.1.5 ok", "550 5.1.1 unknown", "450 4.2.1 full", "251 2.1.5 forwarded"]
        assert (await client.data(MESSAGE)).startswith("250")
        message = relay.messages[0]
        assert [recipient.address for recipient in message.recipients] == ["a@x.example", "d@x.example"]
        assert {recipient.reference for recipient in message.recipients} == {None}
        content = upstream.transactions[0].content
        assert content is not None
        assert b"for <" not in content.partition(b"From:")[0]

    run(play)


def test_one_accepted_recipient_has_a_reference_and_is_named_in_received() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.deliver()
        assert relay.messages[0].recipients[0].reference is not None
        content = upstream.transactions[0].content
        assert content is not None
        assert b"for <b@there.example>;" in content

    run(play)


@pytest.mark.parametrize(
    ("answers", "code"),
    [(["550 5.1.1 no"] * 2, "554 5.5.1"), (["550 5.1.1 no", "450 4.2.1 later"], "451 4.5.1")],
)
def test_data_behind_refused_recipients(answers: list[str], code: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("RCPT", *answers)
        client = await relay.ready()
        await client.envelope("a@x.example", "b@x.example")
        assert (await client.say("DATA")).startswith(code)

    run(play)


def test_an_upstream_lost_behind_an_accepted_recipient_never_bounces() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("RCPT", "250 2.1.5 ok", "421 4.3.2 leaving")
        client = await relay.ready()
        replies = await client.envelope("a@x.example", "b@x.example", "c@x.example")
        assert [reply[:3] for reply in replies] == ["250", "250", "451", "451"]
        assert (await client.say("DATA")).startswith("451")
        assert (await client.say("DATA")).startswith("451")
        assert (await client.deliver()).startswith("250")  # a new MAIL begins anew, without RSET

    run(play)


def test_pipelining_in_one_packet_and_the_next_transaction_behind_the_dot() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        client.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<e@f.example>\r\nDATA\r\n")
        assert [(await client.reply())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        client.send(MESSAGE + b".\r\nMAIL FROM:<g@h.example>\r\nRCPT TO:<i@j.example>\r\nDATA\r\n")
        assert [(await client.reply())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        client.send(MESSAGE + b".\r\nQUIT\r\n")
        assert [(await client.reply())[:3] for _ in range(2)] == ["250", "221"]
        assert [seen.recipients for seen in upstream.taken] == [
            ["<c@d.example>", "<e@f.example>"],
            ["<i@j.example>"],
        ]

    run(play)


def test_a_client_that_says_all_and_half_closes_is_answered() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.envelope("b@there.example")
        await client.say("DATA")
        client.send(MESSAGE + b".\r\nQUIT\r\n")
        client.send_eof()
        assert [(await client.reply())[:3] for _ in range(2)] == ["250", "221"]

    run(play)


@pytest.mark.parametrize("leave", [Client.close, Client.reset])
def test_a_client_gone_after_the_dot_is_delivered_once_and_the_pool_is_in_step(
    leave: Callable[[Client], None],
) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        go_on = upstream.hold_end()
        client = await relay.ready()
        await client.envelope("b@there.example")
        await client.say("DATA")
        client.send(MESSAGE + b".\r\n")
        await upstream.paused_before_end.wait()
        leave(client)
        if leave is Client.reset:
            await until(lambda: not relay.relay.connected)
        go_on.set()
        other = await relay.ready()
        upstream.answer("end", "250 2.0.0 first")
        assert "2.0.0" in await other.deliver()
        assert [outcome.verdict for outcome in relay.outcomes] == [Verdict.RELAYED] * 2
        assert len(upstream.taken) == 2

    run(play)


@pytest.mark.parametrize("said", [b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n", b"half a message"])
def test_a_client_gone_before_the_dot_delivers_nothing(said: bytes) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        if said.startswith(b"half"):
            await client.envelope("b@there.example")
            await client.say("DATA")
        client.send(said)
        client.close()
        other = await relay.ready()
        assert (await other.deliver()).startswith("250")
        assert len(upstream.taken) == len(relay.outcomes) == 1

    run(play)


def test_rset_takes_back_the_transaction_on_the_same_upstream_connection() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.envelope("b@there.example")
        assert await client.say("RSET") == "250 2.0.0 Ok"
        assert (await client.say("DATA")).startswith("503")
        assert (await client.deliver()).startswith("250")
        assert (upstream.connections, len(upstream.taken)) == (1, 1)

    run(play)


def test_quit_and_ehlo_take_it_back_too() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.envelope("b@there.example")
        await client.say("EHLO again.test")
        assert (await client.say("RCPT TO:<x@y.example>")).startswith("503")
        await client.envelope("b@there.example")
        await client.say("QUIT")
        other = await relay.ready()
        await other.deliver()
        assert upstream.connections == 1

    run(play)


@pytest.mark.parametrize(
    "fake",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\n.\r",
        b"\r\r\n.\r\r\n",
        b"\r\n.\x0b\r\n",
    ],
)
def test_a_fake_end_of_data_gives_one_message_without_lone_line_endings(fake: bytes) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.envelope("b@there.example")
        await client.say("DATA")
        smuggled = (
            b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<v@x.example>\r\nDATA\r\nSubject: evil\r\n\r\nx\r\n"
        )
        assert (await client.say(MESSAGE + b"x" + fake + smuggled + b".\r\n")).startswith("250")
        assert await client.say("NOOP") == "250 2.0.0 Ok"
        assert len(upstream.transactions) == 1
        raw = upstream.transactions[0].raw
        assert raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n")

    run(play)


def test_14_dots_at_line_starts_arrive_as_they_were() -> None:
    message = MESSAGE + b".\r\n..\r\n.x\r\nx.\r\n\r\n.\r\n"

    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.deliver(message)
        assert without_received(upstream.transactions[0].content) == message

    run(play)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x" * 3000 + b"\r\n",
        "Grüße\r\n".encode(),
        bytes(byte for byte in range(1, 256) if byte not in b"\r\n") + b"\r\n",
        b"line\r\n" * 50_000,
    ],
    ids=["empty", "long line", "utf-8", "every byte", "300 KB"],
)
def test_every_byte_stays(body: bytes) -> None:
    message = MESSAGE + body

    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.deliver(message)).startswith("250")
        assert without_received(upstream.transactions[0].content) == message

    run(play)


def test_14_a_message_without_a_single_octet_is_no_fault() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.deliver(b"")).startswith("250")
        assert without_received(upstream.transactions[0].content) == b""
        assert relay.counted("faults_total", of="tracking") == 0

    run(play)


def test_lone_line_endings_are_normalised() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.deliver(b"Subject: x\n\na\rb\r\n")
        assert without_received(upstream.transactions[0].content) == b"Subject: x\r\n\r\na\r\nb\r\n"

    run(play)


def test_parameters_reach_the_upstream_exactly() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (
            await client.say("MAIL FROM:<a@b.example> RET=HDRS ENVID=Qq+2B BODY=8BITMIME SIZE=1000")
        ).startswith("250")
        assert (
            await client.say("RCPT TO:<c@d.example> NOTIFY=success,Failure ORCPT=rfc822;C+2Bc@D.example")
        ).startswith("250")
        assert (await client.say("RCPT TO:<e@f.example> NOTIFY=NEVER")).startswith("250")
        seen = upstream.transactions[0]
        assert seen.mail == "<a@b.example> RET=HDRS ENVID=Qq+2B BODY=8BITMIME SIZE=1250"
        assert seen.recipients == [
            "<c@d.example> NOTIFY=success,Failure ORCPT=rfc822;C+2Bc@D.example",
            "<e@f.example> NOTIFY=NEVER",
        ]

    run(play)


@pytest.mark.parametrize(
    "mailbox",
    [
        "=?utf-8?q?a=40evil.example?=@ok.example",
        "=?utf-8?q?=0d=0a?=@ok.example",
        '"a b\\"@c"@d.example',
        "a..b@c",
    ],
)
def test_addresses_reach_the_upstream_exactly(mailbox: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.envelope(mailbox, sender=mailbox)
        seen = upstream.transactions[0]
        assert (seen.mail, seen.recipients) == (f"<{mailbox}>", [f"<{mailbox}>"])
        assert len(upstream.commands) == 3

    run(play)


def test_a_source_route_is_dropped_and_an_injection_refused() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.envelope()
        assert (await client.say("RCPT TO:<@a.example,@b.example:c@d.example>")).startswith("250")
        for line in (b"RCPT TO:<a@b\rRCPT TO:<x@y>>\r\n", b"RCPT TO:<a@b> <c@d>\r\n", b"RCPT TO:<a@b@c>\r\n"):
            assert (await client.say(line))[:3] in ("501", "553")
        assert upstream.transactions[0].recipients == ["<c@d.example>"]

    run(play)


def test_the_null_sender() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.envelope("b@there.example", sender="")
        assert (await client.data(MESSAGE)).startswith("250")
        assert upstream.transactions[0].mail == "<>"
        assert relay.messages[0].sender == ""

    run(play)


def test_smtputf8() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.say("MAIL FROM:<é@b.example>")).startswith("553 5.6.7")
        assert (await client.say("MAIL FROM:<é@b.example> SMTPUTF8")).startswith("250")
        assert (await client.say("RCPT TO:<ü@пример.example>")).startswith("250")
        assert (await client.data("Subject: ü\r\n\r\nü\r\n".encode())).startswith("250")
        seen = upstream.transactions[0]
        assert (seen.mail, seen.recipients) == ("<é@b.example> SMTPUTF8", ["<ü@пример.example>"])
        assert seen.content is not None
        assert b"with UTF8SMTP" in seen.content
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("250")
        assert (await client.say("RCPT TO:<ü@b.example>")).startswith("553 5.6.7")

    run(play)


def test_smtputf8_where_the_upstream_lacks_it() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        assert "SMTPUTF8" not in await client.say("EHLO x")
        assert (await client.say("MAIL FROM:<é@b.example> SMTPUTF8")).startswith("550 5.6.7")

    run(play, extensions=("8BITMIME",))


def test_8_bit_where_the_upstream_lacks_it() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.deliver("Subject: x\r\n\r\nü\r\n".encode())).startswith("554 5.6.3")
        assert (await client.deliver()).startswith("250")
        assert upstream.connections == 1

    run(play, extensions=("SIZE",))


def test_ehlo_is_what_both_can_do() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        assert client.greeting == "220 relay.test ESMTP Waypost"
        assert (await client.say("EHLO x")).split("\n") == [
            "250-relay.test",
            "250-SIZE 75000",
            "250-PIPELINING",
            "250-8BITMIME",
            "250 DSN",
        ]

    run(play, extensions=("SIZE 100000", "8BITMIME", "DSN", "CHUNKING", "X-OWN"))


def test_helo_has_no_extensions() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        assert await client.say("HELO old.test") == "250 relay.test"
        assert (await client.say("MAIL FROM:<a@b.example> SIZE=1")).startswith("555")
        assert (await client.deliver()).startswith("250")
        content = upstream.transactions[0].content
        assert content is not None
        assert b"with SMTP id" in content

    run(play)


def test_size() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.say("MAIL FROM:<a@b.example> SIZE=1001")).startswith("552 5.3.4")
        assert (await client.deliver(b"x" * 1000 + b"\r\n")).startswith("552 5.3.4")
        assert (await client.deliver(b"x" * 900 + b"\r\n")).startswith("250")
        assert len(upstream.taken) == 1

    run(play, max_message_size=1000)


def test_relays_only_for_listed_networks() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("550 5.7.1")
        assert (await client.say("RCPT TO:<c@d.example>")).startswith("503")
        assert (await client.say("DATA")).startswith("503")
        assert upstream.transactions == []

    run(play, networks=STRANGERS)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("MAIL FROM:<a@b>", "503"),
        ("RCPT TO:<a@b>", "503"),
        ("DATA", "503"),
        ("EHLO", "501"),
        ("HELO ", "501"),
        ("RSET", "250"),
        ("RSET now", "501"),
        ("NOOP whatever", "250"),
        ("VRFY someone", "252"),
        ("HELP", "214"),
        ("EXPN list", "500"),
        ("AUTH PLAIN AGEAYg==", "503"),
        ("STARTTLS", "502"),
        ("", "500"),
        ("mail", "503"),
        (b"\xff\xfe\r\n", "500"),
        (b"NOOP \xff\r\n", "500"),
        (b"NOOP " + b"x" * 5000 + b"\r\n", "500"),
        ("noop", "250"),
        (b"NOOP\n", "250"),
        ("QUIT now", "501"),
    ],
)
def test_commands_at_the_beginning(line: str | bytes, code: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        assert (await client.say(line))[:3] == code
        assert await client.say("QUIT") == "221 2.0.0 Bye"

    run(play)


def test_a_transaction_cannot_be_nested() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.envelope()
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("503")
        assert (await client.say("DATA now")).startswith("501")
        assert (await client.say("DATA")).startswith("503")

    run(play)


def test_smtplib_is_content() -> None:
    def client(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as connection:
            refused = connection.sendmail(
                "a@b.example", ["c@d.example", "e@f.example"], MESSAGE, ["BODY=8BITMIME"], ["NOTIFY=NEVER"]
            )
            assert list(refused) == ["e@f.example"]

    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("RCPT", "250 2.1.5 ok", "550 5.1.1 unknown")
        await asyncio.to_thread(client, relay.port)
        assert upstream.taken[0].accepted == ["<c@d.example> NOTIFY=NEVER"]

    run(play)
