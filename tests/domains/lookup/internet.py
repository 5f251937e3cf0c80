"""A small Internet at one port: a recursor, two servers of a customer's zone, one of the target's, one spare.

The recursor has records of its own: what it has of a host is what it remembers of it.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

from domains.lookup.authoritative import Authorities
from domains.lookup.delegations import Delegations
from domains.lookup.recursor import Recursor
from domains.lookup.resolver import Resolver
from tests.dns_server import DnsServer
from tests.running import free_port

HOST = "track.example.com"
TARGET = "links.waypost.test"
TARGET_ADDRESS = "192.0.2.10"


class Internet:
    """Started and stopped by `with`. The zones are example.com and waypost.test."""

    def __init__(self) -> None:
        self.port = free_port()
        addresses = [f"127.0.0.{number}" for number in range(1, 6)]
        self.servers = [DnsServer(address, self.port) for address in addresses]
        self.recursor, self.first, self.second, self.of_target, self.spare = self.servers
        self.serve("example.com", self.first, self.second)
        self.serve("waypost.test", self.of_target)
        self.of_target.add(TARGET, "A", TARGET_ADDRESS)
        self._stack = ExitStack()

    def serve(self, zone: str, *servers: DnsServer) -> None:
        """Tell the recursor which servers are responsible for a zone."""
        for number, server in enumerate(servers, 1):
            self.recursor.add(zone, "NS", f"ns{number}.{zone}")
            self.recursor.add(f"ns{number}.{zone}", "A", server.address)

    def create(self, name: str, kind: str, value: str) -> None:
        """Add a record at both servers of example.com."""
        self.first.add(name, kind, value)
        self.second.add(name, kind, value)

    def server_name(self, server: DnsServer, zone: str = "example.com") -> str:
        """Return how a server of the zone is named to the operator."""
        number = 2 if server is self.second else 1
        return f"ns{number}.{zone} ({server.address} port {self.port})"

    def resolver(
        self,
        *,
        may_ask: Callable[[str], bool] = lambda _: True,
        timeout: float = 5.0,
        lifetime: float = 20.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Resolver:
        """Return one that knows this Internet alone."""
        recursor = Recursor([self.recursor.address], self.port, timeout=timeout)
        delegations = Delegations(recursor, may_ask=may_ask, monotonic=monotonic, port=self.port)
        authorities = Authorities(delegations, timeout=timeout)
        return Resolver(recursor, authorities, lifetime=lifetime, monotonic=monotonic)

    def __enter__(self) -> Self:
        for server in self.servers:
            self._stack.enter_context(server)
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()
