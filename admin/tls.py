"""`waypost tls`: certificates of tracking domains."""

from typing import TYPE_CHECKING, Any

import click

from admin.domain_fields import when
from admin.invocation import Invocation, pass_invocation
from admin.opening import open_certificate_orders, open_certificate_views
from admin.output import json_option, print_json, print_table, say
from certificates.issuing import Outcome, Result
from certificates.model import HostRecord
from certificates.problems import in_plain_words
from domains.names import display

if TYPE_CHECKING:
    from service.certificates.use_cases import HostStatus

NO_CERTIFICATE = 1


@click.group()
def tls() -> None:
    """Certificates of tracking domains, which come by themselves where tls.mode is acme."""


@tls.command("issue")
@click.argument("domain")
@click.option("--wait", is_flag=True, help="While another order runs, or none may be made yet, wait.")
@pass_invocation
@click.pass_context
def issue(ctx: click.Context, invocation: Invocation, domain: str, wait: bool) -> None:
    """Order a certificate now, whether its renewal is due or not.

    A running tracker must be there to answer the certificate authority. Exit code 1 where none was issued.
    """
    with open_certificate_orders(invocation.settings()) as orders:
        outcome = orders.issue(domain, wait=wait)
    say(_told(outcome))
    if outcome.result not in (Result.ISSUED, Result.GOOD):
        ctx.exit(NO_CERTIFICATE)


@tls.command("status")
@click.argument("domain", required=False)
@json_option
@pass_invocation
def status(invocation: Invocation, domain: str | None, as_json: bool) -> None:
    """Show the certificates of all tracking domains, of every project, or of one in full."""
    with open_certificate_views(invocation.settings()) as views:
        if domain is not None:
            _show(views.find(domain), as_json=as_json)
            return
        listed = views.all()
    if as_json:
        print_json([status_fields(each) for each in listed])
        return
    print_table(
        ("domain", "state", "certificate", "valid until", "next order", "problem"),
        [
            (
                display(each.host),
                each.domain.state if each.domain else "",
                each.state,
                when(each.record.certificate.not_after) if each.record.certificate else "",
                when(each.record.due_at) if each.record.due_at else "",
                each.record.problem.type if each.record.problem else "",
            )
            for each in listed
        ],
    )


@tls.command("renew")
@click.option("--due", is_flag=True, required=True, help="All whose time has come.")
@pass_invocation
@click.pass_context
def renew(ctx: click.Context, invocation: Invocation, due: bool) -> None:
    """Renew what is due now, as `waypost serve` does by itself. Exit code 1 where an order failed."""
    failed = False
    with open_certificate_orders(invocation.settings()) as orders:
        for outcome in orders.renew_due():
            say(_told(outcome))
            failed = failed or outcome.result is Result.FAILED
    if failed:
        ctx.exit(NO_CERTIFICATE)


@tls.command("revoke")
@click.argument("domain")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def revoke(invocation: Invocation, domain: str, yes: bool) -> None:
    """Revoke a certificate whose key leaked. The next reader who comes over HTTPS has another one ordered."""
    with open_certificate_orders(invocation.settings()) as orders:
        if not yes:
            click.confirm(f"Revoke the certificate of {domain}?", abort=True)
        orders.revoke(domain)
    say(f"The certificate of {domain} is revoked. Running servers see it within seconds.")


def status_fields(shown: "HostStatus") -> dict[str, Any]:
    """Return it for programs."""
    record = shown.record
    certificate, problem = record.certificate, record.problem
    return {
        "domain": shown.host,
        "display": display(shown.host),
        "domain_state": shown.domain.state if shown.domain else None,
        "state": shown.state,
        "issuer": certificate and certificate.issuer,
        "serial": certificate and certificate.serial,
        "fingerprint": certificate and certificate.fingerprint,
        "valid_from": certificate and certificate.not_before,
        "valid_until": certificate and certificate.not_after,
        "next_order_at": record.due_at,
        "failures": record.failures,
        "problem": problem
        and {
            "type": problem.type,
            "detail": problem.detail,
            "at": problem.at,
            "meaning": in_plain_words(problem.type),
        },
    }


def status_text(shown: "HostStatus") -> str:
    """Return it for people: the state, and what there is to say beside it."""
    record = shown.record
    text = str(shown.state)
    if record.certificate is not None:
        text += f", by {record.certificate.issuer}, until {when(record.certificate.not_after)}"
    if record.due_at is not None:
        text += f"; next order {when(record.due_at)} (UTC)"
    return f"{text}\n{_problem(record)}" if record.problem else text


def _show(shown: "HostStatus", *, as_json: bool) -> None:
    if as_json:
        print_json(status_fields(shown))
        return
    say(f"{display(shown.host)}: {status_text(shown)}")
    if shown.record.certificate is not None:
        say(f"Serial {shown.record.certificate.serial}, SHA-256 {shown.record.certificate.fingerprint}")


def _told(outcome: Outcome) -> str:
    record = outcome.record
    host = display(record.host)
    match outcome.result:
        case Result.ISSUED | Result.GOOD:
            until = when(record.certificate.not_after) if record.certificate else ""
            return f"{host} has a certificate until {until} (UTC)."
        case Result.NOT_ALLOWED:
            return f"{host} may have no certificate: no verified tracking domain, or its DNS leads elsewhere."
        case Result.UNDER_WAY:
            return f"A certificate for {host} is being ordered already; look at waypost tls status {host}"
        case Result.POSTPONED:
            why = f" {_problem(record)}" if record.problem else " As many were ordered as an hour may have."
            return f"No certificate for {host} before {when(outcome.until)} (UTC).{why}"
        case Result.FAILED:
            return f"No certificate for {host}. {_problem(record)}"


def _problem(record: HostRecord) -> str:
    problem = record.problem
    if problem is None:
        return ""
    return f"{in_plain_words(problem.type)} ({problem.type}: {problem.detail})"
