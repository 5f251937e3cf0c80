"""Who signs in: the people of the installation, for its admins; and one's own password, for everybody."""

from http import HTTPStatus

from starlette.responses import Response

from accounts.actors import Scope
from accounts.people import GeneratedLogin
from web.dashboard.addresses import url
from web.dashboard.lists import part_of
from web.dashboard.pages import Pages
from web.dashboard.refusal import Refusal
from web.dashboard.visit import Visit

pages = Pages()

_PERSON = "person:"


@pages.get("/people", Scope.ADMIN, installation=True)
def people(visit: Visit) -> Response:
    """List them."""
    shown, more = part_of(visit, visit.use.people().all(), lambda each: each.name, url("people"))
    seen = visit.use.projects().all()
    return visit.page(
        "people.html",
        people=shown,
        more=more,
        names={each.id: each.name for each in seen},
        scopes=[(each.value, each.value) for each in Scope],
        whose=[("", "all projects"), *((each.name, each.name) for each in seen)],
    )


@pages.post("/people", Scope.ADMIN, installation=True, again=people)
def add(visit: Visit) -> Response:
    """Add somebody, and show the password."""
    form = visit.form
    project = form.get("project")
    number = visit.use.projects().find(project).id if project else None
    scope = form.choice("scope", Scope) or Scope.READ
    return _shown(visit, visit.use.people().add_generated(form["name"].strip(), scope, project=number))


@pages.get("/people/{name}/password", Scope.ADMIN, installation=True)
def ask_for_another(visit: Visit) -> Response:
    """Ask before somebody's password changes."""
    found = visit.use.people().find(visit.path["name"])
    return visit.page(
        "confirm.html",
        heading=f"A new password for {found.name}?",
        sentence="The present one opens nothing any more, and all sessions end. The new one is shown once.",
        action=url("people", found.name, "password"),
        button="Generate it",
        back=url("people"),
    )


@pages.post("/people/{name}/password", Scope.ADMIN, installation=True)
def generate(visit: Visit) -> Response:
    """Set a generated one."""
    return _shown(visit, visit.use.people().generate_password(visit.path["name"]))


@pages.get("/people/{name}/remove", Scope.ADMIN, installation=True)
def ask_to_remove(visit: Visit) -> Response:
    """Ask before somebody goes."""
    found = visit.use.people().find(visit.path["name"])
    own = visit.actor.name == _PERSON + found.name
    return visit.page(
        "confirm.html",
        heading=f"Remove {found.name}?",
        sentence=("This is your own login: you are out at once. " if own else "")
        + "All sessions end. What they did stays in the audit log.",
        action=url("people", found.name, "remove"),
        button="Remove",
        back=url("people"),
    )


@pages.post("/people/{name}/remove", Scope.ADMIN, installation=True)
def remove(visit: Visit) -> Response:
    """Remove somebody."""
    removed = visit.use.people().remove(visit.path["name"])
    return visit.go_to(url("people"), said=f"{removed.name} is removed.")


@pages.get("/password")
def own_password(visit: Visit) -> Response:
    """Ask for one's own new password."""
    return visit.page("password.html", name=_own_name(visit))


@pages.post("/password", Scope.READ, again=own_password)
def change_own(visit: Visit) -> Response:
    """Set it, and end all of one's sessions: whoever took one is out."""
    form = visit.form
    name = _own_name(visit)
    if form["password"] != form["again"]:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "the two new passwords differ; type them again")
    visit.use.people().change_own(name, form["current"], form["password"])
    return visit.go_to(url("sign-in"))


def _own_name(visit: Visit) -> str:
    """Raises `Refusal` where somebody signed in with a key."""
    if not visit.actor.name.startswith(_PERSON):
        raise Refusal(HTTPStatus.FORBIDDEN, "you signed in with an API key, which has no password")
    return visit.actor.name.removeprefix(_PERSON)


def _shown(visit: Visit, login: GeneratedLogin) -> Response:
    return visit.page(
        "shown_once.html",
        status=HTTPStatus.CREATED,
        heading=f"A login for {login.person.name}",
        facts=[("Name", login.person.name), ("Password", login.password)],
        back=url("people"),
    )
