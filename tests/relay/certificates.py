"""A certificate for relay.test, and clients that trust it."""

import ssl

import trustme


class Certificates:
    """Both sides of one authority."""

    def __init__(self) -> None:
        self.authority = trustme.CA()
        self.issued = self.authority.issue_cert("relay.test")
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.issued.configure_cert(self.server)
        self.client = self.client_of(ssl.TLSVersion.MAXIMUM_SUPPORTED)

    def client_of(self, version: ssl.TLSVersion) -> ssl.SSLContext:
        """Return a client's context that speaks at most this version."""
        context = ssl.create_default_context()
        context.maximum_version = version
        self.authority.configure_trust(context)
        return context
