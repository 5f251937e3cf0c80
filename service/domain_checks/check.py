"""The check of tracking domains that the settings describe."""

import secrets
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from domains.check import Check
from domains.evidence import Evidence
from domains.lookup.resolver import Resolver
from domains.model import TrackingDomain
from domains.probing.hsts import ParentPolicies
from domains.probing.probe import Probe
from domains.probing.web_client import WebClient
from links import KeyRing
from service.domain_checks.lookup import resolver
from service.errors import OperatorError
from service.key_file import load_key_ring
from service.settings import DomainsSection, Settings


def domain_check(settings: Settings, ring: Callable[[], KeyRing], lookup: Resolver | None = None) -> Check:
    """Return the check to share between threads: it remembers delegations and parents for a while.

    Raises OperatorError for a file of authorities that cannot be used.
    """
    section = settings.domains
    lookup, client = lookup or resolver(settings), web_client(section)
    return Check(
        lookup=lookup,
        addresses=lookup,
        caa=lookup,
        authority=section.certificate_authority,
        probe=Probe(client=client, ring=ring, random_bytes=secrets.token_bytes),
        parents=ParentPolicies(lookup=lookup, client=client),
        clock=lambda: datetime.now(UTC),
    )


class CheckOnDemand:
    """A `DomainCheck` that is built when it is first used: most commands look at no domain.

    `look_at` raises OperatorError where keys or settings cannot be used.
    """

    def __init__(self, settings: Settings, lookup: Resolver | None = None) -> None:
        self._settings = settings
        self._lookup = lookup
        self._check: Check | None = None
        self._building = threading.Lock()

    def look_at(self, domain: TrackingDomain, seen: Callable[[Evidence], None]) -> Evidence:
        """As `Check.look_at`, with the key ring as it was at the first call."""
        with self._building:
            if self._check is None:
                ring = load_key_ring(self._settings.keys)
                self._check = domain_check(self._settings, lambda: ring, self._lookup)
            check = self._check
        return check.look_at(domain, seen)


def web_client(section: DomainsSection) -> WebClient:
    """Return what probes. Raises OperatorError."""
    return WebClient(
        tls=_tls(section),
        http_port=section.probe_http_port,
        https_port=section.probe_https_port,
        allow_private=section.allow_private_addresses,
    )


def _tls(section: DomainsSection) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=section.probe_ca_file)
    except OSError as error:  # ssl.SSLError is one too
        file = section.probe_ca_file
        raise OperatorError(f"domains.probe_ca_file: {file} cannot be used: {error}") from None
    context.set_alpn_protocols(["http/1.1"])
    return context
