"""Sending domains: whose they are, and which host their links get."""

from collections.abc import Iterator
from typing import Final

from accounts.errors import AccountError
from domains.directory import scheme_of
from domains.errors import StoreUnavailable
from domains.names import display
from domains.sending_domains import SendingDomainDetails
from service.certificates.https_links import before_https
from service.checkup.finding import Finding, warn
from service.checkup.naming import command, few
from service.database import open_domains
from service.errors import OperatorError
from service.settings import Settings

SUBJECT: Final = "senders"


def look_at_sending_domains(settings: Settings, _: int) -> Iterator[Finding]:
    """Look at those of all projects."""
    try:
        with open_domains(settings) as use_cases:
            for project in use_cases.projects():
                tracking = use_cases.tracking(project).all()
                active = {each.name for each in tracking if scheme_of(each, before_https(settings))}
                senders = use_cases.sending(project).all_details()
                yield from few(_links(project, senders, active))
                yield from few(_ownership(project, senders))
    except (OperatorError, StoreUnavailable, AccountError):
        return  # the finding about the database has said it


def _links(project: str, senders: list[SendingDomainDetails], active: set[str]) -> Iterator[Finding]:
    for domain in (each.domain for each in senders):
        linked = domain.tracking_domain
        if linked is not None and linked not in active:
            message = f"{display(domain.name)} uses the default until {display(linked)} is active"
            yield warn(SUBJECT, message, command("domain verify", project, linked))


def _ownership(project: str, senders: list[SendingDomainDetails]) -> Iterator[Finding]:
    for sender in senders:
        name, parent = display(sender.domain.name), display(sender.ownership.parent)
        verify = command("sender verify", project, sender.domain.name)
        remedy = f"create the record that `waypost sender show` prints, then {verify}"
        if not sender.ownership.counts:
            lost = "its mail is not tracked, and logins may not send from it"
            yield warn(SUBJECT, f"{name} does not count: {parent} is another project's; {lost}", remedy)
        elif sender.domain.tracking_domain is not None and not sender.carries_link:
            yield warn(SUBJECT, f"{name} uses the default until it is verified", remedy)
