"""Messages that a client may send again although the upstream has them."""

import asyncio
import logging

import pytest

from relay.envelope import Client, Recipient, Sender, Submission
from relay.repeats import SECONDS, Repeats
from tests.relay.harness import MESSAGE, RunningRelay, smtp_upstream, until
from tests.smtp_upstream import DROP, ScriptedUpstream


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def submission(
    *recipients: str, sender: str = "a@shop.example", content: bytes = b"x\r\n", id: str = "1" * 24
) -> Submission:
    return Submission(
        id=id,
        at=0,
        client=Client(address="192.0.2.1", helo="x", extended=True),
        sender=Sender(mailbox=sender),
        recipients=tuple(Recipient(mailbox=mailbox) for mailbox in recipients),
        content=content,
    )


FIRST = submission("b@there.example", "c@there.example")


def test_the_same_message_is_known_for_each_of_its_recipients() -> None:
    repeats = Repeats(Clock())
    assert not repeats.has(FIRST, "<1>")
    repeats.remember(FIRST, "<1>")
    assert repeats.has(submission("c@there.example", id="2" * 24), "<1>")
    assert repeats.has(submission("new@there.example", "b@there.example"), "<1>")


@pytest.mark.parametrize(
    ("other", "message_id"),
    [
        (FIRST, "<2>"),
        (FIRST, ""),
        (submission("d@there.example"), "<1>"),
        (submission("b@there.example", sender="z@shop.example"), "<1>"),
        (submission("b@there.example", content=b"longer\r\n"), "<1>"),
    ],
)
def test_another_message_is_not(other: Submission, message_id: str) -> None:
    repeats = Repeats(Clock())
    repeats.remember(FIRST, "<1>")
    assert not repeats.has(other, message_id)


def test_without_a_message_id_its_content_is_its_name() -> None:
    repeats = Repeats(Clock())
    repeats.remember(FIRST, "")
    assert repeats.has(FIRST, "")
    assert not repeats.has(submission("b@there.example", content=b"y\r\n"), "")


def test_it_is_forgotten_in_time() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    repeats.remember(FIRST, "<1>")
    clock.now = SECONDS - 1
    assert repeats.has(FIRST, "<1>")
    clock.now = SECONDS
    assert not repeats.has(FIRST, "<1>")


def test_only_so_many_are_remembered_the_latest_of_them() -> None:
    repeats = Repeats(Clock(), most=2)
    for number in range(3):
        repeats.remember(submission("b@there.example"), f"<{number}>")
    assert [repeats.has(submission("b@there.example"), f"<{number}>") for number in range(3)] == [
        False,
        True,
        True,
    ]


def marked(caplog: pytest.LogCaptureFixture) -> list[bool]:
    """Return for each line of the mail log whether it says that this may be a duplicate."""
    lines = [record.__dict__["fields"] for record in caplog.records if record.name == "waypost.mail"]
    return ["possible_duplicate" in fields for fields in lines]


def test_after_an_unknown_outcome_the_next_attempt_is_relayed_and_marked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")

    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            upstream.answer("end", DROP)
            client = await relay.ready()
            assert (await client.deliver(MESSAGE)).startswith("451 4.4.2")
            assert (await client.deliver(MESSAGE, recipient="other@there.example")).startswith("250")
            assert (await client.deliver(MESSAGE)).startswith("250")
            assert relay.counted("possible_duplicates_total") == 1

    asyncio.run(scene())
    assert marked(caplog) == [False, False, True]


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_client_that_was_gone_before_its_250_comes_again(
    caplog: pytest.LogCaptureFixture, how: str
) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")

    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            gate = upstream.hold_end()
            client = await relay.ready()
            await client.envelope("b@there.example")
            await client.say("DATA")
            client.send(MESSAGE + b".\r\n")
            await upstream.paused_before_end.wait()
            getattr(client, how)()
            await until(lambda: all(session.at_end for session in relay.relay._sessions))
            gate.set()
            await until(lambda: relay.relay.connected == 0 and relay.outcomes)
            await (await relay.ready()).deliver(MESSAGE)

    asyncio.run(scene())
    assert marked(caplog) == [False, True]


def test_a_client_that_heard_all_is_not_marked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")

    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            client = await relay.ready()
            await client.deliver(MESSAGE)
            await client.deliver(MESSAGE)

    asyncio.run(scene())
    assert marked(caplog) == [False, False]
