"""The application: its pages, its static files, and how refusals look."""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from accounts.actors import Scope
from accounts.lockout import Lockout
from web.dashboard import (
    accounts,
    api_keys,
    audit_log,
    credentials,
    events,
    health,
    link_blocks,
    looking,
    messages,
    overview,
    people,
    preview,
    projects,
    reports,
    routes,
    sending_domains,
    tracking_domain_changes,
    tracking_domains,
    webhooks,
)
from web.dashboard.addresses import url
from web.dashboard.pages import Desk, Page
from web.dashboard.refusal import Refusal, SignInFirst
from web.dashboard.rendering import FOLDER, render
from web.dashboard.signing_in import SigningIn
from web.dashboard.visit import Visit
from web.ports import Door
from web.refusals import KINDS, refused

_PAGES: Final = (
    overview.pages,
    tracking_domains.pages,
    tracking_domain_changes.pages,
    looking.pages,
    sending_domains.pages,
    events.pages,
    messages.pages,
    link_blocks.pages,
    reports.pages,
    webhooks.pages,
    preview.pages,
    health.pages,
    accounts.pages,
    credentials.pages,
    routes.pages,
    api_keys.pages,
    projects.pages,
    people.pages,
    audit_log.pages,
)


def every_page() -> list[Page]:
    """Return those that ask for a session."""
    return [page for pages in _PAGES for page in pages.all]


def build_dashboard(door: Door, lockout: Lockout) -> ASGIApp:
    """Return the application. `lockout` is called by the event loop's thread alone."""
    pages = every_page()
    desk = Desk(door, pages)
    app = Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
            Route("/", _first_page(desk)),
            Route("/choose", _first_page(desk)),
            *SigningIn(door, lockout).routes(),
            *(Route(page.path, _endpoint(desk, page), methods=[page.method]) for page in pages),
        ],
        exception_handlers={
            **dict.fromkeys(KINDS, _refused),
            Refusal: _refusal,
            SignInFirst: _sign_in_first,
            HTTPException: _http,
            Exception: _fault,
        },
    )
    app.router.redirect_slashes = False
    return app


def _endpoint(desk: Desk, page: Page) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def endpoint(request: Request) -> Response:
        return await desk.answer(page, request)

    return endpoint


def _first_page(desk: Desk) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """`/`, and `/choose?project=` of the list of projects in the header."""
    page = Page(path="/", method="GET", scope=Scope.READ, installation=False, answer=_overview)
    return _endpoint(desk, page)


def _overview(visit: Visit) -> Response:
    return visit.go_to(url("p", visit.query.get("project", visit.project.name)))


def _sign_in_first(request: Request, _: Exception) -> Response:
    if request.method != "GET" or request.url.path == "/":
        return RedirectResponse(url("sign-in"), HTTPStatus.SEE_OTHER)
    own = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{url('sign-in')}?{urlencode({'next': own})}", HTTPStatus.SEE_OTHER)


def _refused(_: Request, error: Exception) -> Response:
    refusal = refused(error)
    return error_page(refusal.status, str(refusal), refusal.headers)


def _refusal(_: Request, error: Any) -> Response:
    refusal: Refusal = error
    return error_page(refusal.status, str(refusal), refusal.headers)


def _http(_: Request, error: Any) -> Response:
    status = HTTPStatus(error.status_code)
    return error_page(status, _HTTP.get(status, "the request cannot be answered"), error.headers)


def _fault(_: Request, error: Exception) -> Response:
    # The server logs it with its traceback.
    sentence = "something went wrong here; the operator's log has the details"
    return error_page(HTTPStatus.INTERNAL_SERVER_ERROR, sentence)


_HTTP: Final = {
    HTTPStatus.NOT_FOUND: "nothing is here",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address is there, but not for what was asked of it",
}


def error_page(status: HTTPStatus, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a page that says why not, and leads back."""
    html = render("error.html", status=status.value, phrase=status.phrase, sentence=sentence)
    return HTMLResponse(html, status, headers=dict(headers or {}))
