"""`waypost tracking`: the switch over all rewriting."""

from socket import gethostname

import click

from accounts.audit import Action
from admin.audit_note import note
from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, say
from service.settings import Settings
from service.tracking_switch import off_since, switch_off, switch_on


@click.group()
def tracking() -> None:
    """Stop all rewriting at once, and let it go on. Needs no database and no restart."""


@tracking.command("off")
@pass_invocation
def off(invocation: Invocation) -> None:
    """Send all mail as it comes, from the next message on. Links in mail already sent work on."""
    settings = invocation.settings()
    file = settings.tracking.switch
    switch_off(file)
    say(f"Tracking is off on this machine: {file} is there. Back: waypost tracking on")
    _note(settings, off=True)


@tracking.command("on")
@pass_invocation
def on(invocation: Invocation) -> None:
    """Rewrite again, as far as the modes and shares of settings, projects and sending domains say."""
    settings = invocation.settings()
    section = settings.tracking
    switch_on(section.switch)
    say(f"Tracking is on again; tracking.mode is {section.mode}.")
    _note(settings, off=False)


@tracking.command("status")
@json_option
@pass_invocation
def status(invocation: Invocation, as_json: bool) -> None:
    """Tell whether it is off, and since when."""
    section = invocation.settings().tracking
    since = off_since(section.switch)
    if as_json:
        print_json({"off": since is not None, "since": since, "mode": section.mode})
    elif since is None:
        say(f"Not switched off; tracking.mode is {section.mode}.")
    else:
        say(f"Switched off since {since:%Y-%m-%d %H:%M} UTC. Back: waypost tracking on")


def _note(settings: Settings, *, off: bool) -> None:
    note(settings, Action.CHANGED, "tracking switch", gethostname(), after={"off": off})
