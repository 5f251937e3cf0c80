"""The application: who is let in, what is there, and how refusals look."""

from typing import Final

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from accounts.lockout import Lockout
from web.authentication import Authentication, any_token
from web.body_limit import MOST_BODY, BodyLimit
from web.ports import Door
from web.sparkpost import PREFIX, sending_domains, tracking_domains
from web.sparkpost.refusals import answer_as_sparkpost, refuse

_ROUTERS: Final = (tracking_domains.router, sending_domains.router)


class NoTrailingSlash:
    """Takes a slash off the end of paths: SparkPost says that it means nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].rstrip("/")}
        await self._app(scope, receive, send)


def build_sparkpost(door: Door, lockout: Lockout) -> FastAPI:
    """Return the application. `lockout` counts wrong keys by address."""
    app = FastAPI(
        openapi_url=None,  # SparkPost's own documentation describes it
        middleware=[
            Middleware(Authentication, door=door, lockout=lockout, token_of=any_token, refuse=refuse),
            Middleware(BodyLimit, most=MOST_BODY, refuse=refuse),
            Middleware(NoTrailingSlash),
        ],
        redirect_slashes=False,
        # FastAPI would look for exporters in the environment, and hand them what callers send.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.door = door
    for router in _ROUTERS:
        app.include_router(router, prefix=PREFIX)
    answer_as_sparkpost(app)
    return app
