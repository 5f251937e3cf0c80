"""`waypost project`: tenants."""

from dataclasses import asdict
from typing import Any

import click

from accounts.model import Project
from accounts.projects import ProjectDetails, ProjectSettings
from admin.invocation import Invocation, pass_invocation
from admin.names import complete_project
from admin.opening import open_projects
from admin.output import json_option, print_json, print_table, say
from admin.privacy_options import people_option, privacy_options, privacy_settings, privacy_text
from admin.switches import INHERIT, VALUES, shown, switch_option
from domains.names import display
from rewriter.policy import Mode


@click.group()
def project() -> None:
    """Projects: tenants with domains, credentials and routes of their own. `default` is always there."""


@project.command("add")
@click.argument("name")
@json_option
@pass_invocation
def add(invocation: Invocation, name: str, as_json: bool) -> None:
    """Add a project. Its name is short, stands in its links, and never changes."""
    with open_projects(invocation.settings()) as projects:
        added = projects.add(name)
    if as_json:
        print_json(_fields(added))
        return
    say(f"Added the project {added.name}. Who sends for it: waypost credential add --project {added.name}")


@project.command("list")
@json_option
@pass_invocation
def list_projects(invocation: Invocation, as_json: bool) -> None:
    """List the projects."""
    with open_projects(invocation.settings()) as projects:
        found = projects.all()
    if as_json:
        print_json([_fields(each) for each in found])
        return
    print_table(
        ("project", "tracking", "unknown senders", "networks"),
        [
            (each.name, each.tracking or INHERIT, shown(each.unknown_senders), _networks(each))
            for each in found
        ],
    )


@project.command("show")
@click.argument("name", shell_complete=complete_project)
@json_option
@pass_invocation
def show(invocation: Invocation, name: str, as_json: bool) -> None:
    """Show a project and what it owns."""
    with open_projects(invocation.settings()) as projects:
        details = projects.show(name)
    if as_json:
        print_json({**_fields(details.project), **asdict(details.holdings)})
    else:
        _say(details)


@project.command("set")
@click.argument("name", shell_complete=complete_project)
@click.option("--tracking", type=click.Choice([*map(str, Mode), INHERIT]), help="Of its mail.")
@switch_option("unknown-senders", "Whether mail of senders that are no sending domain of it is tracked.")
@click.option(
    "--upstream", metavar="NAME", help=f"Of its mail: an [upstreams.NAME] of the settings, or {INHERIT}."
)
@privacy_options
@people_option
@click.option("--add-network", "added", multiple=True, help="Clients there relay for it without a login.")
@click.option("--remove-network", "removed", multiple=True, help="Clients there do so no more.")
@pass_invocation
def set_project(
    invocation: Invocation,
    /,
    name: str,
    tracking: str | None,
    unknown_senders: str | None,
    upstream: str | None,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    **privacy: str | None,
) -> None:
    """Change a project. What is not named stays; `inherit` goes back to the settings."""
    settings = ProjectSettings()
    if tracking is not None:
        settings["tracking"] = None if tracking == INHERIT else Mode(tracking)
    if unknown_senders is not None:
        settings["unknown_senders"] = VALUES[unknown_senders]
    if upstream is not None:
        settings["upstream"] = None if upstream == INHERIT else upstream
    with open_projects(invocation.settings()) as projects:
        projects.change(
            name, settings, privacy=privacy_settings(privacy), add_networks=added, remove_networks=removed
        )
        _say(projects.show(name))


@project.command("remove")
@click.argument("name", shell_complete=complete_project)
@pass_invocation
def remove(invocation: Invocation, name: str) -> None:
    """Remove a project that owns nothing any more. Links in mail already sent live on."""
    with open_projects(invocation.settings()) as projects:
        removed = projects.remove(name)
    say(f"Removed the project {removed.name}.")


def _say(details: ProjectDetails) -> None:
    shown_project, owned = details.project, details.holdings
    say(f"{shown_project.name}: project {shown_project.id}, added {shown_project.created_at:%Y-%m-%d %H:%M}")
    say(f"Tracking: {shown_project.tracking or INHERIT}")
    say(f"Unknown senders: {shown(shown_project.unknown_senders)}")
    say(f"Upstream: {shown_project.upstream or INHERIT}")
    say(f"Privacy: {privacy_text(shown_project.privacy)}")
    say(f"Networks: {_networks(shown_project) or 'none'}")
    say(f"Tracking domains: {', '.join(map(display, owned.tracking_domains)) or 'none'}")
    say(f"Sending domains: {', '.join(map(display, owned.sending_domains)) or 'none'}")
    say(f"Credentials: {', '.join(owned.credentials) or 'none'}")


def _networks(listed: Project) -> str:
    return ", ".join(map(str, listed.networks))


def _fields(listed: Project) -> dict[str, Any]:
    return {**asdict(listed), "networks": [str(network) for network in listed.networks]}
