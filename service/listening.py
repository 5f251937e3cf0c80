"""Binds the sockets that the settings name, each failure with a way to mend it."""

import errno
import socket
import stat
from dataclasses import replace
from pathlib import Path

from relay.listener import Listener
from service.errors import OperatorError

SOCKET_MODE = 0o660  # who may connect to a Unix socket: its owner and group


class StartError(OperatorError):
    """A port or a folder cannot be used."""


def bind(listener: Listener) -> tuple[socket.socket, Listener]:
    """Return a bound socket with its listener. Raises StartError."""
    if listener.path:
        return _bind_unix(Path(listener.path)), listener
    return bind_tcp(listener.host, listener.port, setting="relay.listen"), listener


def bound_name(sock: socket.socket, listener: Listener) -> str:
    """Return the listener as settings write it, with the port that the system chose."""
    return str(listener if listener.path else replace(listener, port=sock.getsockname()[1]))


def bind_tcp(host: str, port: int, *, setting: str) -> socket.socket:
    """Return a socket that listens. Raises StartError, which names `setting`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise StartError(
            f"cannot listen on {host}:{port}: {error.strerror}; {_remedy(error, setting)}"
        ) from None


def _remedy(error: OSError, setting: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"is another program there, or another Waypost? Stop it or change {setting}"
    if error.errno == errno.EACCES:
        return f"ports below 1024 need CAP_NET_BIND_SERVICE, or change {setting}"
    return f"change {setting}"


def _bind_unix(path: Path) -> socket.socket:
    """Bind a Unix socket; one that a dead process left behind is replaced."""
    sock = socket.socket(socket.AF_UNIX)
    try:
        _remove_stale(path)
        sock.bind(str(path))
        path.chmod(SOCKET_MODE)
        sock.listen()
    except OSError as error:
        sock.close()
        raise StartError(f"cannot listen on {path}: {error.strerror}; change relay.listen") from None
    return sock


def _remove_stale(path: Path) -> None:
    """Raises OSError where something else, or a server that answers, is there."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise FileExistsError(errno.EEXIST, "something that is no socket is there")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another program listens there")
