"""Which concrete class stands behind each port of webhooks."""

import ipaddress
import ssl

from service.errors import OperatorError
from service.settings import WebhooksSection
from service.webhooks.http_post import HttpPost


def http_post(section: WebhooksSection) -> HttpPost:
    """Return what posts, to share between threads. Raises OperatorError."""
    return HttpPost(tls=_tls(section), private=tuple(map(ipaddress.ip_network, section.allow_private)))


def _tls(section: WebhooksSection) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=section.ca_file)
    except OSError as error:  # ssl.SSLError is one too
        file = section.ca_file
        raise OperatorError(f"webhooks.ca_file: {file} cannot be used: {error}") from None
    context.set_alpn_protocols(["http/1.1"])
    return context
