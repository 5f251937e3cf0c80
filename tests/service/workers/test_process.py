import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accounts.directory import AccountDirectory
from domains.directory import Directory
from links.key_ring import KeyRing
from relay.listener import Listener
from service.key_file import new_secret, save_key_ring
from service.live.seed import Seed
from service.settings import Settings
from service.workers import process as worker_process
from service.workers.messages import Begin
from service.workers.numbers import Kind
from service.workers.process import WorkerError, spawn
from service.workers.relay_process import RelayProcess

SEED = Seed(directory=Directory.build([], []), accounts=AccountDirectory.build([], [], []))


def begin(folder: Path, *, keys: bool = True) -> Begin:
    """Return what a worker needs; its database is away."""
    settings = Settings()
    if keys:
        save_key_ring(folder / "keys.json", KeyRing.first(new_secret(), 0))
    settings = replace(
        settings,
        relay=replace(settings.relay, hostname="worker.test"),
        database=replace(settings.database, url=f"sqlite:///{folder}/none.db"),
        keys=replace(settings.keys, file=folder / "keys.json"),
        journal=replace(settings.journal, directory=folder / "journal"),
        upstream=replace(settings.upstream, url=f"dir:{folder}/outbox"),
    )
    return Begin(settings=settings, seed=SEED, numbers=folder, slot=0)


async def relay(folder: Path, *, keys: bool = True) -> RelayProcess:
    return await spawn(RelayProcess, Kind.RELAY, begin(folder, keys=keys))


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


def connection() -> tuple[socket.socket, socket.socket]:
    """Return a client and the server's end, over TCP."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname(), 20)
        server, _ = listening.accept()
    return client, server


def test_a_worker_greets_tells_the_end_of_a_connection_and_retires_after_it(tmp_path: Path) -> None:
    async def scene() -> None:
        worker = await relay(tmp_path)
        assert not worker.takes
        await worker.ready()
        client, server = connection()
        closed = asyncio.Event()
        worker.adopt(server, Listener(), closed.set)
        with client:
            assert (await asyncio.to_thread(client.recv, 100)).startswith(b"220 worker.test ")
            worker.retire()
            assert worker.connected == 1
            client.sendall(b"QUIT\r\n")
            async with asyncio.timeout(20):
                await closed.wait()
                assert await worker.ended() == "exit code 0"
        assert not worker.connected

    play(scene)


def test_signals_of_a_group_are_left_to_the_parent_and_a_killed_worker_ends_its_connections(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        worker = await relay(tmp_path)
        await worker.ready()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(worker.pid, number)
        client, server = connection()
        closed: list[bool] = []
        worker.adopt(server, Listener(), lambda: closed.append(True))
        with client:
            assert (await asyncio.to_thread(client.recv, 100)).startswith(b"220 ")
            os.kill(worker.pid, signal.SIGKILL)
            assert await worker.ended() == "SIGKILL"
        assert closed == [True]
        assert not worker.takes

    play(scene)


def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    async def scene() -> None:
        worker = await relay(tmp_path, keys=False)
        with pytest.raises(WorkerError, match=r"keys\.json: no key ring"):
            await worker.ready()
        assert "no key ring" in await worker.ended()

    play(scene)


def test_one_that_is_never_ready_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        monkeypatch.setattr(worker_process, "START_SECONDS", 0.0)
        worker = await relay(tmp_path)
        with pytest.raises(WorkerError, match="not ready within 0 seconds"):
            await worker.ready()
        await worker.stop(0)
        await worker.ended()

    play(scene)
