"""Who asks, for which project, and whether that may be."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPBearer

from accounts.actors import Actor, Scope
from accounts.errors import NotFound
from accounts.model import DEFAULT_PROJECT_NAME, Project
from web.api import PREFIX
from web.api.problems import FieldError, Problem
from web.ports import UseCases

# For the document alone: `authentication` has let the request in already.
_BEARER = HTTPBearer(auto_error=False, description="a key of `waypost apikey add`")

ProjectName = Annotated[
    str | None,
    Query(
        max_length=64,
        description="The project that it is about. Default: the key's; of a key for the whole "
        f"installation `{DEFAULT_PROJECT_NAME}`.",
    ),
]

AllProjects = Annotated[
    bool,
    Query(description="Of all projects together, in place of one; for keys of the whole installation."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a key, and the project that the request is about."""

    actor: Actor
    project: Project
    use: UseCases

    def of(self, *, all_projects: bool) -> str | None:
        """Return the project's name, None for what is of all projects together. Raises `Problem`."""
        if all_projects:
            refuse_one_project(self.actor)
        return None if all_projects else self.project.name


def needs(scope: Scope, *, installation: bool = False) -> Callable[..., Caller]:
    """Return the dependency that lets through who has this scope, and for the whole installation if need be.

    Projects that a key is not for are as projects that are not there: 404, whatever the scope.
    """

    def let_through(
        request: Request, project: ProjectName = None, _: Annotated[object, Security(_BEARER)] = None
    ) -> Caller:
        _refuse_unknown_parameters(request)
        actor: Actor = request.state.actor
        use: UseCases = request.app.state.door.use_cases(actor)
        found = _project(actor, use, project)
        if not actor.scope.covers(scope):
            raise Problem(
                HTTPStatus.FORBIDDEN, "missing_scope", f"this key may {actor.scope}; use one that may {scope}"
            )
        if installation:
            refuse_one_project(actor)
        return Caller(actor=actor, project=found, use=use)

    return let_through


def refuse_one_project(actor: Actor) -> None:
    """Raises `Problem` for whoever is not for the whole installation."""
    if actor.project is not None:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "missing_scope",
            "this key is of one project; use one for the whole installation",
        )


def _project(actor: Actor, use: UseCases, wanted: str | None) -> Project:
    """Raises `NotFound` for any project that is not the key's."""
    projects = use.projects()
    if actor.project is None:
        return projects.find(wanted or DEFAULT_PROJECT_NAME)
    own = next((each for each in projects.all() if each.id == actor.project), None)
    if own is None or (wanted is not None and wanted.lower() != own.name):
        raise NotFound(f"no project is called {wanted!r}; leave it out, and the key's own is meant")
    return own


def _refuse_unknown_parameters(request: Request) -> None:
    """A `project` that is misspelt must not make it the default project."""
    route = request.scope["route"]
    operation = request.app.openapi()["paths"][f"{PREFIX}{route.path_format}"][request.method.lower()]
    known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    unknown = sorted({*request.query_params} - known)
    if unknown:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "unknown_field",
            f"{', '.join(map(repr, unknown))}: not known here; {', '.join(sorted(known))} are",
            errors=[FieldError(pointer=name, detail="is not known here") for name in unknown],
        )


Reader = Annotated[Caller, Depends(needs(Scope.READ))]
Writer = Annotated[Caller, Depends(needs(Scope.WRITE))]
Admin = Annotated[Caller, Depends(needs(Scope.ADMIN))]
Operator = Annotated[Caller, Depends(needs(Scope.ADMIN, installation=True))]
"""Who may change what all projects share."""
