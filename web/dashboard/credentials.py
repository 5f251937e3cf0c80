"""SMTP logins of a project. A password is on one page, the one that answers its making."""

from http import HTTPStatus

from starlette.responses import Response

from accounts.actors import Scope
from accounts.model import SendingLimits
from web.dashboard.lists import part_of
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()


@pages.get("/accounts/credentials")
def credentials(visit: Visit) -> Response:
    """List those that live."""
    project = visit.project.name
    found = visit.use.credentials(project).all()
    shown, more = part_of(visit, found, lambda each: each.username, visit.at("accounts", "credentials"))
    routes = [("", "none"), *((each.name, each.name) for each in visit.use.routes(project).all())]
    return visit.page("credentials.html", credentials=shown, more=more, routes=routes)


@pages.post("/accounts/credentials", Scope.ADMIN, again=credentials)
def add(visit: Visit) -> Response:
    """Make one, and show its password."""
    form = visit.form
    added = visit.use.credentials(visit.project.name).add(
        label=form.get("label").strip()[:200],
        route=form.get("route") or None,
        limits=SendingLimits(
            messages_per_minute=form.number("messages_per_minute"),
            recipients_per_day=form.number("recipients_per_day"),
        ),
    )
    return visit.page(
        "shown_once.html",
        status=HTTPStatus.CREATED,
        heading="The credential is made",
        facts=[("Username", added.credential.username), ("Password", added.password)],
        back=visit.at("accounts", "credentials"),
    )


@pages.get("/accounts/credentials/{username}/revoke", Scope.ADMIN)
def ask_to_revoke(visit: Visit) -> Response:
    """Ask before one ends."""
    found = visit.use.credentials(visit.project.name).find(visit.path["username"])
    return visit.page(
        "confirm.html",
        heading=f"Revoke {found.username}?",
        sentence="Whoever signs in with it is refused from then on. Mail that was sent is not touched.",
        action=visit.at("accounts", "credentials", found.username, "revoke"),
        button="Revoke it",
        back=visit.at("accounts", "credentials"),
    )


@pages.post("/accounts/credentials/{username}/revoke", Scope.ADMIN)
def revoke(visit: Visit) -> Response:
    """End one."""
    revoked = visit.use.credentials(visit.project.name).revoke(visit.path["username"])
    return visit.go(
        "accounts",
        "credentials",
        said=f"{revoked.username} is revoked; running servers see it within seconds.",
    )
