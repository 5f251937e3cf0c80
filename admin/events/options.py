"""Which events a command is about: the same options for all of them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

from admin.invocation import Invocation
from admin.names import complete_project, complete_sending_domain
from events import asking
from events.ports import EventFilter, Place
from events.verdicts import HitVerdict
from service.database import open_projects

KINDS: Final = ("relayed", "refused", "unknown", "click", "open")

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Moment(click.ParamType[int]):
    """Converts to milliseconds since 1970: `2h` is two hours ago, `2026-11-21` that day's beginning, UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return asking.moment(str(value), now())
        except asking.Unclear as error:
            self.fail(str(error), param, ctx)


class Spot(click.ParamType[Place]):
    """Converts `1790000060000:f9e8…`, the `at` and `id` of an event."""

    name = "event"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        try:
            return asking.place(str(value))
        except asking.Unclear as error:
            self.fail(str(error), param, ctx)


def now() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def iso(milliseconds: int) -> str:
    """Return a time as `Moment` takes it, to the millisecond."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


_OPTIONS: Final = (
    click.option("--message", help="Of one message: our id, or its Message-ID."),
    click.option(
        "--sender", "sending_domain", shell_complete=complete_sending_domain, help="Of one sending domain."
    ),
    click.option("--domain", "host", help="Clicks and opens on one tracking domain."),
    click.option("--recipient", help="Of one recipient: the address."),
    click.option("--tag", help="Of messages with this tag."),
    click.option("--link", help="Clicks on one link: its name, or its URL."),
    click.option("--project", shell_complete=complete_project, help="Of one project."),
    click.option(
        "--since", "after", type=Moment(), help="From then on: 2h, 7d, 2026-11-21, 2026-11-21T18:30."
    ),
    click.option("--until", "before", type=Moment(), help="Before then."),
)
_KINDS: Final = (
    click.option("--kind", type=click.Choice(KINDS), help="Only these."),
    click.option(
        "--verdict",
        type=click.Choice([each.value for each in HitVerdict]),
        help="Clicks and opens of which this is thought.",
    ),
)


def about_hits(command: _Command) -> _Command:
    """Give a command the options that say which messages, links and times it is about."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def about_events(command: _Command) -> _Command:
    """Give a command these and those that choose among events."""
    for option in reversed(_KINDS):
        command = option(command)
    return about_hits(command)


def event_filter(invocation: Invocation, options: dict[str, Any], limit: int) -> EventFilter:
    """Return what the options want. Raises AccountError for a project that is not there."""
    project = options.pop("project")
    number = None
    if project is not None:
        with open_projects(invocation.settings()) as projects:
            number = projects.find(project).id
    return EventFilter(**options, project=number, limit=limit)
