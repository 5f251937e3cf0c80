"""One request of somebody who signed in, as the function of a page sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from accounts.actors import Actor, Scope
from accounts.model import Project
from accounts.sessions import Session
from domains.errors import InvalidName, UnknownDomain
from domains.names import host_name
from web.dashboard import flash
from web.dashboard.addresses import url
from web.dashboard.forms import Form
from web.dashboard.refusal import FOR_OPERATORS, Refusal
from web.dashboard.rendering import render
from web.ports import UseCases

MOST_LISTED: Final = 100  # projects to choose from; of more the name is typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`project` is the one of the address; on a page of the installation, the first that its actor sees."""

    session: Session
    use: UseCases
    project: Project
    projects: tuple[str, ...]  # the names of all that the actor sees, or of the first that are too many
    path: Mapping[str, str]
    query: Form
    form: Form = field(default_factory=Form)
    refusal: str = ""  # why the form that was sent is shown again
    request: Request
    now: int  # milliseconds since 1970
    navigation: tuple[tuple[str, str], ...]  # words and address

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.session.actor

    def may(self, scope: str) -> bool:
        """Tell whether they may do what needs this scope."""
        return self.actor.scope.covers(Scope(scope))

    @property
    def everywhere(self) -> bool:
        """Whether they act for the whole installation."""
        return self.actor.project is None

    @property
    def domain_name(self) -> str:
        """The domain in the address, in stored form. Raises `UnknownDomain`."""
        try:
            return host_name(self.path["domain"])
        except InvalidName:
            raise UnknownDomain("no domain has this name; the list shows them") from None

    @property
    def many_projects(self) -> bool:
        """Whether there are more than a list to choose from is for."""
        return len(self.projects) > MOST_LISTED

    @property
    def said(self) -> str:
        """What the page before has to say, "" for nothing."""
        return flash.read(self.request)

    def require_everywhere(self) -> None:
        """Raises `Refusal` unless they act for the whole installation."""
        if not self.everywhere:
            raise Refusal(HTTPStatus.FORBIDDEN, FOR_OPERATORS)

    def at(self, *parts: object) -> str:
        """Return an address in the project: each part is one part of the path."""
        return url("p", self.project.name, *parts)

    def is_in(self, address: str) -> bool:
        """Tell whether this is the page of that address, or one below it; the overview has none below."""
        path = str(self.request.url.path)
        return path == address or (address != self.at() and path.startswith(f"{address}/"))

    def html(self, template: str, **values: Any) -> str:
        """Return a page as text."""
        return render(template, visit=self, at=self.at, **values)

    def page(self, template: str, *, status: int = HTTPStatus.OK, **values: Any) -> Response:
        """Render a template as the answer."""
        html = self.html(template, **values)
        response = HTMLResponse(html, HTTPStatus.UNPROCESSABLE_ENTITY if self.refusal else status)
        if self.said:
            flash.clear(self.request, response)
        return response

    def go(self, *parts: object, said: str = "") -> Response:
        """See another page of the project, which says this once."""
        return self.go_to(self.at(*parts), said=said)

    def go_to(self, address: str, *, said: str = "") -> Response:
        """See another page of ours, such as `url("people")`."""
        response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
        if said:
            flash.write(self.request, response, said)
        return response
