"""Sending domains: the list, a new one, and the page of one."""

from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from accounts.actors import Scope
from domains.claims import ProofNeeded
from domains.directory import Why
from domains.dns_records import TxtRecord
from domains.model import ALL
from domains.names import display
from domains.sending_domains import SenderSettings, SendingDomains
from links.recipients import RecipientTracking
from rewriter.policy import Mode
from web.dashboard.choices import one_of
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()

PAGE: Final = 50
SUGGESTED: Final = 25  # tracking domains to link to; any other can be typed

_WHY: Final = {
    Why.LINKED: "it is linked to it",
    Why.PROJECT_DEFAULT: "it is the project's default",
    Why.SYSTEM_DEFAULT: "it is the default of the whole installation",
    Why.NONE: "there is no default either, so its mail goes out untracked",
}
_INHERIT: Final = ("", "what the project says")
_TRACKING: Final = (_INHERIT, *((mode, mode) for mode in Mode))
_RECIPIENTS: Final = (
    _INHERIT,
    (RecipientTracking.IDENTIFIED, "identified: who clicked is known for as long as the events"),
    (RecipientTracking.ANONYMOUS, "anonymous: people are told apart, and forgotten while the events stay"),
    (RecipientTracking.NONE, "none: nobody is told apart, and no address is written down"),
)


@pages.get("/sending-domains")
def sending_domains(visit: Visit) -> Response:
    """List those that the address wants."""
    search, behind = visit.query.get("search")[:300], visit.query.get("behind")
    found = _senders(visit).page(limit=PAGE + 1, behind=behind, search=search)
    shown = found[:PAGE]
    next_page = ""
    if len(found) > PAGE:
        query = {"search": search} if search else {}
        query["behind"] = shown[-1].domain.name
        next_page = f"{visit.at('sending-domains')}?{urlencode(query)}"
    return visit.page("sending_domains.html", senders=shown, filtered=bool(search), next_page=next_page)


@pages.get("/sending-domains/new", Scope.WRITE)
def new(visit: Visit) -> Response:
    """Ask for a name."""
    return _new(visit)


@pages.post("/sending-domains", again=new)
def add(visit: Visit) -> Response:
    """Add it, and show the record that proves it."""
    try:
        added = _senders(visit).add(visit.form["name"])
    except ProofNeeded as needed:
        return _new(visit, proof=needed.record, message=str(needed))
    return visit.go("sending-domains", added.name, said=f"{display(added.name)} is there.")


def _new(visit: Visit, *, proof: TxtRecord | None = None, message: str = "") -> Response:
    return visit.page("sending_domain_new.html", proof=proof, message=message)


@pages.get("/sending-domains/{domain}")
def show(visit: Visit) -> Response:
    """Show one: whose it is, and what its mail uses. Other forms are shown again here."""
    return _show(visit)


def _show(visit: Visit, *, unseen: str = "") -> Response:
    details, project = _senders(visit).details(visit.domain_name), visit.project.name
    choice = visit.use.choosing(project).of_sender(details.domain.name)
    return visit.page(
        "sending_domain.html",
        details=details,
        domain=details.domain,
        choice=choice,
        why=_WHY[choice.why],
        suggested=visit.use.tracking_domains(project).page(limit=SUGGESTED),
        tracking=_TRACKING,
        recipients=_RECIPIENTS,
        most=ALL,
        unseen=unseen,
    )


@pages.post("/sending-domains/{domain}/verify", again=show)
def verify(visit: Visit) -> Response:
    """Look for its record now. What is verified stays so."""
    found = _senders(visit).verify(visit.domain_name)
    if not found.verified:
        return _show(visit, unseen=found.seen.message)
    return visit.go("sending-domains", found.name, said=found.seen.message)


@pages.post("/sending-domains/{domain}/link", again=show)
def link(visit: Visit) -> Response:
    """Link it to a tracking domain."""
    result = _senders(visit).link(visit.domain_name, visit.form["tracking_domain"])
    linked = result.domain.tracking_domain or ""
    said = f"{display(result.domain.name)} is linked to {display(linked)}."
    if result.note:
        said += f" Mind: {result.note}."
    return visit.go("sending-domains", result.domain.name, said=said)


@pages.post("/sending-domains/{domain}/unlink", again=show)
def unlink(visit: Visit) -> Response:
    """Take it back to the default."""
    unlinked = _senders(visit).unlink(visit.domain_name)
    said = f"{display(unlinked.name)} uses the default again."
    return visit.go("sending-domains", unlinked.name, said=said)


@pages.post("/sending-domains/{domain}/settings", again=show)
def change(visit: Visit) -> Response:
    """Set how far it has gone live, and what is known of recipients."""
    form = visit.form
    share = form["share"].strip()
    settings = SenderSettings(
        tracking=one_of(Mode, form.get("tracking")),
        recipients=one_of(RecipientTracking, form.get("recipients")),
        share=int(share) if share.isascii() and share.isdigit() and len(share) < 4 else -1,
    )
    changed = _senders(visit).change(visit.domain_name, settings)
    return visit.go("sending-domains", changed.name, said="Saved.")


@pages.get("/sending-domains/{domain}/remove", Scope.WRITE)
def ask_removal(visit: Visit) -> Response:
    """Say what its removal brings."""
    return visit.page("sending_domain_remove.html", domain=_senders(visit).show(visit.domain_name))


@pages.post("/sending-domains/{domain}/remove", again=ask_removal)
def remove(visit: Visit) -> Response:
    """Remove it."""
    name = visit.domain_name
    _senders(visit).remove(name)
    return visit.go("sending-domains", said=f"{display(name)} is removed.")


def _senders(visit: Visit) -> SendingDomains:
    return visit.use.sending_domains(visit.project.name)
