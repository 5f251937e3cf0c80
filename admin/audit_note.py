"""Has a command write down what it changed besides the database."""

from collections.abc import Mapping
from typing import Any

import click

from accounts.audit import Action, AuditChange
from service.settings import Settings


def note(
    settings: Settings, action: Action, kind: str, name: str, *, after: Mapping[str, Any] | None = None
) -> None:
    """Write it down, once it is done; where that cannot be, say so on standard error and go on."""
    from service.audit_note import note_change

    change = AuditChange(project=None, action=action, kind=kind, name=name, before={}, after=after or {})
    if complaint := note_change(settings, change):
        click.echo(f"waypost: {complaint}", err=True)
