import asyncio
import logging

import pytest

from service.unbroken import unbroken


async def step(fault: Exception | None) -> int:
    if fault is not None:
        raise fault
    return 1


@pytest.mark.parametrize(("fault", "found"), [(None, 1), (KeyError("x"), 0)])
def test_a_fault_is_logged_and_ends_nothing(
    fault: Exception | None, found: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert asyncio.run(unbroken(step(fault), otherwise=0)) == found
    assert [record.message for record in caplog.records] == ["background work failed"] * (fault is not None)
