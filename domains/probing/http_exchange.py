"""One HTTP/1.1 request and its answer on an open connection, with a server that may mean harm.

Not `http.client`: its patience is for each read, so that a server which sends a byte a second holds it for
hours, and it reads interim responses without end.
"""

import contextlib
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httptools

from domains.probing.deadline import Deadline

MAX_ANSWER = 64 * 1024  # bytes of head and body together; the rest of a body is left unread
_CHUNK = 16 * 1024


class NotHttp(Exception):
    """The other end answered something else. The message is for an operator."""


class NoAnswer(Exception):
    """The other end sent nothing that could be judged. The message is for an operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """A final response. Names of headers are in lower case; the body may be cut."""

    status: int
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the first value of a header, "" where there is none."""
        return self.headers.get(name, ("",))[0]


def get(connection: socket.socket, host: str, path: str, deadline: Deadline) -> HttpAnswer:
    """Ask for `path`; `host` goes into the Host header. Raises `NotHttp`, `NoAnswer`."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: waypost-probe\r\nConnection: close\r\n\r\n"
    return exchange(connection, request.encode("ascii"), deadline)


def exchange(connection: socket.socket, request: bytes, deadline: Deadline) -> HttpAnswer:
    """Send a whole request, and return the answer to it. Raises `NotHttp`, `NoAnswer`."""
    reading = _Reading()
    try:
        connection.settimeout(deadline.remaining())
        # Whoever refuses a long request may answer and close before it is through [RFC 9112, section 9.6].
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
        _read(connection, reading, deadline)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        raise NotHttp("gave an answer that is not HTTP") from None
    except TimeoutError:
        reading.gave_up("did not answer in time")
    except OSError:
        reading.gave_up("closed the connection without an answer")
    return reading.answer()


def _read(connection: socket.socket, reading: "_Reading", deadline: Deadline) -> None:
    received = 0
    while received < MAX_ANSWER and not reading.complete:
        connection.settimeout(deadline.remaining())
        chunk = connection.recv(_CHUNK)
        if not chunk:
            return reading.gave_up("closed the connection without an answer")
        received += len(chunk)
        reading.feed(chunk)
    return None


class _Reading:
    """What httptools calls back. Interim responses [RFC 9110 15.2] are messages too; the last one counts."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, list[str]] = {}
        self._body = bytearray()
        self._status = 0  # of a final response, once its head is complete
        self._gave_up = ""
        self.complete = False

    def feed(self, chunk: bytes) -> None:
        self._parser.feed_data(chunk)

    def gave_up(self, why: str) -> None:
        self._gave_up = why

    def answer(self) -> HttpAnswer:
        """Return what there is: a head tells enough, whatever became of the body."""
        if self._status:
            return HttpAnswer(status=self._status, headers=self._headers, body=bytes(self._body))
        if self._gave_up:
            raise NoAnswer(self._gave_up)
        raise NotHttp(f"sent {MAX_ANSWER // 1024} KiB without coming to its answer")

    def on_message_begin(self) -> None:
        self._headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").lower()
        self._headers.setdefault(key, []).append(value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        self._status = status if status >= 200 else 0

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.complete = self._status > 0
