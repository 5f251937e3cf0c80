"""`/tracking-domains/{domain}/ssl`: certificates."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from certificates.model import State
from certificates.problems import in_plain_words
from web.api.callers import Caller, Reader, Writer
from web.api.resource import Resource
from web.api.tracking_domains import Address, name_of
from web.api.turns import Turn

router = APIRouter(prefix="/tracking-domains/{domain}/ssl", tags=["certificates"], route_class=Resource)


class CertificateProblem(BaseModel):
    """Why the last order failed."""

    type: str
    detail: str
    meaning: str = Field(description="in plain words, and what to do")
    at: datetime


class CertificateOut(BaseModel):
    """The certificate of a tracking domain."""

    domain: str
    state: State
    issuer: str | None = None
    serial: str | None = None
    fingerprint: str | None = Field(default=None, description="SHA-256")
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    next_order_at: datetime | None = None
    problem: CertificateProblem | None = None


@router.get("")
def status(caller: Reader, domain: Address) -> CertificateOut:
    """Show the state of its certificate."""
    return _out(caller, _present(caller, domain))


@router.post("", status_code=202, responses={409: {}})
def order(caller: Writer, domain: Address) -> CertificateOut:
    """Have a certificate ordered now, in the background; ask for its state a little later."""
    name = _present(caller, domain)
    caller.use.order_certificate(name)
    return _out(caller, name)


@router.delete("", status_code=204, responses={409: {}, 502: {}})
def revoke(caller: Writer, domain: Address, turn: Turn) -> None:
    """Revoke a certificate whose key leaked. The next reader who comes over HTTPS has another one ordered."""
    caller.use.revoke_certificate(_present(caller, domain))


def _present(caller: Caller, domain: str) -> str:
    """Return the name of the project's domain. Raises `UnknownDomain`."""
    domains = caller.use.tracking_domains(caller.project.name)
    return domains.show(name_of(domains, domain)).domain.name


def _out(caller: Caller, name: str) -> CertificateOut:
    status = caller.use.certificates([name])[name]
    certificate, problem = status.record.certificate, status.record.problem
    shown = CertificateOut(domain=name, state=status.state, next_order_at=status.record.due_at)
    if certificate is not None:
        shown.issuer, shown.serial = certificate.issuer, certificate.serial
        shown.fingerprint = certificate.fingerprint
        shown.valid_from, shown.valid_until = certificate.not_before, certificate.not_after
    if problem is not None:
        shown.problem = CertificateProblem(
            type=problem.type, detail=problem.detail, meaning=in_plain_words(problem.type), at=problem.at
        )
    return shown
