"""API keys of a project, and those of the whole installation. A key is on one page, that of its making."""

from http import HTTPStatus

from starlette.responses import Response

from accounts.actors import Scope
from accounts.api_keys import ApiKeys
from web.dashboard.addresses import url
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()


def _of_project(visit: Visit) -> ApiKeys:
    return visit.use.api_keys(visit.project.name)


def _of_all(visit: Visit) -> ApiKeys:
    return visit.use.api_keys(None)


@pages.get("/accounts/api-keys", Scope.ADMIN)
def keys(visit: Visit) -> Response:
    """List those of the project that live."""
    return _list(visit, _of_project(visit), visit.at("accounts", "api-keys"))


@pages.get("/api-keys", Scope.ADMIN, installation=True)
def keys_of_all(visit: Visit) -> Response:
    """List those of the installation that live."""
    return _list(visit, _of_all(visit), url("api-keys"))


@pages.post("/accounts/api-keys", Scope.ADMIN, again=keys)
def add(visit: Visit) -> Response:
    """Make one of the project."""
    return _added(visit, _of_project(visit), visit.at("accounts", "api-keys"))


@pages.post("/api-keys", Scope.ADMIN, installation=True, again=keys_of_all)
def add_of_all(visit: Visit) -> Response:
    """Make one of the installation."""
    return _added(visit, _of_all(visit), url("api-keys"))


@pages.get("/accounts/api-keys/{number}/revoke", Scope.ADMIN)
def ask_to_revoke(visit: Visit) -> Response:
    """Ask before one ends."""
    return _ask(visit, _of_project(visit), visit.at("accounts", "api-keys"))


@pages.get("/api-keys/{number}/revoke", Scope.ADMIN, installation=True)
def ask_to_revoke_of_all(visit: Visit) -> Response:
    """The same of one of the installation."""
    return _ask(visit, _of_all(visit), url("api-keys"))


@pages.post("/accounts/api-keys/{number}/revoke", Scope.ADMIN)
def revoke(visit: Visit) -> Response:
    """End one."""
    return _revoked(visit, _of_project(visit), visit.at("accounts", "api-keys"))


@pages.post("/api-keys/{number}/revoke", Scope.ADMIN, installation=True)
def revoke_of_all(visit: Visit) -> Response:
    """End one of the installation."""
    return _revoked(visit, _of_all(visit), url("api-keys"))


def _list(visit: Visit, found: ApiKeys, here: str) -> Response:
    scopes = [(each.value, each.value) for each in Scope]
    return visit.page("api_keys.html", keys=found.all(), here=here, scopes=scopes)


def _added(visit: Visit, found: ApiKeys, here: str) -> Response:
    scope = visit.form.choice("scope", Scope) or Scope.READ
    added = found.add(scope, label=visit.form.get("label").strip()[:200])
    return visit.page(
        "shown_once.html",
        status=HTTPStatus.CREATED,
        heading="The API key is made",
        facts=[("Id, as the audit log has it", added.key.id), ("Key", added.token)],
        back=here,
    )


def _ask(visit: Visit, found: ApiKeys, here: str) -> Response:
    key = found.find(visit.path["number"])
    return visit.page(
        "confirm.html",
        heading=f"Revoke the API key {key.id}?",
        sentence="Programs that use it are refused from the next request on; who signed in with it is out.",
        action=f"{here}/{key.id}/revoke",
        button="Revoke it",
        back=here,
    )


def _revoked(visit: Visit, found: ApiKeys, here: str) -> Response:
    return visit.go_to(here, said=f"The API key {found.revoke(visit.path['number']).id} is revoked.")
