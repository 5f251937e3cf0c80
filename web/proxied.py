"""Who asks, and how, where proxies in front are trusted: their client, and HTTPS where they had it."""

from collections.abc import Iterator, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from connections.client_address import Network, client_address, is_in


class Proxied:
    """Puts the client's address and scheme in place of the proxy's: all below knows of no proxy.

    `X-Forwarded-For` is read as the tracker reads it. Of `X-Forwarded-Proto` the last word counts, which is
    that of the proxy that connected; both are claims, and nobody else is believed.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            peer, port = scope["client"]
            address = client_address(peer, list(_values(scope, b"x-forwarded-for")), self._trusted)
            scope = {**scope, "client": (address, port)}
            if is_in(peer, self._trusted):
                scope["scheme"] = _scheme(scope)
        await self._app(scope, receive, send)


def _scheme(scope: Scope) -> str:
    said = b",".join(_values(scope, b"x-forwarded-proto")).decode("latin-1").rpartition(",")[2]
    return "https" if said.strip().lower() == "https" else "http"


def _values(scope: Scope, wanted: bytes) -> Iterator[bytes]:
    return (value for name, value in scope["headers"] if name == wanted)
