"""Accepts connections on a socket, whatever happens to one of them."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

_log = logging.getLogger("waypost.connections")

PAUSE_SECONDS = 0.5  # where it cannot accept: the process has no descriptor left, for one
# The client is gone again, or its network was [accept(2)].
_GONE = (
    errno.ECONNABORTED,
    errno.EPERM,
    errno.EPROTO,
    errno.ENOPROTOOPT,
    errno.EOPNOTSUPP,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
)
AT_ONCE = 64


class Door:
    """Gives each connection to `take` with its IP address, "" where it has none.

    What `take` raises costs that connection and no other. `sock` is bound, and belongs to the door. Of
    several that wait, `at_once` are taken before others get their turn: one where other processes accept too.
    """

    def __init__(
        self,
        sock: socket.socket,
        take: Callable[[socket.socket, str], None],
        *,
        backlog: int,
        at_once: int = AT_ONCE,
    ) -> None:
        """Raises OSError."""
        self._sock = sock
        self._take = take
        self._at_once = at_once
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        sock.setblocking(False)
        sock.listen(backlog)
        self._open()

    def close(self) -> None:
        """Accept no more; connections go on. Once."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def _open(self) -> None:
        self._pause = None
        # Not sock_accept: cancelled at the wrong moment it loses a connection that it has accepted already.
        self._loop.add_reader(self._sock, self._accept)

    def _accept(self) -> None:
        for _ in range(self._at_once):
            try:
                connection, peer = self._sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno not in _GONE:
                    self._wait(error)
                    return
                continue
            try:
                self._take(connection, peer[0] if isinstance(peer, tuple) else "")
            except Exception:  # noqa: BLE001 - one client's fault must not close the door for all
                _log.exception("a connection was lost")
                connection.close()

    def _wait(self, error: OSError) -> None:
        _log.error("cannot accept a connection: %s", error.strerror)
        self._loop.remove_reader(self._sock)
        self._pause = self._loop.call_later(PAUSE_SECONDS, self._open)
