"""The private HTTP port: metrics for Prometheus, health for a service manager, readiness for a load balancer,
and for a front that has certificates made, whether a host needs one.

Plain HTTP/1.1 with one request a connection, by hand: a web server would be the larger part of it, and
nobody but the operator's own machines ever speaks to it.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    disable_created_metrics,
    generate_latest,
)

log = logging.getLogger("waypost.service")

MAX_HEAD: Final = 8 * 1024  # octets of a request
PATIENCE: Final = 10.0  # seconds for a request, and for its answer

_TEXT: Final = "text/plain; charset=utf-8"


def new_registry() -> CollectorRegistry:
    """Return an empty registry. When each series began is not shown: it would double the answer."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    return CollectorRegistry()


def watch(registry: CollectorRegistry, name: str, help: str, value: Callable[[], float]) -> None:
    """Have a gauge that is computed when it is asked for."""
    Gauge(name, help, registry=registry).set_function(value)


class State(StrEnum):
    """Where the life of the process has got to."""

    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"


class Readiness:
    """Whether clients should be sent here. `obstacle` says what stands in the way, "" where nothing does.

    An upstream that cannot be reached is none: every relay behind a load balancer would be unready at once,
    and clients would get no connection instead of a 451 with a reason.
    """

    def __init__(self, obstacle: Callable[[], str] = lambda: "") -> None:
        self.state = State.STARTING
        self._obstacle = obstacle

    def why_not(self) -> str:
        """Return in a few words why not; "" where ready."""
        return self._obstacle() if self.state is State.SERVING else self.state.value


class MonitoringServer:
    """Answers `/metrics`, `/healthz`, `/readyz` and `/ask?domain=HOST`.

    `is_tracked` tells whether mail that is already sent may hold links on a host.
    """

    def __init__(
        self, registry: CollectorRegistry, readiness: Readiness, is_tracked: Callable[[str], bool]
    ) -> None:
        self._registry = registry
        self._readiness = readiness
        self._is_tracked = is_tracked
        self._server: asyncio.Server | None = None

    async def start(self, sock: socket.socket) -> None:
        """Answer on a bound socket, which belongs to this server from then on."""
        self._server = await asyncio.start_server(self._serve, sock=sock, limit=MAX_HEAD)

    async def stop(self) -> None:
        """Accept no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head))
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever it was does not get an answer
        finally:
            writer.close()

    async def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path, _, query = rest.partition(b" ")[0].partition(b"?")
        if method not in (b"GET", b"HEAD"):
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, b"Only GET and HEAD\n")
        match path:
            case b"/metrics":
                # Off the loop: the numbers of worker processes are read from files.
                shown = await asyncio.to_thread(self._metrics)
                response = _response(HTTPStatus.OK, shown, CONTENT_TYPE_LATEST)
            case b"/healthz":
                response = _response(HTTPStatus.OK, b"ok\n")
            case b"/readyz":
                why_not = self._readiness.why_not()
                status = HTTPStatus.SERVICE_UNAVAILABLE if why_not else HTTPStatus.OK
                response = _response(status, f"{why_not or 'ready'}\n".encode())
            case b"/ask":
                response = self._answer_front(query)
            case _:
                there_are = b"There are /metrics, /healthz, /readyz and /ask\n"
                response = _response(HTTPStatus.NOT_FOUND, there_are)
        return response if method == b"GET" else response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    def _answer_front(self, query: bytes) -> bytes:
        """Answer as Caddy's `on_demand_tls` wants it: 2xx is yes. Nothing is asked of a database.

        https://caddyserver.com/docs/caddyfile/options#on-demand-tls
        """
        match parse_qs(query.decode("latin-1"), errors="replace").get("domain"):
            case [host] if self._is_tracked(host):
                return _response(HTTPStatus.OK, b"yes\n")
            case _:
                return _response(HTTPStatus.NOT_FOUND, b"no\n")

    def _metrics(self) -> bytes:
        return generate_latest(self._registry)


def _response(status: HTTPStatus, body: bytes, content_type: str = _TEXT) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
