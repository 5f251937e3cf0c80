"""`waypost domain`: tracking domains."""

import click

from admin.app_files import app_file_options, put_app_files, read_app_files
from admin.dns_record import print_proof_needed, record_text
from admin.domain_fields import change_fields, details_fields, domain_fields, when
from admin.domain_verify import verify
from admin.invocation import Invocation, of_project, pass_invocation, project_option
from admin.names import complete_tracking_domain
from admin.opening import open_certificate_views, open_tracking_domains
from admin.output import json_option, print_json, print_table, say
from admin.tls import status_fields, status_text
from domains.claims import ProofNeeded
from domains.model import Https, State, TrackingDomain
from domains.names import display
from domains.tracking_domains import DomainSettings

HTTPS = click.Choice([str(each) for each in Https])
HTTPS_HELP = (
    "Which links it gets: https once it was seen to work; https alone, and no use before that; http alone."
)


@click.group()
def domain() -> None:
    """Tracking domains: the hosts in rewritten links."""


domain.add_command(verify)


@domain.command("add")
@click.argument("name")
@click.option("--target", help="Which of domains.cname_targets it must point to. Default: the first.")
@click.option("--https", type=HTTPS, default=str(Https.AUTO), show_default=True, help=HTTPS_HELP)
@json_option
@project_option
@pass_invocation
def add(
    invocation: Invocation, project: str, name: str, target: str | None, https: str, as_json: bool
) -> None:
    """Add a tracking domain, and print the CNAME record to create.

    One that another project removed is this project's once a TXT record proves it: run it again then.
    """
    with open_tracking_domains(invocation.settings(), project) as domains:
        try:
            details = domains.show(domains.add(name, target=target, https=Https(https)).name)
        except ProofNeeded as needed:
            print_proof_needed(needed, as_json=as_json)
            raise
    if as_json:
        print_json(details_fields(details))
        return
    added = details.domain
    say(f"Added {display(added.name)}. Create this DNS record:\n")
    say(record_text(details.record))
    say(f"\nThen: waypost domain verify {added.name}{of_project(project)}")


@domain.command("list")
@click.option("--retired", is_flag=True, help="Show removed ones too, whose links live on.")
@json_option
@project_option
@pass_invocation
def list_domains(invocation: Invocation, project: str, retired: bool, as_json: bool) -> None:
    """List the tracking domains."""
    settings = invocation.settings()
    with open_tracking_domains(settings, project) as domains:
        listed = domains.all(retired=retired)
    with open_certificate_views(settings) as views:
        certificates = {each.host: str(each.state) for each in views.all() if each.record.version}
    if as_json:
        print_json([domain_fields(each) | {"certificate": certificates.get(each.name)} for each in listed])
        return
    print_table(
        ("domain", "state", "default", "https", "certificate", "target", "checked", "next check"),
        [
            (
                display(each.name),
                each.state,
                "default" if each.is_default else "",
                _https(each),
                certificates.get(each.name, ""),
                each.target,
                when(each.checked_at),
                when(each.next_check_at),
            )
            for each in listed
        ],
    )


@domain.command("show")
@click.argument("name", shell_complete=complete_tracking_domain)
@json_option
@project_option
@pass_invocation
def show(invocation: Invocation, project: str, name: str, as_json: bool) -> None:
    """Show a tracking domain, its DNS record and its sending domains."""
    settings = invocation.settings()
    with open_tracking_domains(settings, project) as domains:
        details = domains.show(name)
    with open_certificate_views(settings) as views:
        certificate = views.find(details.domain.name)
    if as_json:
        print_json(details_fields(details) | {"certificate": status_fields(certificate)})
        return
    shown = details.domain
    say(f"{display(shown.name)}: {shown.state}{', the default' if shown.is_default else ''}")
    say(
        f"Added {when(shown.created_at)}, checked {when(shown.checked_at)}, "
        f"next check {when(shown.next_check_at)} (UTC)."
    )
    say(f"HTTPS: {_https(shown)}")
    if certificate.record.version:
        say(f"Certificate: {status_text(certificate)}")
    if shown.diagnosis:
        say(shown.diagnosis)
    say(f"Used by: {', '.join(map(display, details.senders)) or 'no sending domain'}")
    say(f"DNS record:\n\n{record_text(details.record)}")


@domain.command("update")
@click.argument("name", shell_complete=complete_tracking_domain)
@click.option(
    "--name", "new_name", help="Another name. It starts over as pending; links on the old one live on."
)
@click.option("--https", type=HTTPS, help=HTTPS_HELP)
@click.option("--target", help="Another one of domains.cname_targets. It starts over as pending.")
@app_file_options
@json_option
@project_option
@pass_invocation
def update(
    invocation: Invocation,
    /,
    project: str,
    name: str,
    new_name: str | None,
    https: str | None,
    target: str | None,
    as_json: bool,
    **files: str | None,
) -> None:
    """Change a tracking domain. What is not named stays."""
    contents = read_app_files(files)
    settings = DomainSettings()
    if new_name is not None:
        settings["name"] = new_name
    if https is not None:
        settings["https"] = Https(https)
    if target is not None:
        settings["target"] = target
    if not (settings or contents):
        raise click.UsageError("Give --name, --https, --target or a file.")
    with open_tracking_domains(invocation.settings(), project) as domains:
        try:
            details = domains.show(domains.change(name, settings).name if settings else name)
        except ProofNeeded as needed:
            print_proof_needed(needed, as_json=as_json)
            raise
    changed = details.domain
    kept = put_app_files(invocation.settings(), project, changed.name, contents)
    if as_json:
        print_json(details_fields(details) | {"app_files": kept})
        return
    say(f"{display(changed.name)}: {changed.state}, HTTPS: {_https(changed)}")
    if contents:
        say(f"Files for apps: {', '.join(kept) or 'none'}")
    if changed.state is State.PENDING:
        say(f"It needs this DNS record:\n\n{record_text(details.record)}")
        say(f"\nThen: waypost domain verify {changed.name}{of_project(project)}")


@domain.command("history")
@click.argument("name", shell_complete=complete_tracking_domain)
@json_option
@project_option
@pass_invocation
def history(invocation: Invocation, project: str, name: str, as_json: bool) -> None:
    """Show what happened to a tracking domain, a removed one too, the oldest first."""
    with open_tracking_domains(invocation.settings(), project) as domains:
        entries = domains.history(name)
    if as_json:
        print_json([change_fields(each) for each in entries])
        return
    print_table(
        ("time (UTC)", "from", "to", "cause", "detail"),
        [
            (when(each.at), each.before or "", each.after or "deleted", each.cause, each.detail)
            for each in entries
        ],
    )


@domain.command("default")
@click.argument("name", shell_complete=complete_tracking_domain)
@project_option
@pass_invocation
def default(invocation: Invocation, project: str, name: str) -> None:
    """Make it the one for sending domains without a link of their own."""
    with open_tracking_domains(invocation.settings(), project) as domains:
        chosen = domains.set_default(name)
    say(f"{display(chosen.name)} is the default.")


@domain.command("remove")
@click.argument("name", shell_complete=complete_tracking_domain)
@click.option("--force", is_flag=True, help="Unlink its sending domains too.")
@project_option
@pass_invocation
def remove(invocation: Invocation, project: str, name: str, force: bool) -> None:
    """Remove a tracking domain. Links in mail already sent live on."""
    with open_tracking_domains(invocation.settings(), project) as domains:
        removal = domains.remove(name, force=force)
    for sender in removal.unlinked:
        say(f"Unlinked {display(sender)}.")
    kept = "; links in mail already sent work for as long as its DNS points here" if removal.retired else ""
    say(f"Removed {display(removal.name)}{kept}.")


def _https(shown: TrackingDomain) -> str:
    if shown.https is Https.OFF:
        return "off"
    return f"{shown.https}, {'seen' if shown.https_seen else 'not seen yet'}"
