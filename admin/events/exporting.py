"""`waypost events export`: all of them, for other programs."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, Final, TextIO

import click

from admin.events.options import Spot, about_events, event_filter, now
from admin.invocation import Invocation, pass_invocation
from events.ports import Event, EventFilter, EventStore, Place
from service.database import open_event_store

PAGE: Final = 2_000  # events in memory at a time
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@click.command()
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True, help="How."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Into this file.")
@click.option(
    "--after",
    "beyond",
    type=Spot(),
    metavar="AT:ID",
    help="Only what stands behind this event: its `at` and `id`. CSV has no line of names then.",
)
@about_events
@pass_invocation
def export(
    invocation: Invocation, /, form: str, output: Path | None, beyond: Place | None, **options: Any
) -> None:
    """Write events, the oldest first, up to now. A file gets its name when it is whole.

    An export to standard output that was cut off goes on with --after and the last event that came whole.
    """
    wanted = event_filter(invocation, options, PAGE)
    wanted = replace(wanted, before=now() if wanted.before is None else wanted.before)
    with open_event_store(invocation.settings()) as store:
        if output is None:
            for _ in written(store, wanted, sys.stdout, form, beyond):
                pass
            return
        with _whole(output) as file:
            count = _with_progress(store, wanted, file, form, beyond)
    click.echo(f"{count} events in {output}.", err=True)


def written(
    store: EventStore, wanted: EventFilter, file: TextIO, form: str, beyond: Place | None = None
) -> Iterator[list[Event]]:
    """Write events page by page, and yield each page when it is written."""
    write = _FORMS[form](file, beyond is None)
    page = store.events_beyond(wanted, beyond)
    while page:
        for event in page:
            write(event)
        yield page
        page = store.events_beyond(wanted, (page[-1].at, page[-1].id))


def _with_progress(
    store: EventStore, wanted: EventFilter, file: TextIO, form: str, beyond: Place | None
) -> int:
    """Show how far it is by time, which costs no counting beforehand."""
    count, end = 0, wanted.before or now()
    hidden = not sys.stderr.isatty()
    bar: Any = None
    for page in written(store, wanted, file, form, beyond):
        if bar is None:
            reached = page[0].at
            bar = click.progressbar(
                length=max(1, end - reached), label="Exporting", file=sys.stderr, hidden=hidden
            )
        bar.update(page[-1].at - reached)
        reached, count = page[-1].at, count + len(page)
    if bar is not None:
        bar.update(max(0, end - reached))
        bar.render_finish()
    return count


@contextmanager
def _whole(output: Path) -> Iterator[TextIO]:
    """Write beside the file, mode 0600 since addresses are in it, and give it its name at the end."""
    part = output.with_name(output.name + ".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _json_lines(file: TextIO, begins: bool) -> Callable[[Event], object]:
    return lambda event: file.write(json.dumps(asdict(event), ensure_ascii=False) + "\n")


def _csv_rows(file: TextIO, begins: bool) -> Callable[[Event], object]:
    writer = csv.writer(file)
    names = [field.name for field in fields(Event)]
    if begins:
        writer.writerow(names)
    return lambda event: writer.writerow([cell(getattr(event, name)) for name in names])


def cell(value: object) -> object:
    """Return a value as a cell of CSV: lists and objects as JSON, and no text that a spreadsheet would run.

    Strangers choose their User-Agent; `=HYPERLINK(...)` gets an apostrophe before it [OWASP, CSV injection].
    """
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, int):
        return value
    return json.dumps(value, ensure_ascii=False)


_FORMS: Final[dict[str, Callable[[TextIO, bool], Callable[[Event], object]]]] = {
    "jsonl": _json_lines,
    "csv": _csv_rows,
}
