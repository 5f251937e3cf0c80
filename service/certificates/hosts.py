"""`tracker.tls.Certificates` of an installation that issues its own."""

import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from certificates import rules
from certificates.errors import KeyUnreadable
from certificates.model import Certificate, HostRecord
from certificates.sealed_keys import KeySeal
from service.live.certificates import LiveCertificates
from tracker.tls import Certificates, Contexts


class Waiting(Protocol):
    """Orders: in this process, or by way of the parent's."""

    async def wait_for(self, host: str) -> None:
        """Return when the host has a certificate in memory, or will have none for now."""


class HostCertificates:
    """The operator's own certificate first, where there is one that names the host; then the issued ones."""

    def __init__(
        self,
        live: LiveCertificates,
        orders: Waiting,
        *,
        own: Certificates | None,
        seal: KeySeal,
        contexts: Contexts,
        clock: Callable[[], datetime],
    ) -> None:
        self._live = live
        self._orders = orders
        self._own = own
        self._seal = seal
        self._contexts = contexts
        self._clock = clock

    def at_hand(self, host: str | None) -> ssl.SSLContext | None:
        """Return what is in memory; for a client that names no host there is the operator's own alone."""
        own = None if self._own is None else self._own.at_hand(host)
        if own is not None or host is None:
            return own
        record = self._live.find(host)
        return None if record is None else self._issued(record)

    async def obtain(self, host: str) -> ssl.SSLContext | None:
        """Wait for an order, where the host may have a certificate."""
        await self._orders.wait_for(host)
        return self.at_hand(host)

    def _issued(self, record: HostRecord) -> ssl.SSLContext | None:
        certificate = record.certificate
        if certificate is None or not rules.is_good(certificate, self._clock()):
            return None
        try:
            return self._contexts.of(certificate.fingerprint, lambda: self._pem(record.host, certificate))
        except KeyUnreadable:  # its key of the ring was revoked: another certificate is ordered
            return None

    def _pem(self, host: str, certificate: Certificate) -> bytes:
        return self._seal.open(host, certificate.sealed_key) + certificate.chain.encode("ascii")
