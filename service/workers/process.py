"""The parent's side of one worker: a process of its own, and the channel to it."""

import asyncio
import logging
import pickle
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from service.errors import OperatorError
from service.workers.channel import Channel
from service.workers.messages import Begin, Failed, Ready, Retire, Stop
from service.workers.numbers import Kind

log = logging.getLogger("waypost.service")

START_SECONDS: Final = 60.0
KILL_SECONDS: Final = 5.0  # beyond the grace that a worker was given


class WorkerError(OperatorError):
    """A worker could not start."""


class WorkerProcess:
    """One worker, from its start to its end. It is never started again: the pool starts another."""

    def __init__(self, kind: Kind, process: asyncio.subprocess.Process, pair_end: socket.socket) -> None:
        self.kind = kind
        self._process = process
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._channel = Channel(pair_end, received=self._received, closed=self._gone)
        self._reason = ""  # why it could not start

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def takes(self) -> bool:
        """Whether it takes connections."""
        return self._channel.open and self._ready.done() and self._ready.exception() is None

    async def ready(self) -> None:
        """Return when it takes connections. Raises WorkerError, also where that takes too long."""
        try:
            async with asyncio.timeout(START_SECONDS):
                await asyncio.shield(self._ready)
        except TimeoutError:
            raise WorkerError(
                f"a {self.kind} worker was not ready within {START_SECONDS:g} seconds"
            ) from None

    def retire(self) -> None:
        """Let it end when its last client has gone."""
        self._channel.send(Retire())

    async def stop(self, grace: float) -> None:
        """Let it end within `grace` seconds; kill it where it does not."""
        self._channel.send(Stop(grace=grace))
        try:
            async with asyncio.timeout(grace + KILL_SECONDS):
                await self._process.wait()
        except TimeoutError:
            log.error("%s worker %d does not end, and is killed", self.kind, self.pid)
            self._process.kill()

    async def ended(self) -> str:
        """Wait for its end, and return how it came: `exit code 1`, `SIGKILL`, or why it could not start."""
        code = await self._process.wait()
        self._gone()
        died = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        return self._reason or died

    async def tell(self, begin: Begin) -> None:
        """Tell it what to work with; the end of its standard input ends that."""
        stdin = self._process.stdin
        if stdin is None:
            raise ValueError("the worker was started without a pipe to its standard input")
        try:
            # In a thread, which lets others run meanwhile: with 100,000 domains it takes a second.
            stdin.write(await asyncio.to_thread(pickle.dumps, begin))
            await stdin.drain()
            stdin.close()
            await stdin.wait_closed()
        except ConnectionError:
            pass  # it died at once, which `ready` tells
        except BaseException:  # the pool is ended meanwhile: the worker ends with its channel
            self._channel.close()
            raise

    def _received(self, message: object, _: socket.socket | None) -> None:
        match message:
            case Ready():
                self._ready.set_result(None)
            case Failed(reason):
                self._reason = reason

    def _gone(self) -> None:
        """The other end is; may be called again."""
        self._channel.close()
        if not self._ready.done():
            self._ready.set_exception(
                WorkerError(self._reason or f"a {self.kind} worker died while it started")
            )
            self._ready.exception()  # where nobody waits it is told all the same


W = TypeVar("W", bound=WorkerProcess)


async def spawn(
    make: Callable[[Kind, asyncio.subprocess.Process, socket.socket], W],
    kind: Kind,
    begin: Begin,
    *,
    inherited: Sequence[int] = (),
) -> W:
    """Start an interpreter, with these descriptors. Raises WorkerError where the system has no room for it.

    A fresh one, never a fork: a forked loop would share this one's descriptors, the journal's lock and the
    threads' locks as they happened to be.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        try:
            process = await asyncio.create_subprocess_exec(
                # -P: the folder that `serve` was started in holds settings, never modules.
                *(sys.executable, "-P", "-m", f"service.workers.{kind}_worker", str(theirs.fileno())),
                stdin=asyncio.subprocess.PIPE,
                pass_fds=[theirs.fileno(), *inherited],
            )
        except OSError as error:
            ours.close()
            raise WorkerError(f"a {kind} worker cannot be started: {error.strerror}") from None
    worker = make(kind, process, ours)
    await worker.tell(begin)
    return worker
