"""Certificates of a test authority, and clients that trust it."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import trustme
from prometheus_client import CollectorRegistry

from connections.client_address import Network
from tests.tracker.serving import PATIENCE, Serving, serving
from tracker.tls import Contexts, TlsMetrics
from tracker.tls.handshakes import Handshakes

AUTHORITY = trustme.CA(key_type=trustme.KeyType.ECDSA)


def issue(*hosts: str) -> bytes:
    """Return a key and its certificate in PEM."""
    return AUTHORITY.issue_cert(*hosts, key_type=trustme.KeyType.ECDSA).private_key_and_cert_chain_pem.bytes()


class Certified:
    """Hosts with a certificate: `ready` ones at once, others when their order is let go on."""

    def __init__(self, *ready: str, default: str | None = None) -> None:
        self.pem = {host: issue(host) for host in ready}
        self.default = default
        self.ordered: dict[str, asyncio.Event] = {}
        self.asked: list[str] = []
        self.contexts = Contexts(monotonic=time.monotonic)

    def at_hand(self, host: str | None) -> ssl.SSLContext | None:
        name = self.default if host is None else host
        if name not in self.pem:
            return None
        return self.contexts.of(name, lambda: self.pem[name])

    async def obtain(self, host: str) -> ssl.SSLContext | None:
        self.asked.append(host)
        if host in self.ordered:
            await self.ordered[host].wait()
        return self.at_hand(host)


class Secure:
    """A tracker that serves TLS, from a client's side."""

    def __init__(self, running: Serving, registry: CollectorRegistry, certified: Certified) -> None:
        self.running = running
        self.port = running.tls_port
        self.certified = certified
        self._registry = registry

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def handshake(
        self, host: str | None, context: ssl.SSLContext | None = None, *, before: bytes = b""
    ) -> ssl.SSLSocket:
        sock = self.connect()
        sock.sendall(before)
        try:
            return (context or client()).wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise

    def wait_until(self, *, arriving: int) -> None:
        """Wait until so many connections are not served yet."""
        self.running.wait_until(lambda server: len(server._acceptor._arriving) == arriving)

    def counted(self) -> dict[str, float]:
        """Return how many connections began how, as soon as none is on its way."""
        self.running.wait_until_all_are_gone()
        return {
            sample.labels["outcome"]: sample.value
            for metric in self._registry.collect()
            for sample in metric.samples
            if sample.name == "waypost_tls_handshakes_total" and sample.value
        }


@contextmanager
def secure(
    certified: Certified,
    *,
    wait_seconds: float = PATIENCE,
    hello_seconds: float = PATIENCE,
    handshake_seconds: float = PATIENCE,
    max_connections: int = 100,
    proxies: tuple[Network, ...] = (),
) -> Iterator[Secure]:
    registry = CollectorRegistry()
    handshakes = Handshakes(
        certified,
        TlsMetrics(registry),
        wait_seconds=wait_seconds,
        hello_seconds=hello_seconds,
        handshake_seconds=handshake_seconds,
    )
    with serving(handshakes=handshakes, proxies=proxies, max_connections=max_connections) as running:
        yield Secure(running, registry, certified)


def client(version: ssl.TLSVersion | None = None, protocols: tuple[str, ...] = ()) -> ssl.SSLContext:
    """Return a client's context that trusts the authority, and speaks one version alone if told to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    AUTHORITY.configure_trust(context)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if protocols:
        context.set_alpn_protocols(protocols)
    return context
