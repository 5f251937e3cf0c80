"""Messages between the parent process and a worker, each with a descriptor where it carries one.

A SEQPACKET pair keeps the borders of messages, and tells the end of the other side however it died; a pipe
of `multiprocessing` needs a thread for the same. Linux has it; macOS has not.
"""

import asyncio
import pickle
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

MAX_MESSAGE: Final = 16 * 1024  # octets
_AT_ONCE: Final = 64  # messages read before the loop gets its turn


class Channel:
    """One end of a pair. `received` is given each message and its socket, `closed` is called once at the end.

    Both run in the loop. What the other side cannot take yet waits here, in order. Messages are pickled:
    both ends are this program, and nobody else holds the descriptor.
    """

    def __init__(
        self,
        pair_end: socket.socket,
        *,
        received: Callable[[object, socket.socket | None], None],
        closed: Callable[[], None],
    ) -> None:
        pair_end.setblocking(False)
        self._socket = pair_end
        self._received = received
        self._closed = closed
        self._waiting: deque[tuple[bytes, socket.socket | None]] = deque()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(pair_end, self._readable)

    @property
    def open(self) -> bool:
        """Whether the other side was there the last time that anything was known of it."""
        return self._socket.fileno() >= 0

    def send(self, message: object, connection: socket.socket | None = None) -> None:
        """Send the message; the connection is the other side's from then on, and closed here.

        A message to a side that is gone is dropped. Raises OSError where the kernel takes no descriptor.
        """
        packed = pickle.dumps(message)
        if self._waiting or not self._sent(packed, connection):
            if not self._waiting:
                self._loop.add_writer(self._socket, self._writable)
            self._waiting.append((packed, connection))

    def close(self) -> None:
        """End it; what waits is dropped, and its connections are closed."""
        if not self.open:
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        while self._waiting:
            _, connection = self._waiting.popleft()
            if connection is not None:
                connection.close()

    def _sent(self, packed: bytes, connection: socket.socket | None) -> bool:
        try:
            if self.open:
                socket.send_fds(self._socket, [packed], [connection.fileno()] if connection else [])
        except BlockingIOError:
            return False
        except ConnectionError:
            pass  # its end is read from the same socket
        if connection is not None:
            connection.close()
        return True

    def _writable(self) -> None:
        while self._waiting and self._sent(*self._waiting[0]):
            self._waiting.popleft()
        if not self._waiting:
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        for _ in range(_AT_ONCE):
            if not self.open:
                return
            try:
                packed, descriptors, _, _ = socket.recv_fds(self._socket, MAX_MESSAGE, 1)
            except BlockingIOError:
                return
            except ConnectionError:
                packed, descriptors = b"", []
            if not packed:
                self.close()
                self._closed()
                return
            connection = socket.socket(fileno=descriptors[0]) if descriptors else None
            self._received(pickle.loads(packed), connection)  # noqa: S301 - see the class
