"""The routes of a project: named sets of tracking switches."""

from starlette.responses import Response

from accounts.actors import Scope
from accounts.routes import Switches
from web.dashboard.accounts import SWITCH
from web.dashboard.forms import Form
from web.dashboard.lists import part_of
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()


@pages.get("/accounts/routes")
def routes(visit: Visit) -> Response:
    """List them."""
    found = visit.use.routes(visit.project.name).all()
    shown, more = part_of(visit, found, lambda each: each.name, visit.at("accounts", "routes"))
    return visit.page("routes.html", routes=shown, more=more, switch=SWITCH)


@pages.post("/accounts/routes", again=routes)
def add(visit: Visit) -> Response:
    """Add one."""
    added = visit.use.routes(visit.project.name).add(visit.form["name"].strip(), _switches(visit.form))
    return visit.go("accounts", "routes", said=f"The route {added.name} is there.")


@pages.get("/accounts/routes/{name}")
def show(visit: Visit) -> Response:
    """Show one, to be changed."""
    return visit.page(
        "route.html", route=visit.use.routes(visit.project.name).find(visit.path["name"]), switch=SWITCH
    )


@pages.post("/accounts/routes/{name}", again=show)
def change(visit: Visit) -> Response:
    """Set all of its switches."""
    changed = visit.use.routes(visit.project.name).change(visit.path["name"], _switches(visit.form))
    return visit.go("accounts", "routes", said=f"The route {changed.name} is changed.")


@pages.get("/accounts/routes/{name}/remove", Scope.WRITE)
def ask_to_remove(visit: Visit) -> Response:
    """Ask before one goes."""
    found = visit.use.routes(visit.project.name).find(visit.path["name"])
    return visit.page(
        "confirm.html",
        heading=f"Remove the route {found.name}?",
        sentence="Credentials that have it have none from then on; mail that names it is tracked without it.",
        action=visit.at("accounts", "routes", found.name, "remove"),
        button="Remove it",
        back=visit.at("accounts", "routes"),
    )


@pages.post("/accounts/routes/{name}/remove")
def remove(visit: Visit) -> Response:
    """Remove one."""
    removed = visit.use.routes(visit.project.name).remove(visit.path["name"], force=True)
    users = f" {', '.join(removed.users)} take none now." if removed.users else ""
    return visit.go("accounts", "routes", said=f"The route {removed.route.name} is removed.{users}")


def _switches(form: Form) -> Switches:
    return Switches(clicks=form.switch("clicks"), opens=form.switch("opens"), text=form.switch("text"))
