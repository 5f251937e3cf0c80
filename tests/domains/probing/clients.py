"""Web clients that may ask servers on 127.0.0.1, and are out of patience soon."""

import ssl
from typing import Any

import trustme

from domains.probing.web_client import Limits, WebClient

LOCAL = ("127.0.0.1",)
HOST = "track.example.com"
PATIENT = Limits(connect=10, whole=10)
IMPATIENT = Limits(connect=0.2, whole=0.2)


def client(tls: ssl.SSLContext | None = None, **settings: Any) -> WebClient:
    """Return one; private addresses are allowed unless the settings say otherwise."""
    defaults: dict[str, Any] = {"allow_private": True, "limits": PATIENT}
    return WebClient(tls=tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), **(defaults | settings))


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Return what a client trusts that authority with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the system's roots, which take long to load
    authority.configure_trust(context)
    return context


def server_tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return what a server shows that certificate with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
