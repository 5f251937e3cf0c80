"""Tracking domains: the list, a new one, and the page of one."""

from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from accounts.actors import Scope
from domains.claims import ProofNeeded
from domains.diagnosis import traps_of
from domains.dns_records import TxtRecord
from domains.model import Https, State
from domains.names import display
from domains.sighting import lines
from domains.tracking_domains import TrackingDomainDetails, TrackingDomains
from web.dashboard.choices import HTTPS, one_of
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()

PAGE: Final = 50
ENTRIES: Final = 10  # of the history, on the page of a domain


@pages.get("/tracking-domains")
def tracking_domains(visit: Visit) -> Response:
    """List those that the address wants, with what the last check of each showed."""
    domains, asked = _domains(visit), visit.query
    state = one_of(State, asked.get("state"))
    found = domains.page(
        limit=PAGE + 1, behind=asked.get("behind"), state=state, search=asked.get("search")[:300]
    )
    shown = found[:PAGE]
    wanted = {name: asked.get(name) for name in ("search", "state") if asked.get(name)}
    next_page = ""
    if len(found) > PAGE:
        query = urlencode({**wanted, "behind": shown[-1].name})
        next_page = f"{visit.at('tracking-domains')}?{query}"
    return visit.page(
        "tracking_domains.html",
        domains=shown,
        signs=domains.signs(shown),
        certificates=visit.use.certificates([each.name for each in shown]),
        states=[("", "all"), *((state, state) for state in State)],
        filtered=bool(wanted),
        next_page=next_page,
    )


@pages.get("/tracking-domains/new", Scope.WRITE)
def new(visit: Visit) -> Response:
    """Ask for a name."""
    return _new(visit)


@pages.post("/tracking-domains", again=new)
def add(visit: Visit) -> Response:
    """Add it, and show the record to create."""
    form = visit.form
    https = one_of(Https, form.get("https")) or Https.AUTO
    try:
        added = _domains(visit).add(form["name"], target=form.get("target") or None, https=https)
    except ProofNeeded as needed:
        return _new(visit, proof=needed.record, message=str(needed))
    said = f"{display(added.name)} is there. Create its DNS record; the check looks for it by itself."
    return visit.go("tracking-domains", added.name, said=said)


def _new(visit: Visit, *, proof: TxtRecord | None = None, message: str = "") -> Response:
    targets = _domains(visit).targets
    return visit.page(
        "tracking_domain_new.html",
        targets=[(target, target) for target in targets],
        https=HTTPS,
        proof=proof,
        message=message,
    )


@pages.get("/tracking-domains/{domain}")
def show(visit: Visit) -> Response:
    """Show one: its record, how it is, and what can be done with it. Other forms are shown again here."""
    domains, name = _domains(visit), visit.domain_name
    details = domains.show(name)
    history = domains.history(name, newest=True, limit=ENTRIES + 1)
    return visit.page(
        "tracking_domain.html",
        **_of(visit, details),
        several_targets=len(domains.targets) > 1,
        https=HTTPS,
        history=history[:ENTRIES],
        more=len(history) > ENTRIES,
    )


def _of(visit: Visit, details: TrackingDomainDetails) -> dict[str, Any]:
    """Return what the page of a domain says of it."""
    domain, project = details.domain, visit.project.name
    present = domain.state is not State.RETIRED
    return {
        "domain": domain,
        "details": details,
        "present": present,
        "base": visit.use.choosing(project).base_of(domain),
        "certificate": visit.use.certificates([domain.name])[domain.name],
        "no_certificates": visit.use.why_no_certificates(),
        "seen": [line for line in lines(details.evidence) if line.text] if details.evidence else [],
        "traps": traps_of(details.record),
        "files": visit.use.app_files(project).contents(domain.name) if present else {},
    }


@pages.get("/tracking-domains/{domain}/history")
def history(visit: Visit) -> Response:
    """Show what happened to a name, the newest first; of one that was deleted too."""
    name = visit.domain_name
    asked = visit.query.get("beyond")
    beyond = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    found = _domains(visit).history(name, newest=True, beyond=beyond, limit=PAGE + 1)
    entries = found[:PAGE]
    next_page = ""
    if len(found) > PAGE:
        next_page = f"{visit.at('tracking-domains', name, 'history')}?beyond={entries[-1].number}"
    return visit.page("tracking_domain_history.html", name=name, history=entries, next_page=next_page)


@pages.post("/tracking-domains/{domain}/default", again=show)
def make_default(visit: Visit) -> Response:
    """Make it the default of the project."""
    chosen = _domains(visit).set_default(visit.domain_name)
    return visit.go(
        "tracking-domains", chosen.name, said=f"{display(chosen.name)} is the default of the project."
    )


@pages.post("/tracking-domains/{domain}/certificate", again=show)
def order(visit: Visit) -> Response:
    """Have a certificate ordered now, in the background."""
    name = _domains(visit).show(visit.domain_name).domain.name
    visit.use.order_certificate(name)
    return visit.go("tracking-domains", name, said="A certificate is being ordered; look again in a minute.")


def _domains(visit: Visit) -> TrackingDomains:
    return visit.use.tracking_domains(visit.project.name)
