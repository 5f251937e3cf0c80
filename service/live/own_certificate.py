"""The operator's own certificate for HTTPS: for the hosts that it names, and for clients that name none."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from service.live.certificate import LiveCertificate
from tracker.tls import server_context


@dataclass(frozen=True, slots=True)
class _Named:
    context: ssl.SSLContext
    names: frozenset[str]


class OwnCertificate:
    """`tracker.tls.Certificates` from a pair of files that is read again when it changes.

    `monotonic` returns seconds.
    """

    def __init__(self, certificate: Path, key: Path, *, monotonic: Callable[[], float]) -> None:
        """Raises OperatorError."""
        self._files = LiveCertificate(
            certificate, key, setting="tls.certificate", read=_read, monotonic=monotonic
        )

    def at_hand(self, host: str | None) -> ssl.SSLContext | None:
        """Return the context where the certificate is for the host, or no host is asked for."""
        current = self._files.current()
        return current.context if host is None or _is_for(host, current.names) else None

    async def obtain(self, host: str) -> ssl.SSLContext | None:
        """Return nothing: what is not at hand never will be."""
        return None


def _read(certificate: Path, key: Path) -> _Named:
    chain = certificate.read_bytes()
    return _Named(server_context(key.read_bytes() + b"\n" + chain), _names(chain))


def _names(chain: bytes) -> frozenset[str]:
    own = x509.load_pem_x509_certificate(chain)
    try:
        names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()  # RFC 9525 section 2: the common name names no host
    return frozenset(name.lower() for name in names.get_values_for_type(x509.DNSName))


def _is_for(host: str, names: frozenset[str]) -> bool:
    """RFC 9525 section 6.3: a wildcard stands for exactly one label, the first."""
    return host in names or f"*.{host.partition('.')[2]}" in names
