"""`waypost domain verify`: checks one tracking domain, once or until it is verified, or all of them."""

import click

from admin.domain_fields import domain_fields
from admin.domain_verify_all import verify_all
from admin.domain_wait import Wait
from admin.duration import Duration
from admin.invocation import Invocation, of_project, pass_invocation, project_option
from admin.live_display import NoDisplay, live_display
from admin.names import complete_tracking_domain
from admin.opening import open_tracking_domains
from admin.output import json_option, print_json, say
from domains.model import State, TrackingDomain
from domains.names import display
from domains.tracking_domains import TrackingDomains

NOT_VERIFIED = 1


@click.command("verify")
@click.argument("name", required=False, shell_complete=complete_tracking_domain)
@click.option("--wait", is_flag=True, help="Look again until it is verified, and show what is seen.")
@click.option("--timeout", type=Duration(), default="10m", show_default=True, help="How long --wait waits.")
@click.option("--all", "every", is_flag=True, help="Check all tracking domains of the project.")
@click.option("--all-projects", is_flag=True, help="Check all tracking domains of all projects.")
@json_option
@project_option
@pass_invocation
@click.pass_context
def verify(
    ctx: click.Context,
    invocation: Invocation,
    project: str,
    name: str | None,
    wait: bool,
    timeout: float,
    every: bool,
    all_projects: bool,
    as_json: bool,
) -> None:
    """Check DNS, CAA, HTTP, HTTPS and HSTS now. Exit code 1 where a domain is not verified afterwards."""
    if (name is None) is not (every or all_projects):
        raise click.UsageError("name one domain, or say --all or --all-projects")
    if wait and name is None:
        raise click.UsageError("--wait goes with one domain")
    if name is None:
        well = verify_all(invocation.settings(), None if all_projects else project, as_json=as_json)
    else:
        with open_tracking_domains(invocation.settings(), project) as domains:
            well = _wait(domains, name, timeout, project, as_json) if wait else _once(domains, name, as_json)
    if not well:
        ctx.exit(NOT_VERIFIED)


def _once(domains: TrackingDomains, name: str, as_json: bool) -> bool:
    checked = domains.verify(name)
    if as_json:
        print_json(domain_fields(checked))
    else:
        say(f"{display(checked.name)}: {checked.state}. {checked.diagnosis}")
    return checked.state is State.VERIFIED


def _wait(domains: TrackingDomains, name: str, seconds: float, project: str, as_json: bool) -> bool:
    shown = domains.show(name).domain
    wait = Wait(
        name=shown.name,
        look=lambda seen: domains.verify(shown.name, seen),
        display=NoDisplay() if as_json else live_display(),
    )
    try:
        checked = wait.until_verified(seconds)
    except KeyboardInterrupt:
        _say_stopped(domains.show(name).domain, project)
        return False
    if as_json:
        print_json(domain_fields(checked))
    elif checked.state is not State.VERIFIED:
        say(f"Not verified in time. {_goes_on(checked, project)}")
    return checked.state is State.VERIFIED


def _say_stopped(domain: TrackingDomain, project: str) -> None:
    click.echo(
        f"\nStopped waiting: {display(domain.name)} is {domain.state}, and nothing is lost. "
        f"{_goes_on(domain, project)}",
        err=True,
    )


def _goes_on(domain: TrackingDomain, project: str) -> str:
    again = f"`waypost domain verify {domain.name}{of_project(project)}`"
    return f"`waypost serve` goes on checking it by itself; {again} looks at once."
