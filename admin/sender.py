"""`waypost sender`: sending domains."""

from dataclasses import asdict
from typing import Any

import click

from admin.invocation import Invocation, of_project, pass_invocation, project_option
from admin.output import json_option, print_json, print_table, say
from admin.switches import INHERIT
from domains.model import ALL, SendingDomain
from domains.names import display
from domains.sending_domains import SenderSettings
from rewriter.policy import Mode
from service.database import open_sending_domains


@click.group()
def sender() -> None:
    """Sending domains: the domains of From addresses, each linked to at most one tracking domain."""


@sender.command("add")
@click.argument("name")
@project_option
@pass_invocation
def add(invocation: Invocation, project: str, name: str) -> None:
    """Add a sending domain."""
    with open_sending_domains(invocation.settings(), project) as senders:
        added = senders.add(name)
    command = f"waypost sender link {added.name} TRACKING_DOMAIN{of_project(project)}"
    say(f"Added {display(added.name)}. Link it: {command}")


@sender.command("list")
@json_option
@project_option
@pass_invocation
def list_senders(invocation: Invocation, project: str, as_json: bool) -> None:
    """List the sending domains."""
    with open_sending_domains(invocation.settings(), project) as senders:
        listed = senders.all()
    if as_json:
        print_json([_fields(each) for each in listed])
        return
    print_table(
        ("sending domain", "tracking domain", "tracking", "share"),
        [(display(each.name), _link(each), each.tracking or INHERIT, f"{each.share} %") for each in listed],
    )


@sender.command("show")
@click.argument("name")
@json_option
@project_option
@pass_invocation
def show(invocation: Invocation, project: str, name: str, as_json: bool) -> None:
    """Show a sending domain."""
    with open_sending_domains(invocation.settings(), project) as senders:
        shown = senders.show(name)
    if as_json:
        print_json(_fields(shown))
    else:
        _say(shown)


@sender.command("link")
@click.argument("name")
@click.argument("tracking_domain")
@project_option
@pass_invocation
def link(invocation: Invocation, project: str, name: str, tracking_domain: str) -> None:
    """Link a sending domain to a tracking domain."""
    with open_sending_domains(invocation.settings(), project) as senders:
        result = senders.link(name, tracking_domain)
    say(f"{display(result.domain.name)} is linked to {_link(result.domain)}.")
    if result.note:
        say(f"Note: {result.note}.")


@sender.command("set")
@click.argument("name")
@click.option("--tracking", type=click.Choice([*map(str, Mode), INHERIT]), help="Of its mail.")
@click.option("--share", type=click.IntRange(0, ALL), help="Per cent of its mail that is tracked.")
@project_option
@pass_invocation
def set_sender(
    invocation: Invocation, project: str, name: str, tracking: str | None, share: int | None
) -> None:
    """Set how far a sending domain has gone live. What is not named stays; `inherit` is its project's."""
    settings = SenderSettings()
    if tracking is not None:
        settings["tracking"] = None if tracking == INHERIT else Mode(tracking)
    if share is not None:
        settings["share"] = share
    with open_sending_domains(invocation.settings(), project) as senders:
        _say(senders.change(name, settings))


@sender.command("unlink")
@click.argument("name")
@project_option
@pass_invocation
def unlink(invocation: Invocation, project: str, name: str) -> None:
    """Take a sending domain back to the default tracking domain."""
    with open_sending_domains(invocation.settings(), project) as senders:
        unlinked = senders.unlink(name)
    say(f"{display(unlinked.name)} uses the default.")


@sender.command("remove")
@click.argument("name")
@project_option
@pass_invocation
def remove(invocation: Invocation, project: str, name: str) -> None:
    """Remove a sending domain. Links in mail already sent live on."""
    with open_sending_domains(invocation.settings(), project) as senders:
        senders.remove(name)
    say(f"Removed {name}.")


def _say(shown: SendingDomain) -> None:
    say(f"{display(shown.name)}: {_link(shown)}")
    say(f"Tracking: {shown.tracking or INHERIT}, {shown.share} % of its mail")


def _link(shown: SendingDomain) -> str:
    return display(shown.tracking_domain) if shown.tracking_domain else "the default"


def _fields(shown: SendingDomain) -> dict[str, Any]:
    return {"display": display(shown.name), **asdict(shown)}
