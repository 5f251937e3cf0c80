"""TLS of many names on one port: the ClientHello is read before anything chooses a certificate.

OpenSSL's own callback for the name must answer at once, and a certificate that is still to be ordered takes
seconds in which it would stop everybody. So the name is read from bytes that stay in the socket, the
certificate is awaited, and only then does OpenSSL see the connection.
"""

from tracker.tls.certificates import Certificates
from tracker.tls.contexts import Contexts, server_context
from tracker.tls.handshakes import Handshakes
from tracker.tls.metrics import TlsMetrics

__all__ = ["Certificates", "Contexts", "Handshakes", "TlsMetrics", "server_context"]
