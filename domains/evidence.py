"""What a check of a tracking domain saw: one frozen value that the rules judge and the history keeps."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domains.dns_answer import DnsAnswer


class CaaStatus(StrEnum):
    """Whether the configured certificate authority may issue for the domain [RFC 8659]."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"  # the records could not be had, which an authority takes for a no
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaaAnswer:
    """`found_at` is the name whose records decide, "" where no name up to the root has any."""

    status: CaaStatus = CaaStatus.NOT_ASKED
    authority: str = ""  # that was asked about, such as letsencrypt.org
    found_at: str = ""
    records: tuple[str, ...] = ()  # as a zone file has them
    detail: str = ""


class Reached(StrEnum):
    """Who answered a probe."""

    OURS = "ours"  # this very installation
    OTHER = "other"  # another server, or another installation
    NOBODY = "nobody"  # no connection, no answer in time
    UNTRUSTED = "untrusted"  # HTTPS alone: the handshake or the certificate failed
    NOT_ALLOWED = "not allowed"  # the address is private, and the settings do not allow such probes
    NOT_PROBED = "not probed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """One request to the tracking domain. `status` is the HTTP status, None without an answer."""

    reached: Reached = Reached.NOT_PROBED
    address: str = ""  # the IP address that was connected to
    status: int | None = None
    server: str = ""  # the Server header of whoever answered
    detail: str = ""

    @property
    def is_redirect(self) -> bool:
        """Whether the request is sent on."""
        return self.status is not None and 300 <= self.status < 400


@dataclass(frozen=True, slots=True, kw_only=True)
class HstsPolicy:
    """A Strict-Transport-Security header in force for the domain [RFC 6797]: its own, or a parent's."""

    host: str
    max_age: int  # seconds
    include_subdomains: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that one check saw. `target_addresses` are those of the target of the domain, asked with it."""

    at: datetime
    dns: DnsAnswer
    target_addresses: tuple[str, ...] = ()
    caa: CaaAnswer = field(default_factory=CaaAnswer)
    http: ProbeAnswer = field(default_factory=ProbeAnswer)
    https: ProbeAnswer = field(default_factory=ProbeAnswer)
    hsts: tuple[HstsPolicy, ...] = ()
