"""What ACME challenges must be answered, by whichever node the authority happens to ask."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from certificates.errors import StoreUnavailable
from certificates.model import Challenge
from certificates.ports import ChallengeStore
from service.alarm import Alarm

log = logging.getLogger("waypost.certificates")

PAUSE_SECONDS: Final = 1.0


class LiveChallenges:
    """`ChallengeStore` that remembers, and the tracker's answers.

    What this node published is known at once. For anything else all answers are read, at most once in
    `PAUSE_SECONDS` however many ask: so strangers who make up tokens cost one query a second in all, and a
    right one waits no longer than that, which authorities allow.
    """

    def __init__(
        self,
        store: ChallengeStore,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._answers: dict[str, str] = {}
        self._reading = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._read_at = monotonic() - PAUSE_SECONDS
        self._alarm = Alarm(log, "challenges")

    async def answer(self, token: str) -> str | None:
        """Return what to answer, None for a token that is not known."""
        if token not in self._answers:
            if self._next is None:
                self._next = asyncio.create_task(self._read())
            await asyncio.shield(self._next)
        return self._answers.get(token)

    def put_challenge(self, challenge: Challenge, *, now: datetime) -> None:
        self._store.put_challenge(challenge, now=now)
        self._answers[challenge.token] = challenge.answer

    def challenge_answer(self, token: str, *, now: datetime) -> str | None:
        return self._store.challenge_answer(token, now=now)

    def challenge_answers(self, *, now: datetime) -> dict[str, str]:
        return self._store.challenge_answers(now=now)

    def delete_challenge(self, token: str) -> None:
        self._answers.pop(token, None)
        self._store.delete_challenge(token)

    async def _read(self) -> None:
        async with self._reading:
            await asyncio.sleep(self._read_at + PAUSE_SECONDS - self._monotonic())
            self._next = None  # whoever comes from here on may ask for what this reading misses
            self._read_at = self._monotonic()
            try:
                self._answers = await asyncio.to_thread(self._store.challenge_answers, now=self._clock())
            except StoreUnavailable as error:
                self._alarm.failed(f"{error} No certificate can be issued meanwhile")
            else:
                self._alarm.well()
