"""`waypost events tail`: the newest events, and those that come."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any, Final

import click

from admin.events.options import about_events, event_filter, now
from admin.events.rows import row
from admin.invocation import Invocation, pass_invocation
from admin.output import printable
from events.ports import Event, EventFilter, EventStore
from service.database import open_event_store

POLL_SECONDS: Final = 1.0
LATE: Final = 60_000
"""Milliseconds that an event may take from its time to the database, by way of a journal, to be seen here."""

PAGE: Final = 1_000


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on with those that come, until Ctrl-C.")
@click.option(
    "--lines", "-n", type=click.IntRange(min=0), default=10, show_default=True, help="To begin with."
)
@about_events
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@pass_invocation
def tail(invocation: Invocation, /, follow: bool, lines: int, as_json: bool, **options: Any) -> None:
    """Show the newest events, the newest last."""
    wanted = event_filter(invocation, options, PAGE)
    show = _json_line if as_json else _line
    with open_event_store(invocation.settings()) as store, _ending_quietly():
        known = recent(store, wanted, now())  # before the listing: what comes in between is shown below
        listed = store.events(replace(wanted, limit=lines)) if lines else []
        for event in reversed(listed):
            show(event)
        if follow:
            known |= {event.id for event in listed}
            for event in followed(store, wanted, known, clock=now, sleep=time.sleep):
                show(event)


def recent(store: EventStore, wanted: EventFilter, moment: int) -> set[str]:
    """Return the ids of the events that may still be joined by others of their time."""
    return {event.id for event in _since(store, wanted, moment - LATE)}


def followed(
    store: EventStore,
    wanted: EventFilter,
    known: set[str],
    *,
    clock: Callable[[], int],
    sleep: Callable[[float], None],
) -> Iterator[Event]:
    """Yield events that come from now on, each once, for ever; those of the `known` ids are there already.

    Records come by way of journals, a little late and not in the order of their times: so it looks back by
    `LATE` each time, and remembers what it has seen of that.
    """
    while True:
        sleep(POLL_SECONDS)
        seen = list(_since(store, wanted, clock() - LATE))
        yield from (event for event in seen if event.id not in known)
        known = {event.id for event in seen}


def _since(store: EventStore, wanted: EventFilter, horizon: int) -> Iterator[Event]:
    window = replace(wanted, after=max(horizon, wanted.after or 0))
    page = store.events_beyond(window, None)
    while page:
        yield from page
        page = store.events_beyond(window, (page[-1].at, page[-1].id)) if len(page) == PAGE else []


@contextmanager
def _ending_quietly() -> Iterator[None]:
    """Let Ctrl-C and a reader that has seen enough (`| head`) be the ends that they are meant to be."""
    try:
        yield
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        # Python flushes standard output at its exit, and would complain once more [docs.python.org, SIGPIPE].
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _line(event: Event) -> None:
    click.echo("  ".join(printable(cell) for cell in row(event) if cell))


def _json_line(event: Event) -> None:
    click.echo(json.dumps(asdict(event), ensure_ascii=False))
