"""Asks a web server by its IP address, as it was looked up and checked, and by no name.

A second look-up for the connection could lead elsewhere than the first one for the check: DNS rebinding.
"""

import socket
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from domains.addresses import is_public
from domains.evidence import ProbeAnswer, Reached
from domains.model import Scheme
from domains.probing.deadline import Deadline
from domains.probing.http_exchange import HttpAnswer, NoAnswer, NotHttp, get
from domains.probing.tls_words import plain_words

_DEFAULT_PORTS = {Scheme.HTTP: 80, Scheme.HTTPS: 443}


class Unreached(Exception):
    """No HTTP answer. `answer` says who was there instead, and why."""

    def __init__(self, reached: Reached, detail: str, address: str = "") -> None:
        super().__init__(detail)
        self.answer = ProbeAnswer(reached=reached, detail=detail, address=address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: until one address is connected to, and for all of a request."""

    connect: float = 3.0
    whole: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebClient:
    """Follows no redirect, reads a bounded answer in a bounded time. Safe to share between threads.

    `tls` verifies certificates and names. A port of 0 says that the scheme is not to be asked.
    """

    tls: ssl.SSLContext
    http_port: int = 80
    https_port: int = 443
    allow_private: bool = False
    limits: Limits = Limits()
    monotonic: Callable[[], float] = time.monotonic

    def get(
        self, scheme: Scheme, host: str, path: str, addresses: Sequence[str], own: Collection[str] = ()
    ) -> tuple[HttpAnswer, str]:
        """Return the answer and the address that gave it, the first one that takes a connection.

        Addresses that are not public are not asked, but for our `own`. Raises `Unreached`.
        """
        port = self.http_port if scheme is Scheme.HTTP else self.https_port
        allowed = self._allowed(addresses, own, port)
        deadline = Deadline(self.limits.whole, self.monotonic)
        connection, address = self._connect(allowed, port, deadline)
        named = host if port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"
        try:
            with self._secured(scheme, connection, host, deadline) as secured:
                return get(secured, named, path, deadline), address
        except NoAnswer as fault:
            raise Unreached(Reached.NOBODY, f"{address} {fault}", address) from None
        except NotHttp as fault:
            raise Unreached(Reached.OTHER, f"{address} {fault}", address) from None
        except TimeoutError:
            raise Unreached(Reached.NOBODY, f"{address} did not answer in time", address) from None
        except OSError as fault:
            raise Unreached(Reached.UNTRUSTED, f"{address}: {plain_words(fault)}", address) from None

    def _allowed(self, addresses: Sequence[str], own: Collection[str], port: int) -> Sequence[str]:
        if not port:
            raise Unreached(Reached.NOT_PROBED, "the settings switch this probe off")
        if not addresses:
            raise Unreached(Reached.NOT_PROBED, "there is no address to ask")
        allowed = [each for each in addresses if self.allow_private or each in own or is_public(each)]
        if not allowed:
            raise Unreached(Reached.NOT_ALLOWED, f"there is no public address ({', '.join(addresses)})")
        return allowed

    def _connect(self, addresses: Sequence[str], port: int, deadline: Deadline) -> tuple[socket.socket, str]:
        complaints: list[str] = []
        for address in addresses:
            try:
                seconds = min(self.limits.connect, deadline.remaining())
                return socket.create_connection((address, port), timeout=seconds), address
            except TimeoutError:
                complaints.append(f"{address} port {port} did not answer in time")
            except ConnectionRefusedError:
                complaints.append(f"{address} port {port} refused the connection")
            except OSError as fault:
                complaints.append(f"{address} port {port} cannot be reached ({fault.strerror})")
        raise Unreached(Reached.NOBODY, "; ".join(complaints), addresses[0])

    def _secured(
        self, scheme: Scheme, connection: socket.socket, host: str, deadline: Deadline
    ) -> socket.socket:
        """Return the connection, with TLS where the scheme wants it; closes it on a fault."""
        if scheme is Scheme.HTTP:
            return connection
        try:
            connection.settimeout(deadline.remaining())
            return self.tls.wrap_socket(connection, server_hostname=host)
        except OSError:
            connection.close()
            raise
