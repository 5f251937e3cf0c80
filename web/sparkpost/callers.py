"""Who asks, and for which project: SparkPost's subaccount; `default` is its primary account."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header, Request

from accounts.actors import Actor, Scope
from accounts.errors import NotFound
from accounts.model import DEFAULT_PROJECT, Project
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from web.ports import UseCases
from web.sparkpost.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a key. What is asked for blocks, and raises `NotFound` where the key is not for it."""

    use: UseCases
    subaccount: int | None
    _actor: Actor

    def project(self) -> Project:
        """Return the one that the request is about: the header's, else the key's own, else `default`."""
        asked = self._actor.project if self.subaccount is None else self.subaccount
        wanted = asked or DEFAULT_PROJECT
        found = next((each for each in self._reached() if each.id == wanted), None)
        if found is None:
            raise NotFound(
                "no project has the id of X-MSYS-SUBACCOUNT; leave it out, and the key's own is meant"
            )
        return found

    def projects(self, subaccounts: str | None) -> list[Project]:
        """Return those whose numbers are in a list with commas, without one what `project` returns."""
        if subaccounts is None or self.subaccount is not None:
            return [self.project()]
        wanted = subaccounts.split(",")
        return [each for each in self._reached() if str(number_of(each)) in wanted]

    def tracking_domains(self) -> TrackingDomains:
        """Return those of the project."""
        return self.use.tracking_domains(self.project().name)

    def sending_domains(self) -> SendingDomains:
        """Return those of the project."""
        return self.use.sending_domains(self.project().name)

    def _reached(self) -> list[Project]:
        own = self._actor.project
        return [each for each in self.use.projects().all() if own in (None, each.id)]


def needs(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """Return the dependency that lets through who has this scope."""

    async def let_through(
        request: Request, subaccount: Annotated[int | None, Header(alias="X-MSYS-SUBACCOUNT", ge=0)] = None
    ) -> Caller:
        actor: Actor = request.state.entry.actor
        if not actor.scope.covers(scope):
            raise Refusal(HTTPStatus.FORBIDDEN, f"this key may {actor.scope}; use one that may {scope}")
        return Caller(use=request.app.state.door.use_cases(actor), subaccount=subaccount, _actor=actor)

    return let_through


def number_of(project: Project) -> int:
    """Return the number of the subaccount that a project is, 0 for the primary account."""
    return 0 if project.id == DEFAULT_PROJECT else project.id


def subaccount_of(project: Project) -> dict[str, int]:
    """Return what the objects of a project say of it, which is nothing where it is the primary account."""
    number = number_of(project)
    return {"subaccount_id": number} if number else {}


Reader = Annotated[Caller, Depends(needs(Scope.READ))]
Writer = Annotated[Caller, Depends(needs(Scope.WRITE))]
