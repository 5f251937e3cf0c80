"""LMTP: a copy and a reply for each recipient."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from events.model import Verdict
from links.tokens import open_token
from relay.envelope import Recipient, Sender
from relay.listener import Listener, Protocol
from relay.lmtp import PARALLEL, PARALLEL_LARGE
from relay.message_budget import COST
from relay.replies import Reply
from relay.upstream.port import Capabilities, ConnectionLost, OutcomeUnknown, Unreachable
from tests.relay.harness import MESSAGE, RING, TRACKED_MESSAGE, Client, RunningRelay, until

LMTP = Listener(protocol=Protocol.LMTP)
OK = Reply(250, "2.0.0", "taken")
Answer = Reply | Exception


class EachItsOwn:
    """An upstream that answers by recipient: at RCPT, and to the message."""

    def __init__(
        self, *, at_rcpt: dict[str, Answer] | None = None, at_end: dict[str, Answer] | None = None
    ) -> None:
        self.at_rcpt = at_rcpt or {}
        self.at_end = at_end or {}
        self.open_error: Exception | None = None
        self.contents: dict[str, bytes] = {}
        self.senders: list[Sender] = []
        self.sending = self.most_sending = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def capabilities(self) -> Capabilities:
        return Capabilities(size=0, eight_bit=True, utf8=True, dsn=True)

    async def open(self, sender: Sender) -> "tuple[Reply, OneOfThem]":
        if self.open_error:
            raise self.open_error
        self.senders.append(sender)
        return OK, OneOfThem(self)

    async def close(self) -> None:
        pass


class OneOfThem:
    server = "fake"
    replayed = False
    eight_bit = True

    def __init__(self, upstream: EachItsOwn) -> None:
        self.upstream = upstream
        self.mailbox = ""

    async def recipient(self, recipient: Recipient) -> Reply:
        assert self.mailbox == "", "one recipient each"
        self.mailbox = recipient.mailbox
        return given(self.upstream.at_rcpt.get(self.mailbox, OK))

    async def message(self, content: bytes, *, name: str) -> Reply:
        upstream = self.upstream
        upstream.sending += 1
        upstream.most_sending = max(upstream.most_sending, upstream.sending)
        await upstream.gate.wait()
        upstream.sending -= 1
        reply = given(upstream.at_end.get(self.mailbox, OK))
        assert self.mailbox not in upstream.contents
        upstream.contents[self.mailbox] = content
        return reply

    async def abandon(self) -> None:
        pass

    def abort(self) -> None:
        pass


def given(answer: Answer) -> Reply:
    if isinstance(answer, Exception):
        raise answer
    return answer


def play(
    scene: Callable[[Client, RunningRelay], Awaitable[None]],
    upstream: EachItsOwn | None = None,
    **settings: Any,
) -> RunningRelay:
    async def run() -> RunningRelay:
        running = RunningRelay(upstream or EachItsOwn(), listener=LMTP, **settings)
        async with running as relay:
            client = await relay.connect()
            assert (await client.say("LHLO client.test")).startswith("250")
            await scene(client, relay)
        assert relay.relay.budget.used == 0
        return running

    return asyncio.run(run())


def names(count: int) -> list[str]:
    return [f"r{number}@there.example" for number in range(count)]


async def send(client: Client, recipients: list[str], message: bytes = MESSAGE) -> list[str]:
    """Say a transaction; return a reply for each recipient."""
    replies = await client.envelope(*recipients)
    assert all(reply.startswith("250") for reply in replies), replies
    first = await client.data(message)
    return [first, *[await client.reply() for _ in recipients[1:]]]


def test_it_is_greeted_by_lhlo_alone() -> None:
    async def run() -> None:
        async with RunningRelay(EachItsOwn(), listener=LMTP) as relay:
            client = await relay.connect()
            assert client.greeting == "220 relay.test LMTP Waypost"
            assert (await client.say("EHLO x")).startswith("500 5.5.1")
            assert (await client.say("HELO x")).startswith("500 5.5.1")
            assert (await client.say("MAIL FROM:<a@b.example>")).startswith("503")
            offered = await client.say("LHLO client.test")
            for extension in ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "DSN", "SIZE "):
                assert f"\n250-{extension}" in offered.replace("\n250 ", "\n250-")

    asyncio.run(run())


def test_smtp_knows_no_lhlo() -> None:
    async def run() -> None:
        async with RunningRelay(EachItsOwn()) as relay:
            client = await relay.connect()
            assert (await client.say("LHLO client.test")).startswith("500")

    asyncio.run(run())


def test_each_recipient_has_a_copy_of_its_own() -> None:
    upstream = EachItsOwn()

    async def scene(client: Client, relay: RunningRelay) -> None:
        replies = await send(client, names(3), TRACKED_MESSAGE)
        ids = [reply.rpartition("waypost=")[2] for reply in replies]
        assert ids == [
            message.id for message in sorted(relay.messages, key=lambda one: one.recipients[0].address)
        ]
        assert len(set(ids)) == 3

    relay = play(scene, upstream)
    assert sorted(upstream.contents) == names(3)
    references = set()
    for message in relay.messages:
        (recipient,) = message.recipients
        content = upstream.contents[recipient.address]
        assert b"\twith LMTP id " + message.id.encode() in content
        assert f"\tfor <{recipient.address}>;".encode() in content
        found = re.search(rb"/c/([\w/-]+)", content)
        assert found
        token = open_token(found[1].decode(), RING)
        assert (token.message, token.recipient) == (message.id, recipient.reference)
        references.add(token.recipient)
    assert len(references) == 3
    assert {outcome.message for outcome in relay.outcomes} == {message.id for message in relay.messages}


def test_each_reply_is_the_upstreams_own_in_the_order_of_the_recipients() -> None:
    recipients = names(6)
    upstream = EachItsOwn(
        at_rcpt={recipients[1]: Reply(550, "5.1.1", "unknown"), recipients[2]: ConnectionLost("gone")},
        at_end={
            recipients[0]: Reply(250, "", "taken"),
            recipients[3]: Reply(451, "4.7.1", "grey"),
            recipients[4]: OutcomeUnknown("silence"),
            recipients[5]: Reply(421, "4.3.2", "leaving"),
        },
    )

    async def scene(client: Client, relay: RunningRelay) -> None:
        replies = await send(client, recipients)
        starts = [
            "250 2.0.0 taken",
            "550 5.1.1 unknown",
            "451 4.4.2",
            "451 4.7.1 grey",
            "451 4.4.2",
            "451 4.3.2",
        ]
        for reply, start in zip(replies, starts, strict=True):
            assert reply.startswith(start)
            assert " waypost=" in reply
        assert await client.say("NOOP") == "250 2.0.0 Ok"
        assert relay.counted("replies_total", phase="message", code="2xx") == 1
        assert relay.counted("replies_total", phase="message", code="4xx") == 4
        assert relay.counted("replies_total", phase="message", code="5xx") == 1

    relay = play(scene, upstream)
    assert sorted(outcome.verdict for outcome in relay.outcomes) == sorted(
        [Verdict.RELAYED, Verdict.REFUSED, Verdict.UNKNOWN, Verdict.REFUSED]
    )


def test_an_upstream_that_cannot_be_reached_is_451_for_each() -> None:
    upstream = EachItsOwn()
    upstream.open_error = Unreachable("no route")

    async def scene(client: Client, relay: RunningRelay) -> None:
        for reply in await send(client, names(3)):
            assert reply.startswith("451 4.4.1")

    play(scene, upstream)


def test_a_fault_with_one_recipient_is_not_the_others() -> None:
    recipients = names(3)
    upstream = EachItsOwn(
        at_rcpt={recipients[0]: ValueError("secret")}, at_end={recipients[1]: ValueError("secret")}
    )

    async def scene(client: Client, relay: RunningRelay) -> None:
        replies = await send(client, recipients)
        assert [reply[:9] for reply in replies] == ["451 4.3.0", "451 4.3.0", "250 2.0.0"]
        assert relay.counted("faults_total", of="session") == 2

    play(scene, upstream)


def test_a_message_that_is_refused_as_a_whole_is_answered_for_each() -> None:
    async def scene(client: Client, relay: RunningRelay) -> None:
        for reply in await send(client, names(3), MESSAGE + b"x" * 5_000 + b"\r\n"):
            assert reply.startswith("552 5.3.4")
        assert relay.counted("replies_total", phase="message", code="5xx") == 3
        assert await send(client, names(1)) != []

    play(scene, max_message_size=4_000)


def test_without_recipients_there_is_no_data() -> None:
    async def scene(client: Client, relay: RunningRelay) -> None:
        await client.say("MAIL FROM:<a@b.example>")
        assert (await client.say("RCPT TO:<no address>")).startswith("553")
        assert (await client.say("DATA")).startswith("503 5.5.1")

    play(scene)


def test_all_of_it_in_one_packet_and_again() -> None:
    upstream = EachItsOwn()

    async def scene(client: Client, relay: RunningRelay) -> None:
        for number in range(2):
            said = (
                f"MAIL FROM:<>\r\nRCPT TO:<a{number}@b.example>\r\nRCPT TO:<c{number}@d.example>\r\nDATA\r\n"
            )
            client.send(said.encode() + MESSAGE + b".\r\n")
            replies = [await client.reply() for _ in range(6)]
            assert [reply[:3] for reply in replies] == ["250", "250", "250", "354", "250", "250"]

    play(scene, upstream)
    assert len(upstream.contents) == 4
    assert {(sender.mailbox, sender.size) for sender in upstream.senders} == {("", len(MESSAGE))}


@pytest.mark.parametrize(("size", "most"), [(0, PARALLEL), (300_000, PARALLEL_LARGE)])
def test_only_so_many_copies_are_under_way(size: int, most: int) -> None:
    upstream = EachItsOwn()

    async def scene(client: Client, relay: RunningRelay) -> None:
        upstream.gate.clear()
        await client.envelope(*names(30))
        await client.say("DATA")
        client.send(MESSAGE + b"x\r\n" * (size // 3) + b".\r\n")
        await until(lambda: upstream.sending == most)
        assert relay.relay.budget.used == COST * (len(MESSAGE) + size)
        upstream.gate.set()
        for _ in range(30):
            assert (await client.reply()).startswith("250")

    play(scene, upstream)
    assert upstream.most_sending == most
    assert len(upstream.contents) == 30


def test_a_reply_does_not_wait_for_those_behind_it() -> None:
    upstream = EachItsOwn(at_rcpt={"last@there.example": Reply(450, "4.2.1", "later")})

    async def scene(client: Client, relay: RunningRelay) -> None:
        upstream.gate.clear()
        await client.envelope("last@there.example", "slow@there.example")
        reply = await client.data(MESSAGE)
        assert reply.startswith("450 4.2.1 later")
        upstream.gate.set()
        assert (await client.reply()).startswith("250")

    play(scene, upstream)


def test_a_client_that_goes_away_leaves_what_was_handed_on_and_no_more() -> None:
    upstream = EachItsOwn()

    async def scene(client: Client, relay: RunningRelay) -> None:
        upstream.gate.clear()
        await client.envelope(*names(PARALLEL + 5))
        await client.say("DATA")
        client.send(MESSAGE + b".\r\n")
        await until(lambda: upstream.sending == PARALLEL)
        client.reset()
        await until(lambda: relay.relay.connected == 0)
        upstream.gate.set()

    relay = play(scene, upstream)
    assert len(upstream.contents) == PARALLEL
    assert [outcome.verdict for outcome in relay.outcomes] == [Verdict.RELAYED] * PARALLEL


def test_copies_that_nobody_heard_of_are_possible_duplicates_the_next_time() -> None:
    upstream = EachItsOwn(at_rcpt={"no@there.example": Reply(550, "5.1.1", "unknown")})

    async def scene(client: Client, relay: RunningRelay) -> None:
        upstream.gate.clear()
        await client.envelope("slow@there.example", "no@there.example")
        await client.say("DATA")
        client.send(MESSAGE + b".\r\n")
        await until(lambda: upstream.sending == 1)
        client.reset()
        await until(lambda: relay.relay.connected == 0)
        upstream.gate.set()
        await until(lambda: relay.outcomes)
        upstream.contents.clear()
        upstream.at_rcpt.clear()
        again = await relay.connect()
        await again.say("LHLO client.test")
        await send(again, ["slow@there.example", "no@there.example"])
        assert relay.counted("possible_duplicates_total") == 1

    play(scene, upstream)
