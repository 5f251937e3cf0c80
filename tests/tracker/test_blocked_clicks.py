import asyncio
from dataclasses import replace

import pytest

from tests.tracker.asking import CLICK, URL
from tracker import blocked_clicks
from tracker.blocked_clicks import MOST_MESSAGES, BlockedClicks


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [record.__dict__["fields"] for record in caplog.records]


@pytest.fixture(autouse=True)
def _level(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level("INFO", "waypost.tracker")
    monkeypatch.setattr(blocked_clicks, "TELL_SECONDS", 0.0)


async def a_minute() -> None:
    await asyncio.sleep(0.001)


def test_the_first_is_told_at_once_and_those_of_a_minute_together(caplog: pytest.LogCaptureFixture) -> None:
    other = replace(CLICK, message="f" * 24, project=9)

    async def scene() -> None:
        blocked = BlockedClicks()
        blocked.count(CLICK)
        assert told(caplog) == [{"message": CLICK.message, "project": 3, "clicks": 1}]
        for token in (CLICK, other, other):
            blocked.count(token)
        assert len(told(caplog)) == 1
        await a_minute()
        assert told(caplog)[1:] == [
            {"message": other.message, "project": 9, "clicks": 2},
            {"message": CLICK.message, "project": 3, "clicks": 1},
        ]
        await a_minute()
        assert len(told(caplog)) == 3
        blocked.count(CLICK)
        assert len(told(caplog)) == 4

    asyncio.run(scene())
    assert URL not in caplog.text


def test_of_very_many_messages_the_rest_is_added_up(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        blocked = BlockedClicks()
        blocked.count(CLICK)
        for number in range(MOST_MESSAGES + 5):
            blocked.count(replace(CLICK, message=f"{number:024x}"))
        await a_minute()
        assert len(told(caplog)) == 1 + MOST_MESSAGES + 1
        assert told(caplog)[-1] == {"clicks": 5}

    asyncio.run(scene())
