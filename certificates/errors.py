"""What can go wrong with a certificate. Each message is one sentence for the operator.

CertificateError
├── AuthorityError    the authority refused, or could not be asked; carries type and detail
├── OrderCapReached   as many orders as an hour may have were made
├── NoCertificate     the host has none
├── OrderUnderWay     another order for the host runs
├── KeyUnreadable     a stored private key cannot be opened with the key ring
├── InvalidChain      the text is no certificate chain for this host and key
└── StoreUnavailable  the database cannot be reached
"""

from datetime import datetime


class CertificateError(Exception):
    """A use case refused; nothing was changed."""


class AuthorityError(CertificateError):
    """`type` is the last part of an ACME error type [RFC 8555, section 6.7], or one of `problems.OURS`.

    `retry_after` is the time before which the authority does not want to be asked again.
    """

    def __init__(self, type: str, detail: str, retry_after: datetime | None = None) -> None:
        super().__init__(f"{type}: {detail}")
        self.type = type
        self.detail = detail
        self.retry_after = retry_after


class OrderCapReached(CertificateError):
    """No order may be made before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"as many certificates were ordered as an hour may have; the next at {until:%H:%M} UTC"
        )
        self.until = until


class NoCertificate(CertificateError):
    """The host has no certificate."""


class OrderUnderWay(CertificateError):
    """Another order for the host runs, here or on another machine."""


class KeyUnreadable(CertificateError):
    """A stored private key cannot be opened with the key ring."""


class InvalidChain(CertificateError):
    """The text is no certificate chain for this host and key."""


class StoreUnavailable(CertificateError):
    """The database cannot be reached."""
