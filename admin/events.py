"""`waypost events`: who opened and clicked."""

import time
from dataclasses import asdict
from datetime import UTC, datetime

import click

from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, print_table
from events.ports import Event, EventFilter
from service.database import open_event_store, open_projects

KINDS = ("relayed", "refused", "unknown", "click", "open")


@click.group()
def events() -> None:
    """What happened to messages."""


@events.command("list")
@click.option("--kind", type=click.Choice(KINDS), help="Only these.")
@click.option("--message", help="Of one message: our id, or its Message-ID.")
@click.option("--sender", "sending_domain", help="Of one sending domain.")
@click.option("--project", help="Of one project.")
@click.option("--hours", type=click.FloatRange(min=0), help="Of the last hours.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@json_option
@pass_invocation
def list_events(
    invocation: Invocation,
    kind: str | None,
    message: str | None,
    sending_domain: str | None,
    project: str | None,
    hours: float | None,
    limit: int,
    as_json: bool,
) -> None:
    """List events, the newest first."""
    after = None if hours is None else time.time_ns() // 1_000_000 - round(hours * 3_600_000)
    number = None if project is None else _number(invocation, project)
    wanted = EventFilter(
        kind=kind,
        message=message,
        sending_domain=sending_domain,
        project=number,
        after=after,
        limit=limit,
    )
    with open_event_store(invocation.settings()) as store:
        found = store.events(wanted)
    if as_json:
        print_json([asdict(event) for event in found])
        return
    print_table(
        ("time (UTC)", "event", "recipient", "what", "from", "message"),
        [
            (_when(event.at), event.kind, _who(event), _what(event), event.address, event.message)
            for event in found
        ],
    )


def _number(invocation: Invocation, project: str) -> int:
    with open_projects(invocation.settings()) as projects:
        return projects.find(project).id


def _when(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def _who(event: Event) -> str:
    return "shared copy" if event.shared_copy else event.recipient


def _what(event: Event) -> str:
    what = event.link_name or event.url or event.reply
    return f"{what} [{', '.join(event.link_tags)}]" if event.link_tags else what
