"""A receiver of webhooks inside the test process: a real HTTP server that answers as the test says.

with Receiver() as receiver:
    ... receiver.url("/in"), receiver.behave["/in"] = fails(500), receiver.requests
"""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True, slots=True)
class Request:
    """One that came. Names of headers are in lower case."""

    at: float
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in it."""
        found: list[dict[str, Any]] = json.loads(self.body)["events"]
        return found


def answers(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Answer so."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def resets(handler: BaseHTTPRequestHandler) -> None:
    """Reset the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Behave so one after the other, and like the last one from then on."""
    waiting = list(behaviours)
    return lambda handler: (waiting.pop(0) if len(waiting) > 1 else waiting[0])(handler)


class Receiver:
    """Takes what it is sent, at a free port of 127.0.0.1, unless `behave` says otherwise of a path."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.behave: dict[str, Behaviour] = {}
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "/") -> str:
        """Return the URL of a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def taken(self, path: str = "/") -> Counter[str]:
        """Return how often each event came there, by id."""
        return Counter(
            event["id"] for each in list(self.requests) if each.path == path for event in each.events
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes early is no fault of the receiver's."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver = self.server.receiver
        receiver.requests.append(Request(time.time(), self.path, headers, body))
        receiver.behave.get(self.path, answers(204))(self)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""
