"""`waypost webhook add`, `list`, `show`, `rotate`, `remove`."""

from datetime import timedelta

import click

from admin.domain_fields import when
from admin.duration import Duration
from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, print_table, say
from admin.webhook.options import ALL_KINDS, of_project, opened, state, webhook_fields
from events.webhooks.endpoint import shown
from events.webhooks.model import Kind

ONCE = "Keep it now: it is not shown again."


@click.command()
@click.argument("url")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in Kind]),
    help="What it is told; may be given several times. Default: everything.",
)
@click.option("--label", default="", help="What it is for.")
@json_option
@of_project
@pass_invocation
def add(
    invocation: Invocation,
    project: str,
    all_projects: bool,
    url: str,
    kinds: tuple[str, ...],
    label: str,
    as_json: bool,
) -> None:
    """Tell a server at URL what happens from now on. Its secret is shown now and never again."""
    with opened(invocation, project, all_projects) as (webhooks, _):
        added = webhooks.add(url, kinds=map(Kind, kinds), label=label)
    if as_json:
        print_json({**webhook_fields(added.webhook), "secret": added.secret})
        return
    say(f"Webhook: {added.webhook.id}")
    say(f"Secret:  {added.secret}")
    say(f"{ONCE} The receiver checks signatures with it. Try it: waypost webhook test {added.webhook.id}")


@click.command("list")
@json_option
@of_project
@pass_invocation
def list_webhooks(invocation: Invocation, project: str, all_projects: bool, as_json: bool) -> None:
    """List the webhooks; secrets are never shown."""
    with opened(invocation, project, all_projects) as (webhooks, _):
        found = webhooks.all()
    if as_json:
        print_json([webhook_fields(each) for each in found])
        return
    print_table(
        ("webhook", "url", "kinds", "label", "state"),
        [(each.id, shown(each.url), _kinds(each.kinds), each.label, state(each)) for each in found],
    )


@click.command()
@click.argument("webhook")
@json_option
@of_project
@pass_invocation
def show(invocation: Invocation, project: str, all_projects: bool, webhook: str, as_json: bool) -> None:
    """Show a webhook, how it goes, and how much waits for it."""
    with opened(invocation, project, all_projects) as (webhooks, _):
        found, waiting = webhooks.find(webhook), webhooks.waiting(webhook)
    if as_json:
        print_json({**webhook_fields(found), "waiting": waiting})
        return
    say(f"{found.id}  {shown(found.url)}  {found.label}".rstrip())
    say(f"State:   {state(found)}")
    say(f"Kinds:   {', '.join(found.kinds)}")
    say(f"Waiting: {waiting} events in no delivery yet")
    if found.former_until is not None:
        say(f"Secret:  the former one signs too until {when(found.former_until)} UTC")


@click.command()
@click.argument("webhook")
@click.option(
    "--grace",
    type=Duration(),
    default="24h",
    show_default=True,
    help="How long the former secret signs too: as long as the receiver needs to learn the new one.",
)
@click.option("--at-once", is_flag=True, help="The former secret leaked: it signs no more.")
@json_option
@of_project
@pass_invocation
def rotate(
    invocation: Invocation,
    project: str,
    all_projects: bool,
    webhook: str,
    grace: float,
    at_once: bool,
    as_json: bool,
) -> None:
    """Give a webhook another secret, which is shown now and never again."""
    with opened(invocation, project, all_projects) as (webhooks, _):
        rotated = webhooks.rotate(webhook, grace=timedelta(seconds=0 if at_once else grace))
    if as_json:
        print_json({**webhook_fields(rotated.webhook), "secret": rotated.secret})
        return
    say(f"Secret: {rotated.secret}")
    until = rotated.webhook.former_until
    say(f"{ONCE} " + (f"The former one signs too until {when(until)} UTC." if until else ""))


@click.command()
@click.argument("webhook")
@of_project
@pass_invocation
def remove(invocation: Invocation, project: str, all_projects: bool, webhook: str) -> None:
    """Remove a webhook with all that waits for it."""
    with opened(invocation, project, all_projects) as (webhooks, _):
        removed = webhooks.remove(webhook)
    say(f"{removed.id} is removed: {shown(removed.url)} is told nothing more.")


def _kinds(kinds: tuple[Kind, ...]) -> str:
    return "all" if len(kinds) == ALL_KINDS else ", ".join(kinds)
