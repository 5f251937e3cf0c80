"""`waypost sender`: sending domains."""

from dataclasses import asdict
from typing import Any

import click

from admin.dns_record import print_proof_needed, record_fields, record_text
from admin.invocation import Invocation, of_project, pass_invocation, project_option
from admin.names import complete_sending_domain, complete_tracking_domain
from admin.opening import open_sending_domains
from admin.output import json_option, print_json, print_table, say
from admin.privacy_options import people_option
from admin.rule_options import rule_options, rule_settings, rules_text
from admin.switches import INHERIT
from domains.claims import ProofNeeded
from domains.model import ALL, SendingDomain
from domains.names import display
from domains.ownership import Ownership, Standing
from domains.sending_domains import SenderSettings, SendingDomainDetails
from links.recipients import RecipientTracking
from rewriter.policy import Mode

NOT_VERIFIED = 1


@click.group()
def sender() -> None:
    """Sending domains: the domains of From addresses, each linked to at most one tracking domain."""


@sender.command("add")
@click.argument("name")
@json_option
@project_option
@pass_invocation
def add(invocation: Invocation, project: str, name: str, as_json: bool) -> None:
    """Add a sending domain, and print the TXT record that proves it.

    One that another project has without proof is this project's once its record is there: run it again then.
    """
    with open_sending_domains(invocation.settings(), project) as senders:
        try:
            details = senders.details(senders.add(name).name)
        except ProofNeeded as needed:
            print_proof_needed(needed, as_json=as_json)
            raise
    if as_json:
        print_json(_fields(details))
        return
    added = details.domain.name
    say(f"Added {display(added)}. Link it: waypost sender link {added} TRACKING_DOMAIN{of_project(project)}")
    if not details.ownership.verified:
        say(f"\n{record_text(details.record)}\n")
        say(f"This DNS record proves it: waypost sender verify {added}{of_project(project)}")


@sender.command("list")
@json_option
@project_option
@pass_invocation
def list_senders(invocation: Invocation, project: str, as_json: bool) -> None:
    """List the sending domains."""
    with open_sending_domains(invocation.settings(), project) as senders:
        listed = senders.all_details()
    if as_json:
        print_json([_fields(each) for each in listed])
        return
    print_table(
        ("sending domain", "tracking domain", "tracking", "share", "ownership", "link counts"),
        [
            (
                display(each.domain.name),
                _link(each.domain),
                each.domain.tracking or INHERIT,
                f"{each.domain.share} %",
                each.ownership.standing,
                "yes" if each.carries_link else "no",
            )
            for each in listed
        ],
    )


@sender.command("show")
@click.argument("name", shell_complete=complete_sending_domain)
@json_option
@project_option
@pass_invocation
def show(invocation: Invocation, project: str, name: str, as_json: bool) -> None:
    """Show a sending domain, and the TXT record that proves it."""
    with open_sending_domains(invocation.settings(), project) as senders:
        details = senders.details(name)
    if as_json:
        print_json(_fields(details))
        return
    _say(details.domain)
    say(f"Ownership: {_ownership(details)}")
    if not details.ownership.counts:
        say("It does not count as a sender of its project until it is verified.")
    elif not details.carries_link:
        say("Its link does not count until it is verified: its mail goes out on the default.")
    if details.domain.verified_at is None:
        say(f"DNS record:\n\n{record_text(details.record)}")


@sender.command("verify")
@click.argument("name", shell_complete=complete_sending_domain)
@json_option
@project_option
@pass_invocation
@click.pass_context
def verify(ctx: click.Context, invocation: Invocation, project: str, name: str, as_json: bool) -> None:
    """Ask DNS for the record that proves it. Exit code 1 where it is not verified afterwards."""
    with open_sending_domains(invocation.settings(), project) as senders:
        found = senders.verify(name)
    if as_json:
        print_json(
            {
                "name": found.name,
                "verified": found.verified,
                "proof": found.seen.proof,
                "message": found.seen.message,
                "record": record_fields(found.seen.record),
            }
        )
    else:
        say(f"{display(found.name)}: {'' if found.verified else 'not '}verified. {found.seen.message}")
    if not found.verified:
        ctx.exit(NOT_VERIFIED)


@sender.command("link")
@click.argument("name", shell_complete=complete_sending_domain)
@click.argument("tracking_domain", shell_complete=complete_tracking_domain)
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
@click.argument("name", shell_complete=complete_sending_domain)
@click.option("--tracking", type=click.Choice([*map(str, Mode), INHERIT]), help="Of its mail.")
@click.option("--share", type=click.IntRange(0, ALL), help="Per cent of its mail that is tracked.")
@people_option
@rule_options
@project_option
@pass_invocation
def set_sender(
    invocation: Invocation,
    /,
    project: str,
    name: str,
    tracking: str | None,
    share: int | None,
    recipients: str | None,
    **rules: Any,
) -> None:
    """Set how far a sending domain has gone live, and the rules for its mail. What is not named stays.

    `inherit`: what its project says of tracking and recipients, what the settings say of the rest.
    """
    settings = SenderSettings()
    if tracking is not None:
        settings["tracking"] = None if tracking == INHERIT else Mode(tracking)
    if share is not None:
        settings["share"] = share
    if recipients is not None:
        settings["recipients"] = None if recipients == INHERIT else RecipientTracking(recipients)
    with open_sending_domains(invocation.settings(), project) as senders:
        _say(senders.change(name, settings, rule_settings(rules)))


@sender.command("unlink")
@click.argument("name", shell_complete=complete_sending_domain)
@project_option
@pass_invocation
def unlink(invocation: Invocation, project: str, name: str) -> None:
    """Take a sending domain back to the default tracking domain."""
    with open_sending_domains(invocation.settings(), project) as senders:
        unlinked = senders.unlink(name)
    say(f"{display(unlinked.name)} uses the default.")


@sender.command("remove")
@click.argument("name", shell_complete=complete_sending_domain)
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
    say(f"Recipients: {shown.recipients or INHERIT}")
    say(f"Rules: {rules_text(shown.rules)}")


def _link(shown: SendingDomain) -> str:
    return display(shown.tracking_domain) if shown.tracking_domain else "the default"


def _ownership(details: SendingDomainDetails) -> str:
    owned: Ownership = details.ownership
    match owned.standing:
        case Standing.VERIFIED:
            return f"verified since {details.domain.verified_at:%Y-%m-%d %H:%M}"
        case Standing.COVERED:
            return f"verified with {display(owned.parent)}"
        case Standing.DISPUTED:
            return f"unverified, and {display(owned.parent)} is another project's: prove it first"
        case Standing.UNVERIFIED:
            return "unverified"


def _fields(details: SendingDomainDetails) -> dict[str, Any]:
    return {
        "display": display(details.domain.name),
        **asdict(details.domain),
        "ownership": {
            **asdict(details.ownership),
            "counts": details.ownership.counts,
            "carries_link": details.carries_link,
        },
        "record": record_fields(details.record),
    }
