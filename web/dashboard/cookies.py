"""The cookies of the dashboard. A name with `__Host-` [RFC 6265bis] cannot be set by a neighbouring host."""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

SESSION: Final = "waypost"
SAID: Final = "waypost-said"
SIGN_IN: Final = "waypost-sign-in"


def read(request: HTTPConnection, name: str) -> str:
    """Return its value, "" where there is none."""
    return request.cookies.get(_full(request, name), "")


def write(request: HTTPConnection, response: Response, name: str, value: str) -> None:
    """Set it until the browser is closed."""
    response.set_cookie(
        _full(request, name), value, path="/", secure=_secure(request), httponly=True, samesite="lax"
    )


def clear(request: HTTPConnection, response: Response, name: str) -> None:
    """Take it away."""
    response.delete_cookie(
        _full(request, name), path="/", secure=_secure(request), httponly=True, samesite="lax"
    )


def _full(request: HTTPConnection, name: str) -> str:
    # Browsers take the prefix with Secure alone, and Secure over HTTPS alone (some from localhost too).
    return f"__Host-{name}" if _secure(request) else name


def _secure(request: HTTPConnection) -> bool:
    return request.url.scheme == "https"
