"""Names from the database, for the completion of a command line that is being typed.

Quietly none where they cannot be had in time: a shell that waits or complains at a key press helps nobody.
"""

import os
import threading
from contextlib import suppress
from typing import Final

import click

from accounts.model import DEFAULT_PROJECT_NAME
from service.errors import OperatorError
from service.password_file import read_password
from service.settings_file import load_settings
from storage.names import Kind, NamesUnavailable, names

PATIENCE_SECONDS: Final = 1.0


def complete_tracking_domain(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the tracking domains of the project that begin like this."""
    return _complete(ctx, incomplete, Kind.TRACKING_DOMAIN)


def complete_sending_domain(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the sending domains of the project that begin like this."""
    return _complete(ctx, incomplete, Kind.SENDING_DOMAIN)


def complete_project(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the projects that begin like this."""
    return _complete(ctx, incomplete, Kind.PROJECT)


def _complete(ctx: click.Context, incomplete: str, kind: Kind) -> list[str]:
    found: list[str] = []

    def ask() -> None:
        with suppress(OperatorError, NamesUnavailable):  # the command itself will say it
            found.extend(_names(ctx, kind, incomplete.lower()))

    asking = threading.Thread(target=ask, daemon=True)  # a database that is away is not waited for
    asking.start()
    asking.join(PATIENCE_SECONDS)
    return list(found)


def _names(ctx: click.Context, kind: Kind, beginning: str) -> list[str]:
    section = load_settings(ctx.find_root().params.get("config"), os.environ).database
    file = section.password_file
    password = None if file is None else read_password(file, "database.password_file")
    project = ctx.params.get("project") or DEFAULT_PROJECT_NAME
    return names(section.url, password, kind, project, beginning)
