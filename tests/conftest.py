import os

import pytest
from hypothesis import settings

# The same examples in every run, and no verdict by the clock: the machine may be busy with other tests.
settings.register_profile("deterministic", deadline=None, derandomize=True)
settings.load_profile("deterministic")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """With CI=true a test that is skipped for want of a program on the machine has failed."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and "is not installed" in str(report.longrepr):
        report.outcome = "failed"
    return report
