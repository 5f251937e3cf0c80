"""`waypost webhook deliveries`, `replay`."""

from datetime import UTC, datetime

import click

from admin.domain_fields import when
from admin.events.options import Moment
from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, print_table, say
from admin.webhook.options import delivery_fields, of_project, opened
from events.webhooks.model import DeliveryState


@click.command()
@click.argument("webhook")
@click.option("--failed", is_flag=True, help="Only those that were given up.")
@click.option("--waiting", is_flag=True, help="Only those that are to be tried, or tried again.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@json_option
@of_project
@pass_invocation
def deliveries(
    invocation: Invocation,
    project: str,
    all_projects: bool,
    webhook: str,
    failed: bool,
    waiting: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List the batches that were sent to a webhook, or are to be, the newest first."""
    if failed and waiting:
        raise click.UsageError("--failed and --waiting exclude each other")
    state = DeliveryState.FAILED if failed else DeliveryState.WAITING if waiting else None
    with opened(invocation, project, all_projects) as (webhooks, _):
        found = webhooks.deliveries(webhook, state=state, limit=limit)
    if as_json:
        print_json([delivery_fields(each) for each in found])
        return
    print_table(
        ("delivery", "made (UTC)", "state", "events", "attempts", "next (UTC)", "last attempt"),
        [
            (
                each.id,
                when(each.created_at),
                each.state,
                str(len(each.events)),
                str(each.attempts),
                when(each.next_attempt_at) if each.next_attempt_at else "",
                each.detail,
            )
            for each in found
        ],
    )


@click.command()
@click.argument("webhook")
@click.argument("deliveries", nargs=-1)
@click.option("--since", type=Moment(), help="The failed ones that were made since then: 2h, 7d, 2026-11-21.")
@click.option("--all", "everything", is_flag=True, help="All failed ones.")
@of_project
@pass_invocation
def replay(
    invocation: Invocation,
    project: str,
    all_projects: bool,
    webhook: str,
    deliveries: tuple[str, ...],
    since: int | None,
    everything: bool,
) -> None:
    """Send DELIVERIES again, or those that failed. They keep their ids, so that receivers drop repeats."""
    if sum((bool(deliveries), since is not None, everything)) != 1:
        raise click.UsageError("name deliveries, or --since a time, or --all")
    begin = None if since is None else datetime.fromtimestamp(since / 1000, UTC)
    with opened(invocation, project, all_projects) as (webhooks, _):
        count = webhooks.replay(webhook, deliveries, since=begin)
        paused = webhooks.find(webhook).paused
    say(f"{count} deliveries are sent again." + (" The webhook is paused: resume it." if paused else ""))
