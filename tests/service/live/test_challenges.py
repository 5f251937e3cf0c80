"""What ACME challenges are answered, and what it costs when strangers ask."""

import asyncio
from dataclasses import replace

import pytest

from service.live import challenges
from service.live.challenges import LiveChallenges
from tests.certificates.builders import CHALLENGE, NOW
from tests.certificates.memory_store import MemoryStore

TOKEN, ANSWER = CHALLENGE.token, CHALLENGE.answer


class CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.readings = 0

    def challenge_answers(self, *, now: object) -> dict[str, str]:
        self.readings += 1
        return super().challenge_answers(now=NOW)


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def live(store: CountingStore, monkeypatch: pytest.MonkeyPatch) -> LiveChallenges:
    monkeypatch.setattr(challenges, "PAUSE_SECONDS", 0.05)
    return LiveChallenges(store, clock=lambda: NOW)


def ask(live: LiveChallenges, *tokens: str) -> list[str | None]:
    async def all_at_once() -> list[str | None]:
        return await asyncio.gather(*map(live.answer, tokens))

    return asyncio.run(all_at_once())


def test_what_this_node_published_needs_no_query(live: LiveChallenges, store: CountingStore) -> None:
    live.put_challenge(CHALLENGE, now=NOW)
    assert ask(live, TOKEN) == [ANSWER]
    assert store.readings == 0
    assert store.challenge_answer(TOKEN, now=NOW) == ANSWER
    live.delete_challenge(TOKEN)
    assert ask(live, TOKEN) == [None]


def test_what_another_node_published_is_read(live: LiveChallenges, store: CountingStore) -> None:
    store.put_challenge(CHALLENGE, now=NOW)
    assert ask(live, TOKEN) == [ANSWER]


def test_a_thousand_made_up_tokens_cost_one_query(live: LiveChallenges, store: CountingStore) -> None:
    assert set(ask(live, *(f"made-up-{number}" for number in range(1000)))) == {None}
    assert store.readings == 1


def test_a_token_that_comes_during_a_reading_waits_for_the_next(
    live: LiveChallenges, store: CountingStore
) -> None:
    async def both() -> list[str | None]:
        first = asyncio.create_task(live.answer("made-up"))
        while not store.readings:  # noqa: ASYNC110 - a thread raises it
            await asyncio.sleep(0)
        store.put_challenge(CHALLENGE, now=NOW)
        return [await first, await live.answer(TOKEN)]

    assert asyncio.run(both()) == [None, ANSWER]
    assert store.readings <= 2


def test_while_the_database_is_away_known_answers_go_on(
    live: LiveChallenges, store: CountingStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.put_challenge(CHALLENGE, now=NOW)
    ask(live, TOKEN)
    store.available = False
    assert ask(live, TOKEN, "made-up") == [ANSWER, None]
    assert "No certificate can be issued meanwhile" in caplog.text
    store.available = True
    store.put_challenge(replace(CHALLENGE, token="new"), now=NOW)
    assert ask(live, "new") == [ANSWER]
    assert "works again" in caplog.text
