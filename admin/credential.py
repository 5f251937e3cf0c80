"""`waypost credential`: SMTP logins."""

from dataclasses import asdict
from typing import Any

import click

from accounts.model import Credential, SendingLimits
from admin.invocation import Invocation, pass_invocation, project_option
from admin.opening import open_credentials
from admin.output import json_option, print_json, print_table, say


@click.group()
def credential() -> None:
    """Credentials: SMTP logins, whose passwords are generated and shown once."""


@credential.command("add")
@click.option("--label", default="", help="What it is for, such as the name of the application.")
@click.option("--route", help="Its mail takes this route unless the message names another.")
@click.option("--messages-per-minute", type=click.IntRange(min=1), help="Limit. Default: none.")
@click.option("--recipients-per-day", type=click.IntRange(min=1), help="Limit. Default: none.")
@json_option
@project_option
@pass_invocation
def add(
    invocation: Invocation,
    project: str,
    label: str,
    route: str | None,
    messages_per_minute: int | None,
    recipients_per_day: int | None,
    as_json: bool,
) -> None:
    """Make a username and a password. The password is shown now and never again."""
    limits = SendingLimits(messages_per_minute=messages_per_minute, recipients_per_day=recipients_per_day)
    with open_credentials(invocation.settings(), project) as credentials:
        added = credentials.add(label=label, route=route, limits=limits)
    if as_json:
        print_json({**_fields(added.credential), "password": added.password})
        return
    say(f"Username: {added.credential.username}")
    say(f"Password: {added.password}")
    say("Keep it now: it is stored nowhere, and is not shown again.")


@credential.command("list")
@click.option("--revoked", is_flag=True, help="Show revoked ones too.")
@json_option
@project_option
@pass_invocation
def list_credentials(invocation: Invocation, project: str, revoked: bool, as_json: bool) -> None:
    """List the credentials; passwords are never shown."""
    with open_credentials(invocation.settings(), project) as credentials:
        found = credentials.all(revoked=revoked)
    if as_json:
        print_json([_fields(each) for each in found])
        return
    print_table(
        ("username", "label", "route", "per minute", "recipients per day", "state"),
        [
            (
                each.username,
                each.label,
                each.route or "",
                str(each.limits.messages_per_minute or "no limit"),
                str(each.limits.recipients_per_day or "no limit"),
                f"revoked {each.revoked_at:%Y-%m-%d %H:%M}" if each.revoked_at else "live",
            )
            for each in found
        ],
    )


@credential.command("revoke")
@click.argument("username")
@project_option
@pass_invocation
def revoke(invocation: Invocation, project: str, username: str) -> None:
    """End a login for ever."""
    with open_credentials(invocation.settings(), project) as credentials:
        revoked = credentials.revoke(username)
    say(f"{revoked.username} is revoked. Running servers see it within seconds.")


def _fields(listed: Credential) -> dict[str, Any]:
    return {
        "username": listed.username,
        "label": listed.label,
        "route": listed.route,
        **asdict(listed.limits),
        "created_at": listed.created_at,
        "revoked_at": listed.revoked_at,
    }
