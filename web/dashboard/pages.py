"""How pages are written down, and what happens before and after their functions.

Every page but those for signing in goes through `Desk.answer`: no page can forget to ask who is there, for
which project, whether they may, and whether a form that changes something is of their own session.
"""

import hmac
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from anyio import CapacityLimiter, fail_after
from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from accounts.actors import Actor, Scope
from accounts.errors import NotFound
from accounts.model import DEFAULT_PROJECT_NAME, Project
from accounts.projects import Projects
from accounts.sessions import Session
from web.dashboard import cookies
from web.dashboard.addresses import url
from web.dashboard.forms import Form, read_form, read_query
from web.dashboard.origin import of_another_site
from web.dashboard.refusal import FOR_OPERATORS, Refusal, SignInFirst
from web.dashboard.visit import MOST_LISTED, Visit
from web.ports import Door
from web.refusals import KINDS, kind_of, told
from web.turns import Turns

OF_PROJECT: Final = "/p/{project}"
MOST_FORM: Final = 1024 * 1024  # octets
LARGE_AT_ONCE: Final = 2
"""Forms that are longer take several times their size of memory while they are looked at."""

LARGE_WAITING: Final = 8  # that come in, or came
LARGE_WAITING_EACH: Final = 4  # of a project
READING_SECONDS: Final = 60.0

FORM_TOKEN: Final = "csrf"  # noqa: S105 - the name of the field

Answer = Callable[[Visit], Response]

NAVIGATION: Final = (
    ("Overview", "", False),
    ("Tracking domains", "/tracking-domains", False),
    ("Sending domains", "/sending-domains", False),
    ("Accounts", "/accounts", False),
    ("Events", "/events", False),
    ("Reports", "/reports", False),
    ("Webhooks", "/webhooks", False),
    ("Preview", "/preview", False),
    ("Blocked links", "/link-blocks", True),
    ("Health", "/health", True),
    ("Audit", "/audit", False),
)
"""Words, path, whether of the installation. Those that have no page are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One path and method."""

    path: str  # as Starlette has it, with `/p/{project}` in front where it is of a project
    method: str
    scope: Scope
    installation: bool
    answer: Answer
    again: Answer | None = None
    most: int = MOST_FORM
    slow: bool = False  # takes seconds, and so few of the threads


class Pages:
    """The pages of one file, by decorated functions."""

    def __init__(self) -> None:
        self.all: list[Page] = []

    def get(
        self, path: str, scope: Scope = Scope.READ, *, installation: bool = False
    ) -> Callable[[Answer], Answer]:
        """Show something."""
        return self._of("GET", path, scope, installation)

    def post(
        self,
        path: str,
        scope: Scope = Scope.WRITE,
        *,
        installation: bool = False,
        again: Answer | None = None,
        most: int = MOST_FORM,
        slow: bool = False,
    ) -> Callable[[Answer], Answer]:
        """Take a form of up to `most` octets; `again` shows it again where a use case refused it.

        `slow`: answering takes seconds.
        """
        return self._of("POST", path, scope, installation, again=again, most=most, slow=slow)

    def _of(
        self, method: str, path: str, scope: Scope, installation: bool, **more: Any
    ) -> Callable[[Answer], Answer]:
        full = path if installation else OF_PROJECT + path

        def written(answer: Answer) -> Answer:
            page = Page(
                path=full, method=method, scope=scope, installation=installation, answer=answer, **more
            )
            self.all.append(page)
            return answer

        return written


class Desk:
    """Answers the requests for pages."""

    def __init__(self, door: Door, pages: Sequence[Page]) -> None:
        self._door = door
        self._large = CapacityLimiter(LARGE_AT_ONCE)
        self._large_turns = Turns(LARGE_WAITING, LARGE_WAITING_EACH)
        self._slow_turns = Turns()
        shown = {page.path: page for page in pages if page.method == "GET"}
        full = [(words, path if everywhere else OF_PROJECT + path) for words, path, everywhere in NAVIGATION]
        self._navigation = [(words, shown[path]) for words, path in full if path in shown]

    async def answer(self, page: Page, request: Request) -> Response:
        """Read the request whole, and answer it in a thread: all that is asked of the database blocks."""
        large = page.most > MOST_FORM
        if not (large or page.slow):
            return await run_sync(self._answer, page, request, await read_body(request, page.most))
        # Who did not sign in must not fill the memory, nor anybody take all threads.
        session = await run_sync(self._session, request)
        turns = self._large_turns if large else self._slow_turns
        with turns.taken_by(session.actor.project):
            body = await _read_in_time(request, page.most)
            async with self._large if large else nullcontext():
                return await run_sync(self._answer, page, request, body)

    def _answer(self, page: Page, request: Request, body: bytes) -> Response:
        if page.method == "GET":
            with self._door.reading():
                return page.answer(self._visit(page, request))
        visit = self._visit(page, request)
        visit = replace(visit, form=self._form(visit, body))
        _require(page, visit.actor)
        try:
            return page.answer(visit)
        except tuple(KINDS) as error:
            if page.again is None or kind_of(error)[0] not in _SHOWN_AGAIN:
                raise
            return page.again(replace(visit, refusal=told(error)))
        except Refusal as error:
            if page.again is None or error.status not in _SHOWN_AGAIN:
                raise
            return page.again(replace(visit, refusal=str(error)))

    def _visit(self, page: Page, request: Request) -> Visit:
        session = self._session(request)
        use = self._door.use_cases(session.actor)
        project = _project(session.actor, use.projects(), request.path_params.get("project"))
        use.remember(project)
        everywhere = session.actor.project is None
        visit = Visit(
            session=session,
            use=use,
            project=project,
            projects=tuple(use.projects().names(MOST_LISTED + 1)) if everywhere else (project.name,),
            path=request.path_params,
            query=read_query(request.scope["query_string"]),
            request=request,
            now=time.time_ns() // 1_000_000,
            navigation=self._navigation_in(project, session.actor),
        )
        if page.method == "GET":
            _require(page, session.actor)
        return visit

    def _session(self, request: Request) -> Session:
        session = self._door.session(cookies.read(request, cookies.SESSION))
        if session is None:
            raise SignInFirst
        return session

    def _navigation_in(self, project: Project, actor: Actor) -> tuple[tuple[str, str], ...]:
        return tuple(
            (words, page.path.replace(OF_PROJECT, url("p", project.name)))
            for words, page in self._navigation
            if _may_see(page, actor)
        )

    def _form(self, visit: Visit, body: bytes) -> Form:
        """Raises `Refusal` where it was not made for this session [OWASP: synchronizer token]."""
        form = read_form(visit.request.headers.get("content-type", ""), body)
        own = hmac.compare_digest(visit.session.form_token.encode(), form.get(FORM_TOKEN).encode())
        if not own or of_another_site(visit.request.headers):
            raise Refusal(
                HTTPStatus.FORBIDDEN,
                "this form is not of your session; go back, reload the page and send it again",
            )
        return form


_SHOWN_AGAIN: Final = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


async def read_body(request: Request, most: int) -> bytes:
    """Return it whole. Raises `Refusal` as soon as it is too long, or ends too early."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise Refusal(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    f"this is too long; {most // 1024} KiB is the most that is taken here",
                )
    except ClientDisconnect:
        raise Refusal(HTTPStatus.BAD_REQUEST, "this did not come whole") from None
    return bytes(body)


async def _read_in_time(request: Request, most: int) -> bytes:
    """Raises `Refusal`."""
    try:
        with fail_after(READING_SECONDS):
            return await read_body(request, most)
    except TimeoutError:
        raise Refusal(
            HTTPStatus.REQUEST_TIMEOUT, f"it took too long; send it within {READING_SECONDS:.0f} seconds"
        ) from None


def _project(actor: Actor, projects: Projects, name: str | None) -> Project:
    """Raises `Refusal` for any project that is not the actor's, as for one that is not there."""
    try:
        if actor.project is None:
            return projects.find(name or DEFAULT_PROJECT_NAME)
        own = projects.numbered(actor.project)
    except NotFound:
        raise Refusal(HTTPStatus.NOT_FOUND, "nothing is here") from None
    if name not in (None, own.name):
        raise Refusal(HTTPStatus.NOT_FOUND, "nothing is here")
    return own


def _may_see(page: Page, actor: Actor) -> bool:
    return actor.scope.covers(page.scope) and not (page.installation and actor.project is not None)


def _require(page: Page, actor: Actor) -> None:
    if page.installation and actor.project is not None:
        raise Refusal(HTTPStatus.FORBIDDEN, FOR_OPERATORS)
    if not actor.scope.covers(page.scope):
        raise Refusal(HTTPStatus.FORBIDDEN, f"you may {actor.scope}; this is for those who may {page.scope}")
