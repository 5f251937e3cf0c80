import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgresql import PostgreSQL

# The same examples in every run, and no verdict by the clock: the machine may be busy with other tests.
settings.register_profile("deterministic", deadline=None, derandomize=True)
settings.load_profile("deterministic")

# A shell starts what it runs in the background with SIGINT ignored, and the programs under test inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """With CI=true a test that is skipped for want of a program on the machine has failed."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and "is not installed" in str(report.longrepr):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL that runs; a test that stops it starts it again."""
    try:
        server = PostgreSQL()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with server:
        yield server
