"""Clients under load: numbered messages, each kept by its client until the server acknowledged it."""

import itertools
import socket
import threading
import time
from io import BufferedReader
from typing import Self

_HEADER = "From: news@sender.test\r\nX-Number: %d\r\n"
_PATIENCE = 60.0
_PAUSE = 0.02  # before what was refused is tried again


class _NotTaken(Exception):
    """The server refused."""


class Load:
    """`count` clients with a connection each, from `with` until its end or `stop`.

    `acknowledged` holds the numbers answered with 250, `refusals` all other replies. What is not acknowledged
    is sent again. `body` follows the header; the final dot is part of it.
    """

    def __init__(self, port: int, body: bytes, *, count: int) -> None:
        self.acknowledged: set[int] = set()
        self.refusals: list[bytes] = []
        self._port = port
        self._body = body
        size = len(_HEADER) + 10 + len(body)  # as mail servers declare it, so that nothing is sent in vain
        self._envelope = (
            b"EHLO client.test",
            b"MAIL FROM:<news@sender.test> SIZE=%d" % size,
            b"RCPT TO:<reader@there.test>",
            b"DATA",
        )
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._giving_up = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.give_up()

    def stop(self) -> None:
        """Begin no new message; return when each that was begun is acknowledged."""
        self._stopping.set()
        self._join()

    def give_up(self) -> None:
        """Return when each client has had its answer, or lost its connection."""
        self._giving_up.set()
        self._join()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join(_PATIENCE)
            assert not thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            number = next(self._numbers)
            while number not in self.acknowledged:
                if self._giving_up.is_set():
                    return
                self._converse(number)

    def _converse(self, number: int) -> None:
        """Send on one connection for as long as it holds, beginning with `number`."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), _PATIENCE) as connection:
                replies = connection.makefile("rb")
                _expect(b"220", replies)
                while not self._giving_up.is_set():
                    self._send(number, connection, replies)
                    if self._stopping.is_set():
                        return
                    number = next(self._numbers)
        except _NotTaken as refused:
            self.refusals.append(refused.args[0])
            time.sleep(_PAUSE)
        except OSError:
            time.sleep(_PAUSE)

    def _send(self, number: int, connection: socket.socket, replies: BufferedReader) -> None:
        for command in self._envelope:
            connection.sendall(command + b"\r\n")
            _expect(b"354" if command == b"DATA" else b"250", replies)
        connection.sendall((_HEADER % number).encode())
        connection.sendall(self._body)
        _expect(b"250", replies)
        self.acknowledged.add(number)


def _expect(code: bytes, replies: BufferedReader) -> None:
    """Read a reply. Raises _NotTaken for another, ConnectionError for none."""
    while line := replies.readline():
        if line[3:4] != b"-":
            if not line.startswith(code):
                raise _NotTaken(line)
            return
    raise ConnectionError("the server is gone")
