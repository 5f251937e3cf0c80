"""Two Waypost relays in a row, with keys of their own: a message is tracked once."""

import asyncio
from typing import Any

import pytest

from links.key_ring import KeyRing
from relay.control.vendors import Profile
from relay.settings import TrackingSettings
from rewriter.policy import Mode
from tests.relay.harness import LINK, NOW, RING, TRACKED_MESSAGE, RunningRelay, smtp_upstream
from tests.smtp_upstream import ScriptedUpstream

OTHER_RING = KeyRing.first(b"o" * 32, NOW)
ON = TrackingSettings(unknown_senders=True)


def through_both(
    message: bytes, *, first: dict[str, Any] | None = None, second: dict[str, Any] | None = None
) -> tuple[bytes, RunningRelay]:
    """Return the message as the upstream of the second has it, and the second."""

    async def scene() -> tuple[bytes, RunningRelay]:
        async with ScriptedUpstream() as upstream:
            last = RunningRelay(smtp_upstream(upstream.port), hostname="second.test", **(second or {}))
            async with last:
                leading = RunningRelay(smtp_upstream(last.port), hostname="first.test", **(first or {}))
                async with leading:
                    client = await leading.ready()
                    assert (await client.deliver(message)).startswith("250")
            return upstream.transactions[0].content or b"", last

    return asyncio.run(scene())


@pytest.mark.parametrize("ring", [RING, OTHER_RING], ids=["the same keys", "other keys"])
def test_a_message_is_tracked_once(ring: KeyRing) -> None:
    content, second = through_both(TRACKED_MESSAGE, second={"ring": lambda: ring})
    assert content.count(b"/c/") == 1
    assert second.messages[0].untracked == "decided-before"
    assert b"by first.test (Waypost, tracking decided)" in content
    assert b"by second.test (Waypost)" in content


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_the_second_tracks_what_the_first_did_not(mode: Mode) -> None:
    first = {"tracking": TrackingSettings(mode=mode, unknown_senders=True)}
    content, second = through_both(TRACKED_MESSAGE, first=first)
    assert LINK not in content
    assert second.messages[0].key == 1


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_an_opt_out_whose_header_ended_at_the_first_holds_at_the_second(mode: Mode) -> None:
    first = {"tracking": TrackingSettings(mode=mode, unknown_senders=True)}
    content, _ = through_both(b"X-Waypost-Track: off\r\n" + TRACKED_MESSAGE, first=first)
    assert content.endswith(b"\r\n" + TRACKED_MESSAGE)
    assert b"X-Waypost" not in content


def test_the_upstream_of_the_second_is_told_not_to_track_what_the_first_tracked() -> None:
    content, _ = through_both(TRACKED_MESSAGE, second={"tracking": ON, "profile": Profile.MAILGUN})
    assert b"X-Mailgun-Track: no\r\n" in content
