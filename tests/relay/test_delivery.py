"""Faults of our own: they never bounce mail, never reach the client as text, and never lose a message."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from domains.directory import Directory
from events.model import MessageRecord, Record, Verdict
from links.key_ring import KeyRing
from relay.delivery import INLINE_LIMIT, MAX_HOPS
from relay.settings import TrackingSettings
from rewriter.policy import Links, Mode, Policy
from rewriter.report import Edit, Report, Result
from tests.relay.harness import (
    LINK,
    MESSAGE,
    TRACKED_MESSAGE,
    RunningRelay,
    rewrite_link,
    smtp_upstream,
    until,
    without_received,
)
from tests.smtp_upstream import DROP, SILENCE, ScriptedUpstream


class SecretFault(Exception):
    """A fault whose text no client may read."""


def fail(*_: object) -> object:
    raise SecretFault("secret text")


def failing_directory() -> Directory:
    raise SecretFault("secret text")


def failing_ring() -> KeyRing:
    raise SecretFault("secret text")


def failing_rewrite(message: bytes, policy: Policy, links: Links) -> Result:
    raise SecretFault("secret text")


def faulty_rewrite(message: bytes, policy: Policy, links: Links) -> Result:
    return Result(message=message, report=Report(), fault=SecretFault("secret text"))


def lone_line_feed(message: bytes, policy: Policy, links: Links) -> Result:
    return Result(message=message + b"\n.\n", report=Report())


def exhausted(message: bytes, policy: Policy, links: Links) -> Result:
    raise RecursionError


def deliver(
    message: bytes, prepare: Callable[[ScriptedUpstream], None] = lambda _: None, **options: Any
) -> tuple[str, ScriptedUpstream, RunningRelay]:
    """Send one message; return the last reply, and what is left behind."""
    extensions = options.pop("extensions", ("8BITMIME",))

    async def scene() -> tuple[str, ScriptedUpstream, RunningRelay]:
        async with ScriptedUpstream(extensions=extensions) as upstream:
            prepare(upstream)
            async with RunningRelay(smtp_upstream(upstream.port), **options) as relay:
                client = await relay.ready()
                reply = await client.deliver(message)
                assert await client.say("NOOP") == "250 2.0.0 Ok"
                return reply, upstream, relay

    return asyncio.run(scene())


def mail_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        {"event": record.getMessage(), **record.__dict__["fields"]}
        for record in caplog.records
        if record.name == "waypost.mail"
    ]


@pytest.mark.parametrize(
    "fault",
    [
        {"directory": failing_directory},
        {"ring": failing_ring},
        {"rewrite": failing_rewrite},
        {"rewrite": faulty_rewrite},
        {"rewrite": lone_line_feed},
        {"rewrite": exhausted},
    ],
    ids=["directory", "key ring", "rewriter raises", "rewriter reports", "lone LF", "recursion"],
)
def test_a_fault_in_tracking_sends_the_original(
    fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    reply, upstream, relay = deliver(TRACKED_MESSAGE, **fault)
    assert reply.startswith("250 2.0.0 taken")
    assert without_received(upstream.transactions[0].content) == TRACKED_MESSAGE
    assert relay.counted("faults_total", of="tracking") == 1
    assert (relay.messages[0].links, relay.messages[0].key) == ((), 0)
    assert f"message {relay.messages[0].id} goes out untracked" in caplog.text


def test_a_fault_of_the_journal_changes_no_reply(caplog: pytest.LogCaptureFixture) -> None:
    reply, upstream, relay = deliver(TRACKED_MESSAGE, record=fail)
    assert reply.startswith("250 2.0.0 taken")
    assert relay.counted("faults_total", of="record") == 2
    assert len(upstream.taken) == 1
    assert "is lost" in caplog.text


def test_an_upstream_adapter_that_breaks_is_451() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as scripted:
            upstream = smtp_upstream(scripted.port)
            async with RunningRelay(upstream) as relay:
                client = await relay.ready()
                upstream.open = fail  # type: ignore[method-assign, assignment]
                reply = await client.say("MAIL FROM:<a@b.example>")
                assert reply == "451 4.3.0 Something went wrong here, try again later"
                assert (await client.say("RCPT TO:<a@b.example>")).startswith("451")
                assert (await client.say("DATA")).startswith("451")
                upstream.capabilities = fail  # type: ignore[method-assign, assignment]
                assert (await client.say("EHLO x")).startswith("451 4.3.0")
                assert relay.counted("faults_total", of="session") == 2

    asyncio.run(scene())


def test_a_fault_behind_the_final_dot_is_451_and_sends_nothing() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as scripted:
            upstream = smtp_upstream(scripted.port)
            async with RunningRelay(upstream) as relay:
                client = await relay.ready()
                await client.envelope("b@there.example")
                upstream.capabilities = fail  # type: ignore[method-assign, assignment]
                reply = await client.data(MESSAGE)
                assert reply.startswith("451 4.3.0 Something went wrong here, try again later waypost=")
                assert scripted.taken == []
                assert relay.counted("faults_total", of="session") == 1

    asyncio.run(scene())


def test_the_record_is_kept_before_the_final_dot_and_the_outcome_behind() -> None:
    seen: list[tuple[type[Record], int]] = []

    async def scene() -> None:
        async with ScriptedUpstream() as upstream:

            def record(kept: Record) -> None:
                arrived = [one for one in upstream.transactions if one.content is not None]
                seen.append((type(kept), len(arrived)))

            async with RunningRelay(smtp_upstream(upstream.port), record=record) as relay:
                client = await relay.ready()
                await client.deliver()

    asyncio.run(scene())
    assert [(kind.__name__, arrived) for kind, arrived in seen] == [("MessageRecord", 0), ("Outcome", 1)]


def test_records_are_on_the_disk_before_the_final_dot_and_before_the_reply() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream:
            asked, goes_on = asyncio.Semaphore(0), asyncio.Semaphore(0)

            async def on_disk() -> bool:
                asked.release()
                await goes_on.acquire()
                return True

            async with RunningRelay(smtp_upstream(upstream.port), on_disk=on_disk) as relay:
                client = await relay.ready()
                await client.envelope("b@there.example")
                reply = asyncio.create_task(client.data(MESSAGE))
                await asked.acquire()
                assert (len(relay.records), upstream.taken) == (1, [])
                goes_on.release()
                await asked.acquire()
                assert (len(relay.records), len(upstream.taken), reply.done()) == (2, 1, False)
                goes_on.release()
                assert (await reply).startswith("250")
                assert relay.counted("faults_total", of="record") == 0

    asyncio.run(scene())


def test_a_disk_that_fails_changes_no_reply_and_is_counted() -> None:
    async def on_disk() -> bool:
        return False

    reply, upstream, relay = deliver(TRACKED_MESSAGE, on_disk=on_disk)
    assert reply.startswith("250 2.0.0 taken")
    assert len(upstream.taken) == 1
    assert relay.counted("faults_total", of="record") == 2


def test_tracked_mail_carries_our_links_and_its_record_says_so() -> None:
    _, upstream, relay = deliver(TRACKED_MESSAGE)
    content = without_received(upstream.transactions[0].content)
    assert content.startswith(TRACKED_MESSAGE.partition(LINK)[0] + b"http://localhost:8080/c/")
    message = relay.messages[0]
    assert [(link.number, link.url) for link in message.links] == [(1, LINK.decode())]
    assert (message.key, message.tracking_domain, message.mode) == (1, "localhost", "on")
    assert message.size == len(TRACKED_MESSAGE)


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_off_and_observe_send_the_original(mode: Mode) -> None:
    _, upstream, relay = deliver(TRACKED_MESSAGE, tracking=TrackingSettings(mode=mode, unknown_senders=True))
    assert without_received(upstream.transactions[0].content) == TRACKED_MESSAGE
    assert relay.messages[0].mode == mode
    assert len(relay.messages[0].links) == (1 if mode is Mode.OBSERVE else 0)
    assert relay.messages[0].key == 0


def test_what_grows_beyond_the_upstreams_limit_goes_out_as_it_came() -> None:
    def grow(message: bytes, policy: Policy, links: Links) -> Result:
        return Result(
            message=message + b"x" * 5_000 + b"\r\n",
            report=rewrite_link(message, policy, links).report,
            edits=(Edit(len(message), len(message), b"x" * 5_000 + b"\r\n"),),
        )

    _, upstream, relay = deliver(TRACKED_MESSAGE, rewrite=grow, extensions=("8BITMIME", "SIZE 4000"))
    assert without_received(upstream.transactions[0].content) == TRACKED_MESSAGE
    assert (relay.messages[0].links, relay.messages[0].key) == ((), 0)
    _, upstream, relay = deliver(TRACKED_MESSAGE, rewrite=grow, extensions=("8BITMIME", "SIZE 40000"))
    assert len(upstream.transactions[0].content or b"") > 5_000


def test_a_large_message_is_rewritten_in_a_thread_and_arrives() -> None:
    large = TRACKED_MESSAGE + b"line\r\n" * (INLINE_LIMIT // 6)
    _, upstream, _ = deliver(large)
    content = without_received(upstream.transactions[0].content)
    assert content.endswith(b"line\r\n")
    assert LINK not in content


def test_a_loop_is_refused() -> None:
    received = b"Received: from x by y; date\r\n"
    reply, upstream, _ = deliver(received * MAX_HOPS + MESSAGE)
    assert reply.startswith("554 5.4.6")
    assert upstream.taken == []
    reply, _, _ = deliver(received * (MAX_HOPS - 1) + MESSAGE)
    assert reply.startswith("250")


@pytest.mark.parametrize(
    ("answer", "verdict", "code", "line"),
    [
        ("250 2.0.0 ok", Verdict.RELAYED, 250, "relayed"),
        ("550 5.7.1 spam", Verdict.REFUSED, 550, "rejected"),
        ("451 4.7.1 grey", Verdict.REFUSED, 451, "failed"),
        ("421 4.3.2 leaving", Verdict.REFUSED, 421, "failed"),
        ("hello", Verdict.UNKNOWN, 0, "failed"),
    ],
)
def test_how_it_ended_is_recorded_counted_and_logged(
    answer: str, verdict: Verdict, code: int, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")
    _, _, relay = deliver(TRACKED_MESSAGE, lambda upstream: upstream.answer("end", answer))
    outcome = relay.outcomes[0]
    assert (outcome.verdict, outcome.code, outcome.message) == (verdict, code, relay.messages[0].id)
    assert {kind: relay.counted("messages_total", verdict=kind) for kind in Verdict} == {
        kind: float(kind is verdict) for kind in Verdict
    }
    (logged,) = mail_lines(caplog)
    assert (
        logged.items()
        >= {
            "event": line,
            "id": outcome.message,
            "client": "127.0.0.1",
            "sender": "app@shop.example",
            "recipients": 1,
            "to": ("b@there.example",),
            "size": len(TRACKED_MESSAGE),
            "tracked_on": "localhost",
            "links": 1,
            "pixel": False,
            "total_ms": 0,
        }.items()
    )
    assert logged["prepare_ms"] > 0
    assert logged["send_ms"] > 0
    assert ("cause" in logged) == (verdict is Verdict.UNKNOWN)


def test_the_log_holds_no_url_no_token_and_no_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    _, upstream, _ = deliver(TRACKED_MESSAGE)
    token = without_received(upstream.transactions[0].content).split(b"/c/")[1][:20].decode()
    assert LINK.decode() not in caplog.text
    assert token not in caplog.text
    assert "<a href" not in caplog.text


def test_stopping_in_the_middle_of_the_last_step_is_an_unknown_outcome(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")

    async def scene() -> RunningRelay:
        async with ScriptedUpstream() as upstream:
            upstream.answer("end", SILENCE)
            running = RunningRelay(smtp_upstream(upstream.port))
            async with running as relay:
                client = await relay.ready()
                await client.envelope("b@there.example")
                await client.say("DATA")
                client.send(MESSAGE + b".\r\n")
                await until(lambda: upstream.transactions and upstream.transactions[0].content)
                await relay.stop(grace=0)
            return running

    relay = asyncio.run(scene())
    assert [outcome.verdict for outcome in relay.outcomes] == [Verdict.UNKNOWN]
    assert isinstance(relay.records[0], MessageRecord)
    assert relay.counted("messages_total", verdict="unknown") == 1
    [line] = [record for record in caplog.records if record.name == "waypost.mail"]
    assert (line.message, line.__dict__["fields"]["cause"]) == ("failed", "stopped while waiting")


@pytest.mark.parametrize("replayed", [True, False])
def test_the_log_names_the_server_and_says_when_the_envelope_was_said_again(
    replayed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "waypost.mail")

    def lose_one(upstream: ScriptedUpstream) -> None:
        upstream.answer("DATA", *([DROP] if replayed else []))

    _, upstream, _ = deliver(MESSAGE, lose_one)
    [line] = [record for record in caplog.records if record.name == "waypost.mail"]
    assert f"127.0.0.1:{upstream.port}" in str(line.__dict__)
    assert ("replayed" in str(line.__dict__)) is replayed
