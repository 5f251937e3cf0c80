import asyncio
import http.client
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from links.key_ring import KeyRing
from service.key_file import new_secret, save_key_ring
from service.settings import LogLevel, LogSection, Settings
from service.tracker_wiring import tracker_share
from service.workers.channel import Channel
from service.workers.messages import BeginTracker, Log, Order, Ordered
from service.workers.numbers import Kind
from service.workers.process import spawn
from service.workers.tracker_process import TrackerProcess
from tests.service.workers.test_process import SEED


async def nothing(host: str) -> int:
    return 0


def begin(folder: Path, sock: socket.socket) -> BeginTracker:
    """Return what a worker needs; its database is away."""
    save_key_ring(folder / "keys.json", KeyRing.first(new_secret(), 0))
    settings = Settings()
    settings = replace(
        settings,
        database=replace(settings.database, url=f"sqlite:///{folder}/none.db"),
        keys=replace(settings.keys, file=folder / "keys.json"),
        journal=replace(settings.journal, directory=folder / "journal"),
    )
    return BeginTracker(
        settings=settings, seed=SEED, numbers=folder, slot=0, plain=(sock.fileno(),), secure=()
    )


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def within_time() -> None:
        async with asyncio.timeout(60):
            await scene()

    asyncio.run(within_time())


def status(port: int) -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.request("GET", "/healthz")
    try:
        return client.getresponse().status
    finally:
        client.close()


def test_a_worker_answers_on_an_inherited_socket_and_signals_of_a_group_are_left_to_the_parent(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            worker = await spawn(
                partial(TrackerProcess, order=nothing),
                Kind.TRACKER,
                begin(tmp_path, listening),
                inherited=[listening.fileno()],
            )
            await worker.ready()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                os.kill(worker.pid, number)
            assert await asyncio.to_thread(status, listening.getsockname()[1]) == 200
            await worker.stop(5)
            assert await worker.ended() == "exit code 0"
            assert not worker.takes

    play(scene)


class Other:
    """The worker's end of the channel; the process is none."""

    def __init__(self, order: Callable[[str], Coroutine[Any, Any, int]]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.received: list[object] = []
        self.changed = asyncio.Event()
        process: Any = None
        self.parent = TrackerProcess(Kind.TRACKER, process, ours, order=order)
        self.channel = Channel(theirs, received=self._received, closed=lambda: None)

    def _received(self, message: object, _: socket.socket | None) -> None:
        self.received.append(message)
        self.changed.set()


def test_a_certificate_is_waited_for_and_its_version_told() -> None:
    asked: list[str] = []

    async def order(host: str) -> int:
        asked.append(host)
        return 7

    async def scene() -> None:
        other = Other(order)
        other.channel.send(Order("track.example.com"))
        await other.changed.wait()
        assert asked == ["track.example.com"]
        assert other.received == [Ordered("track.example.com", 7)]
        other.channel.close()

    play(scene)


def test_a_wait_that_fails_is_answered_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async def order(host: str) -> int:
        raise LookupError(host)

    async def scene() -> None:
        other = Other(order)
        other.channel.send(Order("track.example.com"))
        await other.changed.wait()
        assert other.received == [Ordered("track.example.com", 0)]
        other.channel.close()

    play(scene)
    assert "no certificate for track.example.com" in caplog.text


def test_a_change_of_the_log_is_passed_on() -> None:
    section = LogSection(level=LogLevel.DEBUG)

    async def scene() -> None:
        other = Other(nothing)
        other.parent.use_log(section)
        await other.changed.wait()
        assert other.received == [Log(section)]
        other.channel.close()

    play(scene)


def test_connections_are_divided_among_workers() -> None:
    settings = Settings()
    assert tracker_share(settings, 4).tracker.max_connections == settings.tracker.max_connections // 4
    few = replace(settings, tracker=replace(settings.tracker, max_connections=2))
    assert tracker_share(few, 4).tracker.max_connections == 1
