"""Names from the database, for the completion of a command line that is being typed.

Quietly none where they cannot be had in time: a shell that waits or complains at a key press helps nobody.
"""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Final

import click

from accounts.errors import AccountError
from accounts.model import DEFAULT_PROJECT_NAME
from domains.errors import DomainError
from service.errors import OperatorError
from service.settings import Settings
from service.settings_file import load_settings

PATIENCE_SECONDS: Final = 1.0

Names = Callable[[Settings, str], Iterable[str]]
"""(settings, project) to names."""


def complete_tracking_domain(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the tracking domains of the project that begin like this."""
    return _complete(ctx, incomplete, _tracking_domains)


def complete_sending_domain(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the sending domains of the project that begin like this."""
    return _complete(ctx, incomplete, _sending_domains)


def complete_project(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the projects that begin like this."""
    return _complete(ctx, incomplete, _projects)


def _complete(ctx: click.Context, incomplete: str, names: Names) -> list[str]:
    found: list[str] = []

    def ask() -> None:
        try:
            settings = load_settings(ctx.find_root().params.get("config"), os.environ)
            found.extend(names(settings, ctx.params.get("project") or DEFAULT_PROJECT_NAME))
        except (OperatorError, AccountError, DomainError):
            pass  # see above; the command itself will say it

    asking = threading.Thread(target=ask, daemon=True)  # the shell does not wait for a database that is away
    asking.start()
    asking.join(PATIENCE_SECONDS)
    return sorted(name for name in found if name.startswith(incomplete.lower()))


# What the database needs is imported when it is asked: it takes longer to import than all else together.


def _tracking_domains(settings: Settings, project: str) -> list[str]:
    from service.database import open_tracking_domains

    with open_tracking_domains(settings, project) as domains:
        return [domain.name for domain in domains.all()]


def _sending_domains(settings: Settings, project: str) -> list[str]:
    from service.database import open_sending_domains

    with open_sending_domains(settings, project) as senders:
        return [domain.name for domain in senders.all()]


def _projects(settings: Settings, _: str) -> list[str]:
    from service.database import open_projects

    with open_projects(settings) as projects:
        return [project.name for project in projects.all()]
