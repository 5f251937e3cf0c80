"""`/tracking-domains`."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from accounts.model import Project
from domains.errors import InvalidName, NameTaken, UnknownDomain
from domains.model import Https, State, TrackingDomain
from domains.names import display
from domains.tracking_domains import DomainSettings, TrackingDomains
from web.ports import CertificateStatus, UseCases
from web.sparkpost.bodies import Body
from web.sparkpost.callers import Reader, Writer, subaccount_of
from web.sparkpost.names import Address, named, no_domain
from web.sparkpost.refusals import Refusal, nothing_to_change, results
from web.sparkpost.statuses import certificate_fields, is_secure, tracking_status

router = APIRouter(prefix="/tracking-domains")


class TrackingDomainIn(Body):
    """A tracking domain to add."""

    domain: str = Field(max_length=300)
    secure: bool = False
    default: bool = False


class TrackingDomainChange(Body):
    """What to change; what is left out stays."""

    secure: bool = False
    default: bool = False


@router.post("")
def create(caller: Writer, body: TrackingDomainIn) -> Response:
    """Add one."""
    if body.default:
        raise _unverified(body.domain, "is new")
    try:
        https = _https(body.secure) if "secure" in body.model_fields_set else Https.AUTO
        return results({"domain": caller.tracking_domains().add(body.domain, https=https).name})
    except InvalidName as error:
        raise no_domain(HTTPStatus.UNPROCESSABLE_ENTITY, body.domain, error) from None
    except NameTaken as error:
        raise Refusal(HTTPStatus.CONFLICT, str(error), message="The tracking domain already exists") from None


@router.get("")
def list_all(
    caller: Reader,
    default: bool | None = None,
    subaccounts: Annotated[str | None, Query(max_length=10_000)] = None,
) -> Response:
    """List all of the project's, or of the projects that are named, by name."""
    shown = []
    for project in caller.projects(subaccounts):
        found = caller.use.tracking_domains(project.name).all()
        wanted = [each for each in found if default is None or each.is_default == default]
        shown += _shown(caller.use, project, wanted)
    return results(shown)


@router.get("/{domain}")
def show(caller: Reader, domain: Address) -> Response:
    """Show one."""
    project = caller.project()
    found = _present(caller.use.tracking_domains(project.name), domain)
    [shown] = _shown(caller.use, project, [found])
    return results(shown)


@router.put("/{domain}")
def change(caller: Writer, domain: Address, body: TrackingDomainChange) -> Response:
    """Set its use of HTTPS, make it the default."""
    domains = caller.tracking_domains()
    found = _present(domains, domain)
    wanted = body.model_fields_set
    if not wanted:
        raise nothing_to_change("send secure, default or both")
    if "default" in wanted:
        _refuse_default(found, body.default)  # before anything is changed
    if "secure" in wanted:
        domains.change(found.name, DomainSettings(https=_https(body.secure)))
    if body.default:
        domains.set_default(found.name)
    return results({"domain": found.name})


@router.delete("/{domain}", status_code=204)
def delete(caller: Writer, domain: Address) -> None:
    """Remove it; refused while sending domains are linked to it. Links in mail already sent live on."""
    caller.tracking_domains().remove(named(domain))


@router.post("/{domain}/verify")
def verify(caller: Writer, domain: Address) -> Response:
    """Check its DNS now. Takes seconds."""
    verified = caller.tracking_domains().verify(named(domain))
    status = tracking_status(verified, caller.use.certificates([verified.name])[verified.name])
    if not status["verified"]:
        status["dns"] = {"cname_error": verified.diagnosis}
    return results(status)


def _refuse_default(domain: TrackingDomain, wanted: bool) -> None:
    if wanted and domain.state is not State.VERIFIED:
        raise _unverified(domain.name, f"is {domain.state}")
    if domain.is_default and not wanted:
        raise Refusal(HTTPStatus.CONFLICT, f"{domain.name} is the default until another one is made it")


def _unverified(name: str, standing: str) -> Refusal:
    return Refusal(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{name} {standing}; verify it before it becomes the default",
        message=f"Tracking domain '{name}' unverified.",
    )


def _https(secure: bool) -> Https:
    return Https.REQUIRE if secure else Https.OFF


def _present(domains: TrackingDomains, address: str) -> TrackingDomain:
    """Return the one that a path names. Raises `UnknownDomain` for removed ones too."""
    domain = domains.show(named(address)).domain
    if domain.state is State.RETIRED:
        raise UnknownDomain(f"{display(domain.name)} was removed; add it again first")
    return domain


def _shown(use: UseCases, project: Project, domains: Sequence[TrackingDomain]) -> list[dict[str, Any]]:
    certificates = use.certificates([each.name for each in domains])
    return [_out(each, certificates[each.name]) | subaccount_of(project) for each in domains]


def _out(domain: TrackingDomain, certificate: CertificateStatus) -> dict[str, Any]:
    secure = is_secure(domain)
    return {
        "domain": domain.name,
        "port": 443 if secure else 80,
        "secure": secure,
        "default": domain.is_default,
        "status": tracking_status(domain, certificate),
        **certificate_fields(certificate),
    }
