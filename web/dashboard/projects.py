"""The projects of the installation."""

from starlette.responses import Response

from accounts.actors import Scope
from web.dashboard.addresses import url
from web.dashboard.lists import part_of
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()


@pages.get("/projects", installation=True)
def projects(visit: Visit) -> Response:
    """List them."""
    shown, more = part_of(visit, visit.use.projects().all(), lambda each: each.name, url("projects"))
    return visit.page("projects.html", projects=shown, more=more)


@pages.post("/projects", Scope.ADMIN, installation=True, again=projects)
def add(visit: Visit) -> Response:
    """Add one."""
    added = visit.use.projects().add(visit.form["name"].strip())
    return visit.go_to(url("p", added.name, "accounts"), said=f"The project {added.name} is there.")


@pages.get("/projects/{name}/remove", Scope.ADMIN, installation=True)
def ask_to_remove(visit: Visit) -> Response:
    """Ask before one goes."""
    found = visit.use.projects().find(visit.path["name"])
    return visit.page(
        "confirm.html",
        heading=f"Remove the project {found.name}?",
        sentence="It must own no domain and no live credential. Its routes, API keys and people go with it;"
        " links in mail already sent live on.",
        action=url("projects", found.name, "remove"),
        button="Remove it",
        back=url("projects"),
    )


@pages.post("/projects/{name}/remove", Scope.ADMIN, installation=True, again=ask_to_remove)
def remove(visit: Visit) -> Response:
    """Remove one."""
    removed = visit.use.projects().remove(visit.path["name"])
    return visit.go_to(url("projects"), said=f"The project {removed.name} is removed.")
