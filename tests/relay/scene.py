"""A scene: a client, the relay, and a scripted upstream, on the event loop that `waypost serve` runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import uvloop

from relay.listener import Listener
from tests.relay.harness import SMTP, RunningRelay, smtp_upstream
from tests.smtp_upstream import EXTENSIONS, ScriptedUpstream

Play = Callable[[ScriptedUpstream, RunningRelay], Awaitable[None]]


@asynccontextmanager
async def between(
    *,
    extensions: tuple[str, ...] = EXTENSIONS,
    server: dict[str, Any] | None = None,
    listener: Listener = SMTP,
    **settings: Any,
) -> AsyncIterator[tuple[ScriptedUpstream, RunningRelay]]:
    """Run a relay in front of a scripted upstream."""
    upstream = ScriptedUpstream(extensions=extensions)
    async with upstream:
        running = RunningRelay(smtp_upstream(upstream.port, **(server or {})), listener=listener, **settings)
        async with running as relay:
            yield upstream, relay


def run(play: Play, **options: Any) -> None:
    """Play a scene; no session may have met a fault of ours, and nothing may stay claimed or counted."""

    async def scene() -> None:
        async with between(**options) as (upstream, relay):
            await play(upstream, relay)
            assert relay.counted("faults_total", of="session") == 0
        assert relay.relay.connected == 0
        assert relay.relay.budget.used == 0
        assert relay.acceptor._open == 0

    run_in_loop(scene())


def run_in_loop(scene: Coroutine[Any, Any, None]) -> None:
    """Run it to its end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scene)
