"""One timer for all that a session waits for.

Deadlines move with every command and nearly never come: the timer is left where it is, and looks anew when it
fires.
"""

import asyncio
import math
from collections.abc import Callable

from relay.replies import Reply


class SessionTimer:
    """Calls `expired` with the reply that was set beside the deadline."""

    __slots__ = ("_deadline", "_expired", "_fires_at", "_handle", "_loop", "_reply")

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[Reply], None]) -> None:
        self._loop = loop
        self._expired = expired
        self._reply: Reply | None = None
        self._deadline = self._fires_at = math.inf
        self._handle: asyncio.TimerHandle | None = None

    def set(self, deadline: float, reply: Reply) -> None:
        """Wait until the loop's time `deadline`, then answer with `reply`."""
        self._deadline, self._reply = deadline, reply
        if deadline < self._fires_at:
            if self._handle is not None:
                self._handle.cancel()
            self._arm(deadline)

    def pause(self) -> None:
        """Wait for nothing."""
        self._deadline = math.inf

    def cancel(self) -> None:
        """End."""
        self.pause()
        if self._handle is not None:
            self._handle.cancel()
        self._fires_at, self._handle = math.inf, None

    def _arm(self, at: float) -> None:
        self._fires_at = at
        self._handle = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._fires_at, self._handle = math.inf, None
        if self._loop.time() < self._deadline:
            if self._deadline < math.inf:
                self._arm(self._deadline)
        elif self._reply is not None:
            self._expired(self._reply)
