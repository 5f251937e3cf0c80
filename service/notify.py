"""Tells systemd how far the service is: the protocol of sd_notify(3), a datagram of lines."""

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Send a state such as `READY=1`; nothing happens where no service manager asked for it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # A service manager that is gone does not end a relay.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, contextlib.suppress(OSError):
        sock.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
