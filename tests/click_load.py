"""Readers under load: numbered clicks and opens, each asked once, and which of them were answered."""

import itertools
import socket
import threading
import time
from collections.abc import Sequence
from io import BufferedReader
from typing import Self

_REQUEST = "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: %d\r\n\r\n"
_PATIENCE = 60.0
_PAUSE = 0.02  # before a tracker that is gone is asked again
_READING = 0.002  # between two requests of a reader: what is tested are deaths, and not how much is borne


class ClickLoad:
    """`count` readers with a connection each ask for `paths` in turn, from `with` until its end or `stop`.

    Each request's User-Agent is its number. `answered` holds the numbers whose answer came whole; the others
    of `asked` were cut off, and are not asked again.
    """

    def __init__(self, port: int, paths: Sequence[str], *, count: int) -> None:
        self.asked: set[int] = set()
        self.answered: set[int] = set()
        self.surprises: list[bytes] = []
        self._port = port
        self._paths = paths
        self._numbers = itertools.count(1)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask no more; return when each reader has had its answer, or lost its connection."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(_PATIENCE)
            assert not thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self._port), _PATIENCE) as connection:
                    self._click(connection, connection.makefile("rb"))
            except OSError:
                time.sleep(_PAUSE)

    def _click(self, connection: socket.socket, answers: BufferedReader) -> None:
        while not self._stopping.is_set():
            number = next(self._numbers)
            self.asked.add(number)
            connection.sendall((_REQUEST % (self._paths[number % len(self._paths)], number)).encode())
            status = _answer(answers)
            self.answered.add(number)
            if status not in (b"302", b"200"):
                self.surprises.append(status)
            time.sleep(_READING)


def _answer(answers: BufferedReader) -> bytes:
    """Read an answer and return its status. Raises ConnectionError where it is cut off."""
    status, length = answers.readline()[9:12], 0
    while (line := answers.readline()) != b"\r\n":
        if not line:
            raise ConnectionError("the tracker is gone")
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if len(answers.read(length)) < length:
        raise ConnectionError("the tracker is gone")
    return status
