"""The use cases of any project on an engine, which knows who acts. Commands and the API have them alike."""

import secrets
from datetime import UTC, datetime
from ipaddress import ip_network

from sqlalchemy import Engine

from accounts.api_keys import ApiKeys
from accounts.credentials import Credentials
from accounts.model import Project
from accounts.people import People
from accounts.projects import Projects, project_named
from accounts.routes import Routes
from domains.app_files import AppFiles
from domains.blocking import LinkBlocks
from service.settings import Settings
from storage.account_store import SqlAccountStore
from storage.api_key_store import SqlApiKeyStore
from storage.app_file_store import SqlAppFileStore
from storage.audit_store import SqlAuditStore
from storage.block_store import SqlBlockStore
from storage.domain_store import SqlDomainStore
from storage.event_store import SqlEventStore
from storage.person_store import SqlPersonStore


class UseCases:
    """What is asked for a project raises AccountError where there is none of that name."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._accounts = SqlAccountStore(engine)
        self._found: dict[str, Project] = {}  # while they act: a request or a command

    def remember(self, project: Project) -> None:
        """Do not look for this one again by its name."""
        self._found[project.name] = project

    def projects(self) -> Projects:
        """Return those of projects."""
        return Projects(
            store=self._accounts,
            default_networks=tuple(map(ip_network, self._settings.relay.networks)),
            upstreams=self._settings.upstreams,
            clock=_now,
        )

    def credentials(self, project: str) -> Credentials:
        """Return those of a project's credentials."""
        return Credentials(
            store=self._accounts,
            project=self._project(project),
            clock=_now,
            random_bytes=secrets.token_bytes,
        )

    def routes(self, project: str) -> Routes:
        """Return those of a project's routes."""
        return Routes(store=self._accounts, project=self._project(project), clock=_now)

    def api_keys(self, project: str | None) -> ApiKeys:
        """Return those of a project's API keys, or of those for the whole installation."""
        return ApiKeys(
            store=SqlApiKeyStore(self._engine),
            project=None if project is None else self._project(project).id,
            clock=_now,
            random_bytes=secrets.token_bytes,
        )

    def people(self) -> People:
        """Return those of people who sign in."""
        return People(store=SqlPersonStore(self._engine), clock=_now, random_bytes=secrets.token_bytes)

    def app_files(self, project: str) -> AppFiles:
        """Return those of the files of apps on a project's tracking domains."""
        return AppFiles(
            store=SqlAppFileStore(self._engine),
            domains=SqlDomainStore(self._engine),
            project=self._project(project).id,
        )

    def link_blocks(self) -> LinkBlocks:
        """Return those of blocked links."""
        return LinkBlocks(store=SqlBlockStore(self._engine), clock=_now)

    def events(self) -> SqlEventStore:
        """Return the events, to be read."""
        return SqlEventStore(self._engine)

    def audit_log(self) -> SqlAuditStore:
        """Return the audit log."""
        return SqlAuditStore(self._engine)

    def _project(self, name: str) -> Project:
        if name not in self._found:
            self._found[name] = project_named(self._accounts, name)
        return self._found[name]


def _now() -> datetime:
    return datetime.now(UTC)
