"""Serves the API in a thread with an event loop of its own, so that mail and clicks never wait for it."""

import socket
import threading
from typing import Any, Final

import uvicorn

MOST_CONNECTIONS: Final = 200
PATIENCE: Final = 10  # seconds for requests under way at the end


class WebServer:
    """Answers on a bound socket, which belongs to it from then on."""

    def __init__(self, app: Any, sock: socket.socket) -> None:
        self._socket = sock
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                access_log=False,  # paths hold names of customers
                log_config=None,
                lifespan="off",
                ws="none",
                proxy_headers=False,  # who fails is known by the connection's own address
                server_header=False,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_graceful_shutdown=PATIENCE,
            )
        )
        self._thread = threading.Thread(target=self._run, name="web")

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Let requests under way finish, and end. Blocks."""
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
