"""One order from its beginning to the certificate [RFC 8555, section 7.4], by the HTTP challenge.

The library's own polling begins with a second; ours with a tenth, since a handshake may be waiting.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import requests
from acme.challenges import HTTP01
from acme.messages import (
    IDENTIFIER_FQDN,
    STATUS_PENDING,
    STATUS_PROCESSING,
    STATUS_READY,
    STATUS_VALID,
    Authorization,
    CertificateRequest,
    ChallengeBody,
    Identifier,
    NewOrder,
    Order,
)
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from josepy.json_util import field

from certificates.acme_account import new_private_key
from certificates.acme_errors import of_problem
from certificates.acme_network import AcmeNetwork
from certificates.errors import AuthorityError
from certificates.model import Issued
from certificates.ports import Publish
from certificates.retry_after import retry_after

_FIRST_WAIT: Final = 0.1  # seconds
_LONGEST_WAIT: Final = 5.0
_GROWTH: Final = 1.5

_RUNNING: Final = (STATUS_PENDING, STATUS_PROCESSING)


class _ReplacingOrder(NewOrder):
    """What the library leaves out: which certificate the new one replaces [RFC 9773, section 5]."""

    replaces: str = field("replaces", omitempty=True)


class AcmeOrder:
    """An order in a conversation that is signed in. Raises as `acme` does, and `AuthorityError`."""

    def __init__(self, net: AcmeNetwork, new_order_url: str, *, now: Callable[[], datetime]) -> None:
        self._net = net
        self._new_order_url = new_order_url
        self._now = now

    def place(self, host: str, publish: Publish, *, replaces: str | None) -> Issued:
        """Return a certificate with a new key. `replaces` is the old one's `certificate_id`."""
        identifier = Identifier(typ=IDENTIFIER_FQDN, value=host)
        response = self._net.post(
            self._new_order_url, _ReplacingOrder(identifiers=[identifier], replaces=replaces)
        )
        url, order = response.headers.get("Location", ""), Order.from_json(json_object(response))
        for authorization in order.authorizations or ():
            self._prove(authorization, publish)
        if order.status != STATUS_READY:
            order = self._poll(url, Order, 0.0, until=lambda seen: seen.status != STATUS_PENDING)
        return self._finalize(url, order, host)

    def _prove(self, url: str, publish: Publish) -> None:
        authorization = Authorization.from_json(json_object(self._net.post(url, None)))
        if authorization.status == STATUS_VALID:  # proved for an earlier order
            return
        challenge = _http_challenge(authorization)
        token = challenge.chall.encode("token")
        with publish(token, challenge.chall.validation(self._net.key)):
            self._net.post(challenge.uri, challenge.chall.response(self._net.key))
            authorization = self._poll(
                url, Authorization, _FIRST_WAIT, until=lambda seen: seen.status != STATUS_PENDING
            )
        if authorization.status != STATUS_VALID:
            raise _refusal(authorization)

    def _finalize(self, url: str, order: Order, host: str) -> Issued:
        key = new_private_key()
        if order.status == STATUS_READY:
            request = CertificateRequest(csr=_signing_request(host, key))
            order = Order.from_json(json_object(self._net.post(order.finalize, request)))
        if order.status in _RUNNING:
            order = self._poll(url, Order, _FIRST_WAIT, until=lambda seen: seen.status not in _RUNNING)
        if order.status != STATUS_VALID or not order.certificate:
            raise of_problem(order.error) if order.error else _unexpected(f"an order that is {order.status}")
        return Issued(chain=self._net.post(order.certificate, None).text, key=key)

    def _poll(self, url: str, kind: Any, wait: float, *, until: Callable[[Any], bool]) -> Any:
        """Ask until `until` is content. The first look comes soon; then the server says how long to wait."""
        while True:
            self._net.deadline.wait(wait)
            response = self._net.post(url, None)
            seen = kind.from_json(json_object(response))
            if until(seen):
                return seen
            now = self._now()
            wished = retry_after(response.headers, now)
            wait = max(
                (wished - now).total_seconds() if wished else 0.0,
                min(max(wait * _GROWTH, _FIRST_WAIT), _LONGEST_WAIT),
            )


def json_object(response: requests.Response) -> dict[str, Any]:
    """Return the answer's JSON object. Raises `AuthorityError`."""
    document = response.json()
    if not isinstance(document, dict):
        raise _unexpected("JSON that is no object")
    return document


def _http_challenge(authorization: Authorization) -> ChallengeBody:
    for challenge in authorization.challenges or ():
        if isinstance(challenge.chall, HTTP01):
            return challenge
    offered = ", ".join(str(challenge.chall.typ) for challenge in authorization.challenges or ())
    raise AuthorityError("noChallenge", f"offered were: {offered or 'none'}")


def _refusal(authorization: Authorization) -> AuthorityError:
    for challenge in authorization.challenges or ():
        if challenge.error is not None:
            return of_problem(challenge.error)
    return _unexpected(f"an authorization that is {authorization.status}")


def _unexpected(what: str) -> AuthorityError:
    return AuthorityError("unexpected", f"the authority answered with {what}")


def _signing_request(host: str, key: bytes) -> x509.CertificateSigningRequest:
    """Name the host in subjectAltName alone: a common name is limited to 64 characters."""
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    builder = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(names, critical=False)
    return builder.sign(load_pem_private_key(key, None), SHA256())  # type: ignore[arg-type]
