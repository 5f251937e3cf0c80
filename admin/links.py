"""`waypost links`: the kill switch for links in mail that is already sent."""

from collections.abc import Callable
from dataclasses import asdict

import click

from admin.domain_fields import when
from admin.invocation import Invocation, pass_invocation
from admin.opening import open_link_blocks, open_projects
from admin.output import json_option, print_json, print_table, say
from links import Block, BlockKind
from service.settings import Settings

HELP = {
    "link": "A destination, as the events show it.",
    "host": "A destination's host: shop.example, or *.shop.example for all below it.",
    "message": "A message, by our id.",
    "project": "All links of a project.",
}


def what_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the four ways to say which links."""
    for name, about in reversed(HELP.items()):
        command = click.option(f"--{name}", help=about)(command)
    return command


@click.group()
def links() -> None:
    """Switch off links that lead to harm, in mail that is already sent. Holds within two seconds."""


@links.command("block")
@what_options
@click.option("--reason", default="", help="For operators; clicks are not told.")
@pass_invocation
def block(invocation: Invocation, /, reason: str, **what: str | None) -> None:
    """Answer clicks with a page that says so, in place of a redirect. Opens go on."""
    settings = invocation.settings()
    kind, value = _chosen(settings, what)
    with open_link_blocks(settings) as blocks:
        added = blocks.block(kind, value, reason=reason)
    say(f"Blocked: {kind} {what['project'] or added.value}. Back: waypost links unblock --{kind} …")


@links.command("unblock")
@what_options
@pass_invocation
def unblock(invocation: Invocation, /, **what: str | None) -> None:
    """Redirect again."""
    settings = invocation.settings()
    kind, value = _chosen(settings, what)
    with open_link_blocks(settings) as blocks:
        stored = blocks.unblock(kind, value)
    say(f"No longer blocked: {kind} {what['project'] or stored}.")


@links.command("list")
@json_option
@pass_invocation
def list_blocks(invocation: Invocation, as_json: bool) -> None:
    """List what is blocked, the oldest first."""
    settings = invocation.settings()
    with open_link_blocks(settings) as blocks:
        listed = blocks.all()
    if as_json:
        print_json([asdict(each) for each in listed])
        return
    names = _project_names(settings)
    print_table(
        ("kind", "what", "since (UTC)", "reason"),
        [(str(each.kind), _shown(each, names), when(each.created_at), each.reason) for each in listed],
    )


def _chosen(settings: Settings, what: dict[str, str | None]) -> tuple[BlockKind, str]:
    """Return what the one option says, a project by its number. Raises UsageError, AccountError."""
    given = [(BlockKind(name), value) for name, value in what.items() if value is not None]
    if len(given) != 1:
        raise click.UsageError("Give one of --link, --host, --message and --project.")
    [(kind, value)] = given
    if kind is BlockKind.PROJECT:
        with open_projects(settings) as projects:
            return kind, str(projects.show(value).project.id)
    return kind, value


def _project_names(settings: Settings) -> dict[str, str]:
    """Return them by the number as a block has it."""
    with open_projects(settings) as projects:
        return {str(each.id): each.name for each in projects.all()}


def _shown(block: Block, project_names: dict[str, str]) -> str:
    """Return what is blocked; a project that was removed by its number."""
    if block.kind is not BlockKind.PROJECT:
        return block.value
    return project_names.get(block.value, f"number {block.value}")
