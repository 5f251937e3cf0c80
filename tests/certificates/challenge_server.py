"""Answers HTTP challenges from a store, as a tracker does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Final

from certificates.ports import ChallengeStore
from tests.certificates.builders import NOW

PREFIX: Final = "/.well-known/acme-challenge/"


class ChallengeServer(ThreadingHTTPServer):
    """Where `hold` is set, a request waits for that event; `reached` is set when the first one came."""

    daemon_threads = True

    def __init__(
        self, port: int, store: ChallengeStore, *, clock: Callable[[], datetime] = lambda: NOW
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.store = store
        self.clock = clock
        self.hold: Event | None = None
        self.reached = Event()

    @contextmanager
    def running(self) -> Iterator["ChallengeServer"]:
        """Serve in a thread."""
        thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: ChallengeServer

    def do_GET(self) -> None:
        self.server.reached.set()
        if self.server.hold is not None:
            self.server.hold.wait(60)
        token, now = self.path.removeprefix(PREFIX), self.server.clock()
        answer = self.server.store.challenge_answer(token, now=now)
        self.send_response(200 if answer else 404)
        self.end_headers()
        self.wfile.write((answer or "").encode())

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""
