"""A web server inside the test process that answers as the test says, well or ill, with TLS or without.

with WebServer(says(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")) as server:
    ... server.port, server.requests
"""

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

PATIENCE = 10.0  # seconds

Behaviour = Callable[[socket.socket, bytes], None]
"""What to do with a connection, and the head of the request that came over it."""


class WebServer:
    """One connection at a time, at a free port of 127.0.0.1. Behaviours end when their client goes."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.names: list[str] = []  # that TLS clients asked for
        self._behaviour = behaviour
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _, name, __: self.names.append(name)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._handle(self._socket.accept()[0])

    def _handle(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        with contextlib.suppress(OSError), self._secured(connection) as secured:
            request = b""
            while b"\r\n\r\n" not in request:
                chunk = secured.recv(65536)
                if not chunk:
                    return
                request += chunk
            self.requests.append(request)
            self._behaviour(secured, request)

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self._tls is None:
            return connection
        try:
            return self._tls.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            raise


def says(answer: bytes) -> Behaviour:
    """Say this, then close."""
    return lambda connection, _: connection.sendall(answer)


def waits(answer: bytes = b"") -> Behaviour:
    """Say this, then nothing more until the client goes."""

    def behave(connection: socket.socket, _: bytes) -> None:
        connection.sendall(answer)
        connection.recv(1)

    return behave


def repeats(beginning: bytes, part: bytes, pause: float = 0.0) -> Behaviour:
    """Say the beginning, then the part without end, with a pause of seconds before each."""

    def behave(connection: socket.socket, _: bytes) -> None:
        connection.sendall(beginning)
        gone = threading.Event()
        for _ in itertools.count():
            gone.wait(pause)
            connection.sendall(part)

    return behave


def resets(connection: socket.socket, _: bytes) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def ok(body: bytes = b"", *headers: bytes) -> bytes:
    """Return the bytes of an answer 200."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)
