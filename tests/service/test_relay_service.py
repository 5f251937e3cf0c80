import asyncio
import socket
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from relay.listener import Listener, Tls
from service.errors import OperatorError
from service.relay_service import MAX_RETIRED, RelayService
from service.settings import Settings


class FakeGeneration:
    """Keeps what it is given until told otherwise."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.took: list[tuple[socket.socket, Listener, Callable[[], None]]] = []
        self.stops: list[float] = []
        self._over = asyncio.Event()

    takes = True

    async def start(self) -> None:
        if self.settings.relay.hostname == "bad":
            raise OperatorError("it cannot start")

    def adopt(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        self.took.append((sock, listener, on_closed))

    async def retire(self) -> None:
        await self._over.wait()

    async def stop(self, grace: float) -> None:
        self.stops.append(grace)
        self.leave()

    def leave(self) -> None:
        """Let the clients go."""
        for sock, _, on_closed in self.took:
            sock.close()
            on_closed()
        self.took.clear()
        self._over.set()


class Scene:
    """A service on a port, with fake generations."""

    def __init__(self, settings: Settings) -> None:
        self.generations: list[FakeGeneration] = []
        self.settings = settings

    async def start(self) -> None:
        bound = socket.create_server(("127.0.0.1", 0))
        self.address = bound.getsockname()
        self.service = await RelayService.start(self.settings, self._new, [(bound, Listener())])

    def _new(self, settings: Settings) -> FakeGeneration:
        self.generations.append(FakeGeneration(settings))
        return self.generations[-1]

    async def connect(self) -> socket.socket:
        """Return a client, once somebody has its connection."""
        before = sum(len(generation.took) for generation in self.generations)
        client = socket.create_connection(self.address, 10)
        await until(lambda: sum(len(generation.took) for generation in self.generations) > before)
        return client


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0)


def play(scene: Callable[[Scene], Coroutine[Any, Any, None]], settings: Settings | None = None) -> None:
    async def played() -> None:
        made = Scene(settings or Settings())
        await made.start()
        await scene(made)
        await made.service.stop(0)

    asyncio.run(played())


def test_after_a_reload_new_clients_get_the_new_generation_and_old_ones_stay() -> None:
    async def scene(made: Scene) -> None:
        with await made.connect():
            await made.service.reload(Settings())
            old, new = made.generations
            assert (len(old.took), old.stops, made.service.retired) == (1, [], 1)
            with await made.connect():
                assert (len(old.took), len(new.took)) == (1, 1)
            old.leave()
            await until(lambda: not made.service.retired)
            assert len(new.took) == 1

    play(scene)


def test_a_reload_renews_the_limits_and_what_is_spoken() -> None:
    one = replace(Settings(), relay=replace(Settings().relay, max_connections=1))

    async def scene(made: Scene) -> None:
        with await made.connect():
            relay = replace(Settings().relay, max_connections=2, listen=("127.0.0.1:0?starttls=off",))
            await made.service.reload(replace(Settings(), relay=relay))
            with await made.connect(), socket.create_connection(made.address, 10) as third:
                await asyncio.sleep(0)
                assert (await asyncio.to_thread(third.recv, 100)).startswith(b"421 4.7.0 ")
            [(_, listener, _)] = made.generations[1].took
            assert (listener.port, listener.tls) == (0, Tls.OFF)

    play(scene, one)


def test_a_generation_that_cannot_start_leaves_all_as_it_was() -> None:
    async def scene(made: Scene) -> None:
        with pytest.raises(OperatorError, match="it cannot start"):
            await made.service.reload(replace(Settings(), relay=replace(Settings().relay, hostname="bad")))
        with await made.connect():
            assert (len(made.generations[0].took), made.service.retired) == (1, 0)

    play(scene)


def test_stopping_ends_every_generation() -> None:
    async def scene(made: Scene) -> None:
        await made.service.reload(Settings())
        await made.service.stop(7)
        assert [generation.stops for generation in made.generations] == [[7], [7]]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(made.address, 10)

    play(scene)


def test_clients_that_outlive_many_reloads_are_sent_away() -> None:
    async def scene(made: Scene) -> None:
        for _ in range(MAX_RETIRED + 1):
            await made.service.reload(Settings())
        await until(lambda: made.service.retired == MAX_RETIRED)
        assert [bool(generation.stops) for generation in made.generations] == [True] + [False] * 5

    play(scene)
