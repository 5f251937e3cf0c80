"""`waypost audit`: who changed what, and when."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from accounts.audit import AuditEntry, AuditFilter
from admin.events.options import Moment
from admin.invocation import Invocation, pass_invocation
from admin.names import complete_project
from admin.opening import open_audit_log, open_projects
from admin.output import json_option, print_json, print_table


@click.group()
def audit() -> None:
    """What was changed by command and over the API. Entries are never changed or removed."""


@audit.command("list")
@click.option("--since", type=Moment(), help="From then on: 2h, 7d, 2026-11-21, 2026-11-21T18:30.")
@click.option("--project", shell_complete=complete_project, help="Of one project.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="The newest so many."
)
@json_option
@pass_invocation
def list_entries(
    invocation: Invocation, since: int | None, project: str | None, limit: int, as_json: bool
) -> None:
    """List who changed what, the newest first."""
    settings = invocation.settings()
    number = None
    if project is not None:
        with open_projects(settings) as projects:
            number = projects.find(project).id
    moment = None if since is None else datetime.fromtimestamp(since / 1000, UTC)
    with open_audit_log(settings) as log:
        entries = log.entries(AuditFilter(project=number, since=moment, limit=limit))
    if as_json:
        print_json([entry_fields(each) for each in entries])
        return
    print_table(("time (UTC)", "who", "project", "what", "before", "after"), list(map(_row, entries)))


def entry_fields(entry: AuditEntry) -> dict[str, Any]:
    """Return it for programs."""
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": entry.actor,
        "project_name": entry.project_name,
        **asdict(entry.change),
    }


def _row(entry: AuditEntry) -> tuple[str, ...]:
    change = entry.change
    return (
        f"{entry.at:%Y-%m-%d %H:%M:%S}",
        entry.actor,
        entry.project_name or (f"number {change.project}" if change.project else ""),
        f"{change.action} {change.kind} {change.name}",
        _listed(change.before),
        _listed(change.after),
    )


def _listed(fields: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in fields.items()
    )
