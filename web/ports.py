"""What API and dashboard need from outside. `service.web` gives it; nothing here knows a database."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from accounts.actors import Actor
from accounts.api_keys import ApiKeys
from accounts.audit import AuditStore
from accounts.credentials import Credentials
from accounts.model import Project
from accounts.people import People
from accounts.projects import Projects
from accounts.routes import Routes
from accounts.sessions import Session
from certificates.model import HostRecord, State
from domains.app_files import AppFiles
from domains.blocking import LinkBlocks
from domains.choosing import Choosing
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from events.forgetting import Forgetting, Person
from events.ports import EventStore
from events.webhooks.delivering import Attempt
from events.webhooks.use_cases import Webhooks
from rewriter import Result


class NoCertificates(Exception):
    """None are issued by this installation. The message says what to set."""


class TooManyOrders(Exception):
    """More certificates wait to be ordered than may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateStatus:
    """Where a host stands."""

    state: State
    record: HostRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `remedy` says how to mend it, "" where all is well."""

    level: str  # ok | warn | fail
    subject: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """What `waypost check` finds, and when it was found."""

    at: datetime
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would become of a message. `untracked` says why it would go out as it came.

    The result is then as if it did not, on a stand-in where there is no tracking domain.
    """

    base: str
    sending_domain: str
    untracked: str | None
    problems: tuple[str, ...]  # control headers that were not understood
    original: bytes  # without our control headers
    result: Result


class UseCases(Protocol):
    """What one caller does, written down as its doing. All of it blocks.

    What is asked for a project raises `accounts.errors.NotFound` where there is none of that name.
    """

    def remember(self, project: Project) -> None:
        """Do not look for this one again by its name."""

    def projects(self) -> Projects: ...
    def tracking_domains(self, project: str) -> TrackingDomains: ...
    def sending_domains(self, project: str) -> SendingDomains: ...
    def routes(self, project: str) -> Routes: ...
    def credentials(self, project: str) -> Credentials: ...
    def api_keys(self, project: str | None) -> ApiKeys:
        """Return those of a project, or of the whole installation."""

    def app_files(self, project: str) -> AppFiles: ...
    def webhooks(self, project: str | None) -> Webhooks:
        """Return those of a project, or of all projects together."""

    def try_webhook(self, project: str | None, webhook: str) -> Attempt:
        """Send it an event of the kind `test` now. Raises `UnknownWebhook`, `SecretUnreadable`."""

    def checkup(self, *, again: bool = False) -> Checkup | None:
        """Look at the whole installation, unless that was done a moment ago; one look at a time.

        None while the first one of somebody else is under way.
        """

    def preview(self, project: str, message: bytes, *, base: str | None, sender: str | None) -> Preview:
        """Rewrite a message as the relay would, with links that lead nowhere; nothing of it is kept.

        Raises `domains.errors.InvalidName` for a base that links cannot be on.
        """

    def about(self, person: Person, beyond: str) -> tuple[list[dict[str, Any]], str | None]:
        """As `ForgettingStore.about_next`."""

    def forget(self, person: Person) -> Forgetting:
        """Delete what names the person, up to now. It may be repeated."""

    def link_blocks(self) -> LinkBlocks: ...
    def audit_log(self) -> AuditStore: ...
    def people(self) -> People: ...
    def events(self) -> EventStore: ...
    def choosing(self, project: str) -> Choosing: ...
    def certificates(self, hosts: Collection[str]) -> Mapping[str, CertificateStatus]:
        """Return where each host stands."""

    def why_no_certificates(self) -> str:
        """Return why none are issued by this installation, "" where they are."""

    def revoke_certificate(self, host: str) -> None:
        """Have the authority revoke the host's. Raises `CertificateError`, `NoCertificates`."""

    def order_certificate(self, host: str) -> None:
        """Have one ordered now, in the background. Raises `NoCertificates`, `TooManyOrders`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody with a live key, and the project that they mean."""

    actor: Actor
    project: Project


class Door(Protocol):
    """Lets callers in. All of it blocks and raises `accounts.errors.StoreUnavailable`.

    The token of a session is what the browser shows; it is shown once and kept nowhere.
    """

    def authenticate(self, token: str) -> Actor | None:
        """Return who has the live key that the token is of."""

    def let_in(self, token: str, project: str | None) -> Entry | None:
        """Return who has that key, and the project of a name as typed.

        With None it is their own, or `default` where they have all of them. Raises
        `accounts.errors.NotFound`, too, for a project that is not theirs.
        """

    def reading(self) -> AbstractContextManager[None]:
        """Have what this thread reads in the block, up to the first change, be read together: of one moment.

        It costs one opening of the database, and is not for what takes seconds.
        """

    def use_cases(self, actor: Actor) -> UseCases:
        """Return what they do."""

    def sign_in(self, name: str, password: str) -> str | None:
        """Return the token of a new session of this person; else None, after the same work."""

    def sign_in_by_key(self, key: str) -> str | None:
        """Return the token of a new session of whoever has this live key."""

    def session(self, token: str) -> Session | None:
        """Return the session that goes on."""

    def sign_out(self, token: str) -> None:
        """End it, if it goes on."""
