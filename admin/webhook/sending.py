"""`waypost webhook test`, `pause`, `resume`."""

import click

from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, say
from admin.webhook.options import of_project, opened
from events.webhooks.endpoint import shown
from events.webhooks.model import DeliveryState


@click.command()
@click.argument("webhook")
@json_option
@of_project
@pass_invocation
@click.pass_context
def test(
    ctx: click.Context, invocation: Invocation, project: str, all_projects: bool, webhook: str, as_json: bool
) -> None:
    """Send one event of the kind `test` now, and say what came of it. Exit code 1 where it was not taken."""
    with opened(invocation, project, all_projects) as (webhooks, trial):
        url, attempt = webhooks.find(webhook).url, trial.send(webhook)
    if as_json:
        print_json({"delivered": attempt.delivered, "detail": attempt.detail})
    else:
        say(f"{shown(url)}: {attempt.detail}")
    if not attempt.delivered:
        ctx.exit(1)


@click.command()
@click.argument("webhook")
@of_project
@pass_invocation
def pause(invocation: Invocation, project: str, all_projects: bool, webhook: str) -> None:
    """Send nothing to a webhook until it is resumed; what happens meanwhile waits for it."""
    with opened(invocation, project, all_projects) as (webhooks, _):
        paused = webhooks.pause(webhook)
    say(f"{paused.id} is paused. Events wait for it for {invocation.settings().webhooks.keep_days} days.")


@click.command()
@click.argument("webhook")
@of_project
@pass_invocation
def resume(invocation: Invocation, project: str, all_projects: bool, webhook: str) -> None:
    """Send to a webhook again, what waited first. What failed before comes back by `replay`."""
    with opened(invocation, project, all_projects) as (webhooks, _):
        resumed = webhooks.resume(webhook)
        failed = webhooks.deliveries(webhook, state=DeliveryState.FAILED, limit=1)
    say(f"{resumed.id} is active: {shown(resumed.url)} is told what waited.")
    if failed:
        say(f"Deliveries had failed for good; send them again: waypost webhook replay {resumed.id} --all")
