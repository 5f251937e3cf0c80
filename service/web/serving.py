"""Serves the API where the extra `waypost[web]` is installed. Nothing of it is imported elsewhere."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator
from importlib.util import find_spec
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine

from accounts.lockout import Lockout, LockoutRule
from relay.listener import parse_host_port
from service.database import open_unattended
from service.errors import OperatorError
from service.listening import bind_tcp
from service.settings import Settings
from storage.engine import let_go

if TYPE_CHECKING:
    from web.server import WebServer

log = logging.getLogger("waypost.service")

CONNECTIONS: Final = 10
"""To the database, that stay open from request to request; at busy times there are more."""

KEPT_SECONDS: Final = 1.0
"""How long they may where they keep the database from tidying up."""

EXTRA: Final = ("fastapi", "jinja2", "leather", "python_multipart", "uvicorn")


def is_installed() -> bool:
    """Tell whether the extra is there."""
    return all(find_spec(name) is not None for name in EXTRA)


def require_installed() -> None:
    """Raises OperatorError where the extra is not there."""
    if not is_installed():
        raise OperatorError("the API is not installed; `pip install 'waypost[web]'`, or leave out --only web")


@contextlib.asynccontextmanager
async def serving_web(settings: Settings) -> AsyncIterator[None]:
    """Answer on `web.listen`, where it is set. Raises OperatorError."""
    address = settings.web.listen
    if not address:
        yield
        return
    require_installed()
    sock = bind_tcp(*parse_host_port(address), setting="web.listen")
    with open_unattended(settings, kept=CONNECTIONS) as engine:
        # In a thread: its imports take most of a second.
        server = await asyncio.to_thread(_started, settings, engine, sock)
        log.info("web listening on %s:%d", *sock.getsockname()[:2])
        letting_go = asyncio.create_task(_let_go(engine))
        try:
            yield
        finally:
            letting_go.cancel()
            await asyncio.to_thread(server.stop)


async def _let_go(engine: Engine) -> None:
    while True:
        await asyncio.sleep(KEPT_SECONDS)
        await asyncio.to_thread(let_go, engine)


def _started(settings: Settings, engine: Engine, sock: socket.socket) -> "WebServer":
    from service.web.door import ApiDoor
    from web.app import build_web
    from web.server import WebServer

    lockout = Lockout(LockoutRule(), time.monotonic)
    app = build_web(ApiDoor(settings, engine), lockout, tuple(map(ip_network, settings.web.trusted_proxies)))
    server = WebServer(app, sock)
    server.start()
    return server
