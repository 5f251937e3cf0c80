"""Opens what stands on the database, for commands and for `serve`."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine

from accounts.api_keys import ApiKeys
from accounts.audit import AuditStore
from accounts.credentials import Credentials
from accounts.people import People
from accounts.projects import Projects
from accounts.routes import Routes
from domains.app_files import AppFiles
from domains.blocking import LinkBlocks
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from events.ports import EventStore, JudgingStore
from service.domain_use_cases import DomainUseCases
from service.errors import OperatorError
from service.password_file import read_password
from service.settings import DatabaseSection, Settings
from service.use_cases import UseCases
from storage.auditing import acting
from storage.engine import database_url, open_engine
from storage.event_store import SqlEventStore
from storage.failures import DatabaseUnavailable
from storage.judging import SqlJudgingStore


@contextmanager
def open_database(settings: Settings) -> Iterator[Engine]:
    """Yield an engine for a command: what it changes is written down as its user's.

    Raises OperatorError for a URL or a password file that cannot be used.
    """
    with open_unattended(settings) as engine:
        yield acting(engine, command_line_actor())


def command_line_actor() -> str:
    """Return how the audit log calls who runs this process."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without an entry
        name = str(os.getuid())
    return f"cli:{name}"


@contextmanager
def open_unattended(settings: Settings, *, kept: int = 0) -> Iterator[Engine]:
    """Yield an engine for what goes on by itself; `kept` as for `storage.engine.open_engine`.

    Raises OperatorError as `open_database`.
    """
    try:
        engine = open_engine(url_of(settings.database), kept=kept)
    except DatabaseUnavailable as error:
        raise OperatorError(str(error)) from None
    try:
        yield engine
    finally:
        engine.dispose()


def url_of(section: DatabaseSection) -> URL:
    """Return the URL with its password. Raises OperatorError or DatabaseUnavailable."""
    file = section.password_file
    return database_url(section.url, None if file is None else read_password(file, "database.password_file"))


@contextmanager
def open_domains(settings: Settings) -> Iterator[DomainUseCases]:
    """Yield the use cases of the domains of any project."""
    with open_database(settings) as engine:
        yield DomainUseCases(settings, engine)


@contextmanager
def open_tracking_domains(settings: Settings, project: str) -> Iterator[TrackingDomains]:
    """Yield the use cases of a project's tracking domains. Raises AccountError."""
    with open_domains(settings) as domains:
        yield domains.tracking(project)


@contextmanager
def open_sending_domains(settings: Settings, project: str) -> Iterator[SendingDomains]:
    """Yield the use cases of a project's sending domains. Raises AccountError."""
    with open_domains(settings) as domains:
        yield domains.sending(project)


@contextmanager
def open_use_cases(settings: Settings) -> Iterator[UseCases]:
    """Yield those of any project."""
    with open_database(settings) as engine:
        yield UseCases(settings, engine)


@contextmanager
def open_app_files(settings: Settings, project: str) -> Iterator[AppFiles]:
    """Yield the use cases of the files of apps on a project's tracking domains. Raises AccountError."""
    with open_use_cases(settings) as use:
        yield use.app_files(project)


@contextmanager
def open_link_blocks(settings: Settings) -> Iterator[LinkBlocks]:
    """Yield the use cases of blocked links."""
    with open_use_cases(settings) as use:
        yield use.link_blocks()


@contextmanager
def open_projects(settings: Settings) -> Iterator[Projects]:
    """Yield the use cases of projects."""
    with open_use_cases(settings) as use:
        yield use.projects()


@contextmanager
def open_credentials(settings: Settings, project: str) -> Iterator[Credentials]:
    """Yield the use cases of a project's credentials. Raises AccountError."""
    with open_use_cases(settings) as use:
        yield use.credentials(project)


@contextmanager
def open_api_keys(settings: Settings, project: str | None) -> Iterator[ApiKeys]:
    """Yield the API keys of a project, or those for the whole installation. Raises AccountError."""
    with open_use_cases(settings) as use:
        yield use.api_keys(project)


@contextmanager
def open_people(settings: Settings) -> Iterator[People]:
    """Yield the use cases of people."""
    with open_use_cases(settings) as use:
        yield use.people()


@contextmanager
def open_audit_log(settings: Settings) -> Iterator[AuditStore]:
    """Yield the audit log."""
    with open_use_cases(settings) as use:
        yield use.audit_log()


@contextmanager
def open_routes(settings: Settings, project: str) -> Iterator[Routes]:
    """Yield the use cases of a project's routes. Raises AccountError."""
    with open_use_cases(settings) as use:
        yield use.routes(project)


@contextmanager
def open_event_store(settings: Settings) -> Iterator[EventStore]:
    """Yield the store of events."""
    with open_database(settings) as engine:
        yield SqlEventStore(engine)


@contextmanager
def open_judging_store(settings: Settings) -> Iterator[JudgingStore]:
    """Yield what judges stored hits."""
    with open_database(settings) as engine:
        yield SqlJudgingStore(engine)
