"""What can be changed of a tracking domain: HTTPS, files for apps, another name or target, its removal."""

from http import HTTPStatus

from starlette.responses import Response

from accounts.actors import Scope
from domains.app_files import MAX_OCTETS, AppFile
from domains.model import Https
from domains.names import display
from domains.tracking_domains import DomainSettings, Removal, TrackingDomains
from web.dashboard.choices import one_of
from web.dashboard.pages import Pages
from web.dashboard.refusal import Refusal
from web.dashboard.tracking_domains import show
from web.dashboard.visit import Visit

pages = Pages()

_MOST = len(AppFile) * MAX_OCTETS + 64 * 1024  # what is a little longer is told by the use case


@pages.post("/tracking-domains/{domain}/https", again=show)
def set_https(visit: Visit) -> Response:
    """Set which links it gets."""
    settings = DomainSettings()
    if https := one_of(Https, visit.form["https"]):
        settings["https"] = https
    changed = _domains(visit).change(visit.domain_name, settings)
    return visit.go("tracking-domains", changed.name, said=f"HTTPS is {changed.https} from now on.")


@pages.post("/tracking-domains/{domain}/files", again=show, most=_MOST)
def set_files(visit: Visit) -> Response:
    """Keep the files for apps that were chosen, and remove those that are ticked."""
    name, form = visit.domain_name, visit.form
    files: dict[AppFile, bytes | None] = {}
    for each in AppFile:
        if octets := form.file(each):
            files[each] = octets
        elif form.flag(f"remove-{each}"):
            files[each] = None
    if not files:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "choose a file, or tick one to remove")
    visit.use.app_files(visit.project.name).put(name, files)
    return visit.go("tracking-domains", name, said="The files for apps are changed.")


@pages.get("/tracking-domains/{domain}/rename", Scope.WRITE)
def ask_rename(visit: Visit) -> Response:
    """Ask for another name or target, and say what that brings."""
    domains = _domains(visit)
    details = domains.show(visit.domain_name)
    return visit.page(
        "tracking_domain_rename.html",
        details=details,
        targets=[(target, target) for target in domains.targets],
    )


@pages.post("/tracking-domains/{domain}/rename", again=ask_rename)
def rename(visit: Visit) -> Response:
    """Give it another name or target. It starts over."""
    domains = _domains(visit)
    settings = DomainSettings(name=visit.form["name"])
    if target := visit.form.get("target"):
        settings["target"] = target
    before = domains.show(visit.domain_name).domain
    changed = domains.change(before.name, settings)
    if (changed.name, changed.target) == (before.name, before.target):
        return visit.go("tracking-domains", changed.name, said="Nothing was changed.")
    said = f"{display(changed.name)} starts over: it is verified once its record is there."
    return visit.go("tracking-domains", changed.name, said=said)


@pages.get("/tracking-domains/{domain}/remove", Scope.WRITE)
def ask_removal(visit: Visit) -> Response:
    """Say what its removal brings, and which sending domains use it."""
    return visit.page("tracking_domain_remove.html", details=_domains(visit).show(visit.domain_name))


@pages.post("/tracking-domains/{domain}/remove", again=ask_removal)
def remove(visit: Visit) -> Response:
    """Remove it; its sending domains are unlinked where that was asked for."""
    removal = _domains(visit).remove(visit.domain_name, force=visit.form.flag("unlink"))
    return visit.go("tracking-domains", said=_told(removal))


def _told(removal: Removal) -> str:
    said = f"{display(removal.name)} is removed."
    if removal.retired:
        said += " Links in mail already sent work for as long as its DNS points here."
    if removal.unlinked:
        said += f" Unlinked: {', '.join(map(display, removal.unlinked))}."
    return said


def _domains(visit: Visit) -> TrackingDomains:
    return visit.use.tracking_domains(visit.project.name)
