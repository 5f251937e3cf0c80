"""Projects: their upstreams, and the hosts of the last resort in their mail."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from accounts.model import Project
from domains.default_host import SID, default_base
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.errors import StoreUnavailable
from service.checkup.finding import Finding, fail, ok, warn
from service.database import open_projects
from service.domain_checks.lookup import resolver
from service.errors import OperatorError
from service.settings import Settings
from service.upstream_wiring import system_default

LOOKED_UP: Final = 3  # hosts with the id of a project in them: they are one wildcard record


def look_at_projects(settings: Settings, _: int) -> Iterator[Finding]:
    """Look at each project, and at the DNS of some default hosts."""
    try:
        with open_projects(settings) as projects:
            listed = projects.all()
    except (OperatorError, StoreUnavailable):
        listed = []  # the finding about the database has said it
    for project in listed:
        yield from _upstream(project, settings)
    base = system_default(settings) or ""
    bases = [default_base(base, project.name) for project in listed] if SID in base else [base]
    if SID in base:
        for project, each in zip(listed, bases, strict=True):
            yield ok("tracking", f"default host of the project {project.name}: {each}")
    yield from _default_hosts(bases[:LOOKED_UP], settings)


def _upstream(project: Project, settings: Settings) -> Iterator[Finding]:
    if project.upstream is not None and project.upstream not in settings.upstreams:
        yield fail(
            "upstream",
            f"the project {project.name} names {project.upstream}, which the settings lack: mail gets 451",
            f"write [upstreams.{project.upstream}]; or waypost project set {project.name} --upstream inherit",
        )


def _default_hosts(bases: list[str], settings: Settings) -> Iterator[Finding]:
    lookup = resolver(settings)
    for host in filter(None, (urlsplit(base).hostname for base in bases)):
        if "." not in host or host.endswith(".localhost") or host.replace(".", "").isdigit() or ":" in host:
            continue  # an address, or a name that no DNS server knows
        yield from _default_host(lookup.look_up(host))


def _default_host(answer: DnsAnswer) -> Iterator[Finding]:
    if answer.addresses:
        return
    message = f"the default host {answer.host} has no address"
    if answer.status is DnsStatus.UNKNOWN:
        yield warn(
            "tracking", f"{message} that could be seen: {answer.detail}", "mend the DNS of this machine"
        )
    else:
        remedy = "create a record for it, with {sid} a wildcard record: links in mail lead there"
        yield fail("tracking", message, remedy)
