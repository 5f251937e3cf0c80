"""What stands with a domain, in SparkPost's words. docs/sparkpost.md has the tables."""

from typing import Any, Final

from certificates.model import State as CertificateState
from domains.model import Https, State, TrackingDomain
from domains.ownership import Standing
from domains.sending_domains import SendingDomainDetails
from web.ports import CertificateStatus

_CNAME: Final = {
    State.PENDING: "pending",
    State.VERIFIED: "valid",
    State.FAILED: "invalid",
}
_TLS: Final = {CertificateState.ACTIVE: "valid", CertificateState.PROVISIONING: "pending"}
_OF_THE_AUTHORITY: Final = {
    "dns": "acme:dns",
    "rejectedIdentifier": "acme:rejected_identifier",
    "unauthorized": "acme:unauthorized",
    "internal": "service:internal",
}
_UNVERIFIED: Final = (
    "dkim_status",
    "cname_status",
    "mx_status",
    "spf_status",
    "abuse_at_status",
    "postmaster_at_status",
    "verification_mailbox_status",
)
"""What SparkPost verifies of a sending domain and Waypost does not: the upstream signs and takes bounces."""


def tracking_status(domain: TrackingDomain, certificate: CertificateStatus) -> dict[str, Any]:
    """Return the `status` of a tracking domain that was not removed."""
    unseen = domain.state is State.PENDING and domain.checked_at is None
    return {
        "verified": domain.state is State.VERIFIED,
        "cname_status": "unverified" if unseen else _CNAME[domain.state],
        "compliance_status": "valid",
        "tls_status": _tls_status(domain, certificate),
    }


def certificate_fields(status: CertificateStatus) -> dict[str, Any]:
    """Return the fields about a certificate that was issued here."""
    certificate = status.record.certificate
    if certificate is None:
        return {"uses_managed_certificate": False}
    problem = status.record.problem
    return {
        "uses_managed_certificate": True,
        "tls_certificate": {
            "issued_at": certificate.not_before.isoformat(),
            "expires_at": certificate.not_after.isoformat(),
            "error_code": _OF_THE_AUTHORITY.get(problem.type, "acme:temporary") if problem else None,
        },
    }


def is_secure(domain: TrackingDomain) -> bool:
    """Tell whether links on it are https."""
    return domain.https is Https.REQUIRE or (domain.https is Https.AUTO and domain.https_seen)


def sending_status(details: SendingDomainDetails) -> dict[str, Any]:
    """Return the `status` of a sending domain."""
    disputed = details.ownership.standing is Standing.DISPUTED
    return {
        "ownership_verified": details.ownership.verified,
        **dict.fromkeys(_UNVERIFIED, "unverified"),
        "compliance_status": "blocked" if disputed else "valid",
    }


def _tls_status(domain: TrackingDomain, status: CertificateStatus) -> str:
    if domain.https is Https.OFF:
        return "unavailable"
    if status.state in _TLS:
        return _TLS[status.state]
    if status.record.certificate is not None:
        return "expired"
    if status.state is CertificateState.FAILED:
        return "failed"
    return "valid" if domain.https_seen else "unknown"  # a proxy in front has a certificate of its own
