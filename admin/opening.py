"""Opens the use cases of `service.database`, which is imported when one is opened.

What stands on the database takes longer to import than a shell may wait for the completion of a word, and
completion has to import the commands.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from service.settings import Settings

if TYPE_CHECKING:
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
    from events.webhooks.use_cases import Webhooks
    from service.certificates.use_cases import CertificateOrders, CertificateViews
    from service.webhooks.use_cases import Trial


def open_tracking_domains(settings: Settings, project: str) -> "AbstractContextManager[TrackingDomains]":
    """Yield the use cases of a project's tracking domains. Raises AccountError."""
    from service import database

    return database.open_tracking_domains(settings, project)


def open_sending_domains(settings: Settings, project: str) -> "AbstractContextManager[SendingDomains]":
    """Yield the use cases of a project's sending domains. Raises AccountError."""
    from service import database

    return database.open_sending_domains(settings, project)


def open_projects(settings: Settings) -> "AbstractContextManager[Projects]":
    """Yield the use cases of projects."""
    from service import database

    return database.open_projects(settings)


def open_credentials(settings: Settings, project: str) -> "AbstractContextManager[Credentials]":
    """Yield the use cases of a project's credentials. Raises AccountError."""
    from service import database

    return database.open_credentials(settings, project)


def open_routes(settings: Settings, project: str) -> "AbstractContextManager[Routes]":
    """Yield the use cases of a project's routes. Raises AccountError."""
    from service import database

    return database.open_routes(settings, project)


def open_api_keys(settings: Settings, project: str | None) -> "AbstractContextManager[ApiKeys]":
    """Yield the API keys of a project, or those for the whole installation. Raises AccountError."""
    from service import database

    return database.open_api_keys(settings, project)


def open_people(settings: Settings) -> "AbstractContextManager[People]":
    """Yield the use cases of people."""
    from service import database

    return database.open_people(settings)


def open_audit_log(settings: Settings) -> "AbstractContextManager[AuditStore]":
    """Yield the audit log."""
    from service import database

    return database.open_audit_log(settings)


def open_app_files(settings: Settings, project: str) -> "AbstractContextManager[AppFiles]":
    """Yield the files for apps of a project's tracking domains. Raises AccountError."""
    from service import database

    return database.open_app_files(settings, project)


def open_link_blocks(settings: Settings) -> "AbstractContextManager[LinkBlocks]":
    """Yield the use cases of blocked links."""
    from service import database

    return database.open_link_blocks(settings)


def open_webhooks(
    settings: Settings, project: str | None
) -> "AbstractContextManager[tuple[Webhooks, Trial]]":
    """Yield the webhooks of a project, or of all projects together, and what tries them."""
    from service.webhooks import use_cases

    return use_cases.open_webhooks(settings, project)


def open_certificate_views(settings: Settings) -> "AbstractContextManager[CertificateViews]":
    """Yield what shows certificates."""
    from service.certificates import use_cases

    return use_cases.open_certificate_views(settings)


def open_certificate_orders(settings: Settings) -> "AbstractContextManager[CertificateOrders]":
    """Yield what orders certificates. Raises OperatorError where none are issued here."""
    from service.certificates import use_cases

    return use_cases.open_certificate_orders(settings)
