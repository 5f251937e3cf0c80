"""`waypost report`: what was rewritten, left alone and why."""

import time
from collections import Counter
from typing import Any

import click

from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, print_table, say
from domains.names import display
from events.report import SenderReport, by_sender
from service.database import open_event_store, open_projects

COUNTS = ("messages", "rewritten", "observed", "unchanged", "untracked")


@click.command()
@click.option(
    "--hours", type=click.FloatRange(min=0), default=24, show_default=True, help="Of the last hours."
)
@click.option("--project", help="Of one project.")
@json_option
@pass_invocation
def report(invocation: Invocation, hours: float, project: str | None, as_json: bool) -> None:
    """Tell, by sending domain, what was rewritten, and what was left alone and why."""
    settings = invocation.settings()
    after = time.time_ns() // 1_000_000 - round(hours * 3_600_000)
    with open_projects(settings) as projects:
        number = None if project is None else projects.find(project).id
        names = {each.id: each.name for each in projects.all()}
    with open_event_store(settings) as store:
        senders = by_sender(store.tallies(after, number))
    if as_json:
        print_json([_fields(sender, names) for sender in senders])
    elif senders:
        _show(senders, names)
    else:
        say(f"No message came in the last {hours:g} hours.")


def _show(senders: list[SenderReport], names: dict[int, str]) -> None:
    print_table(
        ("sending domain", "project", *COUNTS, "links", "links observed"),
        [
            (
                *_whose(sender, names),
                *(str(getattr(sender, count)) for count in COUNTS),
                str(sender.links),
                str(sender.links_observed),
            )
            for sender in senders
        ],
    )
    reasons = [
        (*_whose(sender, names), what, reason, str(times))
        for sender in senders
        for what, counted in (("message untracked", sender.why_untracked), ("left alone", sender.left_alone))
        for reason, times in counted.most_common()
    ]
    if reasons:
        say("")
        print_table(("sending domain", "project", "what", "reason", "times"), reasons)


def _whose(sender: SenderReport, names: dict[int, str]) -> tuple[str, str]:
    name = display(sender.sending_domain) if sender.sending_domain else "(none)"
    return name, names.get(sender.project, str(sender.project))


def _fields(sender: SenderReport, names: dict[int, str]) -> dict[str, Any]:
    return {
        "project": names.get(sender.project, str(sender.project)),
        "sending_domain": sender.sending_domain,
        **{count: getattr(sender, count) for count in COUNTS},
        "links": sender.links,
        "pixels": sender.pixels,
        "links_observed": sender.links_observed,
        "pixels_observed": sender.pixels_observed,
        "why_untracked": _sorted(sender.why_untracked),
        "left_alone": _sorted(sender.left_alone),
    }


def _sorted(counted: Counter[str]) -> dict[str, int]:
    return dict(counted.most_common())
