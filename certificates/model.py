"""What is known of a host's certificate, and what was issued: frozen values. Private keys are sealed.

The state of a host is worked out from its record and the time, never stored: a process that dies in the
middle of an order leaves nothing behind that says otherwise.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a host stands."""

    UNAVAILABLE = "unavailable"  # no certificate, and no order so far
    PROVISIONING = "provisioning"  # the first order runs
    ACTIVE = "active"  # a good certificate, whatever becomes of its renewal
    FAILED = "failed"  # no good certificate, and the last order failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What an authority issued. `chain` is PEM, the host's own certificate first."""

    authority: str  # the URL of its directory
    chain: str
    sealed_key: bytes = field(repr=False)  # `sealed_keys.KeySeal`
    issuer: str
    serial: str  # hexadecimal, as authorities show it
    fingerprint: str  # SHA-256 of the host's own certificate, hexadecimal
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why the last order failed: the authority's own words. `problems.in_plain_words` says what to do."""

    type: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRecord:
    """All that is kept of a host. `version` is the store's; 0 for a host that it does not know yet.

    `due_at` is when the next order should start: the renewal, the next try, the end of a lease that ran out.
    """

    host: str  # lower case, A-labels, no final dot
    version: int = 0
    certificate: Certificate | None = None
    due_at: datetime | None = None
    leased_until: datetime | None = None  # while an order runs
    advice_at: datetime | None = None  # when to ask the authority again when to renew [RFC 9773]
    failures: int = 0  # in a row
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What `http://{host}/.well-known/acme-challenge/{token}` must answer [RFC 8555, section 8.3]."""

    token: str
    host: str
    answer: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with an authority. Kept before it is registered: registering a key twice is harmless."""

    directory: str  # the URL that names the authority
    sealed_key: bytes = field(repr=False)
    uri: str = ""  # "" until it is registered
    contact: tuple[str, ...] = ()  # as the authority last heard it, such as mailto:ops@example.com


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What an order gave, the private key in the clear (PEM): for the moment until it is sealed."""

    chain: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalAdvice:
    """When the authority would like a certificate to be renewed, and when to ask again [RFC 9773]."""

    start: datetime
    end: datetime
    ask_again_at: datetime
