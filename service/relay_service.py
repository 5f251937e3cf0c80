"""The relay of a running server: who accepts, the generation that serves, and those that end in peace."""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from connections.addresses import is_among
from relay.acceptor import Acceptor, Limit
from relay.listener import Listener
from service.relay_generation import Generation
from service.settings import RelaySection, Settings
from service.settings_checks import listeners
from service.wiring import networks

log = logging.getLogger("waypost.service")

MAX_RETIRED = 4  # generations; beyond them the oldest is stopped, or reloading each minute fills the memory

Bound = Sequence[tuple[socket.socket, Listener]]


NewGeneration = Callable[[Settings], Generation]
"""Makes one, not started; may raise OperatorError."""


class RelayService:
    """What accepts, what serves, and what still has clients from before."""

    def __init__(
        self,
        settings: Settings,
        new_generation: NewGeneration,
        current: Generation,
        bound: Bound,
        refused: Callable[[Limit], object],
    ) -> None:
        self._settings = settings
        self._new_generation = new_generation
        self._current = current
        self._retired: list[Generation] = []  # the oldest first
        self._tasks: set[asyncio.Task[None]] = set()
        self._acceptor = Acceptor(
            current.adopt,
            max_connections=settings.relay.max_connections,
            max_per_address=settings.relay.max_connections_per_address,
            is_proxy=proxies(settings.relay),
            refused=refused,
        )
        self._acceptor.start(bound)

    @classmethod
    async def start(
        cls,
        settings: Settings,
        new_generation: NewGeneration,
        bound: Bound,
        *,
        refused: Callable[[Limit], object] = lambda limit: None,
    ) -> "RelayService":
        """Accept on bound sockets, which belong to it from then on. Raises OperatorError.

        `refused` is told of each connection for which there was no room.
        """
        return cls(settings, new_generation, await _started(new_generation(settings)), bound, refused)

    @property
    def retired(self) -> int:
        """How many generations still have clients from before."""
        return len(self._retired)

    @property
    def takes(self) -> bool:
        """Whether connections are served now."""
        return self._current.takes

    async def reload(self, settings: Settings) -> None:
        """Serve new connections by other settings. Raises OperatorError; all stays as it was then."""
        new = await _started(self._new_generation(settings))
        old, self._current = self._current, new
        self._settings = settings
        self._acceptor.renew(
            new.adopt,
            max_connections=settings.relay.max_connections,
            max_per_address=settings.relay.max_connections_per_address,
            is_proxy=proxies(settings.relay),
            listeners=listeners(settings.relay),
        )
        self._retire(old)

    async def stop(self, grace: float) -> None:
        """Close the door, then end all generations within `grace` seconds. Again with fewer: hurry."""
        self._acceptor.stop()
        await asyncio.gather(*(generation.stop(grace) for generation in [*self._retired, self._current]))
        await asyncio.gather(*self._tasks)

    def _retire(self, generation: Generation) -> None:
        self._retired.append(generation)
        self._run(self._until_empty(generation))
        if len(self._retired) > MAX_RETIRED:
            log.warning("settings were reloaded often: clients that stayed through it all are sent away")
            self._run(self._retired[0].stop(self._settings.relay.stop_seconds))

    async def _until_empty(self, generation: Generation) -> None:
        await generation.retire()
        self._retired.remove(generation)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def proxies(section: RelaySection) -> Callable[[str], bool]:
    """Return what tells the address of a proxy, whose clients are counted once its header names them."""
    return partial(is_among, networks=networks(section.proxy_peers))


async def _started(generation: Generation) -> Generation:
    try:
        await generation.start()
    except asyncio.CancelledError:  # the server stops in the middle of a reload
        await generation.stop(0)
        raise
    return generation
