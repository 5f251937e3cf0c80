"""Whether clicks are a person's: which level decides, and what is written down of him."""

import asyncio
import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.privacy import ProjectPrivacy
from domains.directory import Choice, Why
from events.record_format import encode
from links import open_token, parse_path
from links.recipients import RecipientTracking
from relay.control.header_fields import control_fields
from relay.control.reader import read_control
from relay.pipeline import Prepared
from relay.plan import Plan, recipients_of
from relay.settings import TrackingSettings
from tests.relay.harness import (
    RING,
    TRACKED_MESSAGE,
    RunningRelay,
    project,
    smtp_upstream,
    without_received,
)
from tests.smtp_upstream import ScriptedUpstream

NONE, ANONYMOUS, IDENTIFIED = RecipientTracking
ADDRESS = "b@there.example"
levels = st.sampled_from([None, *RecipientTracking])


def header(value: str) -> bytes:
    return b"X-Waypost-Recipients: " + value.encode() + b"\r\n" + TRACKED_MESSAGE


@given(levels, levels, levels, st.sampled_from(RecipientTracking))
def test_the_nearest_level_that_says_something_decides(
    of_message: RecipientTracking | None,
    of_sender: RecipientTracking | None,
    of_project: RecipientTracking | None,
    of_all: RecipientTracking,
) -> None:
    choice = Choice(None, None, "", Why.NONE, recipients=of_sender)
    tenant = replace(project(), privacy=ProjectPrivacy(recipients=of_project))
    planned = recipients_of(TrackingSettings(recipients=of_all), tenant, choice)
    fields = control_fields(header(of_message) if of_message else TRACKED_MESSAGE)
    prepared = Prepared(
        content=b"",
        original=b"",
        plan=Plan(sending_domain="", recipients=planned),
        asked=read_control(fields),
    )
    said = [level for level in (of_message, of_sender, of_project, of_all) if level]
    assert prepared.recipients is said[0]


def test_a_word_that_is_none_of_them_is_a_problem_and_counts_for_nothing() -> None:
    control = read_control(control_fields(header("some")))
    assert control.wishes.recipients is None
    assert [problem.header for problem in control.problems] == ["x-waypost-recipients"]


def sent(
    message: bytes, recipients: RecipientTracking, reply: str = "250 2.0.0 ok"
) -> tuple[bytes, RunningRelay]:
    """Send a message; return what the upstream got."""

    async def scene() -> tuple[bytes, RunningRelay]:
        async with ScriptedUpstream() as upstream:
            upstream.answer("end", reply)
            tracking = TrackingSettings(unknown_senders=True, recipients=recipients)
            async with RunningRelay(smtp_upstream(upstream.port), tracking=tracking) as relay:
                await (await relay.ready()).deliver(message, ADDRESS)
            return without_received(upstream.transactions[0].content), relay

    return asyncio.run(scene())


def token_recipient(content: bytes) -> str | None:
    path = content.split(b"http://localhost:8080")[1].split(b">")[0].decode()
    parsed = parse_path(path)
    assert parsed is not None
    return open_token(parsed[1], RING).recipient


@pytest.mark.parametrize("mode", [ANONYMOUS, IDENTIFIED])
def test_a_reference_stands_for_the_person(mode: RecipientTracking) -> None:
    content, relay = sent(TRACKED_MESSAGE, mode)
    [recipient] = relay.messages[0].recipients
    assert recipient.address == ADDRESS
    assert recipient.reference == token_recipient(content) is not None
    assert relay.messages[0].recipient_tracking is mode


@pytest.mark.parametrize("message", [header("none"), TRACKED_MESSAGE], ids=["by header", "by setting"])
def test_none_writes_down_nothing_that_names_the_person(
    message: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    system = IDENTIFIED if message is not TRACKED_MESSAGE else NONE
    content, relay = sent(message, system, reply=f"550 5.1.1 <{ADDRESS}>: no such user")
    assert token_recipient(content) is None
    assert b"X-Waypost" not in content
    written = b"".join(map(encode, relay.records)).decode() + caplog.text
    written += "".join(str(record.__dict__) for record in caplog.records if record.name == "waypost.mail")
    assert len(relay.records) == 2
    assert "[removed]: no such user" in written.replace("<", "").replace(">", "")
    assert ADDRESS not in written
    assert relay.messages[0].recipients == ()
