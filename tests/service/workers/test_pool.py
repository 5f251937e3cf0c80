import asyncio
import itertools
import logging
import socket
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from relay.listener import Listener, Tls
from service.workers.numbers import Kind
from service.workers.pool import restart_wait, worker_count
from service.workers.process import WorkerError
from service.workers.relay_process import RelayPool, RelayProcess

LISTENER = Listener(host="127.0.0.1", port=25)


class FakeWorker:
    """A worker without a process. `fault`: why it cannot start."""

    kind = Kind.RELAY

    def __init__(self, pid: int, fault: str = "") -> None:
        self.pid = pid
        self.took: list[Callable[[], None]] = []
        self.calls: list[str] = []
        self.full = False
        self._fault = fault
        self._ended = asyncio.Event()

    @property
    def takes(self) -> bool:
        return not self._fault and not self._ended.is_set()

    @property
    def connected(self) -> int:
        return len(self.took)

    async def ready(self) -> None:
        if self._fault:
            raise WorkerError(self._fault)

    def adopt(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        if self.full:
            raise OSError(109, "Too many references: cannot splice")
        sock.close()
        self.took.append(on_closed)

    def die(self) -> None:
        self._ended.set()

    def retire(self) -> None:
        self.calls.append("retire")

    async def stop(self, grace: float) -> None:
        self.calls.append(f"stop {grace:g}")
        self.die()

    async def ended(self) -> str:
        await self._ended.wait()
        return "SIGKILL"


class Scene:
    """A pool of fakes. `faults`: of the workers in the order of their start, "" for those that start."""

    def __init__(self, count: int, faults: tuple[str, ...] = ()) -> None:
        self.workers: list[FakeWorker] = []
        self.ended: list[int] = []
        self.waits: list[int] = []
        self.deaths = 0
        self._faults = itertools.chain(faults, itertools.repeat(""))
        self.pool = RelayPool(count, self._spawn, ended=self.ended.append, died=self._died, wait=self._wait)

    async def _spawn(self) -> RelayProcess:
        worker = FakeWorker(len(self.workers), next(self._faults))
        self.workers.append(worker)
        return cast(RelayProcess, worker)

    def _died(self) -> None:
        self.deaths += 1

    def _wait(self, deaths: int) -> float:
        self.waits.append(deaths)
        return 0.0

    def connect(self, listener: Listener = LISTENER) -> tuple[socket.socket, list[str]]:
        """Give it a connection; return the client, and where its end is told."""
        client, server = socket.socketpair()
        client.settimeout(10)
        told: list[str] = []
        self.pool.adopt(server, listener, lambda: told.append("closed"))
        return client, told


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0)


def test_each_connection_goes_to_the_worker_with_the_fewest() -> None:
    async def scene() -> None:
        made = Scene(3)
        await made.pool.start()
        for _ in range(6):
            made.connect()[0].close()
        assert [worker.connected for worker in made.workers] == [2, 2, 2]
        made.workers[1].took.clear()
        for _ in range(2):
            made.connect()[0].close()
        assert [worker.connected for worker in made.workers] == [2, 2, 2]
        await made.pool.stop(0)

    play(scene)


@pytest.mark.parametrize(("tls", "said"), [(Tls.OFF, b"421 4.3.2 "), (Tls.IMPLICIT, b"")])
def test_without_a_worker_the_client_is_sent_away(tls: Tls, said: bytes) -> None:
    async def scene() -> None:
        made = Scene(1)  # not started
        assert not made.pool.takes
        client, told = made.connect(Listener(host="127.0.0.1", port=25, tls=tls))
        with client:
            assert client.recv(100)[: len(said) or 1] == said
        assert told == ["closed"]

    play(scene)


def test_a_connection_that_cannot_be_handed_over_is_sent_away(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        made = Scene(1)
        await made.pool.start()
        made.workers[0].full = True
        client, told = made.connect()
        with client:
            assert client.recv(100).startswith(b"421 4.3.2 ")
        assert told == ["closed"]
        assert "Too many references" in caplog.text
        await made.pool.stop(0)

    play(scene)


def test_one_that_cannot_start_fails_the_start_and_the_others_are_stopped() -> None:
    async def scene() -> None:
        made = Scene(3, ("", "upstream.ca_file: cannot be used"))
        with pytest.raises(WorkerError, match=r"upstream\.ca_file: cannot be used"):
            await made.pool.start()
        assert [worker.calls for worker in made.workers] == [["stop 0"]] * 3
        assert sorted(made.ended) == [0, 1, 2]

    play(scene)


def test_the_dead_are_replaced_and_told(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        made = Scene(2)
        await made.pool.start()
        made.workers[0].die()
        await until(lambda: made.pool.restarts == 1)
        made.connect()[0].close()
        made.connect()[0].close()
        assert [worker.connected for worker in made.workers] == [0, 1, 1]
        assert made.ended == [0]
        await made.pool.stop(0)
        assert made.deaths == 1

    caplog.set_level(logging.ERROR)
    play(scene)
    assert caplog.messages == ["relay worker 0 died (SIGKILL); another starts in 0 s"]


def test_one_that_keeps_dying_is_waited_for_longer_each_time() -> None:
    async def scene() -> None:
        made = Scene(1)
        await made.pool.start()
        for number in range(4):
            await until(lambda number=number: len(made.workers) == number + 1)
            made.workers[number].die()
        await until(lambda: made.pool.restarts == 4)
        assert made.waits == [1, 2, 3, 4]
        await made.pool.stop(0)

    play(scene)
    assert [restart_wait(deaths) for deaths in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert restart_wait(5_000) == 30


def test_retiring_waits_for_the_workers_and_replaces_none() -> None:
    async def scene() -> None:
        made = Scene(2)
        await made.pool.start()
        retiring = asyncio.create_task(made.pool.retire())
        await until(lambda: all(worker.calls for worker in made.workers))
        made.workers[0].die()
        await asyncio.sleep(0)
        assert not retiring.done()
        made.workers[1].die()
        await retiring
        assert [worker.calls for worker in made.workers] == [["retire"], ["retire"]]
        assert sorted(made.ended) == [0, 1]

    play(scene)


def test_stopping_overtakes_retiring() -> None:
    async def scene() -> None:
        made = Scene(2)
        await made.pool.start()
        retiring = asyncio.create_task(made.pool.retire())
        await until(lambda: all(worker.calls for worker in made.workers))
        await made.pool.stop(3)
        await retiring
        assert made.workers[0].calls == ["retire", "stop 3"]
        assert sorted(made.ended) == [0, 1]

    play(scene)


def test_zero_workers_are_one_for_each_core() -> None:
    assert worker_count(3) == 3
    assert worker_count(0) >= 1
