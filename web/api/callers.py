"""Who asks, for which project, and whether that may be."""

from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from accounts.actors import Actor, Scope
from accounts.model import DEFAULT_PROJECT_NAME, Project
from web.api.problems import FieldError, Problem
from web.ports import Door, Entry, UseCases

# For the document alone: `authentication` has let the request in already, and found its project.
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
    """Somebody with a key, and the project that the request is about, by its name or the key's own.

    `reading` is the door's.
    """

    actor: Actor
    project: Project
    named: bool
    use: UseCases
    reading: Callable[[], AbstractContextManager[None]]

    def of(self, *, all_projects: bool) -> str | None:
        """Return the project's name, None for what is of all projects together. Raises `Problem`."""
        if not all_projects:
            return self.project.name
        refuse_one_project(self.actor)
        if self.named:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "invalid_request",
                "ask about one project or about all of them",
                errors=[FieldError(pointer="all_projects", detail="goes with no project")],
            )
        return None

    def number(self, *, all_projects: bool) -> int | None:
        """Return the project's number, None for all projects. Raises `Problem`."""
        return None if self.of(all_projects=all_projects) is None else self.project.id


def needs(scope: Scope, *, installation: bool = False) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """Return what lets through who has this scope, and for the whole installation if need be."""

    async def let_through(  # in no thread: it asks nobody
        request: Request, project: ProjectName = None, _: Annotated[object, Security(_BEARER)] = None
    ) -> Caller:
        _refuse_unknown_parameters(request)
        entry: Entry = request.state.entry
        if not entry.actor.scope.covers(scope):
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "missing_scope",
                f"this key may {entry.actor.scope}; use one that may {scope}",
            )
        if installation:
            refuse_one_project(entry.actor)
        door: Door = request.app.state.door
        use = door.use_cases(entry.actor)
        use.remember(entry.project)
        return Caller(
            actor=entry.actor,
            project=entry.project,
            named=project is not None,
            use=use,
            reading=door.reading,
        )

    return let_through


def refuse_one_project(actor: Actor) -> None:
    """Raises `Problem` for whoever is not for the whole installation."""
    if actor.project is not None:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "missing_scope",
            "this key is of one project; use one for the whole installation",
        )


def _refuse_unknown_parameters(request: Request) -> None:
    """A `project` that is misspelt must not make it the default project."""
    given = {*request.query_params}
    if not given:
        return
    known = _parameters(request.scope["route"])
    unknown = sorted(given - known)
    if unknown:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "unknown_field",
            f"{', '.join(map(repr, unknown))}: not known here; {', '.join(sorted(known))} are",
            errors=[FieldError(pointer=name, detail="is not known here") for name in unknown],
        )


def _parameters(route: APIRoute) -> frozenset[str]:
    """Return the names in the query that a route knows, with those of its dependencies."""
    asked = [route.dependant]
    names: set[str] = set()
    while asked:
        each = asked.pop()
        names |= {parameter.alias for parameter in each.query_params}
        asked += each.dependencies
    return frozenset(names)


Reader = Annotated[Caller, Depends(needs(Scope.READ))]
Writer = Annotated[Caller, Depends(needs(Scope.WRITE))]
Admin = Annotated[Caller, Depends(needs(Scope.ADMIN))]
Operator = Annotated[Caller, Depends(needs(Scope.ADMIN, installation=True))]
"""Who may change what all projects share."""
