"""`waypost serve` as it would be without a process for the checks: they run in threads beside the tracker."""

import asyncio
import threading
from collections.abc import Callable
from unittest import mock

from admin.main import main
from service.database import open_database
from service.domain_checks.wiring import build_domain_checks
from service.settings import Settings


class CheckerThreads:
    """In place of `service.workers.background_process.BackgroundProcess`."""

    def __init__(self, settings: Callable[[], Settings], _: object) -> None:
        self._settings = settings

    async def run(self) -> None:
        stopping = threading.Event()
        with open_database(self._settings()) as engine:
            checks = build_domain_checks(self._settings(), engine, "benchmark", stopping)
            try:
                await asyncio.to_thread(checks.run)
            finally:
                stopping.set()


if __name__ == "__main__":
    with mock.patch("service.run.new_checker", CheckerThreads):
        main(["serve"])
