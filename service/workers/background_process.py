"""The parent's side of a process for background work."""

import asyncio
import logging
import pickle
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

from service.settings import Settings
from service.workers.background_work import STOP_SECONDS
from service.workers.messages import BeginWork
from service.workers.numbers import WorkerNumbers
from service.workers.pool import PROVEN_SECONDS, restart_wait

log = logging.getLogger("waypost.service")

KILL_SECONDS: Final = 15.0  # beyond those that it gives itself: a busy machine takes long to start one


class BackgroundProcess:
    """Runs from `run` on until that is cancelled; what dies is started again, less eagerly each time.

    `module` is what the process runs, `task` what it does, for the log; `begin` says what a new one works
    with, as the settings are then.
    """

    def __init__(
        self,
        begin: Callable[[], BeginWork],
        *,
        module: str,
        task: str,
        wait: Callable[[int], float] = restart_wait,
    ) -> None:
        self._begin = begin
        self._module = module
        self._task = task
        self._wait = wait
        self._process: asyncio.subprocess.Process | None = None
        self._renewed = False

    @property
    def pid(self) -> int | None:
        """The process id; None where it has not been started yet."""
        return None if self._process is None else self._process.pid

    async def run(self) -> None:
        """Keep one running."""
        loop = asyncio.get_running_loop()
        deaths = 0
        while True:
            began = loop.time()
            how = await self._run_one()
            if self._renewed:
                self._renewed = False
                continue
            deaths = 1 if loop.time() - began > PROVEN_SECONDS else deaths + 1
            wait = self._wait(deaths)
            log.error("the process that %s died (%s); another starts in %g s", self._task, how, wait)
            await asyncio.sleep(wait)

    def renew(self) -> None:
        """Have another one take over, with the settings as they are now."""
        if self._process is not None and self._process.returncode is None:
            self._renewed = True
            _hang_up(self._process)

    async def _run_one(self) -> str:
        """Run one to its end, and return how that came."""
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                # -P: the folder that `serve` was started in holds settings, never modules.
                *(sys.executable, "-P", "-m", self._module),
                stdin=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            return f"it cannot be started: {error.strerror}"
        try:
            await _tell(process, self._begin())
            code = await process.wait()
        finally:
            await self._stop(process)
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        """Let it end in its time; kill it where it does not."""
        _hang_up(process)
        try:
            async with asyncio.timeout(STOP_SECONDS + KILL_SECONDS):
                await process.wait()
        except TimeoutError:
            log.error("the process that %s does not end, and is killed", self._task)
            process.kill()


def new_background_process(
    settings: Callable[[], Settings], numbers: WorkerNumbers, *, module: str, task: str
) -> BackgroundProcess:
    """Return one, not started; each process has the settings as they are then, and a name of its own."""
    slot = numbers.take_slot()
    return BackgroundProcess(
        lambda: BeginWork(
            settings=settings(),
            owner=f"{socket.gethostname()} {secrets.token_hex(8)}",
            numbers=numbers.directory,
            slot=slot,
        ),
        module=module,
        task=task,
    )


async def _tell(process: asyncio.subprocess.Process, begin: BeginWork) -> None:
    if process.stdin is None:
        raise ValueError("the process was started without a pipe to its standard input")
    try:
        process.stdin.write(pickle.dumps(begin))
        await process.stdin.drain()
    except ConnectionError:
        pass  # it died at once, which its end tells


def _hang_up(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
