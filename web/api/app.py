"""The application: who is let in, what is there, and how refusals look."""

from typing import Any, Final

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.middleware import Middleware

from accounts.lockout import Lockout
from web.api import (
    PREFIX,
    api_keys,
    app_files,
    audit_log,
    certificates,
    credentials,
    events,
    link_blocks,
    messages,
    preview,
    projects,
    recipients,
    routes,
    sending_domains,
    stats,
    tracking_domains,
    webhook_deliveries,
    webhooks,
)
from web.api.preview import AT_ONCE, MOST_MESSAGE, MOST_WAITING, MOST_WAITING_EACH
from web.api.problems import ProblemOut, answer_with_problems, refuse
from web.authentication import Authentication, bearer_token, project_parameter
from web.body_limit import MOST_BODY, BodyLimit
from web.ports import Door
from web.turns import Turns

_OPEN: Final = frozenset({f"{PREFIX}/openapi.json"})
ROUTERS: Final = (
    tracking_domains.router,
    certificates.router,
    app_files.router,
    sending_domains.router,
    projects.router,
    routes.router,
    credentials.router,
    api_keys.router,
    link_blocks.router,
    events.router,
    messages.router,
    stats.router,
    preview.router,
    recipients.router,
    webhooks.router,
    webhook_deliveries.router,
    audit_log.router,
)
_REFUSALS: Final = {
    400: "The body cannot be read",
    401: "No live key",
    403: "The key's scope does not cover it",
    404: "There is no such thing in the project",
    408: "The body came too slowly",
    409: "It cannot be as things stand",
    413: "The body is too long",
    415: "The body is of another type",
    422: "The request is wrong; `errors` has the places",
    429: "Too many wrong keys came from the address, or too much is asked at once",
    500: "A fault of the server",
    502: "The certificate authority refused",
    503: "The database is away; Retry-After says when to come again",
}
_EVERYWHERE: Final = _REFUSALS.keys() - {400, 408, 409, 415, 502}


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the document, made once it is asked for: that takes longer than all the rest of a start."""
        if self.openapi_schema is None:
            _document_problems(super().openapi())
        return super().openapi()


def build_api(door: Door, lockout: Lockout) -> FastAPI:
    """Return the application. `lockout` counts wrong keys by address."""
    app = _Api(
        title="Waypost",
        version="1",
        description="Tracking domains, sending domains, accounts and links. docs/api.md.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        middleware=[
            Middleware(
                Authentication,
                door=door,
                lockout=lockout,
                token_of=bearer_token,
                project_of=project_parameter,
                refuse=refuse,
                open_paths=_OPEN,
            ),
            Middleware(BodyLimit, most=MOST_BODY, refuse=refuse, larger={f"{PREFIX}/preview": MOST_MESSAGE}),
        ],
        redirect_slashes=False,
        # FastAPI would look for exporters in the environment, and hand them what callers send.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.door = door
    app.state.previews = CapacityLimiter(AT_ONCE)
    app.state.preview_turns = Turns(MOST_WAITING, MOST_WAITING_EACH)
    app.state.turns = Turns()
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    answer_with_problems(app)
    return app


def _document_problems(document: dict[str, Any]) -> None:
    """Say in the document that refusals are problems."""
    schemas = document["components"]["schemas"]
    problem = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"ProblemOut": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path in document["paths"].values():
        for operation in path.values():
            kept = {*map(int, operation["responses"])} & _REFUSALS.keys() | _EVERYWHERE
            kept |= {400, 415} if "requestBody" in operation else set()
            operation["responses"] |= {str(status): _described(status) for status in sorted(kept)}


def _described(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemOut"}
    return {"description": _REFUSALS[status], "content": {"application/problem+json": {"schema": schema}}}
