"""The use cases of tracking and sending domains, of any project, over one resolver and one check.

What those remember counts: a batch over many projects asks for each delegation, target and parent once.
"""

import secrets
from copy import copy
from datetime import UTC, datetime

from sqlalchemy import Engine

from accounts.projects import project_named
from domains.claims import Claims
from domains.names import host_name
from domains.rules import CheckPolicy
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from service.domain_changes import log_change
from service.domain_checks.check import CheckOnDemand
from service.domain_checks.lookup import resolver
from service.settings import Settings
from storage.account_store import SqlAccountStore
from storage.claim_store import SqlClaimStore
from storage.domain_store import SqlDomainStore


class DomainUseCases:
    """Safe to share between threads. Each method raises AccountError for a project that there is not."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._lookup = resolver(settings)
        self._check = CheckOnDemand(settings, self._lookup)

    def on(self, engine: Engine) -> "DomainUseCases":
        """Return these on another engine, such as one that knows who acts; what is remembered is shared."""
        other = copy(self)
        other._engine = engine
        return other

    def projects(self) -> list[str]:
        """Return the names of all projects."""
        return [project.name for project in SqlAccountStore(self._engine).projects()]

    def tracking(self, project: str) -> TrackingDomains:
        """Return those of a project's tracking domains."""
        return self.tracking_of(self._number(project))

    def sending(self, project: str) -> SendingDomains:
        """Return those of a project's sending domains."""
        return self.sending_of(self._number(project))

    def tracking_of(self, number: int) -> TrackingDomains:
        """Return those of the tracking domains of the project with this id."""
        return TrackingDomains(
            store=SqlDomainStore(self._engine),
            check=self._check,
            policy=check_policy(self._settings),
            clock=_now,
            jitter=secrets.SystemRandom().random,
            announce=log_change,
            claims=self._claims(number),
            project=number,
        )

    def sending_of(self, number: int) -> SendingDomains:
        """Return those of the sending domains of the project with this id."""
        return SendingDomains(
            store=SqlDomainStore(self._engine),
            claims=self._claims(number),
            clock=_now,
            project=number,
            require_verified=self._settings.domains.require_verified_senders,
        )

    def _number(self, project: str) -> int:
        return project_named(SqlAccountStore(self._engine), project).id

    def _claims(self, project: int) -> Claims:
        return Claims(
            store=SqlClaimStore(self._engine),
            txt=self._lookup,
            random_bytes=secrets.token_bytes,
            clock=_now,
            project=project,
        )


def check_policy(settings: Settings) -> CheckPolicy:
    """Return what the settings say of checks of tracking domains."""
    section = settings.domains
    return CheckPolicy(
        targets=tuple(map(host_name, section.cname_targets)), require_probe=section.require_probe
    )


def _now() -> datetime:
    return datetime.now(UTC)
