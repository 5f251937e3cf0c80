"""Real mail through the relay with tracking off: every byte stays."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from relay.settings import TrackingSettings
from rewriter.policy import Mode
from tests.relay.harness import RunningRelay, smtp_upstream
from tests.smtp_upstream import ScriptedUpstream

CORPUS = Path(os.environ.get("WAYPOST_CORPUS", Path(__file__).parents[3] / "shared" / "corpus")) / "mime"


@pytest.mark.skipif(
    not CORPUS.is_dir(), reason="no corpus of real mail at ../shared/corpus or WAYPOST_CORPUS"
)
def test_every_message_arrives_as_it_was() -> None:
    messages = [path.read_bytes() for path in sorted(CORPUS.rglob("*")) if path.is_file()]
    assert len(messages) > 200

    async def scene() -> None:
        async with (
            ScriptedUpstream() as upstream,
            RunningRelay(smtp_upstream(upstream.port), tracking=TrackingSettings(mode=Mode.OFF)) as relay,
        ):
            client = await relay.ready()
            for message in messages:
                sent = message if message.endswith(b"\r\n") else message + b"\r\n"
                if b"\0" in sent:
                    await client.envelope("b@there.example")
                    assert (await client.data(sent)).startswith("554 5.6.0")
                    continue
                assert (await client.deliver(sent)).startswith("250")
                expected = re.sub(rb"\r\n|\r|\n", b"\r\n", sent)
                content = upstream.transactions.pop().content
                assert content is not None
                received, kept = content[: -len(expected)], content[-len(expected) :]
                assert kept == expected
                assert received.startswith(b"Received: ")
                assert received.count(b"\r\n") == 5

    asyncio.run(scene())
