"""The one application of the private port: by its path a request goes to the one that answers it.

Each has its own way of letting in and of refusing.
"""

from collections.abc import Mapping, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from accounts.lockout import Lockout
from connections.client_address import Network
from web.api import PREFIX as API
from web.api.app import build_api
from web.dashboard.app import build_dashboard
from web.headers import Headers
from web.ports import Door
from web.proxied import Proxied
from web.sparkpost import PREFIX as SPARKPOST
from web.sparkpost.app import build_sparkpost


class ByPrefix:
    """Hands requests on, their paths as they are; what has no prefix of these goes to `other`."""

    def __init__(self, applications: Mapping[str, ASGIApp], other: ASGIApp) -> None:
        self._applications = applications
        self._other = other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        path = scope.get("path", "")
        for prefix, application in self._applications.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                await application(scope, receive, send)
                return
        await self._other(scope, receive, send)


def build_web(door: Door, lockout: Lockout, trusted: Sequence[Network] = ()) -> ASGIApp:
    """Return it. `lockout` counts wrong keys and passwords by address, and is this application's alone.

    `trusted` are the networks of proxies in front.
    """
    applications = {API: build_api(door, lockout), SPARKPOST: build_sparkpost(door, lockout)}
    answering = ByPrefix(applications, build_dashboard(door, lockout))
    return Proxied(Headers(answering), trusted)  # around all, so that what tells of a fault has them too
