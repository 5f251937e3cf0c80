"""Which upstream a project's mail takes: the one that it names, else the default."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType

from relay.envelope import Sender
from relay.replies import Reply
from relay.upstream.port import Capabilities, NotConfigured, Upstream, UpstreamTransaction, shared

_log = logging.getLogger("waypost.relay")


class Upstreams:
    """All upstreams. `name_of` returns the name of a project's upstream, None for the default."""

    def __init__(
        self,
        default: Upstream,
        named: Mapping[str, Upstream] = MappingProxyType({}),
        name_of: Callable[[int], str | None] = lambda _: None,
    ) -> None:
        self._default = default
        self._named = named
        self._name_of = name_of

    def of(self, project: int) -> Upstream:
        """Return a project's upstream; where it names one that there is not, one that is always away.

        The default would be wrong then: other servers, other reputation, perhaps another country.
        """
        name = self._name_of(project)
        return self._default if name is None else self._named.get(name) or _Missing(name)

    async def capabilities(self, project: int | None) -> Capabilities | None:
        """Return what the project's upstream can do, or all can where the project is not known yet."""
        if project is not None or not self._named:
            upstream = self._default if project is None else self.of(project)
            return await upstream.capabilities()
        asked = await asyncio.gather(*(upstream.capabilities() for upstream in self._all))
        known = [capabilities for capabilities in asked if capabilities]
        return shared(known) if known else None

    async def close(self) -> None:
        """Close all."""
        for upstream in self._all:
            await upstream.close()

    @property
    def _all(self) -> tuple[Upstream, ...]:
        return (self._default, *self._named.values())


class _Missing:
    """The `Upstream` that the settings lack."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def capabilities(self) -> Capabilities | None:
        return None

    async def open(self, sender: Sender) -> tuple[Reply, UpstreamTransaction | None]:
        _log.error("a project names the upstream %s, which the settings do not have", self._name)
        raise NotConfigured(f"the settings have no upstream {self._name}")

    async def close(self) -> None:
        """Nothing is open."""
