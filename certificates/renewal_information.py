"""ACME renewal information [RFC 9773]: when the authority would like a certificate to be renewed."""

import base64
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509

from certificates.model import Certificate, RenewalAdvice
from certificates.rules import ASK_AGAIN

_SOONEST: Final = timedelta(minutes=1)
_LATEST: Final = timedelta(days=1)


def certificate_id(certificate: Certificate) -> str | None:
    """Return what names it in the URL and in an order that replaces it [section 4.1].

    None where it lacks the authority's key identifier.
    """
    leaf = x509.load_pem_x509_certificate(certificate.chain.encode())
    try:
        issuer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None
    if issuer is None:
        return None
    # As in DER: two's complement, so that a first bit that is set wants a zero byte before it.
    serial = leaf.serial_number.to_bytes(leaf.serial_number.bit_length() // 8 + 1)
    return f"{_base64url(issuer)}.{_base64url(serial)}"


def read_advice(document: dict[str, Any], *, asked: datetime, again: datetime | None) -> RenewalAdvice:
    """Return the answer to a request. `again` is its Retry-After, kept within the bounds of section 4.3.2.

    Raises `ValueError` where it cannot be read.
    """
    try:
        window = document["suggestedWindow"]
        start, end = _time(window["start"]), _time(window["end"])
    except (KeyError, TypeError):
        raise ValueError("the renewal information names no suggestedWindow") from None
    wish = asked + ASK_AGAIN if again is None else again
    return RenewalAdvice(start=start, end=end, ask_again_at=min(max(wish, asked + _SOONEST), asked + _LATEST))


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("the renewal information has a time without a zone")
    return at


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode("ascii").rstrip("=")
