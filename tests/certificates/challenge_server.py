"""Answers HTTP challenges from a store, as a tracker does."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from certificates.ports import ChallengeStore
from tests.certificates.builders import NOW

PREFIX: Final = "/.well-known/acme-challenge/"


class ChallengeServer(ThreadingHTTPServer):
    """`asked` holds the Host headers of the requests so far."""

    def __init__(self, port: int, store: ChallengeStore) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.store = store
        self.asked: list[str] = []

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
        self.server.asked.append(self.headers["Host"])
        answer = self.server.store.challenge_answer(self.path.removeprefix(PREFIX), now=NOW)
        self.send_response(200 if answer else 404)
        self.end_headers()
        self.wfile.write((answer or "").encode())

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""
